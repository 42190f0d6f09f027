//! What is known of one check when it is over. Made in the check's own process, read by everything that judges or
//! reports; so it carries bytes and facts, and hardly any wording.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Symptom;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that it expects was seen.
    Passed,
    /// Something else was seen, and the cause is named.
    Failed,
    /// A check that it needs did not pass, so it was not run.
    Blocked,
    /// The grader could not judge. Never the program's fault; it costs nothing.
    Void,
}

/// What a check's process reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How the check ended; never `Blocked`, which is decided before a check is run.
    pub verdict: Verdict,
    /// What was seen in place of what was expected; there exactly when the verdict is `Failed`.
    pub failure: Option<Failure>,
    /// Why the grader could not judge; there exactly when the verdict is `Void`.
    pub void: Option<Void>,
    /// What happened, in order.
    pub transcript: Vec<Line>,
    /// From the start of the check's process to its verdict, in microseconds.
    pub duration_us: u64,
}

/// Why a check could not be judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Void {
    /// What kind of thing got in the way.
    pub kind: VoidKind,
    /// What happened exactly, in English: a system call with its error, for example.
    pub detail: String,
}

/// What can keep the grader from judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidKind {
    /// The machine did not let the program or the grader run: the check is tried once more.
    Starved,
    /// A part of the cell could not be set up.
    Cell,
    /// The system lacks something that the check asks for.
    Unsupported,
    /// No port was free for a socket of the grader's own.
    NoPort,
    /// The check's process died, or its record was missing or garbled.
    Lost,
    /// The run was interrupted.
    Interrupted,
}

/// What a check saw in place of what it expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The code of the cause, from the catalogue.
    pub cause: String,
    /// What was seen.
    pub symptom: Symptom,
    /// The number of the step, from 1; of a step inside `repeat`, the number of the `repeat`.
    pub step: usize,
    /// The step as a person would write it in one line.
    pub step_text: String,
    /// The stream that the step is about.
    pub stream: Option<String>,
    /// What was expected, around the first difference.
    pub expected: Option<Excerpt>,
    /// What came, around the first difference.
    pub actual: Option<Excerpt>,
    /// The first byte that differs, counted from 0 over the whole of what was expected.
    pub differs_at: Option<usize>,
    /// Numbers and names for the message: `status`, `signal`, `count`, `pieces`, `wanted_address`, ….
    pub facts: BTreeMap<String, String>,
    /// What was sent last on the stream before the failure.
    pub sent: Option<Excerpt>,
    /// The program at the moment of the failure.
    pub scene: Scene,
    /// The end of the program's stderr.
    pub stderr: Excerpt,
}

/// The program at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// How it ended, if it has.
    pub end: Option<ProcessEnd>,
    /// Its threads, at most 8.
    pub tasks: Vec<TaskView>,
    /// Its sockets, at most 8.
    pub sockets: Vec<SocketView>,
    /// True if the deadline struck.
    pub deadline: bool,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessEnd {
    /// It ended by itself with this status.
    Status(i32),
    /// This signal ended it.
    Signal(String),
}

/// One thread of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// The process that it belongs to, as the program sees its own number.
    pub pid: i32,
    /// The name of the thread.
    pub name: String,
    /// Where it is: `accept(fd 3)`, `recvfrom(fd 4)`, `running`, `stopped`, ….
    pub at: String,
}

/// One socket of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketView {
    /// `LISTEN`, `ESTABLISHED`, `CLOSE_WAIT`, `UDP`, ….
    pub state: String,
    /// Its own address.
    pub local: String,
    /// The name that the check gave to the other end, or that end's address.
    pub peer: Option<String>,
    /// Bytes that it has not read; for a listener: connections that it has not accepted.
    pub unread: u32,
    /// The connection has been accepted.
    pub accepted: bool,
}

/// A window into bytes that may be long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Where the window begins in the whole.
    pub offset: usize,
    /// How long the whole is.
    pub total: usize,
    /// The bytes of the window.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

impl Excerpt {
    /// The most bytes that an excerpt holds.
    pub const MOST: usize = 512;

    /// The beginning of `whole`.
    pub fn head(whole: &[u8]) -> Excerpt {
        Excerpt::around(whole, 0)
    }

    /// The end of `whole`.
    pub fn tail(whole: &[u8]) -> Excerpt {
        let offset = whole.len().saturating_sub(Self::MOST);
        Excerpt { offset, total: whole.len(), bytes: whole[offset..].to_vec() }
    }

    /// A window that holds byte `at` of `whole` with some bytes before it.
    pub fn around(whole: &[u8], at: usize) -> Excerpt {
        let at = at.min(whole.len());
        let offset = if at < Self::MOST / 2 { 0 } else { at - Self::MOST / 4 };
        let end = whole.len().min(offset + Self::MOST);
        Excerpt { offset, total: whole.len(), bytes: whole[offset..end].to_vec() }
    }

    /// True if the window is not the whole.
    pub fn is_cut(&self) -> bool {
        self.bytes.len() < self.total
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When, in microseconds since the check's process started.
    pub at_us: u64,
    /// What: `start`, `ready`, `connect`, `send`, `recv`, `fin`, `rst`, `exit`, `freeze`, ….
    pub what: String,
    /// On which stream.
    pub stream: Option<String>,
    /// The bytes that went or came.
    pub bytes: Option<Excerpt>,
    /// Anything else, in the terms of TCP and of the system.
    pub note: String,
}

mod hex {
    //! Bytes as hexadecimal digits: a record stays text whatever a program sends.

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::text::bytes::hex(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::text::bytes::unhex(&text).ok_or_else(|| D::Error::custom("not hexadecimal digits"))
    }
}
