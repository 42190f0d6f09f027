//! Steps that start the program and open sockets of ours.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;
use crate::course::data::Data;

/// Start the program and wait until it is ready.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Start {
    /// Arguments in place of the exercise's.
    pub args: Option<Vec<Data>>,
    /// What must be seen before the next step, in place of the exercise's.
    pub ready: Option<Ready>,
    /// The path of the Unix socket.
    pub at: Option<Data>,
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
    /// A Unix socket of the program listens at the path `at`.
    Unix,
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
    /// A Unix stream socket (unix(7)); only to connect.
    Unix,
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
    /// Bind to the wildcard address and the check's own `{port}`, beside others that do the same: a receiver of
    /// broadcasts. Only on UDP.
    #[serde(default)]
    pub shared: bool,
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
    /// Where to, in place of `{ip}:{port}`: an address with its port, or a path. A UDP stream to a broadcast address takes
    /// answers from anybody.
    #[serde(default)]
    pub to: Option<Data>,
    /// The handshake must not complete: the program's accept queue is full.
    #[serde(default)]
    pub waits: bool,
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
