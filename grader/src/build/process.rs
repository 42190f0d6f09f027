//! Tools that are run to build something. Their output goes to a file and not to a pipe: a daemon that a build script
//! leaves behind cannot keep us waiting for the end of it. Each is a process group of its own, so that the wish to stop
//! ends what it has started as well.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open};

use crate::build::BuildError;
use crate::interrupt::Interrupt;

/// The most of a tool's output that is kept, in bytes.
const MOST_OUTPUT: u64 = 128 * 1024;

/// Bytes that never fit where not a block is free.
const PROBE: usize = 16 * 1024;

/// What came of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was successful, and this is what it printed.
    Well(String),
    /// It was not, and this is what it printed.
    Badly(String),
    /// This signal ended it.
    Killed(String),
}

/// Runs a tool of Rust's to its end: what it printed, in the inner `Err` if it failed.
pub fn tool(command: &mut Command, interrupt: &Interrupt) -> Result<Result<String, String>, BuildError> {
    let ended = run(command, interrupt).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            BuildError::io("cannot write in", &std::env::temp_dir())(error)
        }
        _ => BuildError::NoCargo(error),
    });
    match ended? {
        _ if interrupt.is_set() => Err(BuildError::Interrupted),
        Ended::Well(output) => Ok(Ok(output)),
        Ended::Badly(output) => Ok(Err(output)),
        Ended::Killed(signal) => Err(BuildError::Killed(signal)),
    }
}

/// Runs `command` to its end, with no stdin, or until the wish to stop comes.
pub fn run(command: &mut Command, interrupt: &Interrupt) -> io::Result<Ended> {
    let mut log = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?).process_group(0);
    let (cut, line) = io::pipe()?;
    let _held = interrupt.hold(line);
    let mut child = spawn_unblocked(command)?;
    if !ends_by_itself(&child, &cut).unwrap_or(false) {
        // All of its group at once: what is being forked meanwhile gets the signal as well. It is not gone as long as
        // we have not waited for it, so nobody else can have its number.
        killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL)?;
    }
    let status = child.wait()?;
    let output = read(&mut log)?;
    if !status.success() {
        // It may have failed because it could print no more.
        log.seek(SeekFrom::End(0))?;
        log.write_all(&[0; PROBE])?;
    }
    Ok(ended(status, output))
}

/// Waits for the end of `child`; false if `cut` ends before it.
fn ends_by_itself(child: &Child, cut: &PipeReader) -> io::Result<bool> {
    let end = pidfd_open(rustix::process::Pid::from_child(child), PidfdFlags::empty())?;
    let mut fds = [PollFd::new(cut.as_fd(), PollFlags::POLLIN), PollFd::new(end.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => return Ok(fds[1].any() == Some(true)),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Starts `command` with no signal blocked. While a run is graded we block signals to wait for them, and a child would
/// inherit that: it could not be ended by Ctrl-C.
pub fn spawn_unblocked(command: &mut Command) -> io::Result<Child> {
    let blocked = SigSet::thread_get_mask()?;
    SigSet::empty().thread_set_mask()?;
    let child = command.spawn();
    blocked.thread_set_mask()?;
    child
}

fn ended(status: ExitStatus, output: String) -> Ended {
    match (status.signal(), status.success()) {
        (Some(signal), _) => Ended::Killed(signal_name(signal)),
        (None, true) => Ended::Well(output),
        (None, false) => Ended::Badly(output),
    }
}

/// The name of a signal, `SIGINT`.
pub fn signal_name(signal: i32) -> String {
    Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.as_str().to_owned())
}

fn read(log: &mut File) -> io::Result<String> {
    log.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    log.take(MOST_OUTPUT).read_to_end(&mut bytes)?;
    let cut = if bytes.len() as u64 == MOST_OUTPUT { "\n…" } else { "" };
    Ok(format!("{}{cut}", String::from_utf8_lossy(&bytes).trim_end()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn sh(script: &str) -> Ended {
        run(Command::new("sh").args(["-c", script]), &Interrupt::default()).unwrap()
    }

    #[test]
    fn output_and_errors_are_kept_in_their_order() {
        assert_eq!(sh("echo one; echo two >&2; exit 3"), Ended::Badly("one\ntwo".into()));
    }

    #[test]
    fn a_tool_that_a_signal_ends_did_not_fail() {
        assert_eq!(sh("kill -TERM $$"), Ended::Killed("SIGTERM".into()));
    }

    #[test]
    fn the_wish_to_stop_ends_a_tool_and_what_it_has_started() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let script = format!("(echo up; sleep 30; echo still here) > {} & wait", pipe.display());
        let interrupt = Interrupt::default();
        std::thread::scope(|scope| {
            let tool = scope.spawn(|| run(Command::new("sh").args(["-c", &script]), &interrupt));
            let mut told = File::open(&pipe).unwrap();
            told.read_exact(&mut [0; 3]).unwrap();
            interrupt.set();
            assert_eq!(tool.join().unwrap().unwrap(), Ended::Killed("SIGKILL".into()));
            let mut rest = String::new();
            told.read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "", "all of it has ended, and none of it by itself");
        });
    }

    #[test]
    fn a_daemon_that_holds_the_output_open_is_not_waited_for() {
        let ended = sh("sleep 30 & echo $!");
        let Ended::Well(pid) = ended else { unreachable!("{ended:?}") };
        let daemon = Pid::from_raw(pid.parse().unwrap());
        assert!(nix::sys::signal::kill(daemon, Signal::SIGKILL).is_ok(), "it still runs, and we are here");
    }

    #[test]
    fn a_blocked_signal_still_ends_a_tool() {
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.thread_block().unwrap();
        let ended = sh("kill -TERM $$");
        let still_blocked = SigSet::thread_get_mask().unwrap().contains(Signal::SIGTERM);
        set.thread_unblock().unwrap();
        assert_eq!((ended, still_blocked), (Ended::Killed("SIGTERM".into()), true));
    }
}
