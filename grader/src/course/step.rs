//! The steps that a check is made of: what each one is called and which fields it has. `engine::steps` does them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Rule;
use super::data::Data;

/// One step of a check. In YAML it is a map with one key, the step's name.
///
/// A stream is a connection by its name, or one of `stdin`, `stdout`, `stderr`. Names may hold `{i}` inside `repeat`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Start the program and wait until it is ready.
    Start(Start),
    /// Take the check's address before the program can: it must then fail to bind.
    Occupy(Occupy),
    /// Play a server at a free port, which `{port}` stands for from here on.
    Listen(Listen),
    /// Play a client: connect to the program.
    Connect(Connect),
    /// Take the connection that the program made to a played server.
    Accept(Accept),
    /// Send bytes: one write, or one datagram. What the program does not take waits until it does.
    Send(Send),
    /// Send bytes in pieces, each one consumed before the next; until the last one nothing may come back.
    Fragment(Fragment),
    /// Send several writes so that one read gets them all.
    Coalesce(Coalesce),
    /// Expect bytes: exactly these are next. On UDP: the next datagram is exactly this.
    Recv(Recv),
    /// Expect that nothing comes, now and as long as nobody does anything, and that the stream stays open.
    Silent(Silent),
    /// Expect that the stream ends, with no byte before its end.
    End(End),
    /// Close a stream.
    Close(Close),
    /// Stop all processes of the program (SIGSTOP).
    Freeze,
    /// Let them go on (SIGCONT).
    Thaw,
    /// Send until the program takes no more: it is blocked, or its buffers are full.
    Fill(Fill),
    /// Wait until the program has done all that it will do unless somebody does something.
    Settle,
    /// Expect that the program ends by itself with this exit status.
    Exit(Exit),
    /// Expect that the program still runs once it has settled.
    Alive(Alive),
    /// Remember how many descriptors and threads the program has.
    Mark(Mark),
    /// Expect that their number has not grown since a mark.
    Steady(Steady),
    /// Expect that the settled program uses no processor time.
    Calm(Calm),
    /// Do steps several times; `{i}` counts from 1.
    Repeat(RepeatSteps),
}

/// Start the program and wait until it is ready.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// Arguments in place of the exercise's.
    pub args: Option<Vec<Data>>,
    /// What must be seen before the next step, in place of the exercise's.
    pub ready: Option<Ready>,
    /// The socket must be bound to exactly `{ip}`, not to the wildcard address.
    pub exact: bool,
    /// Variables added to the program's environment.
    pub env: BTreeMap<String, Data>,
    /// Rules for naming the cause when this step fails.
    pub causes: Vec<Rule>,
}

/// What tells that a program is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// A TCP socket of the program listens at `{ip}:{port}`.
    #[default]
    Tcp,
    /// A UDP socket of the program is bound to `{ip}:{port}`.
    Udp,
    /// Nothing: go on at once.
    Started,
}

/// Which transport a socket uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP (RFC 9293)
    #[default]
    Tcp,
    /// UDP (RFC 768)
    Udp,
}

/// Take the check's address before the program can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occupy {
    /// TCP if it is not said.
    #[serde(default)]
    pub over: Transport,
}

/// Play a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The name of the listening socket; on UDP, of the stream that answers whoever sent last.
    #[serde(rename = "as")]
    pub name: String,
    /// TCP if it is not said.
    #[serde(default)]
    pub over: Transport,
}

/// Play a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The name of the connection.
    #[serde(rename = "as")]
    pub name: String,
    /// TCP if it is not said.
    #[serde(default)]
    pub over: Transport,
    /// Do not read from it until a `recv` asks for bytes, so that the program's buffers fill: bytes of receive buffer
    /// (SO_RCVBUF).
    #[serde(default)]
    pub unread: Option<usize>,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Take the connection that the program made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The played server.
    pub from: String,
    /// The name of the connection.
    #[serde(rename = "as")]
    pub name: String,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Send bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The stream.
    pub to: String,
    /// What is sent.
    pub bytes: Data,
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

/// Do steps several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatSteps {
    /// How often.
    pub times: u32,
    /// What is done each time.
    pub steps: Vec<Step>,
}
