//! Time as the last resort: a deadline that does not count what the machine kept from the program.

use std::time::{Duration, Instant};

use crate::kernel::tasks;

/// One check's time.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// When the present deadline began to count.
    since: Instant,
    deadline: Duration,
    own_delay: u64,
    program: Spent,
}

/// What a program has had of the processors, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Time for which one of its threads was ready and the machine ran something else, the most of any.
    pub delayed: u64,
    /// Time for which all of them ran.
    pub ran: u64,
}

/// How a deadline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Not yet.
    Ahead,
    /// The program had its time.
    Struck,
    /// Much more time has gone by than the deadline, and the machine gave too little of it to the program.
    Starved,
}

/// A run is given up when this many deadlines have gone by on the wall.
const PATIENCE: u32 = 12;

impl Clock {
    /// Starts a deadline of `deadline`.
    pub fn new(deadline: Duration) -> Clock {
        let now = Instant::now();
        Clock { started: now, since: now, deadline, own_delay: tasks::own_delay(), program: Spent::default() }
    }

    /// Microseconds since the check's process began its work.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// True if the check has taken many deadlines: progress gives no more time then.
    pub fn is_worn(&self) -> bool {
        self.started.elapsed() >= self.deadline * PATIENCE
    }

    /// Starts another deadline. `program` is what the program has had so far.
    pub fn restart(&mut self, deadline: Duration, program: Spent) {
        self.since = Instant::now();
        self.deadline = deadline;
        self.own_delay = tasks::own_delay();
        self.program = program;
    }

    /// True if a tenth of the deadline is gone.
    pub fn is_begun(&self) -> bool {
        self.since.elapsed() >= self.deadline / 10
    }

    /// True if the deadline may have struck; asking costs nothing.
    pub fn is_late(&self) -> bool {
        self.since.elapsed() >= self.deadline
    }

    /// How the deadline stands, without the time in which grader or program waited for the machine.
    pub fn deadline(&self, program: Spent) -> Deadline {
        let wall = self.since.elapsed();
        let own = tasks::own_delay().saturating_sub(self.own_delay);
        // The two may have waited at the same time, so the longer counts, not the sum.
        let kept = Duration::from_nanos(own.max(program.delayed.saturating_sub(self.program.delayed)));
        let ran = Duration::from_nanos(program.ran.saturating_sub(self.program.ran));
        match wall {
            wall if wall < self.deadline => Deadline::Ahead,
            // However busy the machine: it has run for all of its time.
            _ if ran >= self.deadline => Deadline::Struck,
            wall if wall.saturating_sub(kept) >= self.deadline => Deadline::Struck,
            wall if wall >= self.deadline * PATIENCE => Deadline::Starved,
            _ => Deadline::Ahead,
        }
    }
}
