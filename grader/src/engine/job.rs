//! What a check's process is told: everything it needs and nothing about other checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::build::Program;
use crate::course::check::{Check, Launch};
use crate::course::data::{Data, Form, SLOWER};
use crate::course::model::Limits;
use crate::event::Tier;

/// One check to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The exercise, by name: random values depend on it.
    pub exercise: String,
    /// The check.
    pub check: Check,
    /// How its exercise starts programs.
    pub launch: Launch,
    /// The values of its exercise and of itself.
    pub values: BTreeMap<String, Data>,
    /// The rules of the exercise and of the course, in the order in which they are asked; a list of [`Rule`]. They are
    /// many, and most checks pass and ask for none: read only where one fails.
    ///
    /// [`Rule`]: crate::course::cause::Rule
    pub rules: Box<RawValue>,
    /// The program.
    pub program: Program,
    /// What it may use.
    pub limits: Limits,
    /// How strongly it is confined.
    pub tier: Tier,
    /// The seed of all random values.
    pub seed: u64,
}

impl Job {
    /// The same with more time by the program's own clock, if it is told any ([`Form::ClockMs`]).
    pub fn slower(&self) -> Option<Job> {
        let is_told = |data: &Data| matches!(data, Data::Form(form) if matches!(**form, Form::ClockMs(_)));
        self.values.values().any(is_told).then(|| {
            let mut slower = self.clone();
            slower.values.values_mut().for_each(slow_down);
            slower
        })
    }
}

fn slow_down(data: &mut Data) {
    if let Data::Form(form) = data
        && let Form::ClockMs(ms) = form.as_mut()
    {
        *ms = ms.saturating_mul(SLOWER);
    }
}
