//! Files for the program, and files that it makes, below the folder that `{dir}` stands for.
//!
//! What a program has made there is hostile until looked at: nothing is opened through a symbolic link, and nothing but
//! a regular file is read.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::sys::stat::{self, Mode};
use nix::unistd::{mkfifoat, symlinkat};
use rustix::fs::{Dir, Mode as OpenMode, OFlags, ResolveFlags, mkdirat, openat2};

use crate::course::cause::Symptom;
use crate::course::data::Data;
use crate::course::step::{FileIs, Files, MakeFifo, MakeFile, MakeLink};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::VoidKind;
use crate::text::bytes::escape;

/// Bytes of a file that are read.
const MOST: u64 = 128 << 20;

/// Names that a message lists.
const MOST_NAMES: usize = 10;

/// A path below `{dir}`; checks write it from there, or with `{dir}` in front.
fn inside(world: &World, path: &Data) -> Outcome<PathBuf> {
    below(world, &world.bytes(path)?)
}

fn below(world: &World, path: &[u8]) -> Outcome<PathBuf> {
    let path = Path::new(OsStr::from_bytes(path));
    let below = path.strip_prefix(&world.folder).unwrap_or(path);
    match below.is_absolute() {
        true => Err(Stop::void(VoidKind::Lost, format!("{} is not below {{dir}}", path.display()))),
        false => Ok(below.to_owned()),
    }
}

/// The file at `path`, itself and not what a link in its place leads to, neither to be read nor written (O_PATH).
pub fn place(world: &World, path: &[u8]) -> Outcome<io::Result<OwnedFd>> {
    let path = below(world, path)?;
    Ok(File::open(&world.base).and_then(|folder| open(&folder.into(), &path, OFlags::PATH | OFlags::NOFOLLOW, 0)))
}

/// What came of making something. Where a program runs, it may stand in the way; before that only we can fail.
fn made<T>(world: &World, path: &Path, made: io::Result<T>) -> Outcome<T> {
    let finding = Finding::new(Symptom::File).with("about", "path").with("path", shown(path));
    match (made, &world.program) {
        (Ok(made), _) => Ok(made),
        (Err(error), Some(_)) => Err(finding.with("detail", error).into()),
        (Err(error), None) => Err(error.into()),
    }
}

/// A path below `{dir}` for messages.
fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

/// Makes a file, or a folder if the path ends in `/`.
pub fn make_file(world: &mut World, file: &MakeFile) -> Outcome {
    let (path, bytes) = (inside(world, &file.path)?, world.bytes(&file.bytes)?);
    let is_folder = world.bytes(&file.path)?.ends_with(b"/");
    let result = for_everybody(|| match is_folder {
        true => make_folders(&world.base, &path).map(drop),
        false => write(&world.base, &path, &bytes),
    });
    made(world, &path, result)?;
    world.note("file", None, None, shown(&path));
    Ok(())
}

/// Makes a symbolic link.
pub fn make_link(world: &mut World, link: &MakeLink) -> Outcome {
    let (path, to) = (inside(world, &link.path)?, world.bytes(&link.to)?);
    let result = for_everybody(|| {
        let (folder, name) = parent(&world.base, &path)?;
        Ok(symlinkat(OsStr::from_bytes(&to), folder, name)?)
    });
    made(world, &path, result)?;
    world.note("link", None, None, shown(&path));
    Ok(())
}

/// Makes a FIFO.
pub fn make_fifo(world: &mut World, fifo: &MakeFifo) -> Outcome {
    let path = inside(world, &fifo.path)?;
    let result = for_everybody(|| {
        let (folder, name) = parent(&world.base, &path)?;
        Ok(mkfifoat(folder, name, Mode::from_bits_truncate(0o666))?)
    });
    made(world, &path, result)?;
    world.note("fifo", None, None, shown(&path));
    Ok(())
}

/// Does something that makes files without taking rights from anybody: the program is another user.
fn for_everybody<T>(make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = stat::umask(Mode::empty());
    let made = make();
    stat::umask(before);
    made
}

fn write(base: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = parent(base, path)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NONBLOCK;
    File::from(open(&folder, Path::new(name), flags, 0o666)?).write_all(bytes)
}

/// The folder that a path is in, made if need be, and the name in it.
fn parent<'p>(base: &Path, path: &'p Path) -> io::Result<(OwnedFd, &'p OsStr)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    Ok((make_folders(base, path.parent().unwrap_or(Path::new("")))?, name))
}

