//! Starting the program and seeing in the kernel that it is ready.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::cell::empty::EmptyCell;
use crate::cell::spawn::{Place, Spawn};
use crate::course::cause::Symptom;
use crate::course::step::{Ready, Start, Transport};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::program::Program;
use crate::engine::sight;
use crate::engine::stream::{Carrier, Stream};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::event::Tier;
use crate::judge::record::VoidKind;
use crate::kernel::diag::SocketRow;
use crate::kernel::{fds, unix};

/// The environment of every program, the same everywhere: nothing of the machine's own gets in.
const ENVIRONMENT: &[&str] =
    &["LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", "TZ=UTC"];

/// Starts the program and waits until it is ready.
pub fn start(world: &mut World, start: &Start) -> Outcome {
    world.move_to_fresh_port()?;
    forget_the_last(world);
    let mut argv = world.job.program.argv.clone();
    for arg in start.args.as_ref().unwrap_or(&world.job.launch.args) {
        argv.push(String::from_utf8_lossy(&world.bytes(arg)?).into_owned());
    }
    let scratch = scratch(world)?;
    let mut env: Vec<String> = ENVIRONMENT.iter().map(|&variable| variable.to_owned()).collect();
    env.extend(["HOME", "TMPDIR"].map(|name| format!("{name}={}", scratch.display())));
    for (name, value) in &start.env {
        // The check's own value is the only one: of two, programs would see the first.
        env.retain(|variable| !variable.starts_with(&format!("{name}=")));
        env.push(format!("{name}={}", String::from_utf8_lossy(&world.bytes(value)?)));
    }
    world.note("start", None, None, argv.join(" "));
    // A cell is made with our own rights.
    sight::close();
    let cell = match world.ahead.take() {
        Some(cell) => cell,
        None => EmptyCell::make(Place {
            tier: world.job.tier,
            users: &world.users,
            processors: &world.processors,
            writable: &[],
        })?,
    };
    let mut running = cell.start(&Spawn {
        argv,
        env,
        scratch,
        cwd: world.job.program.cwd.clone(),
        visible: world.job.program.visible.clone(),
        limits: world.job.limits.clone(),
        users: world.users.clone(),
    })?;
    let input = running.stdin.take().map(Into::into);
    let output = [("stdout", running.stdout.try_clone()?), ("stderr", running.stderr.try_clone()?)];
    world.streams.insert("stdin".to_owned(), Stream::new(Carrier::Input(input), None));
    for (name, pipe) in output {
        world.streams.insert(name.to_owned(), Stream::new(Carrier::Output(pipe.into()), None));
    }
    world.program = Some(Program::new(running));
    sight::open(world);
    match start.ready.unwrap_or(world.job.launch.ready) {
        Ready::Tcp => ready(world, Transport::Tcp, start.exact),
        Ready::Udp => ready(world, Transport::Udp, start.exact),
        Ready::Unix => unix_ready(world, start),
        Ready::Started => Ok(()),
    }
}

/// The folder that the program may write to: its own `/tmp`, or one of the machine's that goes with the check.
fn scratch(world: &World) -> Outcome<PathBuf> {
    let program = &world.job.program;
    let shows_tmp = program.visible.iter().chain([&program.cwd]).any(|path| path.as_os_str() == "/tmp");
    match (world.job.tier, &world.scratch) {
        (Tier::Sealed, _) => Ok(PathBuf::from(if shows_tmp { "/dev/shm" } else { "/tmp" })),
        (Tier::Guarded | Tier::Basic, Some(folder)) => Ok(folder.path().to_owned()),
        (Tier::Guarded | Tier::Basic, None) => Err(Stop::void(VoidKind::Lost, "there is no scratch folder")),
    }
}

/// Ends the program that ran before, if any, and forgets what it printed.
fn forget_the_last(world: &mut World) {
    world.program = None;
    ["stdin", "stdout", "stderr"].iter().for_each(|name| {
        world.streams.remove(*name);
    });
    world.stir();
}

fn ready(world: &mut World, over: Transport, exact: bool) -> Outcome {
    let address = world.address;
    let waited = world.wait(Patience::UntilQuiet, |world| receiver(world, over, address))?;
    match waited {
        Waited::There(row) if row.local == address || !exact => {
            let note = match over {
                Transport::Tcp => format!("LISTEN {} backlog {}", row.local, row.unacked),
                Transport::Udp | Transport::Unix => format!("bound to {}", row.local),
            };
            world.note("ready", None, None, note);
            Ok(())
        }
        Waited::There(row) => Err(elsewhere(world, &row)),
        Waited::Never | Waited::Late => {
            let other = world.diag.receivers(over)?.into_iter().find(|row| is_own(world, row));
            Err(match other {
                Some(row) => elsewhere(world, &row),
                None => world.ended_or(Finding::new(Symptom::Deaf), waited == Waited::Late),
            })
        }
    }
    .map_err(|finding| finding.with("wanted_address", address).into())
}

/// The program's socket that takes what is sent to `address`. Where we listen at the same port, the kernel may name
/// ours.
fn receiver(world: &World, over: Transport, address: SocketAddr) -> Outcome<Option<SocketRow>> {
    let is_there = |row: &SocketRow| {
        row.local.port() == address.port() && (row.local.ip() == address.ip() || row.local.ip().is_unspecified())
    };
    match world.diag.receiver(over, address)? {
        Some(row) if is_own(world, &row) => Ok(Some(row)),
        Some(_) => Ok(world.diag.receivers(over)?.into_iter().find(|row| is_there(row) && is_own(world, row))),
        None => Ok(None),
    }
}

/// Waits until a Unix socket of the program listens at the path.
fn unix_ready(world: &mut World, start: &Start) -> Outcome {
    let path = start.at.as_ref().map(|path| world.bytes(path)).transpose()?.unwrap_or_default();
    let waited = world.wait(Patience::UntilQuiet, |world| {
        let inode = unix::listener(&path)?;
        Ok(inode.filter(|inode| own_sockets(world).contains(inode)))
    })?;
    let path = String::from_utf8_lossy(&path).into_owned();
    match waited {
        Waited::There(_) => {
            world.note("ready", None, None, format!("LISTEN {path}"));
            Ok(())
        }
        Waited::Never | Waited::Late => {
            let finding = Finding::new(Symptom::Deaf).with("wanted_address", path);
            Err(world.ended_or(finding, waited == Waited::Late).into())
        }
    }
}

fn elsewhere(world: &World, row: &SocketRow) -> Finding {
    let finding = Finding::new(Symptom::Elsewhere).with("actual_address", row.local);
    let is_swapped = row.local.port() == world.address.port().swap_bytes();
    world.ended_or(if is_swapped { finding.with("port", "swapped") } else { finding }, false)
}

/// True if a process of the program has this socket open; nobody else's counts.
fn is_own(world: &World, row: &SocketRow) -> bool {
    own_sockets(world).contains(&row.inode)
}

/// The inodes of all sockets that the program has open.
fn own_sockets(world: &World) -> BTreeSet<u32> {
    let processes = world.program.as_ref().map(Program::processes).unwrap_or_default();
    processes.into_iter().flat_map(fds::sockets).collect()
}
