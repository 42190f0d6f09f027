//! The descriptors of a process: how many, what they are, and which of them can wake it by time alone.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::socket::{getsockopt, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags};

use super::procfs;
use super::tasks::folder;

/// True if it is refused to us to see what the descriptors of a process are (`/proc/PID/fd`, proc(5)).
pub fn are_hidden(pid: i32) -> bool {
    // What goes for one of them goes for all.
    let list = || match fs::read_dir(format!("{}/fd", folder(pid)))?.next() {
        Some(fd) => fs::read_link(fd?.path()).map(drop),
        None => Ok(()),
    };
    list().is_err_and(|error: io::Error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// How many descriptors a process has open; 0 if it is gone.
pub fn count(pid: i32) -> usize {
    fs::read_dir(format!("{}/fd", folder(pid))).map_or(0, Iterator::count)
}

/// The numbers of the descriptors that a process has open, ascending.
pub fn numbers(pid: i32) -> Vec<i32> {
    let mut numbers: Vec<i32> = links(pid).filter_map(|(number, _)| number.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

/// SO_REUSEADDR of a process's socket.
pub fn reuses_address(pid: i32, fd: i32) -> io::Result<bool> {
    Ok(getsockopt(&borrow(pid, fd)?.as_fd(), sockopt::ReuseAddr)?)
}

/// The inodes of the sockets that a process has open.
pub fn sockets(pid: i32) -> Vec<u32> {
    links(pid).filter_map(|(_, target)| socket_inode(&target)).collect()
}

/// The inode behind descriptor `fd` of a process, if it is a socket.
pub fn socket(pid: i32, fd: i32) -> Option<u32> {
    let target = fs::read_link(format!("{}/fd/{fd}", folder(pid))).ok()?;
    socket_inode(target.to_str()?)
}

fn links(pid: i32) -> impl Iterator<Item = (String, String)> {
    fs::read_dir(format!("{}/fd", folder(pid))).into_iter().flatten().filter_map(|entry| {
        let entry = entry.ok()?;
        let target = fs::read_link(entry.path()).ok()?.to_str()?.to_owned();
        Some((entry.file_name().to_str()?.to_owned(), target))
    })
}

fn socket_inode(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// True if the process has a timerfd that is armed (timerfd_create(2)): an endless poll on it ends by time.
pub fn has_armed_timer(pid: i32) -> bool {
    links(pid).filter(|(_, target)| target == "anon_inode:[timerfd]").any(|(fd, _)| {
        let info = procfs::read(format!("{}/fdinfo/{fd}", folder(pid))).unwrap_or_default();
        info.lines().any(|line| line.starts_with("it_value:") && line != "it_value: (0, 0)")
    })
}

/// True if reads or writes on descriptor `fd` of a process end by time: it is a socket with SO_RCVTIMEO or
/// SO_SNDTIMEO, a timer, or something that could not be looked at.
pub fn has_timeout(pid: i32, fd: i32) -> bool {
    match fs::read_link(format!("{}/fd/{fd}", folder(pid))).ok().as_deref().and_then(|path| path.to_str()) {
        Some(target) if target.starts_with("socket:") => socket_has_timeout(pid, fd).unwrap_or(true),
        Some(target) => target == "anon_inode:[timerfd]",
        None => true,
    }
}

fn socket_has_timeout(pid: i32, fd: i32) -> Option<bool> {
    let socket = borrow(pid, fd).ok()?;
    let receive = getsockopt(&socket.as_fd(), sockopt::ReceiveTimeout).ok()?;
    let send = getsockopt(&socket.as_fd(), sockopt::SendTimeout).ok()?;
    let is_set = |time: nix::sys::time::TimeVal| time.tv_sec() != 0 || time.tv_usec() != 0;
    Some(is_set(receive) || is_set(send))
}

/// A copy of a process's descriptor (pidfd_getfd(2)).
fn borrow(pid: i32, fd: i32) -> io::Result<OwnedFd> {
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    let process = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    Ok(rustix::process::pidfd_getfd(process, fd, PidfdGetfdFlags::empty())?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_read_timeout_of_a_socket_is_seen_from_outside() {
        let own = std::process::id() as i32;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(!has_timeout(own, socket.as_raw_fd()));
        socket.set_read_timeout(Some(Duration::from_millis(7))).unwrap();
        assert!(has_timeout(own, socket.as_raw_fd()));
    }

    #[test]
    fn the_inode_behind_a_descriptor_is_among_the_process_s_sockets() {
        let own = std::process::id() as i32;
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = super::socket(own, socket.as_raw_fd()).unwrap();
        assert!(sockets(own).contains(&inode));
    }
}
