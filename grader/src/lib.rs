//! The grader: loads a course, builds programs, probes them over loopback sockets and says what is wrong with them.
//!
//! `grader/ARCHITECTURE.md` shows the rooms and which of them may use which; `tests/tidy.rs` holds the code to it.

#![deny(unsafe_code)]

pub mod build;
pub mod cell;
pub mod cli;
pub mod course;
pub mod engine;
pub mod event;
pub mod interrupt;
pub mod judge;
pub mod kernel;
pub mod progress;
pub mod report;
pub mod run;
pub mod selfcheck;
pub mod text;
pub mod wording;
