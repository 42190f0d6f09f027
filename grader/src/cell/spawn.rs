//! Starts a program in a cell and ends it with everything that it started.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sched::CpuSet;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, Uid, pipe2};

use super::error::{self, CellError, Step};
use super::{init, sys};
use crate::course::model::Limits;
use crate::event::Tier;
use crate::judge::record::ProcessEnd;

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Spawn {
    /// The command; its first word is an absolute path.
    pub argv: Vec<String>,
    /// The whole environment, as `NAME=value`.
    pub env: Vec<String>,
    /// The working folder.
    pub cwd: PathBuf,
    /// The one folder that it may write to.
    pub scratch: PathBuf,
    /// Paths that the program must be able to read, besides the system's.
    pub visible: Vec<PathBuf>,
    /// Folders that it may write to, besides `scratch`.
    pub writable: Vec<PathBuf>,
    /// The processors that it may run on.
    pub processors: CpuSet,
    /// What it may use.
    pub limits: Limits,
    /// How strongly it is confined.
    pub tier: Tier,
    /// The users of the machine that it may be (outside its user namespace, where it has one): the first one that
    /// works. Where there is none it is ourselves, without rights if it has a user namespace.
    pub users: Vec<u32>,
}

impl Spawn {
    /// What the program must be able to read, besides the system's folders.
    pub(super) fn needed(&self) -> impl Iterator<Item = &Path> {
        let program = self.argv.first().map(Path::new);
        self.visible.iter().map(PathBuf::as_path).chain([self.cwd.as_path()]).chain(program)
    }
}

/// A program that runs, or has run, in a cell. Dropping it ends everything in the cell.
#[derive(Debug)]
pub struct Running {
    tier: Tier,
    init: Pid,
    /// Held open as long as the cell may live; init ends it when this closes, however that comes about.
    life: Option<OwnedFd>,
    status: OwnedFd,
    /// Our end of the program's standard input.
    pub stdin: Option<OwnedFd>,
    /// Our end of its standard output, non-blocking.
    pub stdout: OwnedFd,
    /// Our end of its standard error, non-blocking.
    pub stderr: OwnedFd,
}

/// The descriptors of the program's side.
pub(super) struct Inside {
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    pub life: OwnedFd,
    pub status: OwnedFd,
    /// Where errors go until the program is executed; closes by itself then.
    pub errors: OwnedFd,
    /// Closes once the user maps are written.
    pub go: OwnedFd,
}

impl Inside {
    /// All of them.
    pub(super) fn all(&self) -> [&OwnedFd; 7] {
        [&self.stdin, &self.stdout, &self.stderr, &self.life, &self.status, &self.errors, &self.go]
    }
}

/// Starts a program. Returns once it has been executed.
pub fn spawn(what: &Spawn) -> Result<Running, CellError> {
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(CellError::at(Step::Pipes));
    let (stdin, stdout, stderr) = (pipe()?, pipe()?, pipe()?);
    let (life, status, errors, go) = (pipe()?, pipe()?, pipe()?, pipe()?);
    let child = sys::fork_with(namespaces(what.tier)).map_err(CellError::at(Step::Clone))?;
    let Some(init) = child else {
        // What belongs to the other side is closed here, or init would keep its own life line open.
        drop((stdin.1, stdout.0, stderr.0, life.1, status.0, errors.0, go.1));
        let inside = Inside {
            stdin: stdin.0,
            stdout: stdout.1,
            stderr: stderr.1,
            life: life.0,
            status: status.1,
            errors: errors.1,
            go: go.0,
        };
        init::main(what, inside)
    };
    drop((stdin.0, stdout.1, stderr.1, life.0, status.1, errors.1, go.0));
    let running = Running {
        tier: what.tier,
        init: Pid::from_raw(init),
        life: Some(life.1),
        status: status.0,
        stdin: Some(stdin.1),
        stdout: stdout.0,
        stderr: stderr.0,
    };
    if what.tier == Tier::Sealed {
        write_maps(init, &what.users).map_err(CellError::at(Step::UidMap))?;
    }
    drop(go.1);
    executed(errors.0)?;
    for fd in [running.status.as_fd(), running.stdout.as_fd(), running.stderr.as_fd()] {
        fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(CellError::at(Step::Pipes))?;
    }
    if let Some(stdin) = &running.stdin {
        fcntl(stdin, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(CellError::at(Step::Pipes))?;
    }
    Ok(running)
}

fn namespaces(tier: Tier) -> libc::c_int {
    match tier {
        Tier::Sealed => {
            libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS
        }
        Tier::Guarded | Tier::Basic => 0,
    }
}

/// The program's user inside its user namespace. Not 0: execve would give it every capability there.
pub(super) const PROGRAM_ID: u32 = 1000;

/// Users of the machine that the program may be outside its user namespace, the first one that works: they own nothing.
/// They are the same for every program of a check, so that one can find the files of the one before. None if it can
/// only be ourselves.
pub fn users_outside() -> Vec<u32> {
    match Uid::effective().is_root() {
        true => vec![0x7000_0000 + std::process::id(), 65_534],
        false => Vec::new(),
    }
}

/// True if other users can reach all that a program needs where it has no private root. What lies in a folder that is
/// closed to others (root's home) can only be started as root.
pub fn are_open_to_others<'p>(mut needed: impl Iterator<Item = &'p Path>) -> bool {
    needed.all(is_open_to_others)
}

