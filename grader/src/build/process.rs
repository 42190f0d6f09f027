//! Tools that are run to build something. Their output goes to a file and not to a pipe: a daemon that a build script
//! leaves behind cannot keep us waiting for the end of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{SigSet, Signal};

/// The most of a tool's output that is kept, in bytes.
const MOST_OUTPUT: u64 = 128 * 1024;

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

/// Runs `command` to its end, with no stdin.
pub fn run(command: &mut Command) -> io::Result<Ended> {
    let mut log = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    let status = spawn_unblocked(command)?.wait()?;
    let output = read(&mut log)?;
    Ok(ended(status, output))
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
        run(Command::new("sh").args(["-c", script])).unwrap()
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
    fn a_daemon_that_holds_the_output_open_is_not_waited_for() {
        let ended = sh("sleep 30 & echo $!");
        let Ended::Well(pid) = ended else { unreachable!("{ended:?}") };
        let daemon = nix::unistd::Pid::from_raw(pid.parse().unwrap());
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
