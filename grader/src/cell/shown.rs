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
use super::spawn::{Spawn, without_ways_up};
use super::sys;

/// A path as it is to be seen inside.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Shown {
    path: PathBuf,
    what: What,
}

/// What is there. Of a folder and a file there is a mount as well.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum What {
    Folder,
    File,
    Link(PathBuf),
}

/// Takes hold of what `spawn` needs, read-only: the paths, and a detached mount (open_tree(2)) for each folder and file
/// in their order. A path that does not exist is passed over. Wants a mount namespace of our own.
pub(super) fn gather(spawn: &Spawn) -> io::Result<(Vec<Shown>, Vec<OwnedFd>)> {
    let shown = plan(spawn.needed());
    let mounted = shown.iter().filter(|shown| !matches!(shown.what, What::Link(_)));
    let mounts = mounted.map(|shown| take(&shown.path)).collect::<io::Result<_>>()?;
    Ok((shown, mounts))
}

/// Everything is shown where it really is. What is called by another name has a link there, after all that it may lead
/// to.
fn plan<'p>(needed: impl Iterator<Item = &'p Path>) -> Vec<Shown> {
    let mut needed: Vec<&Path> = needed.filter(|path| !root::has(path)).collect();
    needed.sort_by_key(|path| path.components().count());
    let real = |path: &&Path| Some((without_ways_up(path), path.canonicalize().ok()?));
    let found: Vec<(PathBuf, PathBuf)> = needed.iter().filter_map(real).collect();
    let mut all: Vec<Shown> = Vec::new();
    let mut places: Vec<&PathBuf> = found.iter().map(|(_, place)| place).collect();
    places.sort_by_key(|place| place.components().count());
    for place in places {
        let is_inside = |shown: &Shown| place.starts_with(&shown.path);
        if !root::has(place) && !all.iter().any(is_inside) {
            let what = if place.is_dir() { What::Folder } else { What::File };
            all.push(Shown { path: place.clone(), what });
        }
    }
    // Folding `..` may have made another name of it.
    let is_other =
        |(name, place): &&(PathBuf, PathBuf)| name != place && name.canonicalize().is_ok_and(|found| found == *place);
    let links = found.iter().filter(is_other);
    all.extend(links.map(|(name, place)| Shown { path: name.clone(), what: What::Link(place.clone()) }));
    all
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
        if let What::Link(to) = what {
            link(path, to)?;
            continue;
        }
        let mount = mounts.next().ok_or(io::ErrorKind::UnexpectedEof)?;
        if path.exists() && path != Path::new(root::SCRATCH) {
            continue;
        }
        root::make_place(path, *what == What::Folder)?;
        move_mount(mount, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    }
    Ok(())
}

/// Makes a link, where nothing is: it may lie in a folder that is shown, which has it.
fn link(path: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    root::make_parent(path)?;
    symlink(to, path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    /// The plan for paths in a folder with `real/deep/program` and links to it.
    fn planned(needed: &[&str]) -> Vec<(String, Option<String>)> {
        let holder = tempfile::tempdir_in(std::env::current_dir().unwrap()).unwrap();
        let folder = holder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("real/deep")).unwrap();
        fs::write(folder.join("real/deep/program"), "").unwrap();
        symlink("real/deep", folder.join("link")).unwrap();
        symlink("link/program", folder.join("short")).unwrap();
        let needed: Vec<PathBuf> = needed.iter().map(|path| folder.join(path)).collect();
        let name = |path: &Path| path.strip_prefix(&folder).unwrap_or(path).display().to_string();
        let told = |shown: Shown| match shown.what {
            What::Link(to) => (name(&shown.path), Some(name(&to))),
            What::Folder | What::File => (name(&shown.path), None),
        };
        plan(needed.iter().map(PathBuf::as_path)).into_iter().map(told).collect()
    }

    fn place(path: &str) -> (String, Option<String>) {
        (path.to_owned(), None)
    }

    fn link_to(path: &str, to: &str) -> (String, Option<String>) {
        (path.to_owned(), Some(to.to_owned()))
    }

    #[test]
    fn a_folder_shows_all_that_is_in_it() {
        assert_eq!(planned(&["real/deep/program", "real"]), [place("real")]);
    }

    #[test]
    fn what_is_called_by_another_name_is_shown_where_it_is_and_then_has_a_link() {
        assert_eq!(
            planned(&["link/program"]),
            [place("real/deep/program"), link_to("link/program", "real/deep/program")]
        );
        assert_eq!(
            planned(&["short", "link"]),
            [place("real/deep"), link_to("short", "real/deep/program"), link_to("link", "real/deep")]
        );
    }

    #[test]
    fn a_way_up_is_followed_and_what_is_not_there_is_passed_over() {
        assert_eq!(planned(&["real/../real/deep/program"]), [place("real/deep/program")]);
        assert_eq!(
            planned(&["real/../link/program"]),
            [place("real/deep/program"), link_to("link/program", "real/deep/program")]
        );
        // Behind a link the way up leads elsewhere.
        assert_eq!(planned(&["link/../deep/program"]), [place("real/deep/program")]);
        assert_eq!(planned(&["nothing"]), []);
        assert_eq!(plan([Path::new("/"), Path::new("/usr/bin")].into_iter()), []);
    }
}
