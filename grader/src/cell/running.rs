//! A program in a cell, and the end of it with everything that it started.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::group::Group;
use crate::event::Tier;
use crate::judge::record::ProcessEnd;

/// A program that runs, or has run, in a cell. Dropping it ends everything in the cell.
#[derive(Debug)]
pub struct Running {
    pub(super) tier: Tier,
    pub(super) init: Pid,
    /// Held open as long as the cell may live; init ends it when this closes, however that comes about.
    pub(super) life: Option<OwnedFd>,
    pub(super) status: OwnedFd,
    /// The program's mount namespace, where we may hold it. The kernel takes one apart with the last that has it, and the
    /// end of the processes would wait for that.
    pub(super) _mounts: Option<File>,
    /// The control group of the program, where there are any. Dropped after everything in it has ended.
    pub(super) group: Option<Group>,
    /// Our end of the program's standard input.
    pub stdin: Option<OwnedFd>,
    /// Our end of its standard output, non-blocking.
    pub stdout: OwnedFd,
    /// Our end of its standard error, non-blocking.
    pub stderr: OwnedFd,
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

    /// True if init is gone and has not said how the program ended: somebody outside has ended it.
    pub fn is_lost(&self) -> bool {
        let mut fds = [PollFd::new(self.status.as_fd(), PollFlags::POLLIN)];
        let polled = poll(&mut fds, PollTimeout::ZERO);
        polled == Ok(1) && fds[0].revents() == Some(PollFlags::POLLHUP)
    }

    /// True if the kernel has ended a process of the program at its limit of memory.
    pub fn was_full(&self) -> bool {
        self.group.as_ref().is_some_and(Group::was_full)
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
        self.group.iter().for_each(Group::kill);
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
