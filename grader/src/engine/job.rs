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
        let mut slower = self.clone();
        slower.values.values_mut().fold(false, |any, data| any | slow_down(data)).then_some(slower)
    }
}

/// Makes all times in `data` longer, not only the first; false if there are none.
fn slow_down(data: &mut Data) -> bool {
    match data {
        Data::Text(_) => false,
        Data::Parts(parts) => parts.iter_mut().fold(false, |any, part| any | slow_down(part)),
        Data::Form(form) => match form.as_mut() {
            Form::ClockMs(ms) => {
                *ms = ms.saturating_mul(SLOWER);
                true
            }
            Form::Repeat(repeat) => slow_down(&mut repeat.bytes),
            Form::Frame(data) => slow_down(data),
            Form::Hex(_) | Form::Random(_) | Form::U32(_) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_becomes_longer_wherever_it_stands_and_nothing_else_does() {
        let clock = |ms| Data::Form(Box::new(Form::ClockMs(ms)));
        let with = |ms| {
            let framed = Data::Form(Box::new(Form::Frame(Data::Parts(vec![clock(ms), Data::Text("5".to_owned())]))));
            Data::Parts(vec![clock(ms), framed])
        };
        let mut data = with(3);
        assert!(slow_down(&mut data));
        assert_eq!(data, with(30));
        let mut none = Data::Parts(vec![Data::Text("{clock_ms}".to_owned()), Data::Form(Box::new(Form::U32(3)))]);
        assert!(!slow_down(&mut none));
    }
}
