//! What a thread waits for, told from the system call that it is in.
//!
//! The question is always: can this thread go on without anybody doing anything? A wait without a timeout cannot; a
//! wait with one can, but we do not know when; anything else is at work.

use super::tasks::{Call, Task};

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// For an event on this descriptor, without a timeout in the call (a socket may have one of its own).
    On(i32),
    /// For some event (poll, a lock, a child), without a timeout.
    Event,
    /// For an event or a time, whichever comes first.
    Timed,
    /// For nothing: it runs, or is about to.
    Nothing,
    /// For SIGCONT: it is stopped.
    Stopped,
}

/// What `task` waits for.
pub fn waiting(task: &Task) -> Waiting {
    match (task.state, task.call) {
        ('T' | 't', _) => Waiting::Stopped,
        ('S', Some(call)) => in_call(&call),
        _ => Waiting::Nothing,
    }
}

fn in_call(call: &Call) -> Waiting {
    let [first, _, third, fourth, fifth, _] = call.args;
    let unless = |timeout: bool| if timeout { Waiting::Timed } else { Waiting::Event };
    match call.number {
        libc::SYS_read
        | libc::SYS_readv
        | libc::SYS_recvfrom
        | libc::SYS_recvmsg
        | libc::SYS_accept
        | libc::SYS_accept4
        | libc::SYS_write
        | libc::SYS_writev
        | libc::SYS_sendto
        | libc::SYS_sendmsg
        | libc::SYS_sendfile
        | libc::SYS_splice => Waiting::On(first as i32),
        libc::SYS_recvmmsg if fifth == 0 => Waiting::On(first as i32),
        libc::SYS_futex => match first_is_futex_wait(call) {
            true => unless(fourth != 0),
            false => Waiting::Nothing,
        },
        libc::SYS_ppoll => unless(third != 0),
        libc::SYS_pselect6 => unless(fifth != 0),
        libc::SYS_epoll_pwait => unless(fourth as i32 >= 0),
        libc::SYS_epoll_pwait2 => unless(fourth != 0),
        libc::SYS_rt_sigtimedwait => unless(third != 0),
        libc::SYS_wait4 | libc::SYS_waitid | libc::SYS_rt_sigsuspend | libc::SYS_flock => Waiting::Event,
        _ => in_old_call(call),
    }
}

fn first_is_futex_wait(call: &Call) -> bool {
    let operation = call.args[1] as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
    matches!(operation, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET | libc::FUTEX_LOCK_PI | libc::FUTEX_WAIT_REQUEUE_PI)
}

/// Calls that only older architectures have.
#[cfg(target_arch = "x86_64")]
fn in_old_call(call: &Call) -> Waiting {
    let [_, _, third, fourth, fifth, _] = call.args;
    let unless = |timeout: bool| if timeout { Waiting::Timed } else { Waiting::Event };
    match call.number {
        libc::SYS_poll => unless(third as i32 >= 0),
        libc::SYS_select => unless(fifth != 0),
        libc::SYS_epoll_wait => unless(fourth as i32 >= 0),
        libc::SYS_pause => Waiting::Event,
        _ => Waiting::Timed,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn in_old_call(_: &Call) -> Waiting {
    Waiting::Timed
}

/// `task`'s place for a person: `recvfrom(fd 4)`, `running`, `poll`, ….
pub fn describe(task: &Task) -> String {
    match (waiting(task), task.call) {
        (Waiting::Stopped, _) => "stopped".to_owned(),
        (Waiting::Nothing, _) | (_, None) => "running".to_owned(),
        (Waiting::On(fd), Some(call)) => format!("{}(fd {fd})", name(call.number)),
        (Waiting::Event, Some(call)) => format!("{}, no timeout", name(call.number)),
        (Waiting::Timed, Some(call)) => format!("{}, with a timeout", name(call.number)),
    }
}

/// The names that man pages use; calls that differ only in their last letters share one.
fn name(number: i64) -> String {
    let name = match number {
        libc::SYS_read | libc::SYS_readv => "read",
        libc::SYS_write | libc::SYS_writev => "write",
        libc::SYS_recvfrom => "recvfrom",
        libc::SYS_recvmsg | libc::SYS_recvmmsg => "recvmsg",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_accept | libc::SYS_accept4 => "accept",
        libc::SYS_connect => "connect",
        libc::SYS_futex => "futex (a lock or a join)",
        libc::SYS_ppoll => "poll",
        libc::SYS_pselect6 => "select",
        libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => "epoll_wait",
        libc::SYS_wait4 | libc::SYS_waitid => "wait (for a child)",
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => "sleep",
        libc::SYS_restart_syscall => "sleep or poll",
        _ => return old_name(number),
    };
    name.to_owned()
}

#[cfg(target_arch = "x86_64")]
fn old_name(number: i64) -> String {
    match number {
        libc::SYS_poll => "poll".to_owned(),
        libc::SYS_select => "select".to_owned(),
        libc::SYS_epoll_wait => "epoll_wait".to_owned(),
        libc::SYS_pause => "pause".to_owned(),
        _ => format!("system call {number}"),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn old_name(number: i64) -> String {
    format!("system call {number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeping_in(number: i64, args: [u64; 6]) -> Task {
        Task { pid: 1, tid: 1, state: 'S', call: Some(Call { number, args }), ran: (0, 0), delayed: 0 }
    }

    #[test]
    fn a_read_waits_on_its_descriptor() {
        assert_eq!(waiting(&sleeping_in(libc::SYS_read, [7, 0, 0, 0, 0, 0])), Waiting::On(7));
    }

    #[test]
    fn an_epoll_wait_of_minus_one_waits_for_ever_and_any_other_for_a_time() {
        let minus_one = u64::from(u32::MAX);
        assert_eq!(waiting(&sleeping_in(libc::SYS_epoll_pwait, [3, 0, 8, minus_one, 0, 0])), Waiting::Event);
        assert_eq!(waiting(&sleeping_in(libc::SYS_epoll_pwait, [3, 0, 8, 500, 0, 0])), Waiting::Timed);
    }

    #[test]
    fn a_sleep_is_timed_and_a_runnable_thread_waits_for_nothing() {
        assert_eq!(waiting(&sleeping_in(libc::SYS_clock_nanosleep, [0; 6])), Waiting::Timed);
        let running = Task { state: 'R', call: None, ..sleeping_in(0, [0; 6]) };
        assert_eq!(waiting(&running), Waiting::Nothing);
    }

    #[test]
    fn a_lock_without_a_timeout_is_an_event_and_with_one_is_timed() {
        let wait = u64::from((libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG) as u32);
        assert_eq!(waiting(&sleeping_in(libc::SYS_futex, [9, wait, 0, 0, 0, 0])), Waiting::Event);
        assert_eq!(waiting(&sleeping_in(libc::SYS_futex, [9, wait, 0, 0xffff, 0, 0])), Waiting::Timed);
    }
}
