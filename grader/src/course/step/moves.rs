//! Steps that do something to the program.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;
use crate::course::data::Data;

/// Send bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The stream.
    pub to: String,
    /// What is sent.
    pub bytes: Data,
    /// On UDP: send to whoever sent last on this other stream.
    #[serde(default)]
    pub toward: Option<String>,
}

/// Send bytes in pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fragment {
    /// The connection.
    pub to: String,
    /// What is sent.
    pub bytes: Data,
    /// Bytes in a piece; 1 if neither this nor `at` is said.
    #[serde(default)]
    pub each: Option<usize>,
    /// Where to cut, in bytes from the start, ascending.
    #[serde(default)]
    pub at: Vec<usize>,
    /// Answers may come before the last piece: the bytes hold several messages.
    #[serde(default)]
    pub answers: bool,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Send several writes so that one read gets them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coalesce {
    /// The connection.
    pub to: String,
    /// The writes, one after another, all delivered before the program runs again; at most 32 KiB together.
    pub writes: Vec<Data>,
}

/// Close a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The stream.
    pub of: String,
    /// In which way; `fin` if it is not said.
    #[serde(default)]
    pub how: Closing,
}

/// How we end a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// `close`: FIN (the kernel sends RST instead if bytes are unread).
    #[default]
    Fin,
    /// `SO_LINGER` 0 and `close`: RST.
    Rst,
    /// `shutdown(SHUT_WR)`: FIN, and we go on reading.
    Half,
}

/// Send until the program takes no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The connection.
    pub to: String,
    /// What is sent again and again.
    pub bytes: Data,
    /// At most this many bytes.
    pub at_most: usize,
}
