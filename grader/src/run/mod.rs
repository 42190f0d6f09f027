//! Runs checks: plans them, gives each a process of its own, collects their records and says what happens.

pub mod error;
pub mod grade;
pub mod plan;
mod schedule;
mod session;
mod worker;

use crate::build::Source;
use crate::course::load::Course;
use crate::event::{Event, Tier};

use crate::interrupt::Interrupt;
use error::RunError;

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The exercises; empty means all. They run in the course's order.
    pub exercises: Vec<String>,
    /// Only these checks and those that they need; empty means all.
    pub only: Vec<String>,
    /// Stop after the first exercise that does not pass.
    pub until_failed: bool,
    /// Where the programs come from.
    pub source: Source,
    /// The seed of all random payloads.
    pub seed: u64,
    /// How many checks run at once.
    pub jobs: usize,
    /// The tier that is asked for; `None` takes the strongest that works.
    pub isolation: Option<Tier>,
}

/// Grades programs and tells `sink` all that happens, in the order in which it happens.
pub fn run(
    course: &Course,
    options: &RunOptions,
    interrupt: &Interrupt,
    sink: &mut dyn FnMut(Event),
) -> Result<(), RunError> {
    session::run(course, options, interrupt, sink)
}
