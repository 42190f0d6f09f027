//! Where the checks' processes come from: one process of our own that forks another for each, the next one always ahead
//! of its order. A fork is a fraction of the price of starting the grader anew, and like a new start it needs a process
//! with one thread, which the grader is not.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitCode, Stdio};

use nix::sys::wait::waitpid;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::group::{self, Groups};
use super::{rights, sys};
use crate::event::Tier;

/// The word that makes the grader a fork server.
pub const WORD: &str = "__checks";

/// A fork server that runs. Dropping it waits for its end and that of all that it forked.
#[derive(Debug)]
pub struct ForkServer {
    tier: Tier,
    /// Where it is told; it ends when this closes, however that comes about.
    control: Option<OwnedFd>,
    child: Child,
    /// The server puts them back; this does so if it was ended from outside.
    _groups: Option<Groups>,
}

/// Our ends of what a forked process has as its standard input and output.
#[derive(Debug)]
pub struct Line {
    /// Takes the order. The process lives as long as this is open.
    pub order: PipeWriter,
    /// Gives the answer.
    pub answer: PipeReader,
}

impl ForkServer {
    /// Starts one: the grader itself with [`WORD`] and the tier, which then calls [`serve`]. It is in control groups with
    /// us where there are any; `doctor` says why there are none.
    pub fn start(tier: Tier) -> io::Result<ForkServer> {
        let groups = Groups::enter().ok();
        let (control, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let child = Command::new("/proc/self/exe")
            .args([WORD, tier.name()])
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        Ok(ForkServer { tier, control: Some(control), child, _groups: groups })
    }

    /// How strongly its processes confine programs.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Gives a process of its own to an order.
    pub fn fork(&self) -> io::Result<Line> {
        let control = self.control.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let ((theirs_in, order), (answer, theirs_out)) = (io::pipe()?, io::pipe()?);
        // One byte: a message without any looks like the end.
        rights::send(control, b"\n", &[theirs_in.as_fd(), theirs_out.as_fd()])?;
        Ok(Line { order, answer })
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        self.control = None;
        // It fails only if somebody else has waited already.
        let _ = self.child.wait();
    }
}

/// The fork server's process. One process is always forked ahead: it calls `prepare`, waits for an order's pipes, and
/// then calls `work` with what it has prepared. Returns in each of these with what `work` returned, and in the server
/// itself at the end.
pub fn serve<P>(prepare: impl Fn() -> P, work: impl Fn(P) -> ExitCode) -> ExitCode {
    // Without a pipe or a fork there is no process to take an order; the grader sees the server end.
    while let Ok((mut taken, tell)) = io::pipe() {
        match sys::fork_with(0) {
            Ok(None) => {
                drop(taken);
                return wait_for_order(tell, prepare(), work);
            }
            Ok(Some(_)) => drop(tell),
            Err(_) => break,
        }
        if !matches!(taken.read(&mut [0]), Ok(1)) {
            break;
        }
        while sys::reap().is_some() {}
    }
    while waitpid(None, None).is_ok() {}
    group::tidy();
    ExitCode::SUCCESS
}

fn wait_for_order<P>(mut tell: PipeWriter, prepared: P, work: impl Fn(P) -> ExitCode) -> ExitCode {
    let Some([order, answer]) = receive(io::stdin().as_fd()) else { return ExitCode::SUCCESS };
    // Nobody hears it if the server has been killed; this order can be done all the same.
    let _ = tell.write_all(b"\n");
    drop(tell);
    match sys::dup_onto(order.as_fd(), 0).and_then(|()| sys::dup_onto(answer.as_fd(), 1)) {
        Ok(()) => {
            drop((order, answer));
            work(prepared)
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// The next order's pipes; `None` once no more can come.
fn receive(control: BorrowedFd) -> Option<[OwnedFd; 2]> {
    let (length, fds) = rights::receive(control, &mut [0]).ok()?;
    (length > 0).then(|| fds.try_into().ok()).flatten()
}
