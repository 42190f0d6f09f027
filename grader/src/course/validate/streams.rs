//! What can be done with a stream: by its kind, and by what has become of it.

use crate::course::step::{Closing, Transport};

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A played server that connections are accepted from.
    Listener,
    /// A TCP connection.
    Tcp,
    /// A UDP socket that is connected, or sends to one address.
    Udp,
    /// A played UDP server.
    UdpServer,
    /// A Unix connection.
    Unix,
    /// The program's standard input.
    Input,
    /// Its standard output or standard error.
    Output,
}

impl Kind {
    /// What `connect` makes.
    pub fn connected(over: Transport) -> Kind {
        match over {
            Transport::Tcp => Kind::Tcp,
            Transport::Udp => Kind::Udp,
            Transport::Unix => Kind::Unix,
        }
    }

    /// What `listen` makes.
    pub fn listening(over: Transport) -> Kind {
        match over {
            Transport::Tcp | Transport::Unix => Kind::Listener,
            Transport::Udp => Kind::UdpServer,
        }
    }

    /// True if it carries datagrams.
    pub fn is_datagrams(self) -> bool {
        matches!(self, Kind::Udp | Kind::UdpServer)
    }
}

/// What has become of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Both directions are open.
    Open,
    /// We send no more.
    Half,
    /// The program's end has been seen.
    Ended,
    /// We closed or reset it.
    Closed,
}

/// A stream of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What it is.
    pub kind: Kind,
    /// What has become of it.
    pub state: State,
}

/// What a step does with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `send`, `fill`
    Write,
    /// `fragment`, `coalesce`
    Pieces,
    /// `recv`, `silent`
    Read,
    /// `end`
    End,
    /// `close`
    Close(Closing),
    /// `accept`
    Accept,
    /// `http`, `json`
    Message,
    /// `send` with `toward`: from one played UDP server to whoever sent to another
    Toward,
}

/// Why it cannot be done, and what to do instead.
pub struct Refusal {
    /// What is wrong.
    pub why: &'static str,
    /// What to write instead.
    pub help: &'static str,
}

impl Stream {
    /// A stream that was just made.
    pub fn new(kind: Kind) -> Stream {
        Stream { kind, state: State::Open }
    }

    /// The stream after it was used.
    pub fn after(self, used: Use) -> Stream {
        let state = match (used, self.state) {
            (Use::Close(Closing::Fin | Closing::Rst), _) => State::Closed,
            (Use::Close(Closing::Half), State::Open) => State::Half,
            (Use::End, _) => State::Ended,
            (_, state) => state,
        };
        Stream { state, ..self }
    }

    /// Its name may be given to another stream.
    pub fn is_over(self) -> bool {
        matches!(self.state, State::Ended | State::Closed)
    }

    /// Why `used` cannot be done with this stream, if so.
    pub fn refuse(self, used: Use) -> Option<Refusal> {
        self.by_kind(used).or_else(|| self.by_state(used)).map(|(why, help)| Refusal { why, help })
    }

    fn by_kind(self, used: Use) -> Option<(&'static str, &'static str)> {
        match (self.kind, used) {
            (Kind::Listener, Use::Accept) => None,
            (Kind::Listener, _) => Some(("is a listening socket", "`accept` a connection from it, and use that one")),
            (_, Use::Accept) => Some(("takes no connections", "accept from the name of a `listen` over tcp")),
            (Kind::Udp | Kind::UdpServer, Use::Pieces) => {
                Some(("carries datagrams, which come whole", "use `send`, one for each datagram"))
            }
            (Kind::Udp | Kind::UdpServer, Use::End) => Some(("carries datagrams, which have no end", "use `silent`")),
            (Kind::Input, Use::Read | Use::End) => Some(("is only written to", "read from `stdout` or `stderr`")),
            (Kind::Output, Use::Write | Use::Pieces) => Some(("is only read from", "write to `stdin`")),
            (Kind::Udp | Kind::UdpServer | Kind::Input | Kind::Output, Use::Close(Closing::Half | Closing::Rst)) => {
                Some(("is no TCP connection", "close it without `how`"))
            }
            (Kind::Unix, Use::Close(Closing::Rst)) => Some(("is no TCP connection", "write `fin` or `half`")),
            (Kind::Udp | Kind::UdpServer | Kind::Input | Kind::Output, Use::Message) => {
                Some(("is no connection", "name one that `connect` or `accept` made, over tcp or unix"))
            }
            (Kind::UdpServer, Use::Toward) => None,
            (_, Use::Toward) => Some(("is no played UDP server", "name a `listen` over udp")),
            _ => None,
        }
    }

    fn by_state(self, used: Use) -> Option<(&'static str, &'static str)> {
        match (self.state, used) {
            (_, Use::Close(_)) | (State::Open, _) => None,
            (State::Closed, _) => Some(("is closed", "do this before it is closed, or on another stream")),
            (State::Half, Use::Write | Use::Pieces) => Some(("is shut down for sending", "send before `how: half`")),
            (State::Ended, Use::Read | Use::End | Use::Message) => Some(("has ended", "expect bytes before `end`")),
            _ => None,
        }
    }
}
