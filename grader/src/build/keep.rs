//! What is kept of a build when its own folder goes: under a name made of its content, beside what was kept before, for
//! another grader may be grading that.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::build::BuildError;
use crate::build::stage::{Found, StageError, copy_tree};
use crate::text::bytes::hex;

/// How many older programs of an exercise are kept: somebody may be grading one of them.
pub const KEPT: usize = 8;

/// Keeps the plain files of `made`, where something untrusted was built and has ended, in a folder below `to` that is
/// named after them. Symbolic links and special files are left out. The error says what was wrong.
pub fn keep_made(made: &Path, to: &Path) -> Result<PathBuf, StageError> {
    if !made.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Err(StageError::Missing(made.to_owned()));
    }
    fs::create_dir_all(to).map_err(BuildError::io("cannot make", to))?;
    // Half of it is nobody's program: it gets its name once it is whole.
    let half =
        tempfile::Builder::new().prefix("half-").tempdir_in(to).map_err(BuildError::io("cannot write in", to))?;
    let copy = half.path().join("made");
    let found = copy_tree(made, &copy, 0o755)?;
    let kept = to.join(digest(&copy, &found).map_err(BuildError::io("cannot read", &copy))?);
    match fs::rename(&copy, &kept) {
        Err(error) if !kept.is_dir() => return Err(BuildError::io("cannot make", &kept)(error).into()),
        _ => prune(to, &kept),
    }
    Ok(kept)
}

/// What tells this tree from others: its names, its bytes, and what may be executed.
fn digest(tree: &Path, found: &Found) -> io::Result<String> {
    let mut digest = Sha256::new();
    for path in found.folders.iter().chain(&found.files) {
        let name = path.as_os_str().as_bytes();
        let about = tree.join(path).metadata()?;
        for number in [name.len() as u64, about.permissions().mode().into(), about.len() * u64::from(about.is_file())] {
            digest.update(number.to_be_bytes());
        }
        digest.update(name);
        if about.is_file() {
            io::copy(&mut File::open(tree.join(path))?, &mut digest)?;
        }
    }
    Ok(hex(&digest.finalize()[..16]))
}

/// Removes all but the newest copies. Old ones do no harm, so nothing is said if that fails.
pub fn prune(folder: &Path, current: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others: Vec<PathBuf> = entries.filter(|path| path != current).collect();
    others.sort_by_key(|path| path.metadata().and_then(|found| found.modified()).ok());
    for old in others.iter().rev().skip(KEPT) {
        let _ = fs::remove_dir_all(old);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    struct Folders {
        _holder: tempfile::TempDir,
        made: PathBuf,
        kept: PathBuf,
    }

    impl Folders {
        fn new(files: &[(&str, &str)]) -> Folders {
            let holder = tempfile::tempdir().unwrap();
            let (made, kept) = (holder.path().join("made"), holder.path().join("kept"));
            for (name, text) in files {
                fs::create_dir_all(made.join(name).parent().unwrap()).unwrap();
                fs::write(made.join(name), text).unwrap();
            }
            Folders { _holder: holder, made, kept }
        }
    }

    #[test]
    fn what_was_made_is_taken_without_its_links_and_from_no_other_place() {
        let folders = Folders::new(&[("a", "1"), ("b/c", "2")]);
        std::os::unix::fs::symlink("/etc/passwd", folders.made.join("b/link")).unwrap();
        let kept = keep_made(&folders.made, &folders.kept).unwrap();
        assert_eq!(fs::read_to_string(kept.join("b/c")).unwrap(), "2");
        assert!(kept.join("b/link").symlink_metadata().is_err());
        let link = folders.made.with_file_name("link");
        std::os::unix::fs::symlink(&folders.made, &link).unwrap();
        assert!(matches!(keep_made(&link, &folders.kept), Err(StageError::Missing(_))));
    }

    #[test]
    fn what_was_made_is_kept_beside_what_was_made_before_and_the_same_only_once() {
        let folders = Folders::new(&[("a", "1")]);
        let keep = || keep_made(&folders.made, &folders.kept).unwrap();
        let first = keep();
        assert_eq!(keep(), first);
        fs::write(folders.made.join("a"), "2").unwrap();
        let second = keep();
        assert_ne!(second, first);
        let read = |kept: &Path| fs::read_to_string(kept.join("a")).unwrap();
        assert_eq!((read(&first), read(&second)), ("1".to_owned(), "2".to_owned()));
        assert_eq!(fs::read_dir(&folders.kept).unwrap().count(), 2, "no half is left");
    }
}
