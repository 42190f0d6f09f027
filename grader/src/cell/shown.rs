//! What one program needs of the machine's files, besides the system's: the check's process takes hold of it, which sees
//! the machine, and init puts it into the private root, which does not.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};
use serde::{Deserialize, Serialize};

use super::root;
use super::spawn::Spawn;
use super::sys;

/// A path as it is to be seen inside.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    path: PathBuf,
    what: What,
}

/// What is there. Of a folder and a file there is a mount as well.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum What {
    Link(PathBuf),
    Folder,
    File,
}

/// Takes hold of what `spawn` needs, read-only: the paths, and a detached mount (open_tree(2)) for each folder and file
/// in their order. A path that does not exist is passed over. Wants a mount namespace of our own.
pub(super) fn gather(spawn: &Spawn) -> io::Result<(Vec<Shown>, Vec<OwnedFd>)> {
    let mut needed: Vec<&Path> = spawn.needed().collect();
    needed.sort_by_key(|path| path.components().count());
    let (mut all, mut mounts): (Vec<Shown>, Vec<OwnedFd>) = (Vec::new(), Vec::new());
    for path in needed {
        let is_inside = |shown: &Shown| shown.what == What::Folder && path.starts_with(&shown.path);
        if root::has(path) || all.iter().any(is_inside) {
            continue;
        }
        let Ok(meta) = fs::symlink_metadata(path) else { continue };
        let what = match meta.file_type() {
            kind if kind.is_symlink() => What::Link(fs::read_link(path)?),
            kind if kind.is_dir() => What::Folder,
            _ => What::File,
        };
        if !matches!(what, What::Link(_)) {
            mounts.push(take(path)?);
        }
        all.push(Shown { path: path.to_owned(), what });
    }
    Ok((all, mounts))
}

fn take(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let mount = open_tree(CWD, path, flags)?;
    let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
    sys::set_mount(mount.as_fd(), Path::new(""), attributes, true)?;
    Ok(mount)
}

/// Puts what was gathered into the root of this process.
pub(super) fn put(all: &[Shown], mounts: Vec<OwnedFd>) -> io::Result<()> {
    let mut mounts = mounts.into_iter();
    for Shown { path, what } in all {
        let is_there = path.exists() && path != Path::new(root::SCRATCH);
        let mount = match what {
            What::Link(to) if !is_there => {
                root::make_parent(path)?;
                symlink(to, path)?;
                continue;
            }
            What::Link(_) => continue,
            What::Folder | What::File => mounts.next().ok_or(io::ErrorKind::UnexpectedEof)?,
        };
        if is_there {
            continue;
        }
        root::make_place(path, *what == What::Folder)?;
        move_mount(mount, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    }
    Ok(())
}
