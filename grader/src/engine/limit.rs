//! The limits of a check that a program runs into, as the kernel shows them. A program that stands at one fails in ways
//! that say little by themselves; the limit is what is to be told.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::statvfs::statvfs;

use super::finding::{Finding, Outcome, Stop};
use super::program::Program;
use super::world::World;
use crate::cell::network::SHARED;
use crate::course::cause::Symptom;
use crate::event::Tier;
use crate::judge::record::VoidKind;
use crate::kernel::{buffers, fds, tasks};

/// How long a program's memory is left unlooked at, at most: a look at many sockets takes long, and is not to take all
/// the time.
const LOOK_AT_LAST: Duration = Duration::from_millis(100);
/// Memory in buffers of sockets, in bytes, that is not worth counting: even with all that may stand behind it, it is
/// little.
const LITTLE: u64 = 2 << 20;

/// Symptoms that say by themselves which resource it is about.
const TELLING: [Symptom; 4] = [Symptom::Limit, Symptom::Flood, Symptom::Grows, Symptom::Busy];

impl World {
    /// `finding`, or that the program stands at a limit, where it does.
    pub fn limit_or(&self, finding: Finding) -> Finding {
        if finding.symptom.is_some_and(|symptom| TELLING.contains(&symptom)) {
            return finding;
        }
        match self.limit_reached() {
            Some((resource, limit)) => Finding { symptom: Some(Symptom::Limit), ..finding }.at(resource, limit),
            None => finding,
        }
    }

    /// `stop`, or that the program holds all ports, where there was none for a socket of ours. The error itself is the
    /// evidence: a later count could be another one, and old kernels count no TCP socket that is bound and no more. In a
    /// network of our own nobody but the program can hold so many; in a shared one anybody can.
    pub fn ports_or(&self, stop: Stop) -> Stop {
        let alone = self.job.tier == Tier::Sealed && self.program.is_some();
        match stop {
            Stop::Void(void) if void.kind == VoidKind::NoPort && alone => {
                Finding::new(Symptom::Limit).with("resource", "ports").into()
            }
            stop => stop,
        }
    }

    fn limit_reached(&self) -> Option<(&'static str, String)> {
        let limits = &self.job.limits;
        let program = self.program.as_ref()?;
        let processes = program.processes();
        if program.running().was_full() || self.holds_too_much(program).unwrap_or(false) {
            return Some(("memory", mib(limits.resident_mib)));
        }
        // Our init is one of them.
        if program.tasks().len() as u64 + 1 >= limits.processes {
            return Some(("processes", limits.processes.to_string()));
        }
        if processes.iter().any(|pid| fds::count(*pid) as u64 >= limits.descriptors) {
            return Some(("descriptors", limits.descriptors.to_string()));
        }
        let full = |path: &str| statvfs(path).is_ok_and(|disk| disk.blocks_free() == 0 || disk.files_free() == 0);
        let disks = processes.iter().map(|pid| format!("{}/root/tmp", tasks::folder(*pid))).chain([SHARED.to_owned()]);
        let is_full = self.job.tier == Tier::Sealed && disks.into_iter().any(|path| full(&path));
        is_full.then(|| ("disk", mib(limits.disk_mib)))
    }

    /// Ends the program if all its processes together hold more memory than they may.
    pub fn watch_memory(&mut self) -> Outcome {
        let begun = Instant::now();
        let Some(program) = self.program.as_ref().filter(|_| begun >= self.memory_due) else { return Ok(()) };
        let too_much = self.holds_too_much(program)?;
        self.memory_due = begun + (begun.elapsed() * 10).clamp(tasks::LOOK_EVERY, LOOK_AT_LAST);
        if !too_much {
            return Ok(());
        }
        program.running().signal_all(Signal::SIGKILL);
        Err(Finding::new(Symptom::Limit).at("memory", mib(self.job.limits.resident_mib)).into())
    }

    fn holds_too_much(&self, program: &Program) -> io::Result<bool> {
        let most = self.job.limits.resident_mib << 10;
        Ok(tasks::hold_more(&program.processes(), most.saturating_sub(self.buffered()? >> 10)))
    }

    /// Bytes that lie in the program's sockets, if they are worth counting. The buffers of connections with us are not
    /// counted: what lies there is what the check has sent, or does not read. Nor is anything in a network that is
    /// shared, where it would be everybody's; there the kernel's own limits (tcp_mem and udp_mem, tcp(7) and udp(7)) are
    /// the only ones. What lies in pipes is not seen, but has a bound: of a user's pipes some have 64 MiB together, and
    /// every other one two pages (pipe(7)).
    fn buffered(&self) -> io::Result<u64> {
        if self.job.tier != Tier::Sealed {
            return Ok(0);
        }
        // A kernel without unix_diag counts none of these.
        let unix = self.diag.in_unix_buffers().unwrap_or(0);
        match buffers::of_the_machine() {
            Some(bytes) if bytes < LITTLE => Ok(unix),
            _ => Ok(unix + self.diag.in_inet_buffers(&self.own_connections())?),
        }
    }

    /// The ends of all connections between the program and us, as either side has them.
    fn own_connections(&self) -> BTreeSet<(SocketAddr, SocketAddr)> {
        let open = self.streams.values().filter_map(|stream| stream.ends);
        let closed = self.closed.iter().map(|(ours, theirs, _)| (*ours, *theirs));
        open.chain(closed).flat_map(|(ours, theirs)| [(ours, theirs), (theirs, ours)]).collect()
    }
}

impl Finding {
    /// The same, about a limit.
    pub fn at(self, resource: &str, limit: String) -> Finding {
        self.with("resource", resource).with("limit", limit)
    }
}

/// An amount for people.
pub fn mib(amount: u64) -> String {
    format!("{amount} MiB")
}
