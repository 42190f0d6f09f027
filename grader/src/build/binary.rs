//! Programs that cargo has made, kept where no later build can change them while they are being graded.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::build::{BuildError, Built, Program};

/// How many older programs of an exercise are kept: somebody may be grading one of them.
const KEPT: usize = 3;

/// Removes what an earlier build made, so that it can never be taken for what this one makes.
pub fn forget(target: &Path, id: &str) -> Result<(), BuildError> {
    let path = target.join("debug").join(id);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BuildError::io("cannot remove", &path)(error)),
        _ => Ok(()),
    }
}

/// The program that a successful build has left in `target`, as a copy below `kept`.
pub fn keep(target: &Path, id: &str, kept: &Path, untouched: bool) -> Result<Built, BuildError> {
    let path = target.join("debug").join(id);
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok(Built::Failed(format!("cargo made no program `{id}` at {}", path.display())));
    };
    if !metadata.is_file() {
        return Ok(Built::Failed(format!("{} is no plain file", path.display())));
    }
    let made = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let folder = kept.join(id).join(format!("{}-{}", made.as_nanos(), metadata.len()));
    let copy = copy_once(&path, &folder, id).map_err(BuildError::io("cannot copy", &path))?;
    prune(&kept.join(id), &folder);
    let argv = vec![copy.to_string_lossy().into_owned()];
    let program = Program { argv, cwd: folder.clone(), visible: vec![folder] };
    Ok(Built::Ready { program, untouched })
}

fn copy_once(path: &Path, folder: &Path, id: &str) -> io::Result<PathBuf> {
    let copy = folder.join(id);
    if !copy.exists() {
        fs::create_dir_all(folder)?;
        let half = folder.join(".half");
        fs::copy(path, &half)?;
        fs::rename(&half, &copy)?;
    }
    Ok(copy)
}

/// Removes all but the newest copies. Old ones do no harm, so nothing is said if that fails.
fn prune(folder: &Path, current: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others: Vec<PathBuf> = entries.filter(|path| path != current).collect();
    others.sort();
    for old in others.iter().rev().skip(KEPT) {
        let _ = fs::remove_dir_all(old);
    }
}

/// Keeps other graders from building in the same place until it is dropped.
pub struct Turn(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

/// Waits for our turn to build in `folder`.
pub fn turn(folder: &Path) -> Result<Turn, BuildError> {
    fs::create_dir_all(folder).map_err(BuildError::io("cannot make", folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(BuildError::io("cannot write", &path))?;
    file.lock().map_err(BuildError::io("cannot lock", &path))?;
    Ok(Turn(file))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn kept(built: Built) -> PathBuf {
        match built {
            Built::Ready { program, .. } => PathBuf::from(&program.argv[0]),
            Built::Failed(why) => unreachable!("{why}"),
        }
    }

    #[test]
    fn a_copy_outlives_the_next_build() {
        let folder = tempfile::tempdir().unwrap();
        let (target, bin) = (folder.path().join("target"), folder.path().join("bin"));
        fs::create_dir_all(target.join("debug")).unwrap();
        fs::write(target.join("debug/echo"), "first").unwrap();
        let first = kept(keep(&target, "echo", &bin, false).unwrap());
        assert_eq!(kept(keep(&target, "echo", &bin, false).unwrap()), first);

        forget(&target, "echo").unwrap();
        fs::write(target.join("debug/echo"), "second one").unwrap();
        let second = kept(keep(&target, "echo", &bin, false).unwrap());
        assert_eq!(fs::read_to_string(&first).unwrap(), "first");
        assert_eq!(fs::read_to_string(&second).unwrap(), "second one");
        assert_eq!(second.file_name().unwrap(), "echo");
    }

    #[test]
    fn a_build_that_made_nothing_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        forget(folder.path(), "echo").unwrap();
        let built = keep(folder.path(), "echo", folder.path(), false).unwrap();
        assert!(matches!(built, Built::Failed(why) if why.starts_with("cargo made no program `echo`")));
    }

    #[test]
    fn few_old_copies_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1", "2", "3", "4", "5", "6"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        prune(folder.path(), &folder.path().join("1"));
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["1", "4", "5", "6"]);
    }
}
