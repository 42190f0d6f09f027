//! A cell with nothing in it yet: namespaces, our init, the private root but for what one program needs. It can be made
//! before it is known what will be started in it.

use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{Pid, pipe2};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::error::{self, CellError, Step};
use super::group::Group;
use super::inside::{EXECUTING, Inside, MAPPED};
use super::running::Running;
use super::shown;
use super::spawn::{Place, Spawn};
use super::{init, rights, sys};
use crate::event::Tier;

/// The program's user inside its user namespace. Not 0: execve would give it every capability there.
pub(super) const PROGRAM_ID: u32 = 1000;

/// A cell with nothing in it yet. Dropping it ends it.
#[derive(Debug)]
pub struct EmptyCell {
    /// What to start goes here. Closed before `running`, whose end is waited for, is dropped: init may wait for this.
    order: OwnedFd,
    errors: OwnedFd,
    running: Running,
}

impl EmptyCell {
    /// Makes a cell for a program. Does not wait for init to be ready.
    pub fn make(place: Place) -> Result<EmptyCell, CellError> {
        let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(CellError::at(Step::Pipes));
        let (stdin, stdout, stderr) = (pipe()?, pipe()?, pipe()?);
        let (life, status, errors) = (pipe()?, pipe()?, pipe()?);
        let order = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .map_err(CellError::at(Step::Pipes))?;
        let group = Group::make().map_err(CellError::at(Step::Group))?;
        let door = group.as_ref().map(Group::door).transpose().map_err(CellError::at(Step::Group))?;
        let child = sys::fork_with(namespaces(place.tier)).map_err(CellError::at(Step::Clone))?;
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
                door,
            };
            init::main(place, inside)
        };
        let sealed = (place.tier == Tier::Sealed).then_some(init);
        let mounts = sealed.and_then(|init| fs::File::open(format!("/proc/{init}/ns/mnt")).ok());
        let running = Running {
            tier: place.tier,
            init: Pid::from_raw(init),
            life: Some(life.1),
            status: status.0,
            _mounts: mounts,
            group,
            stdin: Some(stdin.1),
            stdout: stdout.0,
            stderr: stderr.0,
        };
        let cell = EmptyCell { running, order: order.1, errors: errors.0 };
        if place.tier == Tier::Sealed {
            write_maps(init, place.users).map_err(CellError::at(Step::UidMap))?;
        }
        cell.tell(MAPPED, Vec::new())?;
        Ok(cell)
    }

    /// Starts a program. Returns once it has been executed.
    pub fn start(self, what: &Spawn) -> Result<Running, CellError> {
        let group = self.running.group.as_ref();
        group.map(|group| group.limit(&what.limits)).transpose().map_err(CellError::at(Step::Group))?;
        let (shown, mounts) = match self.running.tier {
            Tier::Sealed => shown::gather(what).map_err(CellError::at(Step::Bind))?,
            Tier::Guarded | Tier::Basic => Default::default(),
        };
        let text = serde_json::to_vec(&(what, shown)).map_err(CellError::at(Step::Order))?;
        let told = self.tell(&text, mounts);
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

    /// Sends `bytes`, with `mounts` before the first of them.
    fn tell(&self, bytes: &[u8], mounts: Vec<OwnedFd>) -> Result<(), CellError> {
        let (mut left, mut mounts) = (bytes, mounts);
        while !left.is_empty() {
            let fds: Vec<_> = mounts.iter().map(AsFd::as_fd).collect();
            let sent = rights::send(&self.order, left, &fds).map_err(CellError::at(Step::Order))?;
            left = &left[sent..];
            mounts.clear();
        }
        Ok(())
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
    match said.iter().find(|said| **said != EXECUTING) {
        Some(error) => Err(error::decode(*error)),
        None if said.is_empty() => Err(CellError::new(Step::Exec, io::Error::other("init was ended"))),
        None => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use std::io::Write;

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
        assert_eq!(told(&[EXECUTING]), None);
        assert_eq!(told(&[EXECUTING, said]), Some(error.to_string()));
        assert_eq!(told(&[said, EXECUTING]), Some(error.to_string()));
        assert_eq!(told(&[]), Some("execve of the program failed: init was ended".to_owned()));
    }
}
