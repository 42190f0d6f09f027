//! System calls that neither std nor nix nor rustix wrap. Each function is one call and nothing else.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

/// clone(2) used like fork(2), with namespace `flags`. Returns the child's number, and `None` in the child.
///
/// Sound only in a process with one thread: the child goes on with a copy of the whole memory, and a lock that another
/// thread held would stay locked for ever. The check's process and init have one thread each.
pub fn fork_with(flags: libc::c_int) -> io::Result<Option<i32>> {
    // SAFETY: no stack and no thread-local storage is given, so the call behaves like fork(2).
    let pid = unsafe { libc::syscall(libc::SYS_clone, (flags | libc::SIGCHLD) as libc::c_ulong, 0, 0, 0, 0) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid as i32)),
    }
}

/// _exit(2): ends this process at once, without running anything registered for its end.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: the call does not return.
    unsafe { libc::_exit(status) }
}

/// close_range(2): makes every descriptor from `first` on close with execve.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: takes three numbers and changes only flags of descriptors.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) })
}

/// close_range(2): closes every descriptor from `first` to `last`.
pub fn close_between(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: init calls this before anything else; the copies of the check's descriptors that it closes have owners
    // that are never dropped, because init never returns.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })
}

/// sigaction(2): gives `signal` its default action.
pub fn default_action(signal: Signal) -> nix::Result<()> {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action runs no code of ours.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// waitpid(2) without waiting: a child that has ended, with its status as wait(2) gives it.
pub fn reap() -> Option<(Pid, i32)> {
    let mut status = 0;
    // SAFETY: `status` lives during the call.
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    (pid > 0).then_some((Pid::from_raw(pid), status))
}

/// dup2(2) onto a fixed number.
pub fn dup_onto(fd: BorrowedFd, number: i32) -> io::Result<()> {
    // SAFETY: takes two numbers; `number` is a standard descriptor, which nothing in the program owns.
    checked(i64::from(unsafe { libc::dup2(fd.as_raw_fd(), number) }))
}

/// mount_setattr(2): sets `attributes` (MOUNT_ATTR_…) on a mount and, if `deep`, on all below it. An empty `path` means
/// the mount that `fd` is.
pub fn set_mount(fd: BorrowedFd, path: &Path, attributes: u64, deep: bool) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let request = [attributes, 0, 0, 0];
    let flags = libc::AT_EMPTY_PATH | if deep { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: `request` has the layout of struct mount_attr (four u64), and lives during the call.
    checked(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            path.as_ptr(),
            flags,
            request.as_ptr(),
            size_of_val(&request),
        )
    })
}

/// seccomp(2): from here on `filter` decides about every system call of this process and of all that it
/// starts. Wants PR_SET_NO_NEW_PRIVS.
pub fn install_filter(filter: &[libc::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(filter.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len, filter: filter.as_ptr().cast_mut() };
    // SAFETY: `program` describes `filter`, which the kernel copies and does not write to.
    checked(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &program) })
}

/// SIOCSIFFLAGS (netdevice(7)): brings up the interface `lo` of this network namespace.
pub fn loopback_up(socket: BorrowedFd) -> io::Result<()> {
    // SAFETY: an all-zero ifreq is valid; name and flags are set below.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: `request` is a valid ifreq and lives during the call.
    checked(i64::from(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &request) }))
}

fn checked(result: i64) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
