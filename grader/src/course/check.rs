//! What a `checks.yaml` says: how one exercise's program is started and probed. Plain data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Rule;
use super::data::Data;
use super::step::{Ready, Step};
use super::words::{Hints, Words};

/// All checks of one exercise, as its `checks.yaml` holds them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecksFile {
    /// The version of this file's form; 1 is the only one.
    pub format_version: u32,
    /// How the program is started, unless a step says otherwise.
    pub program: Launch,
    /// Values that all checks share.
    #[serde(default, rename = "let")]
    pub values: BTreeMap<String, Data>,
    /// The exercise's own rules for naming causes.
    #[serde(default)]
    pub causes: Vec<Rule>,
    /// Hints of this exercise, by cause, in place of the catalogue's.
    #[serde(default)]
    pub hints: BTreeMap<String, Hints>,
    /// The checks, in the order in which they are shown.
    pub checks: Vec<Check>,
}

/// How a program is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// The arguments; `{ip}` and `{port}` stand for the check's address.
    pub args: Vec<Data>,
    /// What must be seen before the next step.
    #[serde(default)]
    pub ready: Ready,
}

/// One check: one rule of the contract, tried in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// A short name, unique in the exercise.
    pub id: String,
    /// The check's title.
    pub title: Words,
    /// What it tests and why, for the one who asks (`grader explain`).
    pub what: Words,
    /// Checks that must pass first; where one failed, this one is blocked. Positive twins stand here.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The address family; checks for IPv6 are skipped as passed where the system has none.
    #[serde(default)]
    pub family: Family,
    /// Values of this check.
    #[serde(default, rename = "let")]
    pub values: BTreeMap<String, Data>,
    /// What is done and expected, in order.
    pub steps: Vec<Step>,
    /// This check's own rules for naming causes.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Which loopback address `{ip}` stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// 127.0.0.1
    #[default]
    Ipv4,
    /// ::1
    Ipv6,
}
