//! Where cargo really is (behind rustup's stand-ins), and the course's packages as a folder of sources: what a build in
//! a cell, which has no network and no home, is given to read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::build::BuildError;
use crate::build::cargo::own_settings_only;
use crate::build::disk::unless_full;
use crate::build::process::tool;
use crate::build::turn::turn;
use crate::interrupt::Interrupt;
use crate::text::bytes::hex;

/// A Rust toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// Its folder; `bin/cargo` is in it.
    pub root: PathBuf,
}

impl Toolchain {
    /// The toolchain that is used in the folder `cwd`.
    pub fn of(cwd: &Path, interrupt: &Interrupt) -> Result<Toolchain, BuildError> {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "sysroot"]).current_dir(cwd);
        let root = tool(&mut rustc, interrupt)?.map_err(BuildError::Toolchain)?;
        Ok(Toolchain { root: PathBuf::from(root.trim()) })
    }
}

/// The folder that holds the sources of every package that the workspace in `workspace` needs; made, which may want the
/// network, when its manifests or its lock file have changed. Nothing of the packages is run.
///
/// `Err` holds what cargo printed if it could not be made.
pub fn packages(workspace: &Path, cache: &Path, interrupt: &Interrupt) -> Result<Result<PathBuf, String>, BuildError> {
    let _turn = turn(&cache.join("packages"), interrupt)?;
    let folder = cache.join("packages").join(digest(workspace));
    if folder.is_dir() {
        return Ok(Ok(folder));
    }
    let half = cache.join("packages/half");
    // Left by somebody who was interrupted.
    let _ = fs::remove_dir_all(&half);
    fs::create_dir_all(&half).map_err(BuildError::io("cannot make", &half))?;
    let mut cargo = Command::new("cargo");
    cargo.args(["vendor", "--quiet", "--versioned-dirs", "--respect-source-config", "--manifest-path"]);
    cargo.arg(workspace.join("Cargo.toml")).arg(&half).current_dir(cache);
    if let Err(output) = tool(own_settings_only(&mut cargo), interrupt)? {
        return unless_full(cache, output).map(Err);
    }
    // Cargo makes no folder where nothing is needed.
    fs::create_dir_all(&half).map_err(BuildError::io("cannot make", &half))?;
    // The lock file may have been completed just now.
    let folder = cache.join("packages").join(digest(workspace));
    fs::rename(&half, &folder).map_err(BuildError::io("cannot make", &folder))?;
    Ok(Ok(folder))
}

/// A name for all that decides which packages a workspace needs.
fn digest(workspace: &Path) -> String {
    let members = fs::read_dir(workspace).into_iter().flatten().flatten().map(|entry| entry.path().join("Cargo.toml"));
    let mut files: Vec<PathBuf> =
        members.chain(["Cargo.toml", "Cargo.lock"].map(|name| workspace.join(name))).collect();
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).unwrap_or_default();
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    }
    hex(&digest.finalize()[..16])
}
