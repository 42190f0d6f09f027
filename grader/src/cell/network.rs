//! A network of its own for a check: a fresh namespace with nothing but `lo`.
//!
//! It belongs to a user namespace outside the program's, so the program can change nothing in it (user_namespaces(7)).

use std::fs;
use std::os::fd::AsFd;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType};
use nix::unistd::{Gid, Uid};

use super::error::{CellError, Step};
use super::sys;
use crate::course::model::Limits;

/// Where the check's process and the program share files: a file system that nobody else sees.
pub const SHARED: &str = "/dev/shm";

/// Moves this process, which must have one thread, into a network namespace of its own with `lo` up, and a mount
/// namespace with an empty file system at [`SHARED`]: a small one until [`make_room`].
///
/// As root a network namespace is enough; otherwise a user namespace is made around it.
pub fn enter() -> Result<(), CellError> {
    let (uid, gid) = (Uid::effective(), Gid::effective());
    match uid.is_root() && unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).is_ok() {
        true => {}
        false => {
            let all = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
            unshare(all).map_err(CellError::at(Step::Network))?;
            write_own_maps(uid, gid).map_err(CellError::at(Step::UidMap))?;
        }
    }
    let private = MsFlags::MS_PRIVATE | MsFlags::MS_REC;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(CellError::at(Step::Tmpfs))?;
    shared("mode=1777,size=1m,nr_inodes=65536", MsFlags::empty())?;
    loopback_up()
}

/// Makes what is at [`SHARED`] as large as a program may write.
pub fn make_room(limits: &Limits) -> Result<(), CellError> {
    shared(&format!("size={}m", limits.disk_mib), MsFlags::MS_REMOUNT)
}

fn shared(options: &str, flags: MsFlags) -> Result<(), CellError> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | flags;
    mount(Some("tmpfs"), SHARED, Some("tmpfs"), flags, Some(options)).map_err(CellError::at(Step::Tmpfs))
}

fn write_own_maps(uid: Uid, gid: Gid) -> std::io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))
}

fn loopback_up() -> Result<(), CellError> {
    let socket = socket::socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
        .map_err(CellError::at(Step::LoopbackUp))?;
    sys::loopback_up(socket.as_fd()).map_err(CellError::at(Step::LoopbackUp))
}
