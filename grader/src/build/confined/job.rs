//! A build as the grader orders it, and what comes back. The order goes to a process of our own as one line of JSON;
//! that process lives as long as we hold its standard input open.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::build::BuildError;
use crate::build::process::signal_name;
use crate::build::stage::remove_tree;
use crate::cell::network::SHARED;
use crate::cell::own;
use crate::event::Tier;
use crate::interrupt::Interrupt;

/// The word that makes the grader a build's process.
pub const WORD: &str = "__build";

/// Bytes that a report may have: the output that is kept, as JSON, and little more.
const MOST_REPORT: u64 = 4 << 20;

/// A build to be done in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// How strongly it is confined.
    pub tier: Tier,
    /// The command; its first word is an absolute path.
    pub argv: Vec<String>,
    /// The whole environment, as `NAME=value`, but for `HOME` and `TMPDIR`.
    pub env: Vec<String>,
    /// Where it is started.
    pub cwd: PathBuf,
    /// What it must be able to read, besides the system's folders.
    pub visible: Vec<PathBuf>,
    /// The folder that a copy of is put into [`Job::work`] as `src`.
    pub source: PathBuf,
    /// The folder that it works in: a private file system in the sealed tier, else one of ours.
    pub work: PathBuf,
    /// A folder that is kept from build to build and that it may write to.
    pub keep: Option<PathBuf>,
    /// How long it may take, in seconds.
    pub seconds: u64,
    /// How much memory all its processes together may hold, in MiB.
    pub mib: u64,
    /// What is wanted of it.
    pub take: Take,
}

/// What is copied out of the cell once everything in it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Take {
    /// A program.
    File {
        /// The folder that it is made in.
        from: PathBuf,
        /// Its path there.
        path: PathBuf,
        /// The folder that gets a folder for it, named after its bytes.
        to: PathBuf,
    },
    /// The copy of the sources, with all that was made in it.
    Folder {
        /// The folder that gets a folder for it, named after what is in it.
        to: PathBuf,
    },
}

/// What came of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// It was successful; this is what was taken.
    Made(PathBuf),
    /// It was not, or made nothing that can be taken; this is what it printed and what is to be said of it.
    Failed(String),
    /// We could not make the cell, or not read or write what is ours.
    Void(String),
}

/// The folder that a build works in: `other`, made empty, where the tier gives it no private one.
pub fn work(tier: Tier, other: &Path) -> Result<PathBuf, BuildError> {
    if tier == Tier::Sealed {
        return Ok(PathBuf::from(SHARED));
    }
    remove_tree(other)?;
    fs::create_dir_all(other).map_err(BuildError::io("cannot make", other))?;
    other.canonicalize().map_err(BuildError::io("cannot find", other))
}

/// Does a build in a cell, until the wish to stop comes.
pub fn run(job: &Job, interrupt: &Interrupt) -> Result<Report, BuildError> {
    if interrupt.is_set() {
        return Err(BuildError::Interrupted);
    }
    let io = |error| BuildError::Cell(format!("its process could not be run: {error}"));
    let mut command = Command::new("/proc/self/exe");
    command.arg(WORD).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    // It is ended by its life line and by no signal that asks us to stop: only so it leaves nothing behind.
    let mut child = command.spawn().map_err(io)?;
    let mut bytes = Vec::new();
    let told = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe.into()).and_then(|line| {
        own::send(&line, job)?;
        Ok(interrupt.hold(line))
    });
    let heard = match child.stdout.take() {
        Some(output) => output.take(MOST_REPORT).read_to_end(&mut bytes),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    };
    let status = child.wait().map_err(io)?;
    if interrupt.is_set() {
        return Err(BuildError::Interrupted);
    }
    if let Some(signal) = status.signal() {
        return Err(BuildError::Killed(signal_name(signal)));
    }
    told.map(drop).and(heard.map(drop)).map_err(io)?;
    match serde_json::from_slice(&bytes) {
        Ok(Report::Void(why)) => Err(BuildError::Cell(why)),
        Ok(report) => Ok(report),
        Err(_) => Err(BuildError::Cell("its report is missing or garbled".to_owned())),
    }
}
