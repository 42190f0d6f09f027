//! From sources to something that can be started.
//!
//! What learners hand in is built in a cell ([`confined`]), like the programs that come of it. The course's own programs
//! are built with the rights of whoever calls the grader. Whether a build worked is told by the exit status of the tool
//! and by nothing that it prints.

pub mod cargo;
pub mod confined;
pub mod disk;
pub mod exec;
pub mod keep;
pub mod process;
pub mod reference;
pub mod resolve;
pub mod stage;
pub mod staged;
pub mod submission;
pub mod take;
pub mod toolchain;
pub mod turn;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::course::load::Exercise;
use crate::event::Tier;
use crate::interrupt::Interrupt;
use crate::text::bytes::hex;

use toolchain::Toolchain;

/// Where the programs come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The packages in the course's `exercises/`.
    Exercises,
    /// The packages in the course's `reference/`.
    Reference,
    /// One command for every exercise; the contract's arguments are appended.
    Exec(String),
    /// A folder with a `submission.yaml`, or without one a folder like `exercises/`.
    Submission(PathBuf),
}

/// Something that can be started: a command whose first word is an absolute path.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Program {
    /// The command; the check's arguments follow it.
    pub argv: Vec<String>,
    /// The folder in which it is started, read-only to it.
    pub cwd: PathBuf,
    /// Further folders and files that it must be able to read.
    pub visible: Vec<PathBuf>,
}

impl Program {
    /// The program at `path`, started in its folder.
    fn in_folder(path: &Path) -> Program {
        let folder = path.parent().unwrap_or(path).to_owned();
        Program { argv: vec![path.to_string_lossy().into_owned()], cwd: folder.clone(), visible: vec![folder] }
    }
}

/// How programs are built.
#[derive(Clone, Debug)]
pub struct Terms<'t> {
    /// The course's folder.
    course: &'t Path,
    /// Where everything is kept that the next build may use.
    cache: &'t Path,
    /// How strongly builds of what is handed in are confined.
    tier: Tier,
    /// The wish to stop.
    interrupt: &'t Interrupt,
    /// Asked for once: that takes longer than a build that has nothing to do.
    toolchain: OnceCell<Toolchain>,
}

impl<'t> Terms<'t> {
    /// Builds for the course at `course`, with everything kept in `cache`, until the wish to stop comes.
    pub fn new(course: &'t Path, cache: &'t Path, tier: Tier, interrupt: &'t Interrupt) -> Terms<'t> {
        Terms { course, cache, tier, interrupt, toolchain: OnceCell::new() }
    }

    /// The course's toolchain. Never that of a folder which somebody hands in: a rust-toolchain.toml there could name
    /// a program of its own.
    fn toolchain(&self) -> Result<&Toolchain, BuildError> {
        match self.toolchain.get() {
            Some(toolchain) => Ok(toolchain),
            None => {
                let toolchain = Toolchain::of(self.course, self.interrupt)?;
                Ok(self.toolchain.get_or_init(|| toolchain))
            }
        }
    }

    /// The part of the cache's folder `name` that belongs to what is handed in at `source`, and to nothing else.
    fn folder(&self, name: &str, source: &Path) -> PathBuf {
        let digest = Sha256::digest(source.as_os_str().as_encoded_bytes());
        self.cache.join(name).join(hex(&digest[..8]))
    }
}

/// What came of building one exercise's program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// It can be started.
    Ready {
        /// The program.
        program: Program,
        /// Its source is still a skeleton (it holds a `todo!`).
        untouched: bool,
    },
    /// It does not build; this is what the compiler printed.
    Failed(String),
}

/// The programs of a run, by exercise.
pub type Programs = BTreeMap<String, Built>;

/// Told which exercises are built next.
pub type Progress<'a> = &'a mut dyn FnMut(&[&str]);

/// Why nothing can be said about any program. A program that does not build is no error but [`Built::Failed`].
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The command given with `--exec` cannot be started.
    #[error("cannot start the program: {0}")]
    Command(#[from] exec::CommandError),
    /// The folder given with `--submission` is none.
    #[error("{} is no folder", .0.display())]
    NoFolder(PathBuf),
    /// Cargo is not there.
    #[error("cannot start `cargo`: {0}; install Rust from https://rustup.rs, or grade another program with --exec")]
    NoCargo(io::Error),
    /// The wish to stop came.
    #[error("the build was interrupted")]
    Interrupted,
    /// Somebody ended the build: the system for want of memory, perhaps.
    #[error("the build was ended by {0}")]
    Killed(String),
    /// The toolchain does not say where it is.
    #[error("`rustc --print sysroot` failed: {0}")]
    Toolchain(String),
    /// A cell for a build could not be made or was lost.
    #[error("could not build in a cell: {0}")]
    Cell(String),
    /// What builds keep does not fit on the disk.
    #[error("no space is left on the disk for {}; make room and try again", .0.display())]
    Full(PathBuf),
    /// A file of the grader's own could not be read or written.
    #[error("{what} {}: {error}", .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What came of it.
        error: io::Error,
    },
}

impl BuildError {
    /// Says what was tried with `path` when it failed; for `map_err`.
    pub fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BuildError {
        let path = path.to_owned();
        move |error| BuildError::Io { what, path, error }
    }
}

/// Makes the programs of `exercises` ready to be started.
pub fn build(
    terms: &Terms,
    source: &Source,
    exercises: &[&Exercise],
    progress: Progress<'_>,
) -> Result<Programs, BuildError> {
    let ids: Vec<&str> = exercises.iter().map(|exercise| exercise.id.as_str()).collect();
    match source {
        Source::Exercises => {
            let packages = exercises.iter().map(|exercise| (*exercise, exercise.folder.clone())).collect();
            staged::build(&terms.course.join("exercises"), packages, terms, true, progress)
        }
        Source::Submission(given) => {
            let folder = given.canonicalize().ok().filter(|folder| folder.is_dir());
            let folder = folder.ok_or_else(|| BuildError::NoFolder(given.clone()))?;
            if folder.join(submission::FILE).exists() {
                return submission::build(&folder, exercises, terms, progress);
            }
            let packages = exercises.iter().map(|exercise| (*exercise, folder.join(&exercise.id))).collect();
            staged::build(&folder, packages, terms, false, progress)
        }
        Source::Reference => reference::build(terms, &ids, progress),
        Source::Exec(command) => {
            let cwd = std::env::current_dir().map_err(BuildError::io("cannot find", Path::new(".")))?;
            let program = exec::program(command, &cwd, &resolve::Places::of_this_process())?;
            let ready = || Built::Ready { program: program.clone(), untouched: false };
            Ok(ids.iter().map(|id| ((*id).to_owned(), ready())).collect())
        }
    }
}
