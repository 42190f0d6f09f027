//! How a course names causes: what was seen (a symptom), the rules that tell causes from symptoms, the catalogue.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::Data;
use super::step::Step;
use super::words::{Hints, Words};

/// What the grader saw in place of what a step expected. Every failure has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Symptom {
    /// Nothing came, and the program waits: it will say nothing more.
    Silent,
    /// The beginning was right, then nothing more came, and the program waits.
    Short,
    /// A byte differs from what was expected.
    Wrong,
    /// Bytes came that nobody asked for.
    Extra,
    /// Bytes came before the message was whole.
    Early,
    /// The connection ended (FIN) before what was expected had come.
    Eof,
    /// The connection was reset (RST).
    Reset,
    /// The program sent much more than it should, without end.
    Flood,
    /// The connection should have ended and is still open.
    Open,
    /// The program ended by itself.
    Exited,
    /// A Rust program panicked (exit status 101).
    Panicked,
    /// A signal ended the program.
    Signalled,
    /// The program should have ended and still runs.
    Running,
    /// The program ended with another exit status than expected.
    Status,
    /// The program uses the processor without need.
    Busy,
    /// Descriptors or threads grow with every client.
    Grows,
    /// The program listens nowhere.
    Deaf,
    /// The program listens at another address than the one it was given.
    Elsewhere,
    /// The connection was refused.
    Refused,
    /// The program did not connect.
    NoConnection,
    /// A file is not as it should be.
    File,
    /// The deadline struck while the program was still at work.
    Timeout,
    /// A limit (processor, memory, output, …) ended the program.
    Limit,
}

impl Symptom {
    /// Every symptom, for tables that must be whole.
    pub const ALL: [Symptom; 23] = [
        Symptom::Silent,
        Symptom::Short,
        Symptom::Wrong,
        Symptom::Extra,
        Symptom::Early,
        Symptom::Eof,
        Symptom::Reset,
        Symptom::Flood,
        Symptom::Open,
        Symptom::Exited,
        Symptom::Panicked,
        Symptom::Signalled,
        Symptom::Running,
        Symptom::Status,
        Symptom::Busy,
        Symptom::Grows,
        Symptom::Deaf,
        Symptom::Elsewhere,
        Symptom::Refused,
        Symptom::NoConnection,
        Symptom::File,
        Symptom::Timeout,
        Symptom::Limit,
    ];
}

/// One rule: where all that it says holds, its cause is named. The first rule that fits wins; rules of the step come
/// before those of the check, of the exercise, and of the course.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The cause's code, from the catalogue.
    pub cause: String,
    /// Asked before all rules that are not: those of steps and checks, too. For what is true wherever it is seen.
    #[serde(default)]
    pub first: bool,
    /// The symptoms that the rule is for; any but `limit`, if it is not said: what a program does at a limit tells
    /// nothing of why it came there.
    #[serde(default)]
    pub when: Vec<Symptom>,
    /// What came is exactly this.
    #[serde(default)]
    pub got: Option<Data>,
    /// What came matches this regular expression (on bytes, `(?-u)`).
    #[serde(default)]
    pub like: Option<String>,
    /// The end of the program's stderr matches this regular expression.
    #[serde(default)]
    pub stderr: Option<String>,
    /// The signal that ended the program, e.g. `SIGPIPE`.
    #[serde(default)]
    pub signal: Option<String>,
    /// Facts of the failure that are exactly so: `about: status` of an `http` step, for example.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
    /// An experiment: steps that are tried after the failure. The rule fits only if all of them hold.
    #[serde(default, rename = "try")]
    pub attempt: Vec<Step>,
}

/// The catalogue of causes, as `exercises/causes.yaml` holds it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CausesFile {
    /// The version of this file's form; 1 is the only one.
    pub format_version: u32,
    /// The course's own rules: the last ones to be asked. Every symptom has one here that fits always.
    pub rules: Vec<Rule>,
    /// What each code means.
    pub causes: BTreeMap<String, Cause>,
}

/// What a cause means, for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// What is wrong with the program, in one sentence. May use `{expected}`, `{actual}`, `{sent}`, `{pieces}`,
    /// `{status}`, `{stderr}`, `{wanted_address}`, `{actual_address}`, `{unread}`, `{waiting}`, `{count}`, `{limit}`, `{signal}`,
    /// `{wanted_status}`, `{about}`, `{detail}`, `{path}`, `{resource}`, `{what}`.
    pub message: Words,
    /// Three hints; an exercise may have its own in place of these.
    pub hints: Hints,
}
