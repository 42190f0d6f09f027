//! Takes a program out of a folder that something untrusted could write to, and keeps it where no later build can
//! change it while it is being graded. Every path is walked without following a link (openat2(2)), and the program must
//! be a plain file of a reasonable size.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, open, openat2, unlinkat};
use sha2::{Digest, Sha256};

use crate::build::keep::prune;
use crate::text::bytes::hex;

/// The largest program that is taken, in bytes. With debug information one of Rust has some 10 MiB.
const MOST_BYTES: u64 = 256 << 20;

/// Why a program was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The build is to blame.
    #[error("{0}")]
    Theirs(String),
    /// We are.
    #[error("{0}")]
    Ours(String),
}

/// Removes the program at `path` in the folder `from`, if it is there.
pub fn forget(from: &Path, path: &Path) -> io::Result<()> {
    let absent = |error: rustix::io::Errno| match error {
        rustix::io::Errno::NOENT => Ok(()),
        error => Err(error.into()),
    };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    match open_below(from, folder, OFlags::PATH | OFlags::DIRECTORY) {
        Ok(folder) => unlinkat(folder, name, AtFlags::empty()).or_else(absent),
        Err(error) => absent(error),
    }
}

/// What a copy's folder is called; the same name stands for the same program.
pub type Naming = fn(&mut File) -> io::Result<String>;

/// After its bytes.
pub fn by_digest(file: &mut File) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut file.take(MOST_BYTES), &mut digest)?;
    file.rewind()?;
    Ok(hex(&digest.finalize()[..16]))
}

/// After its time and size: much faster, and enough for what cargo made of sources that are trusted.
pub fn by_time(file: &mut File) -> io::Result<String> {
    let found = file.metadata()?;
    let made = found.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    Ok(format!("{}-{}", made.as_nanos(), found.len()))
}

/// Copies the program at `path` in the folder `from` to a folder below `to`; returns the copy.
pub fn program(from: &Path, path: &Path, to: &Path, naming: Naming) -> Result<PathBuf, TakeError> {
    let theirs = |error: rustix::io::Errno| match error {
        rustix::io::Errno::NOENT => TakeError::Theirs(format!("the build made no program at {}", path.display())),
        _ => TakeError::Theirs(format!("{} is no plain file", path.display())),
    };
    let opened = open_below(from, path, OFlags::RDONLY | OFlags::NONBLOCK).map_err(theirs)?;
    let file = File::from(opened);
    let found = file.metadata().map_err(|error| TakeError::Ours(error.to_string()))?;
    if !found.is_file() {
        return Err(TakeError::Theirs(format!("{} is no plain file", path.display())));
    }
    if found.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(TakeError::Theirs(format!("{} has more than {most} MiB", path.display())));
    }
    let name = path.file_name().unwrap_or_default();
    copy(file, &to.join(name), Path::new(name), naming)
        .map_err(|error| TakeError::Ours(format!("cannot copy {}: {error}", path.display())))
}

/// Opens `path` below `folder`, with no link followed, nor in the place of `folder`.
fn open_below(folder: &Path, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    // The folder itself may have been replaced by a link, too.
    let how = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let folder = open(folder, how, Mode::empty())?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), resolve)
}

/// Copies `file` to `to/NAME/name`, once.
fn copy(mut file: File, to: &Path, name: &Path, naming: Naming) -> io::Result<PathBuf> {
    let folder = to.join(naming(&mut file)?);
    let copy = folder.join(name);
    if !copy.exists() {
        fs::create_dir_all(&folder)?;
        let half = tempfile::NamedTempFile::new_in(&folder)?;
        io::copy(&mut file.take(MOST_BYTES), &mut half.as_file())?;
        half.as_file().set_permissions(Permissions::from_mode(0o755))?;
        half.persist(&copy)?;
    }
    prune(to, &folder);
    Ok(copy)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::build::keep::KEPT;

    struct Folders(tempfile::TempDir);

    impl Folders {
        fn new() -> Folders {
            let folders = Folders(tempfile::tempdir().unwrap());
            fs::create_dir_all(folders.target().join("debug")).unwrap();
            folders
        }

        fn target(&self) -> PathBuf {
            self.0.path().join("target")
        }

        fn take(&self) -> Result<PathBuf, TakeError> {
            program(&self.target(), Path::new("debug/echo"), &self.0.path().join("bin"), by_digest)
        }

        fn blames(&self) -> String {
            match self.take() {
                Err(TakeError::Theirs(why)) => why,
                other => format!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_copy_is_named_after_its_bytes_and_outlives_the_next_build() {
        let folders = Folders::new();
        let make = |text: &str| fs::write(folders.target().join("debug/echo"), text).unwrap();
        make("first");
        let first = folders.take().unwrap();
        assert_eq!(folders.take().unwrap(), first);
        make("second");
        let second = folders.take().unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read_to_string(first).unwrap(), "first");
        assert_eq!(fs::read_to_string(second).unwrap(), "second");
    }

    #[test]
    fn a_link_is_not_followed_wherever_it_stands() {
        let folders = Folders::new();
        let secret = folders.0.path().join("secret/echo");
        fs::create_dir(secret.parent().unwrap()).unwrap();
        fs::write(&secret, "secret").unwrap();
        symlink(&secret, folders.target().join("debug/echo")).unwrap();
        assert_eq!(folders.blames(), "debug/echo is no plain file");
        fs::remove_dir_all(folders.target().join("debug")).unwrap();
        symlink(secret.parent().unwrap(), folders.target().join("debug")).unwrap();
        assert_eq!(folders.blames(), "debug/echo is no plain file");
        assert!(forget(&folders.target(), Path::new("debug/echo")).is_err());
        fs::remove_dir_all(folders.target()).unwrap();
        fs::create_dir(folders.0.path().join("other")).unwrap();
        fs::rename(secret.parent().unwrap(), folders.0.path().join("other/debug")).unwrap();
        symlink(folders.0.path().join("other"), folders.target()).unwrap();
        assert_eq!(folders.blames(), "debug/echo is no plain file");
        assert!(folders.0.path().join("other/debug/echo").exists());
    }

    #[test]
    fn a_pipe_a_giant_and_nothing_are_no_programs() {
        let folders = Folders::new();
        assert_eq!(folders.blames(), "the build made no program at debug/echo");
        let path = folders.target().join("debug/echo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(folders.blames(), "debug/echo is no plain file");
        forget(&folders.target(), Path::new("debug/echo")).unwrap();
        File::create(&path).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert_eq!(folders.blames(), "debug/echo has more than 256 MiB");
    }

    #[test]
    fn few_old_copies_are_kept() {
        let folders = Folders::new();
        for number in 0..KEPT + 3 {
            fs::write(folders.target().join("debug/echo"), number.to_string()).unwrap();
            folders.take().unwrap();
        }
        assert_eq!(fs::read_dir(folders.0.path().join("bin/echo")).unwrap().count(), KEPT + 1);
    }
}
