//! The first process of a cell: makes the private root, starts the program as process 2, reaps whatever ends, and ends
//! everything when the check's process lets go of the life line.
//!
//! The program is not process 1 itself: the kernel would ignore signals with default action for it, and grading
//! SIGPIPE or SIGTERM would give wrong verdicts (pid_namespaces(7)).

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::sched_setaffinity;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, setsid};

use super::error::{CellError, Step};
use super::inside::{Inside, give_up};
use super::spawn::Place;
use super::{own, program, root, shown, sys};
use crate::event::Tier;

/// Closes the copies of everything that the check's process has open, but for stderr: a socket that the check closes
/// must be closed.
fn keep_only(inside: &Inside) -> Result<(), CellError> {
    let mut kept = vec![2];
    kept.extend(inside.all().map(|fd| fd.as_raw_fd().cast_unsigned()));
    kept.sort_unstable();
    let mut first = 0;
    for fd in kept {
        if first < fd {
            sys::close_between(first, fd - 1).map_err(CellError::at(Step::Descriptors))?;
        }
        first = first.max(fd + 1);
    }
    sys::close_between(first, u32::MAX).map_err(CellError::at(Step::Descriptors))
}

/// Never returns: it ends with `_exit`, so that nothing of the check's process is run twice.
pub(super) fn main(place: Place, inside: Inside) -> ! {
    match set_up(place, &inside).and_then(|signals| Ok((signals, fill(place, &inside)?))) {
        Ok((signals, program)) => {
            let Inside { stdin, stdout, stderr, life, status, errors, order, door } = inside;
            // Only the program may hold these, so that their ends can be seen.
            drop((stdin, stdout, stderr, errors, order, door));
            live(&signals, program, &life, &status);
            end_all(place.tier);
            sys::exit_now(0)
        }
        Err(error) => {
            end_all(place.tier);
            give_up(inside.errors, &error)
        }
    }
}

/// All that does not depend on what will be started.
fn set_up(place: Place, inside: &Inside) -> Result<SignalFd, CellError> {
    keep_only(inside)?;
    inside.wait_for_maps()?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    session(place.tier, &mask).map_err(CellError::at(Step::Init))?;
    sched_setaffinity(Pid::from_raw(0), place.processors).map_err(CellError::at(Step::Limits))?;
    if place.tier == Tier::Sealed {
        nix::unistd::sethostname("localhost").map_err(CellError::at(Step::Init))?;
        root::enter(place.writable)?;
    }
    SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC).map_err(CellError::at(Step::Init))
}

/// Has a process ready for the program before it is known what that is, and starts what is ordered.
fn fill(place: Place, inside: &Inside) -> Result<Pid, CellError> {
    let (program, mut tell) = program::fork(place, inside)?;
    let ((what, shown), mounts) = inside.wait_for_order()?;
    if place.tier == Tier::Sealed {
        root::make_room(what.limits.disk_mib)?;
        shown::put(&shown, mounts).map_err(CellError::at(Step::Bind))?;
        root::close()?;
    }
    own::send(&mut tell, &what).map_err(CellError::at(Step::Order))?;
    Ok(program)
}

/// A session of its own, no life after the check's process, and SIGCHLD as something to read.
fn session(tier: Tier, mask: &SigSet) -> nix::Result<()> {
    setsid()?;
    if tier == Tier::Sealed {
        // Elsewhere the kernel ends nobody with it: there the life line tells it to do so itself.
        prctl::set_pdeathsig(Some(Signal::SIGKILL))?;
    }
    prctl::set_child_subreaper(true)?;
    prctl::set_dumpable(false)?;
    mask.thread_block()
}

/// Reaps what ends and reports the end of `program`, until the life line closes.
fn live(signals: &SignalFd, program: Pid, life: &OwnedFd, status: &OwnedFd) {
    loop {
        let mut fds = [PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(life.as_fd(), PollFlags::POLLIN)];
        let woken = poll(&mut fds, PollTimeout::NONE);
        if !matches!(woken, Ok(_) | Err(Errno::EINTR)) || fds[1].any() == Some(true) {
            return;
        }
        let _ = signals.read_signal();
        while let Some((pid, raw)) = sys::reap() {
            if pid == program {
                let _ = nix::unistd::write(status, &raw.to_ne_bytes());
            }
        }
    }
}

/// Ends all others. As process 1 of a namespace it is enough to end: the kernel does the rest.
fn end_all(tier: Tier) {
    if tier == Tier::Sealed {
        return;
    }
    loop {
        for pid in crate::kernel::tasks::tree(nix::unistd::getpid().as_raw()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // Orphans become our children as their parents end, so this goes on until there are none.
        if waitpid(None, Some(WaitPidFlag::empty())) == Err(Errno::ECHILD) {
            return;
        }
    }
}