fn make_folders(base: &Path, path: &Path) -> io::Result<OwnedFd> {
    let mut folder = OwnedFd::from(File::open(base)?);
    for part in path.components() {
        match mkdirat(&folder, part.as_os_str(), OpenMode::from_raw_mode(0o777)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        folder = open(&folder, Path::new(part.as_os_str()), OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
    }
    Ok(folder)
}

/// Opens what lies below `folder`, through no link (openat2(2)).
fn open(folder: &OwnedFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    Ok(openat2(folder, path, flags | OFlags::CLOEXEC, OpenMode::from_raw_mode(mode), resolve)?)
}

/// Expects what a file holds; the program may still be about to write it.
pub fn file_is(world: &mut World, file: &FileIs) -> Outcome {
    let (path, wanted) = (inside(world, &file.path)?, world.bytes(&file.bytes)?);
    let waited = world.wait(Patience::UntilQuiet, |world| {
        Ok((read(&world.base, &path).is_ok_and(|bytes| bytes == wanted)).then_some(()))
    })?;
    if let Waited::There(()) = waited {
        return Ok(());
    }
    let finding = Finding::new(Symptom::File).with("path", shown(&path));
    let finding = match read(&world.base, &path) {
        Err(error) => finding.with("about", "missing").with("detail", error),
        Ok(bytes) => {
            let same = bytes.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
            let detail = format!("{} bytes, {} were due; byte {same} differs", bytes.len(), wanted.len());
            let finding = finding.with("about", "content").with("detail", detail);
            Finding { differs_at: Some(same), actual: Some(bytes), expected: Some(wanted), ..finding }
        }
    };
    Err(world.ended_or(finding, waited == Waited::Late).into())
}

/// Expects which names a folder holds.
pub fn files(world: &mut World, files: &Files) -> Outcome {
    let folder = inside(world, &files.folder)?;
    let mut wanted = files.names.iter().map(|name| world.bytes(name)).collect::<Outcome<Vec<_>>>()?;
    wanted.sort();
    let waited = world.wait(Patience::UntilQuiet, |world| {
        Ok((names(&world.base, &folder, files.hidden).is_ok_and(|names| names == wanted)).then_some(()))
    })?;
    if let Waited::There(()) = waited {
        return Ok(());
    }
    let finding = Finding::new(Symptom::File).with("path", shown(&folder));
    let finding = match names(&world.base, &folder, files.hidden) {
        Err(error) => finding.with("about", "missing").with("detail", error),
        Ok(there) => Finding {
            expected: Some(wanted.join(&b'\n')),
            actual: Some(there.join(&b'\n')),
            ..finding.with("about", "names").with("detail", difference(&there, &wanted))
        },
    };
    Err(world.ended_or(finding, waited == Waited::Late).into())
}

/// Which names are missing, and which should not be there.
fn difference(there: &[Vec<u8>], wanted: &[Vec<u8>]) -> String {
    let only = |all: &[Vec<u8>], others: &[Vec<u8>]| {
        let mut names = all.iter().filter(|name| !others.contains(name));
        let shown = names.by_ref().take(MOST_NAMES).map(|name| escape(name)).collect::<Vec<_>>().join(", ");
        // A folder may hold more than a message should.
        match names.count() {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    };
    match (only(wanted, there), only(there, wanted)) {
        (missing, more) if more.is_empty() => format!("missing: {missing}"),
        (missing, more) if missing.is_empty() => format!("too much: {more}"),
        (missing, more) => format!("missing: {missing}; too much: {more}"),
    }
}

/// The names in a folder, in order; those that begin with a dot only if `hidden` is wanted.
fn names(base: &Path, folder: &Path, hidden: bool) -> io::Result<Vec<Vec<u8>>> {
    let base = OwnedFd::from(File::open(base)?);
    let folder = open(&base, folder, OFlags::RDONLY | OFlags::DIRECTORY, 0)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if !name.starts_with(b".") || (hidden && name != b"." && name != b"..") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a regular file.
fn read(base: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let base = OwnedFd::from(File::open(base)?);
    let file = File::from(open(&base, path, OFlags::RDONLY | OFlags::NONBLOCK, 0)?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_that_the_program_made_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("real"), "inside").unwrap();
        symlink("real", folder.path().join("link")).unwrap();
        assert_eq!(read(folder.path(), Path::new("real")).unwrap(), b"inside");
        assert!(read(folder.path(), Path::new("link")).is_err());
        assert!(read(folder.path(), Path::new("../x")).is_err());
        assert!(write(folder.path(), Path::new("link"), b"changed").is_err());
        assert_eq!(read(folder.path(), Path::new("real")).unwrap(), b"inside");
    }

    #[test]
    fn a_folder_behind_a_link_is_neither_written_to_nor_listed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(other.path(), folder.path().join("link")).unwrap();
        assert!(write(folder.path(), Path::new("link/a"), b"").is_err());
        assert!(names(folder.path(), Path::new("link"), false).is_err());
        assert_eq!(names(other.path(), Path::new(""), false).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_does_not_stop_the_grader() {
        let folder = tempfile::tempdir().unwrap();
        let base = File::open(folder.path()).unwrap();
        mkfifoat(base, "fifo", Mode::from_bits_truncate(0o600)).unwrap();
        assert!(read(folder.path(), Path::new("fifo")).is_err());
    }

    #[test]
    fn everybody_may_write_to_what_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for_everybody(|| write(folder.path(), Path::new("a/b/c"), b"x")).unwrap();
        let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a"), mode("a/b"), mode("a/b/c")), (0o777, 0o777, 0o666));
    }

    #[test]
    fn hidden_names_count_when_they_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".half"), "").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        assert_eq!(names(folder.path(), Path::new(""), false).unwrap(), [b"a"]);
        assert_eq!(names(folder.path(), Path::new(""), true).unwrap(), [&b".half"[..], b"a"]);
    }

    #[test]
    fn missing_names_and_those_too_many_are_told() {
        let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(difference(&names(&["a", "c"]), &names(&["a", "b"])), "missing: b; too much: c");
        assert_eq!(difference(&names(&["a"]), &names(&["a", "b"])), "missing: b");
    }
}
