//! Gives a check a process of its own and brings back its record, whatever becomes of that process.

use std::io::{self, BufRead, BufReader, PipeReader, Read};

use super::grade::void;
use crate::cell::fork_server::{ForkServer, Line};
use crate::cell::own;
use crate::engine::job::Job;
use crate::interrupt::Interrupt;
use crate::judge::record::{Record, Verdict, VoidKind};

/// Bytes that a record may have.
const MOST: u64 = 16 << 20;

/// Runs a check. One that the machine was too busy for is run once more; so is one that failed and may have been late by
/// the program's own clock, with more time by it.
pub fn run(job: &Job, server: &ForkServer, interrupt: &Interrupt) -> Record {
    let record = tried(job, server, interrupt);
    if record.verdict != Verdict::Failed {
        return record;
    }
    job.slower().map_or(record, |slower| tried(&slower, server, interrupt))
}

fn tried(job: &Job, server: &ForkServer, interrupt: &Interrupt) -> Record {
    let record = once(job, server, interrupt);
    match &record.void {
        Some(void) if void.kind == VoidKind::Starved => once(job, server, interrupt),
        _ => record,
    }
}

fn once(job: &Job, server: &ForkServer, interrupt: &Interrupt) -> Record {
    if interrupt.is_set() {
        return void(VoidKind::Interrupted, "the run was interrupted".to_owned());
    }
    let answer = start(job, server).and_then(|line| {
        // The check lives as long as this is held.
        let _order = interrupt.hold(line.order);
        read(line.answer)
    });
    match answer.map(|bytes| serde_json::from_slice::<Record>(&bytes)) {
        Ok(Ok(record)) if is_whole(&record) => record,
        Ok(_) => lost("its record is missing or garbled"),
        Err(error) => lost(&error.to_string()),
    }
}

fn start(job: &Job, server: &ForkServer) -> io::Result<Line> {
    let line = server.fork()?;
    own::send(&line.order, job)?;
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
