//! Builds untrusted sources in a cell, like the program that comes of them: no network, a copy of the sources, the
//! toolchain and the course's packages to read, one folder to write to, limits, and an end to everything it started.
//!
//! As with checks a process of our own makes the cell ([`inside`]); the grader's side of it is [`job`].

pub mod inside;
pub mod job;

use crate::course::model::Limits;

/// What a build may use. A package with only the standard library takes about a second and 300 MiB.
pub(super) fn limits() -> Limits {
    Limits {
        memory_mib: 8 << 10,
        processes: 512,
        descriptors: 4096,
        disk_mib: 2 << 10,
        output_kib: 64 << 10,
        cpu_s: 240,
        ..Limits::default()
    }
}
