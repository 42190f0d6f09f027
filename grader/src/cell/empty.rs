//! A cell with nothing in it yet: namespaces, our init, the private root but for what one program needs. It can be made
//! before it is known what will be started in it.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sched::CpuSet;
use nix::unistd::{Pid, pipe2};

use super::error::{self, CellError, Step};
use super::running::Running;
use super::spawn::Spawn;
use super::{init, sys};
use crate::event::Tier;

/// The program's user inside its user namespace. Not 0: execve would give it every capability there.
pub(super) const PROGRAM_ID: u32 = 1000;

/// What init is told when the maps are written; the rest is what to start, as JSON.
const MAPPED: &[u8] = b"\n";

/// What init says where errors go when it has forked the program; no step of ours has this number.
const FORKED: [u8; 8] = [0xFF; 8];

/// A cell with nothing in it yet. Dropping it ends it.
#[derive(Debug)]
pub struct EmptyCell {
    /// What to start goes here. Closed before `running`, whose end is waited for, is dropped: init may wait for this.
    order: OwnedFd,
    errors: OwnedFd,
    running: Running,
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
    /// Brings [`MAPPED`] and then the order.
    pub order: OwnedFd,
}

impl Inside {
    /// All of them.
    pub(super) fn all(&self) -> [&OwnedFd; 7] {
        [&self.stdin, &self.stdout, &self.stderr, &self.life, &self.status, &self.errors, &self.order]
    }
}

impl EmptyCell {
    /// Makes a cell for a program that may run on `processors` and be one of `users` outside its user namespace, the
    /// first one that works; where there is none it is ourselves, without rights. Does not wait for init to be ready.
    pub fn make(tier: Tier, users: &[u32], processors: &CpuSet) -> Result<EmptyCell, CellError> {
        let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(CellError::at(Step::Pipes));
        let (stdin, stdout, stderr) = (pipe()?, pipe()?, pipe()?);
        let (life, status, errors, order) = (pipe()?, pipe()?, pipe()?, pipe()?);
        let child = sys::fork_with(namespaces(tier)).map_err(CellError::at(Step::Clone))?;
        let Some(init) = child else {
            // What belongs to the other side is closed here, or init would keep its own life line open.
            drop((stdin.1, stdout.0, stderr.0, life.1, status.0, errors.0, order.1));
            let inside = Inside {
                stdin: stdin.0,
                stdout: stdout.1,
                stderr: stderr.1,
                life: life.0,
                status: status.1,
                errors: errors.1,
                order: order.0,
            };
            init::main(tier, processors, inside)
        };
        let running = Running {
            tier,
            init: Pid::from_raw(init),
            life: Some(life.1),
            status: status.0,
            stdin: Some(stdin.1),
            stdout: stdout.0,
            stderr: stderr.0,
        };
        let cell = EmptyCell { running, order: order.1, errors: errors.0 };
        if tier == Tier::Sealed {
            write_maps(init, users).map_err(CellError::at(Step::UidMap))?;
        }
        cell.tell(MAPPED)?;
        Ok(cell)
    }

    /// Starts a program. Returns once it has been executed.
    pub fn start(self, what: &Spawn) -> Result<Running, CellError> {
        let text = serde_json::to_vec(what).map_err(CellError::at(Step::Order))?;
        let told = self.tell(&text);
        let EmptyCell { running, order, errors } = self;
        drop(order);
        // What init has to say of its end comes before that it does not listen any more.
        executed(errors).and(told)?;
        for fd in [Some(&running.status), Some(&running.stdout), Some(&running.stderr), running.stdin.as_ref()] {
            let set = |fd: &OwnedFd| fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
            fd.map(set).transpose().map_err(CellError::at(Step::Pipes))?;
        }
        Ok(running)
    }

    fn tell(&self, bytes: &[u8]) -> Result<(), CellError> {
        let mut left = bytes;
        while !left.is_empty() {
            let written = nix::unistd::write(&self.order, left).map_err(CellError::at(Step::Order))?;
            left = &left[written..];
        }
        Ok(())
    }
}

impl Inside {
    /// Waits until the maps are written.
    pub(super) fn wait_for_maps(&self) -> Result<(), CellError> {
        let mut byte = [0];
        match nix::unistd::read(&self.order, &mut byte) {
            Ok(_) if byte == MAPPED => Ok(()),
            Ok(_) => Err(CellError::new(Step::UidMap, io::ErrorKind::UnexpectedEof)),
            Err(error) => Err(CellError::new(Step::UidMap, error)),
        }
    }

    /// Says that there is a program now.
    pub(super) fn tell_forked(&self) -> Result<(), CellError> {
        nix::unistd::write(&self.errors, &FORKED).map(drop).map_err(CellError::at(Step::Fork))
    }

    /// Waits for what to start.
    pub(super) fn wait_for_order(&self) -> Result<Spawn, CellError> {
        let mut bytes = Vec::new();
        let order = self.order.try_clone().map_err(CellError::at(Step::Order))?;
        fs::File::from(order).read_to_end(&mut bytes).map_err(CellError::at(Step::Order))?;
        serde_json::from_slice(&bytes).map_err(CellError::at(Step::Order))
    }
}

fn namespaces(tier: Tier) -> libc::c_int {
    match tier {
        Tier::Sealed => {
            libc::CLONE_NEWUSER | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS
        }
        Tier::Guarded | Tier::Basic => 0,
    }
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

/// Waits until the program has been executed: the pipe closes with execve, or brings what failed. If it brings nothing
/// at all, init was ended before it had come that far.
fn executed(errors: OwnedFd) -> Result<(), CellError> {
    let mut bytes = Vec::new();
    fs::File::from(errors).read_to_end(&mut bytes).map_err(CellError::at(Step::Exec))?;
    let (said, _) = bytes.as_chunks::<8>();
    match said.iter().find(|said| **said != FORKED) {
        Some(error) => Err(error::decode(*error)),
        None if said.is_empty() => Err(CellError::new(Step::Fork, io::Error::other("init was ended"))),
        None => Ok(()),
    }
}

/// Tells the check's process about an error and ends this one.
pub(super) fn give_up(errors: OwnedFd, error: &CellError) -> ! {
    // Nobody is left to hear of a failure to tell; the pipe's end alone reads as a lost cell.
    let _ = fs::File::from(errors).write_all(&error::encode(error));
    sys::exit_now(1)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn told(said: &[[u8; 8]]) -> Option<String> {
        let (errors, mut tell) = io::pipe().unwrap();
        tell.write_all(said.as_flattened()).unwrap();
        drop(tell);
        executed(errors.into()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_program_runs_only_if_init_says_so_and_nobody_anything_else() {
        let error = CellError::new(Step::Exec, io::Error::from_raw_os_error(libc::ENOENT));
        let said = error::encode(&error);
        assert_eq!(told(&[FORKED]), None);
        assert_eq!(told(&[FORKED, said]), Some(error.to_string()));
        assert_eq!(told(&[said, FORKED]), Some(error.to_string()));
        assert_eq!(told(&[]), Some("fork of the program failed: init was ended".to_owned()));
    }
}
