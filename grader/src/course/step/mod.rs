//! The steps that a check is made of: what each one is called and which fields it has. `engine::steps` does them.

mod expect;
mod files;
mod http;
mod moves;
mod open;
mod resources;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::Rule;

// One module for its users, several files for its readers.
pub use expect::{Alive, End, Ending, Exit, Recv, Silent};
pub use files::{FileIs, Files, MakeFifo, MakeFile, MakeLink};
pub use http::{Http, Json, Member};
pub use moves::{Close, Closing, Coalesce, Fill, Fragment, Send};
pub use open::{Accept, Connect, Listen, Occupy, Ready, Start, Transport};
pub use resources::{Calm, Mark, Memory, Queue, Steady};

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
    /// Play a server at a free port. `{ip}` and `{port}` stand for the first one's from here on; each is `{NAME.port}`.
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
    /// Expect a state of the program's accept queue.
    Queue(Queue),
    /// Expect that the program has never held more memory than this.
    Memory(Memory),
    /// Look at the program's own descriptors: sets `{listener_fd}`, `{listener_reuseaddr}` and `{free_fd}`, the lowest
    /// number that is free.
    Descriptors,
    /// Make a file below `{dir}`, with the folders above it.
    File(MakeFile),
    /// Make a symbolic link below `{dir}`.
    Link(MakeLink),
    /// Make a FIFO below `{dir}`.
    Fifo(MakeFifo),
    /// Expect that a file below `{dir}` holds exactly these bytes, now or soon.
    FileIs(FileIs),
    /// Expect that a folder below `{dir}` holds exactly these names; hidden ones do not count.
    Files(Files),
    /// Expect an HTTP/1.x response (RFC 9110, RFC 9112), read strictly.
    Http(Http),
    /// Expect a frame (u32 length in network byte order) that holds a JSON object.
    Json(Json),
    /// Do steps several times; `{i}` counts from 1.
    Repeat(RepeatSteps),
}

impl Step {
    /// The step's key in YAML.
    pub fn name(&self) -> &'static str {
        match self {
            Step::Start(_) => "start",
            Step::Occupy(_) => "occupy",
            Step::Listen(_) => "listen",
            Step::Connect(_) => "connect",
            Step::Accept(_) => "accept",
            Step::Send(_) => "send",
            Step::Fragment(_) => "fragment",
            Step::Coalesce(_) => "coalesce",
            Step::Recv(_) => "recv",
            Step::Silent(_) => "silent",
            Step::End(_) => "end",
            Step::Close(_) => "close",
            Step::Freeze => "freeze",
            Step::Thaw => "thaw",
            Step::Fill(_) => "fill",
            Step::Settle => "settle",
            Step::Exit(_) => "exit",
            Step::Alive(_) => "alive",
            Step::Mark(_) => "mark",
            Step::Steady(_) => "steady",
            Step::Calm(_) => "calm",
            Step::Queue(_) => "queue",
            Step::Memory(_) => "memory",
            Step::Descriptors => "descriptors",
            Step::File(_) => "file",
            Step::Link(_) => "link",
            Step::Fifo(_) => "fifo",
            Step::FileIs(_) => "file_is",
            Step::Files(_) => "files",
            Step::Http(_) => "http",
            Step::Json(_) => "json",
            Step::Repeat(_) => "repeat",
        }
    }

    /// The rules that the step brings for naming the cause of its own failure.
    pub fn causes(&self) -> &[Rule] {
        match self {
            Step::Start(step) => &step.causes,
            Step::Connect(step) => &step.causes,
            Step::Accept(step) => &step.causes,
            Step::Fragment(step) => &step.causes,
            Step::Recv(step) => &step.causes,
            Step::Silent(step) => &step.causes,
            Step::End(step) => &step.causes,
            Step::Exit(step) => &step.causes,
            Step::Alive(step) => &step.causes,
            Step::Steady(step) => &step.causes,
            Step::Calm(step) => &step.causes,
            Step::Queue(step) => &step.causes,
            Step::Memory(step) => &step.causes,
            Step::FileIs(step) => &step.causes,
            Step::Files(step) => &step.causes,
            Step::Http(step) => &step.causes,
            Step::Json(step) => &step.causes,
            Step::Occupy(_) | Step::Listen(_) | Step::Send(_) | Step::Coalesce(_) | Step::Close(_) => &[],
            Step::Freeze | Step::Thaw | Step::Fill(_) | Step::Settle | Step::Mark(_) | Step::Repeat(_) => &[],
            Step::Descriptors | Step::File(_) | Step::Link(_) | Step::Fifo(_) => &[],
        }
    }
}

/// Do steps several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatSteps {
    /// How often, at least.
    pub times: u32,
    /// For how long, at least, in milliseconds: until a time that the program keeps is over for certain.
    #[serde(default)]
    pub for_ms: u32,
    /// What is done each time.
    pub steps: Vec<Step>,
}
