//! Starts programs in a cell and ends everything in it. The only room with `unsafe` code, and only in `sys`.
//!
//! A check's process calls [`network::enter`] once, and makes an [`empty::EmptyCell`] for every start of the
//! program. The program's processes live below our `init`, which ends with the check's process whatever happens to that one;
//! with `init` the kernel ends all of them.

pub mod empty;
pub mod error;
mod filter;
pub mod fork_server;
pub mod group;
mod init;
mod inside;
mod land;
mod limits;
pub mod network;
pub mod own;
mod program;
mod rights;
mod root;
pub mod running;
mod shown;
pub mod spawn;
#[allow(unsafe_code, reason = "system calls that no safe wrapper exists for; nothing else is in there")]
mod sys;
pub mod tier;
