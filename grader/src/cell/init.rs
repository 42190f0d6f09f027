//! The first process of a cell: makes the private root, starts the program as process 2, reaps whatever ends, and ends
//! everything when the check's process lets go of the life line.
//!
//! The program is not process 1 itself: the kernel would ignore signals with default action for it, and grading
//! SIGPIPE or SIGTERM would give wrong verdicts (pid_namespaces(7)).

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Gid, Pid, Uid, setresgid, setresuid, setsid};

use super::empty::{Inside, PROGRAM_ID, give_up};
use super::error::{CellError, Step};
use super::spawn::Spawn;
use super::{filter, land, limits, root, sys};
use crate::event::Tier;

/// Closes the copies of everything that the check's process has open, but for stderr: a socket that the check closes
/// must be closed.
fn keep_only(inside: &Inside) -> Result<(), CellError> {
    let mut kept = vec![2];
    kept.extend(inside.all().iter().map(|fd| fd.as_raw_fd().cast_unsigned()));
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
pub(super) fn main(tier: Tier, processors: &CpuSet, inside: Inside) -> ! {
    match set_up(tier, processors, &inside).and_then(|signals| Ok((signals, fill(tier, &inside)?))) {
        Ok((signals, program)) => {
            let Inside { stdin, stdout, stderr, life, status, errors, order } = inside;
            // Only the program may hold these, so that their ends can be seen.
            drop((stdin, stdout, stderr, errors, order));
            live(&signals, program, &life, &status);
            end_all(tier);
            sys::exit_now(0)
        }
        Err(error) => give_up(inside.errors, &error),
    }
}

/// All that does not depend on what will be started.
fn set_up(tier: Tier, processors: &CpuSet, inside: &Inside) -> Result<SignalFd, CellError> {
    keep_only(inside)?;
    inside.wait_for_maps()?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    session(tier, &mask).map_err(CellError::at(Step::Init))?;
    sched_setaffinity(Pid::from_raw(0), processors).map_err(CellError::at(Step::Limits))?;
    if tier == Tier::Sealed {
        nix::unistd::sethostname("localhost").map_err(CellError::at(Step::Init))?;
        root::enter()?;
    }
    SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC).map_err(CellError::at(Step::Init))
}

/// Starts what is ordered.
fn fill(tier: Tier, inside: &Inside) -> Result<Pid, CellError> {
    let what = inside.wait_for_order()?;
    if tier == Tier::Sealed {
        root::close(&what)?;
    }
    let program = start(tier, &what, inside)?;
    inside.tell_forked()?;
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

fn start(tier: Tier, what: &Spawn, inside: &Inside) -> Result<Pid, CellError> {
    match sys::fork_with(0).map_err(CellError::at(Step::Fork))? {
        Some(program) => Ok(Pid::from_raw(program)),
        None => {
            let error = become_program(tier, what, inside);
            let errors = inside.errors.try_clone();
            match errors {
                Ok(errors) => give_up(errors, &error),
                Err(_) => sys::exit_now(1),
            }
        }
    }
}

/// Returns only if something failed.
fn become_program(tier: Tier, what: &Spawn, inside: &Inside) -> CellError {
    match confine(tier, what, inside) {
        Ok((argv, env)) => match argv.first() {
            Some(path) => match nix::unistd::execve(path, &argv, &env) {
                Ok(never) => match never {},
                Err(errno) => CellError::new(Step::Exec, errno),
            },
            None => CellError::new(Step::Exec, Errno::ENOENT),
        },
        Err(error) => error,
    }
}

fn confine(tier: Tier, what: &Spawn, inside: &Inside) -> Result<(Vec<CString>, Vec<CString>), CellError> {
    let strings = |list: &[String]| list.iter().map(|word| CString::new(word.as_str())).collect::<Result<Vec<_>, _>>();
    let argv = strings(&what.argv).map_err(CellError::at(Step::Exec))?;
    let env = strings(&what.env).map_err(CellError::at(Step::Exec))?;
    setsid().map_err(CellError::at(Step::Init))?;
    default_signals().map_err(CellError::at(Step::Init))?;
    std::env::set_current_dir(&what.cwd).map_err(CellError::at(Step::Folder))?;
    limits::apply(&what.limits).map_err(CellError::at(Step::Limits))?;
    if tier == Tier::Sealed {
        let (uid, gid) = (Uid::from_raw(PROGRAM_ID), Gid::from_raw(PROGRAM_ID));
        // Refused where the system makes us deny it; then there are no groups to lose.
        let _ = nix::unistd::setgroups(&[]);
        setresgid(gid, gid, gid).map_err(CellError::at(Step::Ids))?;
        setresuid(uid, uid, uid).map_err(CellError::at(Step::Ids))?;
    }
    if tier != Tier::Sealed && !what.users.is_empty() {
        become_one_of(&what.users).map_err(CellError::at(Step::Ids))?;
    }
    prctl::set_no_new_privs().map_err(CellError::at(Step::Landlock))?;
    for (fd, number) in [(&inside.stdin, 0), (&inside.stdout, 1), (&inside.stderr, 2)] {
        sys::dup_onto(fd.as_fd(), number).map_err(CellError::at(Step::Descriptors))?;
    }
    sys::close_on_exec_from(3).map_err(CellError::at(Step::Descriptors))?;
    if tier != Tier::Basic {
        land::apply(tier, what).map_err(CellError::at(Step::Landlock))?;
        filter::apply().map_err(CellError::at(Step::Seccomp))?;
    }
    Ok((argv, env))
}

/// Becomes the first of these users that this system can name.
fn become_one_of(users: &[u32]) -> nix::Result<()> {
    nix::unistd::setgroups(&[])?;
    let become_user = |id: &u32| {
        let (uid, gid) = (Uid::from_raw(*id), Gid::from_raw(*id));
        setresgid(gid, gid, gid).and_then(|()| setresuid(uid, uid, uid))
    };
    users.iter().map(become_user).find(Result::is_ok).unwrap_or(Err(Errno::EINVAL))
}

/// As after login: no signal blocked, SIGPIPE and all others with their default action (signal(7)).
fn default_signals() -> nix::Result<()> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        sys::default_action(signal)?;
    }
    Ok(())
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
