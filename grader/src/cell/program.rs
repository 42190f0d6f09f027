//! The program's process until it is the program: forked before it is known what that is, it has all that does not
//! depend on it, and waits.

use std::ffi::CString;
use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{Gid, Pid, Uid, setresgid, setresuid, setsid};

use super::empty::PROGRAM_ID;
use super::error::{CellError, Step};
use super::inside::{Inside, give_up};
use super::spawn::{Place, Spawn};
use super::{filter, land, limits, sys};
use crate::event::Tier;

/// More bytes than what is to be started usually comes to.
const USUAL: usize = 4 << 10;

/// Forks the process; what it is to become is to be written to the pipe.
pub(super) fn fork(place: Place, inside: &Inside) -> Result<(Pid, PipeWriter), CellError> {
    let (told, tell) = pipe().map_err(CellError::at(Step::Pipes))?;
    if let Some(program) = sys::fork_with(0).map_err(CellError::at(Step::Fork))? {
        return Ok((Pid::from_raw(program), tell));
    }
    drop(tell);
    let Err(error) = become_program(place, inside, told);
    match inside.errors.try_clone() {
        Ok(errors) => give_up(errors, &error),
        Err(_) => sys::exit_now(1),
    }
}

/// A pipe that is not in the way of the program's standard descriptors: a copy never has one of their numbers.
fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (told, tell) = io::pipe()?;
    Ok((told.try_clone()?, tell.try_clone()?))
}

/// Returns only if something failed.
fn become_program(place: Place, inside: &Inside, told: PipeReader) -> Result<std::convert::Infallible, CellError> {
    get_ready(place, inside)?;
    let what = wait(told)?;
    let strings = |list: &[String]| list.iter().map(|word| CString::new(word.as_str())).collect::<Result<Vec<_>, _>>();
    let argv = strings(&what.argv).map_err(CellError::at(Step::Exec))?;
    let env = strings(&what.env).map_err(CellError::at(Step::Exec))?;
    confine(place, &what)?;
    let path = argv.first().ok_or(Errno::ENOENT).map_err(CellError::at(Step::Exec))?;
    inside.tell_executing()?;
    let Err(errno) = nix::unistd::execve(path, &argv, &env);
    if is_its_own(&what, errno) {
        // As a shell does it (POSIX, "Exit Status for Commands").
        let _ = writeln!(io::stderr(), "cannot execute {}: {}", what.argv[0], errno.desc());
        sys::exit_now(127);
    }
    Err(CellError::new(Step::Exec, errno))
}

/// True if it is the program's own doing that it cannot be executed: it is there, and this system wants nothing.
fn is_its_own(what: &Spawn, errno: Errno) -> bool {
    let ours = [Errno::ENOMEM, Errno::EAGAIN, Errno::EMFILE, Errno::ENFILE, Errno::EIO, Errno::EPERM];
    !ours.contains(&errno) && what.argv.first().is_some_and(|path| fs::symlink_metadata(path).is_ok())
}

/// All that does not depend on what is to be started.
fn get_ready(place: Place, inside: &Inside) -> Result<(), CellError> {
    if let Some(door) = &inside.door {
        nix::unistd::write(door, b"0").map_err(CellError::at(Step::Group))?;
    }
    setsid().map_err(CellError::at(Step::Init))?;
    default_signals().map_err(CellError::at(Step::Init))?;
    for (fd, number) in [(&inside.stdin, 0), (&inside.stdout, 1), (&inside.stderr, 2)] {
        sys::dup_onto(fd.as_fd(), number).map_err(CellError::at(Step::Descriptors))?;
    }
    sys::close_on_exec_from(3).map_err(CellError::at(Step::Descriptors))?;
    if place.tier == Tier::Sealed {
        // Refused where the system makes us deny it; then there are no groups to lose.
        let _ = nix::unistd::setgroups(&[]);
        become_user(PROGRAM_ID).map_err(CellError::at(Step::Ids))?;
        no_new_privileges()?;
        land::sealed(place.writable).map_err(CellError::at(Step::Landlock))?;
        filter::apply().map_err(CellError::at(Step::Seccomp))?;
    }
    Ok(())
}

fn wait(mut told: PipeReader) -> Result<Spawn, CellError> {
    let mut text = Vec::with_capacity(USUAL);
    told.read_to_end(&mut text).map_err(CellError::at(Step::Order))?;
    if text.is_empty() {
        // Nothing is wanted any more, and whoever knows why says so.
        sys::exit_now(1);
    }
    serde_json::from_slice(&text).map_err(CellError::at(Step::Order))
}

/// The rest.
fn confine(place: Place, what: &Spawn) -> Result<(), CellError> {
    std::env::set_current_dir(&what.cwd).map_err(CellError::at(Step::Folder))?;
    limits::apply(&what.limits).map_err(CellError::at(Step::Limits))?;
    if place.tier == Tier::Sealed {
        return Ok(());
    }
    if !what.users.is_empty() {
        become_one_of(&what.users).map_err(CellError::at(Step::Ids))?;
    }
    no_new_privileges()?;
    if place.tier == Tier::Guarded {
        land::guarded(what, place.writable).map_err(CellError::at(Step::Landlock))?;
        filter::apply().map_err(CellError::at(Step::Seccomp))?;
    }
    Ok(())
}

fn no_new_privileges() -> Result<(), CellError> {
    prctl::set_no_new_privs().map_err(CellError::at(Step::Landlock))
}

fn become_user(id: u32) -> nix::Result<()> {
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

/// Becomes the first of these users that this system can name.
fn become_one_of(users: &[u32]) -> nix::Result<()> {
    nix::unistd::setgroups(&[])?;
    users.iter().map(|id| become_user(*id)).find(Result::is_ok).unwrap_or(Err(Errno::EINVAL))
}

/// As after login: no signal blocked, SIGPIPE and all others with their default action (signal(7)).
fn default_signals() -> nix::Result<()> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        sys::default_action(signal)?;
    }
    Ok(())
}
