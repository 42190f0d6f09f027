//! The one place where bytes move: waits for descriptors and reads whatever comes, on every stream.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::finding::{Finding, Outcome, Stop};
use super::stream::Got;
use super::world::World;
use crate::course::cause::Symptom;
use crate::course::step::Ending;
use crate::judge::record::{ProcessEnd, VoidKind};

/// Bytes that are kept of all streams together.
const MOST_KEPT_OF_ALL: usize = 256 << 20;

/// Reads in a row from one stream: there are others, and a clock.
const MOST_READS: usize = 1024;

impl World {
    /// Waits at most `time` for something to come, and takes in all that has. True if anything did.
    pub fn pump(&mut self, time: Duration) -> Outcome<bool> {
        self.pump_or_writable(time, None)
    }

    /// The same; also ends when `writer` takes bytes again.
    pub fn pump_or_writable(&mut self, time: Duration, writer: Option<&str>) -> Outcome<bool> {
        self.wait_for_descriptors(time, writer)?;
        self.watch_memory()?;
        let ended = self.notice_end();
        let mut moved = false;
        let names: Vec<String> = self.readable().map(|(name, _)| name.clone()).collect();
        for name in names {
            moved |= self.read_all(&name)?;
        }
        for stream in self.streams.values_mut() {
            moved |= stream.flush();
        }
        self.progressed |= moved;
        if moved || ended {
            self.stir();
        }
        Ok(moved || ended)
    }

    /// What can be read: nothing more once all streams together keep very much.
    fn readable(&self) -> impl Iterator<Item = (&String, BorrowedFd<'_>)> {
        let kept: usize = self.streams.values().map(|stream| stream.inbox.len()).sum();
        let open = self.streams.iter().filter(move |_| kept <= MOST_KEPT_OF_ALL);
        open.filter_map(|(name, stream)| Some((name, stream.readable()?)))
    }

    fn wait_for_descriptors(&self, time: Duration, writer: Option<&str>) -> Outcome {
        let stdin = std::io::stdin();
        let mut fds = vec![PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        fds.extend(self.readable().map(|(_, fd)| PollFd::new(fd, PollFlags::POLLIN)));
        fds.extend(self.listeners.values().map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)));
        if let Some(program) = self.program.as_ref().filter(|program| program.end().is_none()) {
            fds.push(PollFd::new(program.running().status_fd().as_fd(), PollFlags::POLLIN));
        }
        if let Some(fd) = writer.and_then(|name| self.streams.get(name)?.writable()) {
            fds.push(PollFd::new(fd, PollFlags::POLLOUT));
        }
        match ppoll(&mut fds, Some(TimeSpec::from_duration(time)), None) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        // The run holds our standard input open as long as it wants the check to go on.
        match fds[0].any() {
            Some(true) => Err(Stop::void(VoidKind::Interrupted, "the run was interrupted")),
            _ => Ok(()),
        }
    }

    fn notice_end(&mut self) -> bool {
        let Some(program) = &mut self.program else { return false };
        if !program.notice_end() {
            return false;
        }
        let note = match program.end() {
            Some(ProcessEnd::Status(status)) => format!("status {status}"),
            Some(ProcessEnd::Signal(signal)) => signal.clone(),
            None => String::new(),
        };
        self.note("exit", None, None, note);
        true
    }

    /// Reads one stream until nothing more is there.
    fn read_all(&mut self, name: &str) -> Outcome<bool> {
        let mut moved = false;
        for _ in 0..MOST_READS {
            let stream = self.stream(name)?;
            if stream.readable().is_none() {
                return Ok(moved);
            }
            match stream.read() {
                Got::Nothing => return Ok(moved),
                Got::Bytes(bytes) => self.take_in(name, bytes)?,
                Got::End(how) => {
                    stream.ended = Some(how);
                    if !is_output(name) {
                        self.note(if how == Ending::Fin { "fin" } else { "rst" }, Some(name), None, "");
                    }
                    return Ok(true);
                }
                Got::Refused => self.note("refused", Some(name), None, "nobody is bound to the port"),
            }
            moved = true;
        }
        Ok(moved)
    }

    fn take_in(&mut self, name: &str, bytes: Vec<u8>) -> Outcome {
        let limit = self.job.limits.output_kib << 10;
        let stream = self.stream(name)?;
        stream.received += bytes.len() as u64;
        let flooded = is_output(name) && stream.received > limit;
        match stream.is_datagrams() {
            true => stream.datagrams.push_back(bytes.clone()),
            false if flooded => {}
            false => stream.inbox.extend_from_slice(&bytes),
        }
        self.note("recv", Some(name), Some(&bytes), "");
        match flooded {
            true => Err(Finding::new(Symptom::Limit).on(name).at("output", format!("{} KiB", limit >> 10)).into()),
            false => Ok(()),
        }
    }
}

fn is_output(name: &str) -> bool {
    matches!(name, "stdout" | "stderr")
}
