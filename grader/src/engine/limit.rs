//! The limits of a check that a program runs into, as the kernel shows them. A program that stands at one fails in ways
//! that say little by themselves; the limit is what is to be told.

use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::statvfs::statvfs;

use super::finding::{Finding, Outcome};
use super::world::World;
use crate::cell::network::SHARED;
use crate::course::cause::Symptom;
use crate::event::Tier;
use crate::kernel::{fds, tasks};

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

    fn limit_reached(&self) -> Option<(&'static str, String)> {
        let limits = &self.job.limits;
        let program = self.program.as_ref()?;
        let processes = program.processes();
        if program.tasks().len() as u64 >= limits.processes {
            return Some(("processes", limits.processes.to_string()));
        }
        if processes.iter().any(|pid| fds::count(*pid) as u64 >= limits.descriptors) {
            return Some(("descriptors", limits.descriptors.to_string()));
        }
        let full = |path: &str| statvfs(path).is_ok_and(|disk| disk.blocks_free() == 0 || disk.files_free() == 0);
        let disks = processes.iter().map(|pid| format!("/proc/{pid}/root/tmp")).chain([SHARED.to_owned()]);
        let is_full = self.job.tier == Tier::Sealed && disks.into_iter().any(|path| full(&path));
        is_full.then(|| ("disk", mib(limits.disk_mib)))
    }

    /// Ends the program if all its processes together hold more memory than they may.
    pub fn watch_memory(&mut self) -> Outcome {
        let Some(program) = self.program.as_ref().filter(|_| self.memory_look.elapsed() >= tasks::LOOK_EVERY) else {
            return Ok(());
        };
        let too_much = tasks::hold_more(&program.processes(), self.job.limits.resident_mib << 10);
        self.memory_look = Instant::now();
        if !too_much {
            return Ok(());
        }
        program.running().signal_all(Signal::SIGKILL);
        Err(Finding::new(Symptom::Limit).at("memory", mib(self.job.limits.resident_mib)).into())
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
