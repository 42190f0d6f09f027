//! What can fail when a cell is made. Never the program's fault.

use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A step of making a cell that failed.
#[derive(Debug, Error)]
#[error("{step} failed: {source}")]
pub struct CellError {
    /// The step.
    pub step: Step,
    /// What the system said.
    pub source: io::Error,
}

impl CellError {
    /// The step `step` failed with `source`.
    pub fn new(step: Step, source: impl Into<io::Error>) -> CellError {
        CellError { step, source: source.into() }
    }

    /// Makes an error of a failed `step`.
    pub fn at<E: Into<io::Error>>(step: Step) -> impl FnOnce(E) -> CellError {
        move |source| CellError::new(step, source)
    }
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The steps of making a cell, in about their order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Step { $($(#[$doc])* $name,)* }

        impl Step {
            const ALL: &[Step] = &[$(Step::$name,)*];

            fn text(self) -> &'static str {
                match self { $(Step::$name => $text,)* }
            }
        }
    };
}

steps! {
    /// unshare(2) of the check's process.
    Network = "unshare of the network namespace",
    /// Writing uid_map and gid_map.
    UidMap = "writing uid_map and gid_map",
    /// SIOCSIFFLAGS on `lo`.
    LoopbackUp = "bringing up the loopback interface",
    /// pipe(2).
    Pipes = "making pipes",
    /// mkdir(2) and writing in the tree of cgroups(7).
    Group = "using control groups",
    /// clone(2) of init.
    Clone = "clone with new namespaces",
    /// setsid(2), prctl(2) of init.
    Init = "setting up init",
    /// The private root's file system.
    Tmpfs = "mounting the private root",
    /// Read-only views of system folders.
    Bind = "binding a folder into the private root",
    /// procfs of the new process namespace.
    Proc = "mounting /proc",
    /// pivot_root(2).
    PivotRoot = "pivot_root",
    /// mount_setattr(2).
    ReadOnly = "making the private root read-only",
    /// Telling init what to start.
    Order = "telling init what to start",
    /// setrlimit(2).
    Limits = "setting resource limits",
    /// setresuid(2), setresgid(2).
    Ids = "setting the program's user",
    /// PR_SET_NO_NEW_PRIVS, Landlock.
    Landlock = "applying Landlock rules",
    /// seccomp(2).
    Seccomp = "installing the system call filter",
    /// dup2(2), close_range(2), chdir(2).
    Descriptors = "arranging descriptors",
    /// chdir(2).
    Folder = "entering the working folder",
    /// fork(2) of the program.
    Fork = "fork of the program",
    /// execve(2) of the program.
    Exec = "execve of the program",
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// An error as eight bytes, for the pipe between the new process and the check's.
pub(super) fn encode(error: &CellError) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[0] = error.step as u8;
    bytes[4..].copy_from_slice(&error.source.raw_os_error().unwrap_or(libc::EIO).to_ne_bytes());
    bytes
}

/// The error that eight bytes stand for.
pub(super) fn decode(bytes: [u8; 8]) -> CellError {
    let step = Step::ALL.get(usize::from(bytes[0])).copied().unwrap_or(Step::Init);
    let errno = i32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    CellError { step, source: io::Error::from_raw_os_error(errno) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_pipe() {
        let error = CellError::new(Step::PivotRoot, io::Error::from_raw_os_error(libc::EINVAL));
        assert_eq!(decode(encode(&error)).to_string(), error.to_string());
    }
}
