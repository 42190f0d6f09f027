//! Waits for something that a step expects, and knows when it will not come.

use std::time::Duration;

use super::calm::Calm;
use super::clock::{Deadline, Spent};
use super::finding::{Outcome, Stop};
use super::world::World;
use crate::judge::record::VoidKind;

/// How long to wait for something that does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until the program can do nothing by itself. What a failure may rest on.
    UntilQuiet,
    /// Until it waits, be it with a timeout, or has used processor time to no effect: enough to say that nothing came.
    UntilWaiting,
    /// Until it waits, be it with a timeout.
    UntilAsleep,
    /// Until the deadline, or until the program has no process left: only time may bring it.
    UntilDeadline,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited<T> {
    /// What was waited for is there.
    There(T),
    /// It is not, and nothing will bring it.
    Never,
    /// It is not, and the deadline struck.
    Late,
}

const SHORTEST: Duration = Duration::from_micros(30);
const LONGEST: Duration = Duration::from_millis(2);
/// Processor time after which a program that never waits counts as having had its chance to speak.
const CHANCE_NS: u64 = 200_000_000;

impl World {
    /// Takes in bytes until `test` gives something.
    pub fn wait<T>(
        &mut self,
        patience: Patience,
        mut test: impl FnMut(&mut World) -> Outcome<Option<T>>,
    ) -> Outcome<Waited<T>> {
        let mut pause = SHORTEST;
        let mut ran_before = None;
        loop {
            self.pump(Duration::ZERO)?;
            if let Some(found) = test(self)? {
                return Ok(Waited::There(found));
            }
            let never = match self.look()? {
                Calm::Quiet => patience != Patience::UntilDeadline || self.is_gone(),
                // What a program leaves running when it ends owes nobody an answer.
                Calm::Timed if self.has_ended() => patience != Patience::UntilDeadline,
                Calm::Timed => matches!(patience, Patience::UntilWaiting | Patience::UntilAsleep),
                Calm::Not => {
                    let ran = self.ran_ns();
                    let before = *ran_before.get_or_insert(ran);
                    patience == Patience::UntilWaiting && ran.saturating_sub(before) > CHANCE_NS
                }
            };
            if never {
                // Bytes may have come between the last read and the look, and taking them in may let the program go on.
                if self.pump(Duration::ZERO)? {
                    continue;
                }
                // What is waited for may have come between the test and the look; now nothing more can.
                return Ok(test(self)?.map_or(Waited::Never, Waited::There));
            }
            if self.clock.is_late() && std::mem::take(&mut self.progressed) && !self.clock.is_worn() {
                // Slow is not late: the deadline counts time in which nothing moved.
                self.restart_clock(Duration::from_millis(self.job.limits.deadline_ms));
            }
            if self.clock.is_late() && self.deadline_struck()? {
                if matches!(patience, Patience::UntilWaiting | Patience::UntilAsleep) && !self.clock.is_worn() {
                    // Nothing is wrong yet: what comes after this has its own time.
                    self.restart_clock(Duration::from_millis(self.job.limits.deadline_ms));
                }
                return Ok(Waited::Late);
            }
            self.pump(pause)?;
            pause = (pause * 3 / 2).min(LONGEST);
        }
    }

    /// Waits until the program has done all that it does by itself.
    pub fn settle(&mut self) -> Outcome<Waited<()>> {
        self.wait(Patience::UntilWaiting, |_| Ok(None::<()>))
    }

    /// Processor time of all the program's threads, in nanoseconds.
    pub fn ran_ns(&self) -> u64 {
        self.spent().ran
    }

    fn spent(&self) -> Spent {
        self.program.as_ref().map(|program| program.spent()).unwrap_or_default()
    }

    /// True if the program's first process has ended.
    pub fn has_ended(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.end().is_some())
    }

    /// True if the program has no process left.
    pub fn is_gone(&self) -> bool {
        self.program.as_ref().is_none_or(|program| program.end().is_some() && program.processes().is_empty())
    }

    /// Starts another deadline.
    pub fn restart_clock(&mut self, deadline: Duration) {
        let spent = self.spent();
        self.clock.restart(deadline, spent);
    }

    /// Starts another deadline if some of the present one is gone, unless the check as a whole has had its time.
    pub fn fresh_deadline(&mut self) {
        if self.clock.is_begun() && !self.clock.is_worn() {
            self.restart_clock(Duration::from_millis(self.job.limits.deadline_ms));
        }
    }

    fn deadline_struck(&self) -> Outcome<bool> {
        match self.clock.deadline(self.spent()) {
            Deadline::Ahead => Ok(false),
            Deadline::Struck => Ok(true),
            Deadline::Starved => Err(Stop::void(VoidKind::Starved, "the machine was too busy to run the program")),
        }
    }
}
