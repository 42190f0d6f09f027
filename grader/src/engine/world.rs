//! Everything that one check deals with: the program, the streams, the clock, the transcript.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sched::CpuSet;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::clock::Clock;
use super::finding::{Outcome, Stop};
use super::job::Job;
use super::log::Log;
use super::program::Program;
use super::stream::Stream;
use crate::cell::empty::EmptyCell;
use crate::cell::network::SHARED;
use crate::cell::spawn;
use crate::course::check::Family;
use crate::course::data::Data;
use crate::course::template::{self, Values};
use crate::event::Tier;
use crate::judge::record::VoidKind;
use crate::kernel::diag::Diag;
use crate::kernel::tasks::{self, Task};

/// The state of one check.
#[derive(Debug)]
pub struct World {
    /// What the check's process was told.
    pub job: Job,
    /// What names stand for.
    pub values: Values,
    /// Where the next port comes from.
    ports: ChaCha8Rng,
    /// The round of the innermost `repeat`.
    pub round: Option<u32>,
    /// The address that the program is given.
    pub address: SocketAddr,
    /// A cell that was made before it was known what for.
    pub ahead: Option<EmptyCell>,
    /// The program, once started.
    pub program: Option<Program>,
    /// All streams by name.
    pub streams: BTreeMap<String, Stream>,
    /// Connections that we have closed: the program's ends of them may still have something to read.
    pub closed: Vec<(SocketAddr, SocketAddr, u64)>,
    /// Played servers.
    pub listeners: BTreeMap<String, TcpListener>,
    /// The check plays a server: the program is told that one's address.
    pub plays_server: bool,
    /// Sockets that only hold an address.
    pub held: Vec<OwnedFd>,
    /// What the program used at each mark.
    pub marks: BTreeMap<String, Resources>,
    /// The kernel's socket tables.
    pub diag: Diag,
    /// The transcript.
    pub log: Log,
    /// The deadline.
    pub clock: Clock,
    /// Bytes have moved since the deadline was last looked at.
    pub progressed: bool,
    /// What the last look at the program showed.
    pub last_look: Option<(Vec<Task>, u32)>,
    /// The folder that `{dir}` stands for: the program's files and ours.
    pub folder: PathBuf,
    /// The same folder by a descriptor that was opened before the program was there: whatever that puts in its place.
    pub base: PathBuf,
    /// What keeps `base` open.
    _held: File,
    /// The program's scratch folder where it has no private `/tmp`.
    pub scratch: Option<TempDir>,
    /// The users of the machine that the program may be.
    pub users: Vec<u32>,
    /// The processors that the program may run on.
    pub processors: CpuSet,
    /// When the program's memory is to be looked at.
    pub memory_due: Instant,
    /// How many looks in a row showed the same.
    pub same_looks: u32,
}

/// What a program uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Descriptors of all its processes.
    pub descriptors: usize,
    /// Threads of all its processes.
    pub threads: usize,
    /// Its processes, and those that have ended and that nobody has waited for (zombies).
    pub processes: usize,
    /// The largest resident set of any of its processes so far, in KiB.
    pub peak_kib: u64,
}

/// Ports below the ephemeral range, where the kernel never puts sockets of its own accord.
const PORTS: std::ops::Range<u64> = 10_000..32_000;

impl World {
    /// A world in which nothing has happened yet.
    pub fn new(job: Job, ahead: EmptyCell, processors: CpuSet) -> Outcome<World> {
        let diag = Diag::open().map_err(|error| Stop::void(VoidKind::Unsupported, format!("sock_diag: {error}")))?;
        let mut values = Values::new(job.seed, &job.exercise, &job.check.id, job.values.clone());
        let mut ports = ports(&job);
        let address = free_address(job.check.family, &mut ports, &diag)?;
        values.set_address(address);
        let users = users(&job);
        let (folder, scratch) = folder(job.tier, &users)?;
        values.set("dir", folder.to_string_lossy().as_bytes());
        let held = File::open(&folder)?;
        let base = PathBuf::from(format!("/proc/self/fd/{}", held.as_raw_fd()));
        let clock = Clock::new(Duration::from_millis(job.limits.deadline_ms));
        Ok(World {
            values,
            ports,
            round: None,
            address,
            ahead: Some(ahead),
            program: None,
            streams: BTreeMap::new(),
            closed: Vec::new(),
            listeners: BTreeMap::new(),
            plays_server: false,
            held: Vec::new(),
            marks: BTreeMap::new(),
            diag,
            log: Log::default(),
            clock,
            progressed: false,
            last_look: None,
            same_looks: 0,
            memory_due: Instant::now() + tasks::LOOK_EVERY,
            folder,
            base,
            _held: held,
            scratch,
            users,
            processors,
            job,
        })
    }

