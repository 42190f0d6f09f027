//! Steps that expect bytes or ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;
use crate::course::data::Data;

/// Expect bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recv {
    /// The stream.
    pub from: String,
    /// Exactly these bytes come next.
    #[serde(default)]
    pub bytes: Option<Data>,
    /// One of these comes next.
    #[serde(default)]
    pub one_of: Vec<Data>,
    /// What comes next begins with a match of this regular expression (on bytes).
    #[serde(default)]
    pub like: Option<String>,
    /// Compare as text: a run of U+FFFD counts as one.
    #[serde(default)]
    pub lossy: bool,
    /// What the first group of `like` matched becomes the value of this name.
    #[serde(default)]
    pub capture: Option<String>,
    /// Only time may show it (the contract speaks of a timeout or an interval): a waiting program is waited for until
    /// the deadline.
    #[serde(default)]
    pub patient: bool,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect that nothing comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// The stream.
    pub on: String,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect that a stream ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The stream.
    pub of: String,
    /// The ends that are right: FIN alone, if it is not said.
    #[serde(default = "End::fin")]
    pub how: Vec<Ending>,
    /// Bytes may come before the end, and are dropped.
    #[serde(default)]
    pub after_anything: bool,
    /// Only time may show it: a waiting program is waited for until the deadline.
    #[serde(default)]
    pub patient: bool,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

impl End {
    fn fin() -> Vec<Ending> {
        vec![Ending::Fin]
    }
}

/// How the other side of a connection ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// An orderly end: everything sent arrives, then end of file.
    Fin,
    /// A reset: the connection is torn down.
    Rst,
}

/// Expect that the program ends by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// The exit statuses that are right.
    pub status: Vec<i32>,
    /// Only time may show it: a waiting program is waited for until the deadline.
    #[serde(default)]
    pub patient: bool,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect that the program still runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alive {
    /// Rules for naming the cause when this step fails.
    pub causes: Vec<Rule>,
}