/// True if everybody may read what is at `path` and enter all folders on the way.
fn is_open_to_others(path: &Path) -> bool {
    let allows = |path: &Path, bits: u32| path.metadata().is_ok_and(|found| found.mode() & bits == bits);
    allows(path, 0o004) && path.ancestors().skip(1).all(|folder| allows(folder, 0o001))
}

/// Maps the program's user to one of the machine that owns nothing, if we may; otherwise to our own.
fn write_maps(init: i32, users: &[u32]) -> io::Result<()> {
    let own = format!("{PROGRAM_ID} 0 1");
    let others = users.iter().map(|outer| format!("0 0 1\n{PROGRAM_ID} {outer} 1"));
    let mut last = Ok(());
    for map in others.chain([own]) {
        last = fs::write(format!("/proc/{init}/uid_map"), &map);
        if last.is_ok() {
            return fs::write(format!("/proc/{init}/gid_map"), &map);
        }
    }
    last
}

/// Waits until the program has been executed: the pipe closes with execve, or brings what failed.
fn executed(errors: OwnedFd) -> Result<(), CellError> {
    let mut bytes = Vec::new();
    fs::File::from(errors).read_to_end(&mut bytes).map_err(CellError::at(Step::Exec))?;
    match bytes.first_chunk::<8>() {
        Some(error) => Err(error::decode(*error)),
        None => Ok(()),
    }
}

impl Running {
    /// Our init: the program's processes are the ones below it.
    pub fn init(&self) -> i32 {
        self.init.as_raw()
    }

    /// Becomes readable when the program's first process has ended.
    pub fn status_fd(&self) -> &OwnedFd {
        &self.status
    }

    /// How the program's first process ended, if it has.
    pub fn end(&self) -> Option<ProcessEnd> {
        let mut bytes = [0; 4];
        let read = nix::unistd::read(&self.status, &mut bytes);
        (read == Ok(bytes.len())).then(|| meaning(i32::from_ne_bytes(bytes)))
    }

    /// Sends `signal` to every process of the program.
    pub fn signal_all(&self, signal: Signal) {
        for pid in crate::kernel::tasks::tree(self.init.as_raw()) {
            // A process that has just ended needs no signal.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Ends everything in the cell and waits until nothing is left.
    pub fn end_all(&mut self) {
        if self.life.take().is_none() {
            return;
        }
        // Closing the life line tells init to end all others. Where it is process 1, the kernel does that when it ends,
        // and it need not be woken to be told.
        if self.tier == Tier::Sealed {
            let _ = kill(self.init, Signal::SIGKILL);
        }
        let _ = waitpid(self.init, None);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_all();
    }
}

/// What a status of wait(2) means.
fn meaning(status: i32) -> ProcessEnd {
    match libc::WIFSIGNALED(status) {
        true => {
            let number = libc::WTERMSIG(status);
            let name =
                Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.to_string());
            ProcessEnd::Signal(name)
        }
        false => ProcessEnd::Status(libc::WEXITSTATUS(status)),
    }
}

/// Tells the check's process about an error and ends this one.
pub(super) fn give_up(errors: OwnedFd, error: &CellError) -> ! {
    // Nobody is left to hear of a failure to tell; the pipe's end alone reads as a lost cell.
    let _ = fs::File::from(errors).write_all(&error::encode(error));
    sys::exit_now(1)
}
