//! What is started in a cell, and as whom.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::sched::CpuSet;
use nix::unistd::Uid;
use serde::{Deserialize, Serialize};

use crate::course::model::Limits;
use crate::event::Tier;

/// Where something will be started: what must be known before a cell can be made for it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// How strongly it is confined.
    pub tier: Tier,
    /// The users that it may be outside its user namespace, the first one that works; where there is none it is
    /// ourselves, without rights.
    pub users: &'p [u32],
    /// The processors that it may run on.
    pub processors: &'p CpuSet,
    /// Folders that it may write to, besides its scratch folder and what it shares with the check's process.
    pub writable: &'p [PathBuf],
}

/// What to start, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spawn {
    /// The command; its first word is an absolute path.
    pub argv: Vec<String>,
    /// The whole environment, as `NAME=value`.
    pub env: Vec<String>,
    /// The working folder.
    pub cwd: PathBuf,
    /// The folder that it may write to.
    pub scratch: PathBuf,
    /// Paths that the program must be able to read, besides the system's.
    pub visible: Vec<PathBuf>,
    /// What it may use.
    pub limits: Limits,
    /// The users of the machine that it may be where it has no user namespace, the first one that works; where there is
    /// none it is ourselves.
    pub users: Vec<u32>,
}

impl Spawn {
    /// What the program must be able to read, besides the system's folders.
    pub(super) fn needed(&self) -> impl Iterator<Item = &Path> {
        let program = self.argv.first().map(Path::new);
        self.visible.iter().map(PathBuf::as_path).chain([self.cwd.as_path()]).chain(program)
    }
}

/// The name by which the kernel looks a path up when it has followed each `..` in it and none stood behind a link.
pub fn without_ways_up(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut name, part| {
        match part {
            Component::ParentDir => _ = name.pop(),
            part => name.push(part),
        }
        name
    })
}

/// Users of the machine that the program may be outside its user namespace, the first one that works: they own nothing.
/// They are the same for every program of a check, so that one can find the files of the one before. None if it can
/// only be ourselves.
pub fn users_outside() -> Vec<u32> {
    match Uid::effective().is_root() {
        true => vec![0x7000_0000 + std::process::id(), 65_534],
        false => Vec::new(),
    }
}

/// True if other users can reach all that a program needs where it has no private root. What lies in a folder that is
/// closed to others (root's home) can only be started as root.
pub fn are_open_to_others<'p>(mut needed: impl Iterator<Item = &'p Path>) -> bool {
    needed.all(is_open_to_others)
}

/// True if everybody may read what is at `path` and enter all folders on the way.
fn is_open_to_others(path: &Path) -> bool {
    let allows = |path: &Path, bits: u32| path.metadata().is_ok_and(|found| found.mode() & bits == bits);
    allows(path, 0o004) && path.ancestors().skip(1).all(|folder| allows(folder, 0o001))
}
