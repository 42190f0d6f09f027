//! What the kernel knows: socket tables, threads and where they wait. The one room that reads them.
//!
//! Everything here looks and never touches: no look-up can be noticed by the program under test.

pub mod buffers;
pub mod diag;
pub mod fds;
mod procfs;
pub mod tasks;
pub mod unix;
pub mod waiting;
