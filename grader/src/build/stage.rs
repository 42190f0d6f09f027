//! Copies a package to a place of our own before it is built: plain files only and not too many of them, so that
//! nothing beside the package can get into a build, and nothing of a build into the package.
//!
//! A file is written only if its bytes differ, and then it is as new as its writing: cargo decides by times what to
//! build again, and a file that was replaced by an older one would otherwise be overlooked.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::build::BuildError;
use crate::text::bytes::escape;

/// The most that a package may hold.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Bytes in all files together.
    pub bytes: u64,
    /// Files.
    pub files: usize,
    /// Folders in one another.
    pub depth: usize,
}

/// What every package may hold.
pub const MOST: Most = Most { bytes: 64 << 20, files: 2_000, depth: 16 };

/// What may be taken of a folder in which something was built.
pub const MOST_MADE: Most = Most { bytes: 64 << 20, files: 20_000, depth: 32 };

/// Folders that are never part of a package's source.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// How many names of things that were not copied are told.
const MOST_NAMED: usize = 10;

/// A copy of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// What was not copied because it is neither a file nor a folder.
    pub skipped: Vec<PathBuf>,
}

impl Copied {
    /// What is to be said of the copy when something in it was not found: a line for each thing that is not in it.
    pub fn note(&self) -> String {
        let line = |path: &PathBuf| format!("\nnot copied, because it is no plain file: {}", shown(path));
        let more = self.skipped.len().saturating_sub(MOST_NAMED);
        let more = (more > 0).then(|| format!("\n… and {more} more"));
        self.skipped.iter().take(MOST_NAMED).map(line).chain(more).collect()
    }
}

/// Why a package cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// It is not there.
    #[error("there is no package at {}", .0.display())]
    Missing(PathBuf),
    /// Something in it cannot be read: its owner keeps it from us, or it is being changed.
    #[error("cannot read {}: {error}{}", shown(.path), cure(.error))]
    Unreadable {
        /// What, as a path inside it; or the package itself.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It holds too much.
    #[error("the package holds too much: {0}")]
    TooMuch(String),
    /// The copy cannot be written; the package is not to blame.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl StageError {
    /// Says that `path` in the package could not be read; for `map_err`.
    fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> StageError {
        let path = path.to_owned();
        move |error| StageError::Unreadable { path, error }
    }

    /// Says which limit `path` in the package is beyond.
    fn too_much(limit: impl fmt::Display, path: &Path) -> StageError {
        StageError::TooMuch(format!("{limit}; `{}` is too much", shown(path)))
    }
}

/// A path for people: names may be any bytes.
fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_bytes())
}

/// What its owner can do about something that cannot be read.
fn cure(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; let everybody read it (chmod -R a+rX), or take it out",
        io::ErrorKind::NotFound => "; it was there a moment ago: try again when nothing changes it",
        _ => "",
    }
}

/// Makes `copy` hold the files of `package` and nothing else.
pub fn copy_package(package: &Path, copy: &Path, most: Most) -> Result<Copied, StageError> {
    // A link in its place would lead to somebody else's work.
    match package.symlink_metadata() {
        Ok(found) if found.is_dir() => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StageError::unreadable(package)(error)),
        Ok(_) | Err(_) => return Err(StageError::Missing(package.to_owned())),
    }
    let mut found = Found::default();
    find(package, Path::new(""), most, &mut found)?;
    copy_found(package, copy, most, found)
}

fn copy_found(package: &Path, copy: &Path, most: Most, found: Found) -> Result<Copied, StageError> {
    clean(copy, Path::new(""), &found).map_err(BuildError::io("cannot clean", copy))?;
    let make = |folder: &PathBuf| fs::create_dir_all(copy.join(folder));
    found.folders.iter().try_for_each(make).map_err(BuildError::io("cannot make folders in", copy))?;
    let mut left = most.bytes;
    for file in &found.files {
        let (bytes, may_be_run) = read_plain(&package.join(file), left).map_err(StageError::unreadable(file))?;
        let bytes = bytes.ok_or_else(|| too_big(most, file))?;
        left -= bytes.len() as u64;
        let written = write_if_changed(&copy.join(file), &bytes).and_then(|()| keep_run(&copy.join(file), may_be_run));
        written.map_err(BuildError::io("cannot write", &copy.join(file)))?;
    }
    Ok(Copied { skipped: found.skipped })
}

