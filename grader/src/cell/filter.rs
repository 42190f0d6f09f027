//! The system calls that a confined program may not make (seccomp(2)) and the places that it may write to
//! (landlock(7)). A second wall behind the namespaces: it also covers what no namespace does.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use super::error::{CellError, Step};
use super::network::SHARED;
use super::root;
use super::spawn::Spawn;
use crate::event::Tier;

/// Calls that no network program needs and that reach far into the kernel or out of a cell.
const FORBIDDEN: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
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
/// no process and so within no limit (vmsplice: a byte in a pipe keeps the huge page that it lay in).
const UNKNOWN: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmget,
    libc::SYS_vmsplice,
];

/// Confines this process and all that it starts.
pub(super) fn apply(what: &Spawn) -> Result<(), CellError> {
    match what.tier {
        Tier::Basic => Ok(()),
        Tier::Guarded | Tier::Sealed => {
            land(what).map_err(CellError::at(Step::Landlock))?;
            filters().and_then(|all| all.iter().try_for_each(install)).map_err(CellError::at(Step::Seccomp))
        }
    }
}

fn install(program: &BpfProgram) -> io::Result<()> {
    seccompiler::apply_filter(program).map_err(io::Error::other)
}

fn filters() -> io::Result<[BpfProgram; 3]> {
    Ok([
        no_x32(),
        filter(forbidden()?, libc::EPERM)?,
        filter(UNKNOWN.iter().map(|call| (*call, Vec::new())).collect(), libc::ENOSYS)?,
    ])
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> io::Result<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(io::Error::other)?;
    BpfProgram::try_from(filter).map_err(io::Error::other)
}

/// Refuses the x32 ABI, which has the same calls as x86-64 by other numbers: those with this bit. No other architecture
/// has a call with it.
fn no_x32() -> BpfProgram {
    const X32: u32 = 0x4000_0000;
    let step = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    vec![
        // The number is the first field of struct seccomp_data.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn forbidden() -> io::Result<BTreeMap<i64, Vec<SeccompRule>>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let namespaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let with_flag = |flag: i32| rule(&[(0, SeccompCmpOp::MaskedEq(flag as u64), flag as u64)]);
    rules.insert(libc::SYS_clone, namespaces.into_iter().map(with_flag).collect::<io::Result<_>>()?);
    // Sockets of other families are not in any namespace (vsock), or see what is not theirs (packet, netlink).
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(|family| (0, SeccompCmpOp::Ne, family as u64));
    // What lies in sockets of other protocols (MPTCP, UDP-Lite, SCTP) is in no table that is looked at.
    let protocols = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP].map(|protocol| (2, SeccompCmpOp::Ne, protocol as u64));
    rules.insert(libc::SYS_socket, vec![rule(&families)?, rule(&protocols)?]);
    let terminal = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| rule(&[(1, SeccompCmpOp::Eq, request)]));
    rules.insert(libc::SYS_ioctl, terminal.into_iter().collect::<io::Result<_>>()?);
    Ok(rules)
}

/// A rule that fits if all these arguments compare so; each has 32 bits.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> io::Result<SeccompRule> {
    let conditions = conditions
        .iter()
        .map(|(argument, compare, value)| {
            SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, compare.clone(), *value)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(io::Error::other)?;
    SeccompRule::new(conditions).map_err(io::Error::other)
}

/// Allows reading what the program needs, writing to its scratch folder and to devices, and no signals to others. A
/// guarded program is kept by nothing else, so there the kernel must know how; behind a private root, where nothing
/// else exists to be read, it is one more wall where the kernel has it.
fn land(what: &Spawn) -> io::Result<()> {
    let level = match what.tier {
        Tier::Guarded => CompatLevel::HardRequirement,
        Tier::Basic | Tier::Sealed => CompatLevel::BestEffort,
    };
    rules(what, level).and_then(RulesetCreated::restrict_self).map(drop).map_err(io::Error::other)
}

fn rules(what: &Spawn, level: CompatLevel) -> Result<RulesetCreated, RulesetError> {
    let all = AccessFs::from_all(ABI::V6);
    let created = Ruleset::default()
        .set_compatibility(level)
        .handle_access(all)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?;
    let readable: Vec<&Path> = match what.tier {
        Tier::Sealed => vec![Path::new("/")],
        Tier::Guarded | Tier::Basic => root::readable().into_iter().chain(what.needed()).collect(),
    };
    let own = [what.scratch.as_path(), Path::new("/dev"), Path::new(SHARED)];
    let writable = own.into_iter().chain(what.writable.iter().map(PathBuf::as_path));
    created
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(ABI::V6)))?
        .add_rules(path_beneath_rules(writable, all))
}
