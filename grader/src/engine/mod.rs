//! Does what a check says to a program and reports what it saw. Runs in a process of its own, with one thread.
//!
//! One loop moves bytes ([`pump`]), one question is asked of the kernel between its rounds ([`calm`]): can the program
//! still do anything by itself? So every wait ends with an event, with certainty that none will come, or, as the last
//! resort, with the deadline.

pub mod calm;
pub mod clock;
pub mod describe;
pub mod finding;
pub mod job;
pub mod limit;
pub mod log;
pub mod main;
pub mod program;
pub mod pump;
pub mod response;
pub mod scene;
mod sight;
pub mod steps;
pub mod stream;
pub mod wait;
pub mod world;