/// Makes `copy`, which must not be there yet, the same as `package`: with times, so that cargo finds nothing new in it,
/// and open to everybody, so that another user can build in it.
pub fn pour(package: &Path, copy: &Path) -> Result<(), StageError> {
    copy_tree(package, copy, 0o777).map(drop)
}

/// Removes a folder with all that is in it, if it is there.
pub fn remove_tree(folder: &Path) -> Result<(), BuildError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BuildError::io("cannot remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Copies a tree of plain files, which may hold [`MOST_MADE`], to `to`, which must not be there yet; folders get `mode`,
/// and files what is left of it without the right to execute, which they keep.
pub fn copy_tree(from: &Path, to: &Path, mode: u32) -> Result<Found, StageError> {
    let mut found = Found::default();
    find(from, Path::new(""), MOST_MADE, &mut found)?;
    for folder in std::iter::once(&PathBuf::new()).chain(&found.folders) {
        let folder = to.join(folder);
        let made = fs::create_dir(&folder).and_then(|()| fs::set_permissions(&folder, Permissions::from_mode(mode)));
        made.map_err(BuildError::io("cannot make", &folder))?;
    }
    let mut left = MOST_MADE.bytes;
    for file in &found.files {
        let size = from.join(file).symlink_metadata().map_or(0, |found| found.len());
        left = left.checked_sub(size).ok_or_else(|| too_big(MOST_MADE, file))?;
        let open = open_plain(&from.join(file)).map_err(StageError::unreadable(file))?;
        let copy = to.join(file);
        copy_plain(open, &copy, mode & !0o111).map_err(BuildError::io("cannot write", &copy))?;
    }
    Ok(found)
}

fn too_big(most: Most, file: &Path) -> StageError {
    StageError::too_much(format_args!("more than {} MiB", most.bytes >> 20), file)
}

/// Copies a plain file with its time; whoever may execute it may execute the copy.
fn copy_plain(mut file: File, to: &Path, mode: u32) -> io::Result<()> {
    let found = file.metadata()?;
    let mut copy = File::create_new(to)?;
    io::copy(&mut file, &mut copy)?;
    copy.set_permissions(Permissions::from_mode(mode | (found.permissions().mode() & 0o111)))?;
    copy.set_modified(found.modified()?)
}

/// Opens a plain file, and nothing in its place.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("not a plain file any more")),
    }
}

/// What a package holds, as paths inside it.
#[derive(Default)]
pub struct Found {
    /// Plain files.
    pub files: BTreeSet<PathBuf>,
    /// Folders.
    pub folders: BTreeSet<PathBuf>,
    skipped: Vec<PathBuf>,
}

fn find(package: &Path, inside: &Path, most: Most, found: &mut Found) -> Result<(), StageError> {
    if inside.components().count() > most.depth {
        return Err(StageError::too_much(format_args!("folders deeper than {}", most.depth), inside));
    }
    let named = if inside.as_os_str().is_empty() { package } else { inside };
    let entries = fs::read_dir(package.join(inside)).map_err(StageError::unreadable(named))?;
    for entry in entries {
        let entry = entry.map_err(StageError::unreadable(named))?;
        let path = inside.join(entry.file_name());
        let kind = entry.file_type().map_err(StageError::unreadable(&path))?;
        let left_out = inside.as_os_str().is_empty() && LEFT_OUT.iter().any(|name| entry.file_name() == *name);
        if left_out {
            continue;
        }
        if found.files.len() + found.folders.len() + found.skipped.len() == most.files {
            return Err(StageError::too_much(format_args!("more than {} files", most.files), &path));
        }
        if kind.is_dir() {
            found.folders.insert(path.clone());
            find(package, &path, most, found)?;
        } else if kind.is_file() {
            found.files.insert(path);
        } else {
            found.skipped.push(path);
        }
    }
    Ok(())
}

