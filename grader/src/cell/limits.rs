//! Resource limits of a program (setrlimit(2)).

use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};

use crate::course::model::Limits;

const MIB: u64 = 1 << 20;

/// Sets the limits of this process.
pub fn apply(limits: &Limits) -> nix::Result<()> {
    let table = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, limits.disk_mib * MIB),
        (Resource::RLIMIT_NOFILE, limits.descriptors),
        (Resource::RLIMIT_NPROC, limits.processes),
        // One byte that is sent with MSG_ZEROCOPY keeps a huge page, which would be in no process any more.
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_AS, if limits.memory_mib == 0 { RLIM_INFINITY } else { limits.memory_mib * MIB }),
    ];
    // At the hard limit the kernel sends SIGKILL, which would not tell why.
    setrlimit(Resource::RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1)?;
    table.into_iter().try_for_each(|(resource, limit)| setrlimit(resource, limit, limit))
}
