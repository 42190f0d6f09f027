//! What a check's process is told: everything it needs and nothing about other checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::build::Program;
use crate::course::check::{Check, Launch};
use crate::course::data::Data;
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