/// Removes from `copy` what is not to be there, above all what a build script may have put in a file's place.
fn clean(copy: &Path, inside: &Path, found: &Found) -> io::Result<()> {
    let folder = copy.join(inside);
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let path = inside.join(entry.file_name());
        let kind = entry.file_type()?;
        match (kind.is_dir(), kind.is_file()) {
            (true, _) if found.folders.contains(&path) => clean(copy, &path, found)?,
            (true, _) => fs::remove_dir_all(entry.path())?,
            (_, true) if found.files.contains(&path) => {}
            _ => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// The bytes of a plain file, nothing if they are more than `most`, and who may execute it (mode bits).
fn read_plain(path: &Path, most: u64) -> io::Result<(Option<Vec<u8>>, u32)> {
    let (mut file, mut bytes) = (open_plain(path)?, Vec::new());
    let may_be_run = file.metadata()?.permissions().mode() & 0o111;
    (&mut file).take(most + 1).read_to_end(&mut bytes)?;
    Ok(((bytes.len() as u64 <= most).then_some(bytes), may_be_run))
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::read(path) {
        Ok(old) if old == bytes => return Ok(()),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = File::create_new(path)?;
    // Half a file is worse than none.
    file.write_all(bytes).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Gives a copy the right to be executed that its original has, and no other.
fn keep_run(copy: &Path, may_be_run: u32) -> io::Result<()> {
    let mode = copy.symlink_metadata()?.permissions().mode();
    match mode & 0o111 == may_be_run {
        true => Ok(()),
        false => fs::set_permissions(copy, Permissions::from_mode(mode & 0o666 | may_be_run)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn a_copy_may_be_executed_if_its_original_may() {
        let folders = package(&[("run.sh", "#!/bin/sh\n"), ("data", "")]);
        let change = |mode| fs::set_permissions(folders.package.join("run.sh"), Permissions::from_mode(mode)).unwrap();
        let copied = |file: &str| {
            copy_package(&folders.package, &folders.copy, MOST).unwrap();
            fs::metadata(folders.copy.join(file)).unwrap().permissions().mode() & 0o111
        };
        change(0o755);
        assert_eq!((copied("run.sh"), copied("data")), (0o111, 0));
        change(0o644);
        assert_eq!(copied("run.sh"), 0, "nothing else has changed");
    }

    struct Folders {
        _holder: tempfile::TempDir,
        package: PathBuf,
        copy: PathBuf,
    }

    fn package(files: &[(&str, &str)]) -> Folders {
        let holder = tempfile::tempdir().unwrap();
        let (package, copy) = (holder.path().join("package"), holder.path().join("copy"));
        fs::create_dir(&package).unwrap();
        for (name, text) in files {
            fs::create_dir_all(package.join(name).parent().unwrap()).unwrap();
            fs::write(package.join(name), text).unwrap();
        }
        Folders { _holder: holder, package, copy }
    }

    fn stage(folders: &Folders) -> Copied {
        copy_package(&folders.package, &folders.copy, MOST).unwrap()
    }

    #[test]
    fn files_are_copied_and_what_cargo_makes_is_not() {
        let folders = package(&[("Cargo.toml", "a"), ("src/main.rs", "b"), ("target/x", "c"), (".git/HEAD", "d")]);
        stage(&folders);
        assert_eq!(fs::read_to_string(folders.copy.join("src/main.rs")).unwrap(), "b");
        assert!(!folders.copy.join("target").exists() && !folders.copy.join(".git").exists());
    }

    #[test]
    fn a_file_that_is_the_same_is_not_touched() {
        let folders = package(&[("a", "1"), ("b", "2")]);
        stage(&folders);
        let time = |name: &str| fs::metadata(folders.copy.join(name)).unwrap().modified().unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        for name in ["a", "b"] {
            File::options().write(true).open(folders.copy.join(name)).unwrap().set_modified(long_ago).unwrap();
        }
        fs::write(folders.package.join("b"), "3").unwrap();
        File::options().write(true).open(folders.package.join("b")).unwrap().set_modified(long_ago).unwrap();
        stage(&folders);
        assert_eq!(time("a"), long_ago);
        assert!(time("b") > long_ago, "a file replaced by an older one must look new to cargo");
    }

    #[test]
    fn what_was_removed_is_removed() {
        let folders = package(&[("old/a", "1"), ("b", "2")]);
        stage(&folders);
        fs::remove_dir_all(folders.package.join("old")).unwrap();
        stage(&folders);
        assert!(!folders.copy.join("old").exists() && folders.copy.join("b").exists());
    }

    #[test]
    fn links_are_not_followed_in_either_place() {
        let folders = package(&[("a", "1")]);
        std::os::unix::fs::symlink("/etc/passwd", folders.package.join("link")).unwrap();
        assert_eq!(stage(&folders).skipped, [PathBuf::from("link")]);

        let outside = folders.package.parent().unwrap().join("outside");
        fs::write(&outside, "precious").unwrap();
        fs::remove_file(folders.copy.join("a")).unwrap();
        std::os::unix::fs::symlink(&outside, folders.copy.join("a")).unwrap();
        stage(&folders);
        assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
        assert_eq!(fs::read_to_string(folders.copy.join("a")).unwrap(), "1");
    }

    #[test]
    fn a_package_that_holds_too_much_is_refused() {
        let folders = package(&[("a/b/c", "12345"), ("d", "67890")]);
        let refused = |most: Most| match copy_package(&folders.package, &folders.copy, most) {
            Err(StageError::TooMuch(why)) => why,
            other => format!("{other:?}"),
        };
        assert_eq!(refused(Most { bytes: 9, ..MOST }), "more than 0 MiB; `d` is too much");
        assert!(refused(Most { files: 3, ..MOST }).starts_with("more than 3 files; `"));
        assert_eq!(refused(Most { depth: 1, ..MOST }), "folders deeper than 1; `a/b` is too much");
        assert!(copy_package(&folders.package, &folders.copy, Most { bytes: 10, files: 4, depth: 2 }).is_ok());
    }

    #[test]
    fn what_vanishes_or_becomes_something_else_while_it_is_copied_is_the_packages_fault() {
        let folders = package(&[("a", "1"), ("b\u{202e}", "2")]);
        let copy = |change: &dyn Fn(&Path)| {
            let mut found = Found::default();
            find(&folders.package, Path::new(""), MOST, &mut found).unwrap();
            change(&folders.package.join("b\u{202e}"));
            match copy_found(&folders.package, &folders.copy, MOST, found) {
                Err(error @ StageError::Unreadable { .. }) => error.to_string(),
                other => format!("{other:?}"),
            }
        };
        let vanished = copy(&|path| fs::remove_file(path).unwrap());
        assert!(vanished.starts_with("cannot read b\\u{202e}: No such file"), "{vanished}");
        assert!(vanished.ends_with("it was there a moment ago: try again when nothing changes it"), "{vanished}");
        fs::write(folders.package.join("b\u{202e}"), "2").unwrap();
        let replaced = copy(&|path| {
            fs::remove_file(path).unwrap();
            nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        });
        assert_eq!(replaced, "cannot read b\\u{202e}: not a plain file any more");
    }

    #[test]
    fn of_what_is_not_copied_some_names_are_told() {
        let named = |count: usize| Copied { skipped: vec![PathBuf::from("x"); count] }.note();
        assert_eq!(named(0), "");
        assert_eq!(named(1), "\nnot copied, because it is no plain file: x");
        assert!(named(MOST_NAMED + 2).ends_with(": x\n… and 2 more"));
    }

    #[test]
    fn a_package_that_is_not_there_is_missing() {
        let folders = package(&[]);
        let missing = folders.package.join("nowhere");
        assert!(matches!(copy_package(&missing, &folders.copy, MOST), Err(StageError::Missing(_))));
        let link = folders.package.with_file_name("link");
        std::os::unix::fs::symlink(&folders.package, &link).unwrap();
        assert!(matches!(copy_package(&link, &folders.copy, MOST), Err(StageError::Missing(_))));
    }
}
