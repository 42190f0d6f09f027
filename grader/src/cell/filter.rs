//! The system calls that a confined program may not make (seccomp(2)). A second wall behind the namespaces: it also
//! covers what no namespace does.
//!
//! One short program instead of a library's general ones: the kernel runs a filter once for every call that there is
//! when it is installed, which with hundreds of instructions cost more than all of the private root.

use std::io;

use libc::{BPF_ABS, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};

use super::sys;

/// Calls that no network program needs and that reach far into the kernel or out of a cell.
const FORBIDDEN: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Calls that look as if this kernel did not have them, so that runtimes fall back to older ones: clone3 hides its flags
/// from filters, io_uring hides its work from the look at a thread's system call, and the others make memory that is in
/// no process and so within no limit (vmsplice: a byte in a pipe keeps the huge page that it lay in; Landlock: rules;
/// mq_open: queues that stay) or of which the whole machine has few (io_setup).
const UNKNOWN: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_setup,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmget,
    libc::SYS_vmsplice,
];

/// A new namespace of any kind: a flag of clone(2).
const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Sockets of other families are not in any namespace (vsock), or see what is not theirs (packet, netlink).
const FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// What lies in sockets of other protocols (MPTCP, UDP-Lite, SCTP) is in no table that is looked at.
const PROTOCOLS: [i32; 3] = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP];

/// Of setpriority(2) and ioprio_set(2): one thread; 0 is oneself. Others there are all that have our user, where the
/// program has it as well.
const PRIO_PROCESS: i32 = libc::PRIO_PROCESS as i32;
const IOPRIO_WHO_PROCESS: i32 = 1;

/// Requests of ioctl(2) that put words into a terminal's mouth.
const TERMINAL: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// This architecture's calls (`AUDIT_ARCH_…` of linux/audit.h).
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
#[cfg(target_arch = "riscv64")]
const ARCHITECTURE: u32 = 0xC000_00F3;

/// The x32 ABI has the same calls as x86-64 by other numbers: those with this bit. No other architecture has a call
/// with it.
const X32: u32 = 0x4000_0000;

/// Where struct seccomp_data (seccomp(2)) has the call's number, its architecture, and the low half of an argument on
/// a little-endian machine.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const fn argument(number: u32) -> u32 {
    16 + 8 * number
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
const NOT_THERE: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();

/// Confines this process and all that it starts.
pub(super) fn apply() -> io::Result<()> {
    sys::install_filter(&program())
}

/// The filter: what is refused whatever its arguments first, then what depends on them.
fn program() -> Vec<sock_filter> {
    let mut all =
        vec![load(ARCH), jump(BPF_JEQ, ARCHITECTURE, 1, 0), end(libc::SECCOMP_RET_KILL_PROCESS), load(NUMBER)];
    all.extend(when(BPF_JGE, X32, NOT_THERE));
    all.extend(UNKNOWN.iter().flat_map(|call| when(BPF_JEQ, *call as u32, NOT_THERE)));
    all.extend(FORBIDDEN.iter().flat_map(|call| when(BPF_JEQ, *call as u32, REFUSE)));
    let namespaces = when(BPF_JSET, NAMESPACES.cast_unsigned(), REFUSE);
    all.extend(calls_of(libc::SYS_clone, [vec![load(argument(0))], namespaces.into()].concat()));
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        all.extend(calls_of(call, [one_of(0, &FAMILIES), one_of(2, &PROTOCOLS)].concat()));
    }
    all.extend(calls_of(libc::SYS_setsockopt, no_keys()));
    all.extend(calls_of(libc::SYS_prlimit64, no_limits_of_others()));
    for (call, process) in [(libc::SYS_setpriority, PRIO_PROCESS), (libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS)] {
        all.extend(calls_of(call, [one_of(0, &[process]), one_of(1, &[0])].concat()));
    }
    let terminal = TERMINAL.map(|request| when(BPF_JEQ, request as u32, REFUSE));
    all.extend(calls_of(libc::SYS_ioctl, [vec![load(argument(1))], terminal.concat()].concat()));
    all.push(end(ALLOW));
    all
}

/// Allows `call` if `tests` do not end otherwise.
fn calls_of(call: i64, mut tests: Vec<sock_filter>) -> Vec<sock_filter> {
    tests.push(end(ALLOW));
    // A jump has eight bits; no list of tests is near that long.
    let all = u8::try_from(tests.len()).unwrap_or(u8::MAX);
    tests.insert(0, jump(BPF_JEQ, call as u32, 0, all));
    tests
}

/// Refuses keys for TCP connections (`TCP_MD5SIG`, `TCP_MD5SIG_EXT`, `TCP_AO_…` of linux/tcp.h): sock_diag(7) lists them
/// with a socket, and many of them hide the rest of what it says.
fn no_keys() -> Vec<sock_filter> {
    let keys = [14, 32, 38, 39, 40, 41].map(|option| when(BPF_JEQ, option, REFUSE)).concat();
    let behind = u8::try_from(keys.len() + 1).unwrap_or(u8::MAX);
    let tcp = jump(BPF_JEQ, libc::IPPROTO_TCP.cast_unsigned(), 0, behind);
    [vec![load(argument(1)), tcp, load(argument(2))], keys].concat()
}

/// Refuses new limits for other processes: where the program has our user, they would be ours.
fn no_limits_of_others() -> Vec<sock_filter> {
    let is_zero = |jt, jf| jump(BPF_JEQ, 0, jt, jf);
    let (process, new) = (argument(0), argument(2));
    vec![load(process), is_zero(5, 0), load(new), is_zero(0, 2), load(new + 4), is_zero(1, 0), end(REFUSE)]
}

/// Refuses unless an argument is one of `values`.
fn one_of(number: u32, values: &[i32]) -> Vec<sock_filter> {
    let behind = (1..=values.len() as u8).rev();
    let mut tests = vec![load(argument(number))];
    tests.extend(values.iter().zip(behind).map(|(value, behind)| jump(BPF_JEQ, value.cast_unsigned(), behind, 0)));
    tests.push(end(REFUSE));
    tests
}

/// Ends with `answer` if what was loaded compares so with `value`.
fn when(test: u32, value: u32, answer: u32) -> [sock_filter; 2] {
    [jump(test, value, 0, 1), end(answer)]
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: offset }
}

fn jump(test: u32, value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | test | BPF_K) as u16, jt, jf, k: value }
}

fn end(answer: u32) -> sock_filter {
    sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: answer }
}
