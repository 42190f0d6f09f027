//! Files for the program, and files that it makes, below the folder that `{dir}` stands for.
//!
//! What a program has made there is hostile until looked at: nothing is opened through a symbolic link, and nothing but
//! a regular file is read.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rustix::fs::{Mode as OpenMode, OFlags, ResolveFlags};

use crate::course::cause::Symptom;
use crate::course::data::Data;
use crate::course::step::{FileIs, Files, MakeFifo, MakeFile, MakeLink};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::VoidKind;

/// Bytes of a file that are read.
const MOST: u64 = 128 << 20;

/// A path below `{dir}`; checks write it from there, or with `{dir}` in front.
fn inside(world: &World, path: &Data) -> Outcome<PathBuf> {
    let bytes = world.bytes(path)?;
    let path = Path::new(OsStr::from_bytes(&bytes));
    let below = path.strip_prefix(&world.folder).unwrap_or(path);
    match below.is_absolute() {
        true => Err(Stop::void(VoidKind::Lost, format!("{} is not below {{dir}}", path.display()))),
        false => Ok(below.to_owned()),
    }
}

/// Makes a file, or a folder if the path ends in `/`. Everybody may write to folders: the program is another user.
pub fn make_file(world: &mut World, file: &MakeFile) -> Outcome {
    let (path, bytes) = (inside(world, &file.path)?, world.bytes(&file.bytes)?);
    let whole = world.folder.join(&path);
    match world.bytes(&file.path)?.ends_with(b"/") {
        true => make_folders(&world.folder, &path)?,
        false => {
            make_folders(&world.folder, path.parent().unwrap_or(Path::new("")))?;
            fs::write(&whole, bytes)?;
        }
    }
    world.note("file", None, None, path.display().to_string());
    Ok(())
}

fn make_folders(base: &Path, path: &Path) -> io::Result<()> {
    let mut folder = base.to_owned();
    for part in path.components() {
        folder.push(part);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => fs::set_permissions(&folder, Permissions::from_mode(0o777))?,
        }
    }
    Ok(())
}

/// Makes a symbolic link.
pub fn make_link(world: &mut World, link: &MakeLink) -> Outcome {
    let (path, to) = (inside(world, &link.path)?, world.bytes(&link.to)?);
    make_folders(&world.folder, path.parent().unwrap_or(Path::new("")))?;
    symlink(OsStr::from_bytes(&to), world.folder.join(&path))?;
    world.note("link", None, None, path.display().to_string());
    Ok(())
}

/// Makes a FIFO.
pub fn make_fifo(world: &mut World, fifo: &MakeFifo) -> Outcome {
    let path = inside(world, &fifo.path)?;
    make_folders(&world.folder, path.parent().unwrap_or(Path::new("")))?;
    mkfifo(&world.folder.join(&path), Mode::from_bits_truncate(0o666))?;
    world.note("fifo", None, None, path.display().to_string());
    Ok(())
}

/// Expects what a file holds; the program may still be about to write it.
pub fn file_is(world: &mut World, file: &FileIs) -> Outcome {
    let (path, wanted) = (inside(world, &file.path)?, world.bytes(&file.bytes)?);
    let waited = world.wait(Patience::UntilQuiet, |world| {
        Ok((read(&world.folder, &path).is_ok_and(|bytes| bytes == wanted)).then_some(()))
    })?;
    if let Waited::There(()) = waited {
        return Ok(());
    }
    let finding = Finding::new(Symptom::File).with("path", path.display());
    let finding = match read(&world.folder, &path) {
        Err(error) => finding.with("about", "missing").with("detail", error),
        Ok(bytes) => {
            let same = bytes.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
            let detail = format!("{} bytes, {} expected", bytes.len(), wanted.len());
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
        Ok((names(&world.folder.join(&folder)).is_ok_and(|names| names == wanted)).then_some(()))
    })?;
    if let Waited::There(()) = waited {
        return Ok(());
    }
    let there = names(&world.folder.join(&folder)).unwrap_or_default();
    let finding = Finding {
        expected: Some(wanted.join(&b'\n')),
        actual: Some(there.join(&b'\n')),
        ..Finding::new(Symptom::File).with("about", "names").with("path", folder.display())
    };
    Err(world.ended_or(finding, waited == Waited::Late).into())
}

fn names(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().as_bytes().to_vec();
        if !name.starts_with(b".") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a regular file below `folder`, through no link (openat2(2)).
fn read(folder: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let base = File::open(folder)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let file = File::from(rustix::fs::openat2(&base, path, flags, OpenMode::empty(), resolve)?);
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

    use super::*;

    #[test]
    fn a_link_that_the_program_made_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("real"), "inside").unwrap();
        symlink("real", folder.path().join("link")).unwrap();
        assert_eq!(read(folder.path(), Path::new("real")).unwrap(), b"inside");
        assert!(read(folder.path(), Path::new("link")).is_err());
        assert!(read(folder.path(), Path::new("../x")).is_err());
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_does_not_stop_the_grader() {
        let folder = tempfile::tempdir().unwrap();
        mkfifo(&folder.path().join("fifo"), Mode::from_bits_truncate(0o600)).unwrap();
        assert!(read(folder.path(), Path::new("fifo")).is_err());
    }

    #[test]
    fn hidden_names_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".half"), "").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        assert_eq!(names(folder.path()).unwrap(), [b"a"]);
    }
}
