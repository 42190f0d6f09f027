//! The private root of a sealed program: the system's folders read-only, a small writable `/tmp`, its own `/proc`.
//!
//! Whatever is not named here does not exist inside. All of it goes with the mount namespace, so nothing has to be
//! cleaned up.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;
use rustix::fs::CWD;

use super::error::{CellError, Step};
use super::network::SHARED;
use super::sys;

/// The program's own folder to write to, beside what it shares with the check's process.
pub(super) const SCRATCH: &str = "/tmp";

/// System folders that programs and interpreters live in.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"];
/// What libraries read from `/etc`; nothing there tells about people or secrets.
const ETC: &[&str] = &[
    "/etc/alternatives",
    "/etc/java-17-openjdk",
    "/etc/java-21-openjdk",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
];
/// Files of the same kind. They are small, and a copy of them is made faster than a mount.
const ETC_FILES: &[&str] =
    &["/etc/ld.so.conf", "/etc/nsswitch.conf", "/etc/protocols", "/etc/services", "/etc/ssl/openssl.cnf"];
pub(super) const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// Files that are written here instead of shown: the machine's own would tell about it.
const WRITTEN: &[(&str, &str)] = &[
    ("/etc/passwd", "root:x:0:0::/:/bin/sh\nprogram:x:1000:1000::/tmp:/bin/sh\n"),
    ("/etc/group", "root:x:0:\nprogram:x:1000:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
];

/// What every program may read where it has no private root.
pub(super) fn readable() -> Vec<&'static Path> {
    SYSTEM
        .iter()
        .chain(ETC)
        .chain(ETC_FILES)
        .chain(&["/proc", "/etc/passwd", "/etc/group", "/etc/hosts"])
        .map(Path::new)
        .collect()
}

/// True of what every program can see.
pub(super) fn has(path: &Path) -> bool {
    path == Path::new("/") || SYSTEM.iter().chain(ETC).any(|shown| path.starts_with(shown))
}

/// Makes the private root with what every program may see, and with `writable` to be written to, and moves this process
/// into it for good. Wants mount, process and user namespaces of its own.
pub(super) fn enter(writable: &[PathBuf]) -> Result<(), CellError> {
    begin().map_err(CellError::at(Step::Tmpfs))?;
    // From here on `/` is an empty tmpfs. What is to be seen may lie in the machine's folder of the same name.
    fs::create_dir(SCRATCH).map_err(CellError::at(Step::Tmpfs))?;
    scratch("mode=1777,size=1m,nr_inodes=65536", MsFlags::empty()).map_err(CellError::at(Step::Tmpfs))?;
    SYSTEM.iter().chain(ETC).try_for_each(|path| show(Path::new(path))).map_err(CellError::at(Step::Bind))?;
    let made = DEVICES.iter().chain(&[SHARED]).try_for_each(|path| bind(Path::new(path)));
    made.and_then(|()| writable.iter().try_for_each(|path| open(path))).map_err(CellError::at(Step::Bind))?;
    write_files().map_err(CellError::at(Step::Tmpfs))?;
    fs::create_dir_all("/proc").map_err(CellError::at(Step::Proc))?;
    let hidden = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), hidden, None::<&str>).map_err(CellError::at(Step::Proc))?;
    umount2("/old", MntFlags::MNT_DETACH).map_err(CellError::at(Step::PivotRoot))?;
    fs::remove_dir("/old").map_err(CellError::at(Step::PivotRoot))
}

/// Makes [`SCRATCH`] as large as the program may write, before anything of the machine's may come to lie over it.
pub(super) fn make_room(disk_mib: u64) -> Result<(), CellError> {
    scratch(&format!("size={disk_mib}m"), MsFlags::MS_REMOUNT).map_err(CellError::at(Step::Tmpfs))
}

/// Lets go of the right to change the root, once what one program needs is there.
pub(super) fn close() -> Result<(), CellError> {
    sys::set_mount(CWD, Path::new("/"), libc::MOUNT_ATTR_RDONLY, false).map_err(CellError::at(Step::ReadOnly))
}

/// Replaces `/` by an empty tmpfs and keeps the machine's root at `/old`.
fn begin() -> io::Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_SLAVE | MsFlags::MS_REC, None::<&str>)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), "/tmp", Some("tmpfs"), flags, Some("mode=0755,size=8m,nr_inodes=4096"))?;
    fs::create_dir("/tmp/old")?;
    pivot_root("/tmp", "/tmp/old")?;
    std::env::set_current_dir("/")
}

/// Shows a path of the machine at the same place, read-only; a path that does not exist is passed over.
fn show(path: &Path) -> io::Result<()> {
    let Ok(meta) = fs::symlink_metadata(old(path)) else { return Ok(()) };
    if path.exists() {
        return Ok(());
    }
    match meta.file_type().is_symlink() {
        true => {
            make_parent(path)?;
            symlink(fs::read_link(old(path))?, path)
        }
        false => {
            bind(path)?;
            let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
            sys::set_mount(CWD, path, attributes, true)
        }
    }
}

/// Shows a folder of the machine at the same place, to be written to.
fn open(path: &Path) -> io::Result<()> {
    bind(path)?;
    sys::set_mount(CWD, path, libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV, true)
}

fn bind(path: &Path) -> io::Result<()> {
    make_place(path, old(path).is_dir())?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    Ok(mount(Some(&old(path)), path, None::<&str>, flags, None::<&str>)?)
}

/// Makes something to mount on.
pub(super) fn make_place(path: &Path, is_folder: bool) -> io::Result<()> {
    match is_folder {
        true => fs::create_dir_all(path),
        false => make_parent(path).and_then(|()| fs::write(path, "")),
    }
}

pub(super) fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn old(path: &Path) -> PathBuf {
    Path::new("/old").join(path.strip_prefix("/").unwrap_or(path))
}

fn write_files() -> io::Result<()> {
    for path in ETC_FILES.iter().map(Path::new) {
        // One that is not there, or that nobody may read, is not there inside either.
        if let Ok(bytes) = fs::read(old(path)) {
            make_parent(path)?;
            fs::write(path, bytes)?;
        }
    }
    WRITTEN.iter().try_for_each(|(path, text)| {
        make_parent(Path::new(path))?;
        fs::write(path, text)
    })?;
    symlink("/proc/self/fd", "/dev/fd")?;
    symlink("/proc/self/fd/0", "/dev/stdin")?;
    symlink("/proc/self/fd/1", "/dev/stdout")?;
    symlink("/proc/self/fd/2", "/dev/stderr")
}

/// The program's own [`SCRATCH`]. The other writable place is what it shares with the check's process, where shared
/// memory is as well.
fn scratch(options: &str, flags: MsFlags) -> nix::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | flags;
    mount(Some("tmpfs"), SCRATCH, Some("tmpfs"), flags, Some(options))
}