    /// The bytes that `data` comes to.
    pub fn bytes(&self, data: &Data) -> Outcome<Vec<u8>> {
        Ok(template::bytes(data, &self.values)?)
    }

    /// The name that `text` comes to: streams inside `repeat` may have `{i}` in theirs.
    pub fn name(&self, text: &str) -> Outcome<String> {
        let bytes = template::text(text, &self.values)?;
        String::from_utf8(bytes).map_err(|_| Stop::void(VoidKind::Lost, "a name is not UTF-8"))
    }

    /// The stream of this name. A loaded course names only streams that exist.
    pub fn stream(&mut self, name: &str) -> Outcome<&mut Stream> {
        self.streams.get_mut(name).ok_or_else(|| Stop::void(VoidKind::Lost, format!("there is no stream `{name}`")))
    }

    /// Adds a line to the transcript.
    pub fn note(&mut self, what: &str, stream: Option<&str>, bytes: Option<&[u8]>, note: impl Into<String>) {
        self.log.add(self.clock.now_us(), what, stream, bytes, note.into());
    }

    /// Gives the check another address if a program has had the present one, and nothing of ours has it: a program that
    /// does not set SO_REUSEADDR could not bind the port of the one before, and that one may still hold it.
    pub fn move_to_fresh_port(&mut self) -> Outcome {
        if self.program.is_none() || !self.held.is_empty() || self.plays_server {
            return Ok(());
        }
        self.address = free_address(self.job.check.family, &mut self.ports, &self.diag)?;
        self.values.set_address(self.address);
        Ok(())
    }

    /// From here on `{i}` is this round of a `repeat`.
    pub fn set_round(&mut self, round: Option<u32>) {
        self.round = round;
        self.values.set_round(round);
    }

    /// Forgets what the last look showed: something has happened.
    pub fn stir(&mut self) {
        self.last_look = None;
        self.same_looks = 0;
    }
}

fn users(job: &Job) -> Vec<u32> {
    let crate::build::Program { argv, cwd, visible } = &job.program;
    let needed = visible.iter().chain([cwd]).map(PathBuf::as_path).chain(argv.first().map(Path::new));
    match job.tier == Tier::Sealed || spawn::are_open_to_others(needed) {
        true => spawn::users_outside(),
        false => Vec::new(),
    }
}

/// The folder for files, and what keeps it alive. In a sealed cell it lies in a file system of the check's own.
fn folder(tier: Tier, users: &[u32]) -> io::Result<(PathBuf, Option<TempDir>)> {
    let (path, temporary) = match tier {
        Tier::Sealed => (Path::new(SHARED).join("files"), None),
        Tier::Guarded | Tier::Basic => {
            let temporary = tempfile::tempdir()?;
            (temporary.path().join("files"), Some(temporary))
        }
    };
    fs::create_dir(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o777))?;
    if let Some(temporary) = &temporary {
        fs::set_permissions(temporary.path(), Permissions::from_mode(0o755))?;
        // The program's scratch folder is the program's.
        users.iter().find(|user| chown(temporary.path(), Some(**user), None).is_ok());
    }
    Ok((path, temporary))
}

/// The ports of a check, one after another, as the seed has them. In a network of our own they follow from it alone; in
/// a shared one two graders must not meet at one.
fn ports(job: &Job) -> ChaCha8Rng {
    let salt = match job.tier {
        Tier::Sealed => 0,
        Tier::Guarded | Tier::Basic => std::process::id(),
    };
    let digest = Sha256::new()
        .chain_update(job.seed.to_be_bytes())
        .chain_update(salt.to_be_bytes())
        .chain_update(&job.exercise)
        .chain_update("/")
        .chain_update(&job.check.id);
    ChaCha8Rng::from_seed(digest.finalize().into())
}

/// The next address that nobody uses.
fn free_address(family: Family, ports: &mut ChaCha8Rng, diag: &Diag) -> io::Result<SocketAddr> {
    let ip: IpAddr = match family {
        Family::Ipv4 => Ipv4Addr::LOCALHOST.into(),
        Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
    };
    for _ in 0..64 {
        let port = PORTS.start + ports.next_u64() % (PORTS.end - PORTS.start);
        let address = SocketAddr::new(ip, port as u16);
        if is_free(diag, address)? {
            return Ok(address);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "64 ports in a row are in use"))
}

fn is_free(diag: &Diag, address: SocketAddr) -> io::Result<bool> {
    use crate::course::step::Transport::{Tcp, Udp};
    Ok(diag.receiver(Tcp, address)?.is_none() && diag.receiver(Udp, address)?.is_none())
}

/// True if this system has the loopback address of `family`.
pub fn has_family(family: Family) -> bool {
    match family {
        Family::Ipv4 => true,
        Family::Ipv6 => UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok(),
    }
}
