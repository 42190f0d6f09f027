//! Steps that expect a program to give back what it used, and look at its sockets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;

/// Remember the program's descriptors and threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The mark's name.
    #[serde(rename = "as")]
    pub name: String,
}

/// Expect that descriptors and threads have not grown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Steady {
    /// The mark to compare with.
    pub since: String,
    /// By how many each may have grown all the same.
    pub allow: usize,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect that the settled program uses no processor time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calm {
    /// Rules for naming the cause when this step fails.
    pub causes: Vec<Rule>,
}

/// Expect a state of the program's accept queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The backlog that the program gave to listen(2).
    #[serde(default)]
    pub limit: Option<u32>,
    /// The connections that wait to be accepted.
    #[serde(default)]
    pub waiting: Option<u32>,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect that the program has never held more memory than this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Growth of its largest resident set since the mark, in MiB.
    pub grown_below_mib: u64,
    /// The mark to compare with.
    pub since: String,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}
