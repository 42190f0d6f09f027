//! Gives a check a process of its own and brings back its record, whatever becomes of that process.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::grade::void;
use crate::engine::job::Job;
use crate::engine::main::WORD;
use crate::judge::record::{Record, Verdict, VoidKind};

/// Bytes that a record may have.
const MOST: u64 = 16 << 20;

/// A check's process that does not end by itself is ended after its deadline times this, and [`SLACK`].
const DEADLINES: u32 = 40;
const SLACK: Duration = Duration::from_secs(60);

/// The life lines of the checks that run: each lives as long as we hold its standard input open.
#[derive(Clone, Debug)]
pub struct Lines {
    /// By process; `None` once they have been cut.
    open: Arc<Mutex<Option<HashMap<u32, ChildStdin>>>>,
}

impl Lines {
    /// Life lines of checks to come.
    pub fn new() -> Lines {
        Lines { open: Arc::new(Mutex::new(Some(HashMap::new()))) }
    }

    /// Ends all checks that run, and every one that starts after this.
    pub fn cut(&self) {
        *self.lock() = None;
    }

    /// True once they have been cut.
    fn are_cut(&self) -> bool {
        self.lock().is_none()
    }

    fn hold(&self, process: u32, line: ChildStdin) {
        if let Some(open) = self.lock().as_mut() {
            open.insert(process, line);
        }
    }

    fn drop(&self, process: u32) {
        if let Some(open) = self.lock().as_mut() {
            open.remove(&process);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u32, ChildStdin>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a check. One that the machine was too busy for is run once more.
pub fn run(job: &Job, lines: &Lines) -> Record {
    let record = once(job, lines);
    match &record.void {
        Some(void) if void.kind == VoidKind::Starved => once(job, lines),
        _ => record,
    }
}

fn once(job: &Job, lines: &Lines) -> Record {
    if lines.are_cut() {
        return void(VoidKind::Interrupted, "the run was interrupted".to_owned());
    }
    let result = start(job).and_then(|(mut child, line)| {
        let process = child.id();
        lines.hold(process, line);
        let limit = Duration::from_millis(job.limits.deadline_ms) * DEADLINES + SLACK;
        let output = child.stdout.take().map(|output| read(output.into(), limit));
        lines.drop(process);
        if !matches!(output, Some(Ok(_))) {
            child.kill()?;
        }
        child.wait()?;
        output.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    });
    match result.map(|bytes| serde_json::from_slice::<Record>(&bytes)) {
        Ok(Ok(record)) if is_whole(&record) => record,
        Ok(_) => lost("its record is missing or garbled"),
        Err(error) => lost(&error.to_string()),
    }
}

fn start(job: &Job) -> io::Result<(Child, ChildStdin)> {
    let mut child = Command::new("/proc/self/exe")
        .arg(WORD)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut line = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut bytes = serde_json::to_vec(job)?;
    bytes.push(b'\n');
    match line.write_all(&bytes) {
        Ok(()) => Ok((child, line)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error)
        }
    }
}

/// Reads to the end, but no longer than `limit` and no more than [`MOST`].
fn read(output: OwnedFd, limit: Duration) -> io::Result<Vec<u8>> {
    let until = Instant::now() + limit;
    let mut bytes = Vec::new();
    let mut pipe = File::from(output);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let time = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, time) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => {}
            Err(nix::Error::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut buffer = [0; 64 * 1024];
        match pipe.read(&mut buffer)? {
            0 => return Ok(bytes),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
        if bytes.len() as u64 > MOST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
}

/// True if the record says exactly what its verdict calls for.
fn is_whole(record: &Record) -> bool {
    match record.verdict {
        Verdict::Passed => record.failure.is_none() && record.void.is_none(),
        Verdict::Failed => record.failure.is_some() && record.void.is_none(),
        Verdict::Void => record.failure.is_none() && record.void.is_some(),
        Verdict::Blocked => false,
    }
}

fn lost(detail: &str) -> Record {
    void(VoidKind::Lost, format!("the check's process was lost: {detail}"))
}
