//! Gives a check a process of its own and brings back its record, whatever becomes of that process.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::grade::void;
use crate::cell::fork_server::{ForkServer, Line};
use crate::engine::job::Job;
use crate::judge::record::{Record, Verdict, VoidKind};

/// Bytes that a record may have.
const MOST: u64 = 16 << 20;

/// The life lines of the checks that run: each lives as long as we hold its standard input open.
#[derive(Clone, Debug)]
pub struct Lines {
    /// By number; `None` once they have been cut.
    open: Arc<Mutex<Option<HashMap<RawFd, PipeWriter>>>>,
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

    /// Keeps a line open until [`Lines::drop`] or the cut.
    fn hold(&self, line: PipeWriter) -> RawFd {
        let number = line.as_raw_fd();
        if let Some(open) = self.lock().as_mut() {
            open.insert(number, line);
        }
        number
    }

    fn drop(&self, number: RawFd) {
        if let Some(open) = self.lock().as_mut() {
            open.remove(&number);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<RawFd, PipeWriter>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a check. One that the machine was too busy for is run once more.
pub fn run(job: &Job, server: &ForkServer, lines: &Lines) -> Record {
    let record = once(job, server, lines);
    match &record.void {
        Some(void) if void.kind == VoidKind::Starved => once(job, server, lines),
        _ => record,
    }
}

fn once(job: &Job, server: &ForkServer, lines: &Lines) -> Record {
    if lines.are_cut() {
        return void(VoidKind::Interrupted, "the run was interrupted".to_owned());
    }
    let answer = start(job, server).and_then(|line| {
        let held = lines.hold(line.order);
        let answer = read(line.answer);
        lines.drop(held);
        answer
    });
    match answer.map(|bytes| serde_json::from_slice::<Record>(&bytes)) {
        Ok(Ok(record)) if is_whole(&record) => record,
        Ok(_) => lost("its record is missing or garbled"),
        Err(error) => lost(&error.to_string()),
    }
}

fn start(job: &Job, server: &ForkServer) -> io::Result<Line> {
    let mut bytes = serde_json::to_vec(job)?;
    bytes.push(b'\n');
    let mut line = server.fork()?;
    line.order.write_all(&bytes)?;
    Ok(line)
}

/// Reads the line that a record is. The check's process may still be ending then: the fork server waits for it.
fn read(answer: PipeReader) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    BufReader::new(answer.take(MOST)).read_until(b'\n', &mut bytes)?;
    match bytes.pop() {
        Some(b'\n') => Ok(bytes),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
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
