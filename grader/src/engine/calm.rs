//! Can the program still do anything by itself? The question that replaces every sleep.
//!
//! It cannot if nothing is on its way, nothing that it waits for is there, and every one of its threads is in a wait
//! without a timeout, in two looks with no thread having run in between. The check's process is bound to one
//! processor: what it sends over loopback is delivered on that processor before its own code goes on, so a thread that
//! its bytes wake is awake by the time it looks.

use super::finding::Outcome;
use super::stream::{Carrier, Stream};
use super::world::World;
use crate::course::step::Transport;
use crate::kernel::diag::{SocketRow, TcpState};
use crate::kernel::fds;
use crate::kernel::tasks::{self, Task};
use crate::kernel::waiting::{Waiting, waiting};

/// What the program can do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calm {
    /// Something: it runs, or something is on its way to it.
    Not,
    /// Something at a time that we do not know: it sleeps, or waits with a timeout.
    Timed,
    /// Nothing.
    Quiet,
}

/// Equal looks that are enough when nothing lies unread.
const LOOKS: u32 = 2;
/// Equal looks that are wanted when something lies unread that the program does not take.
const LOOKS_UNREAD: u32 = 25;

impl World {
    /// Looks at the program once more and says what this and the looks before tell.
    pub fn look(&mut self) -> Outcome<Calm> {
        if self.is_gone() {
            return Ok(Calm::Quiet);
        }
        let look = self.observe()?;
        match look.is_some() && self.last_look == look {
            true => self.same_looks += 1,
            // A second look at once: a program that takes short naps is asleep in both.
            false => {
                self.same_looks = if look.is_some() && self.observe()? == look { LOOKS } else { 0 };
                self.last_look = look;
            }
        }
        Ok(match &self.last_look {
            Some((_, unread)) if self.same_looks >= if *unread > 0 { LOOKS_UNREAD } else { LOOKS } => self.waits_for(),
            _ => Calm::Not,
        })
    }

    /// All threads and how much lies unread, if every thread waits and nothing is on its way.
    fn observe(&self) -> Outcome<Option<(Vec<Task>, u32)>> {
        let tasks = self.program.as_ref().map(|program| program.tasks()).unwrap_or_default();
        let all_wait = !tasks.is_empty() && tasks.iter().all(|task| waiting(task) != Waiting::Nothing);
        Ok(if all_wait { self.unread()?.map(|unread| (tasks, unread)) } else { None })
    }

    /// Quiet or timed, of a program whose threads all wait.
    fn waits_for(&self) -> Calm {
        let tasks = self.last_look.as_ref().map_or(&[][..], |(tasks, _)| tasks);
        let mut processes: Vec<i32> = tasks.iter().map(|task| task.pid).collect();
        processes.dedup();
        let timed = tasks.iter().any(is_timed)
            || processes.iter().any(|pid| tasks::catches_alarm(*pid) || fds::has_armed_timer(*pid));
        if timed { Calm::Timed } else { Calm::Quiet }
    }

    /// How much lies unread in the program's sockets; `None` while something is on its way in either direction.
    fn unread(&self) -> Outcome<Option<u32>> {
        let mut unread = 0;
        for stream in self.streams.values() {
            match self.unread_of(stream)? {
                Some(bytes) => unread += bytes,
                None => return Ok(None),
            }
        }
        for (ours, theirs, sent) in &self.closed {
            if let Some(row) = self.diag.connection(*theirs, *ours)? {
                if !has_arrived(&row, *sent, true) {
                    return Ok(None);
                }
                unread += row.unread;
            }
        }
        for over in [Transport::Tcp, Transport::Udp] {
            unread += self.diag.receiver(over, self.address)?.map_or(0, |row| row.unread);
        }
        Ok(Some(unread))
    }

    fn unread_of(&self, stream: &Stream) -> Outcome<Option<u32>> {
        let (Carrier::Tcp(_), Some((ours, theirs))) = (&stream.carrier, stream.ends) else { return Ok(Some(0)) };
        let Some(row) = self.diag.connection(theirs, ours)? else { return Ok(Some(0)) };
        let arrived = has_arrived(&row, stream.sent, stream.half_closed);
        let all_here = stream.readable().is_none() || is_all_here(&row, stream);
        Ok((arrived && all_here).then_some(row.unread))
    }
}

/// True if all that we sent has reached the program's socket.
fn has_arrived(row: &SocketRow, sent: u64, closed: bool) -> bool {
    let bytes = row.tcp.is_none_or(|tcp| tcp.received >= sent);
    bytes && !(closed && row.state == TcpState::Established)
}

/// True if all that the program wrote has reached us, its end included.
fn is_all_here(row: &SocketRow, stream: &Stream) -> bool {
    let bytes = row.tcp.is_none_or(|tcp| tcp.not_sent == 0 && tcp.sent <= stream.received);
    let closing = matches!(
        row.state,
        TcpState::FinWait1 | TcpState::FinWait2 | TcpState::LastAck | TcpState::Closing | TcpState::TimeWait
    );
    bytes && !closing
}

fn is_timed(task: &Task) -> bool {
    match waiting(task) {
        Waiting::On(fd) => fds::has_timeout(task.pid, fd),
        Waiting::Timed => true,
        Waiting::Event | Waiting::Nothing | Waiting::Stopped => false,
    }
}
