//! Whether we can look into the program, and as whom. Root without CAP_SYS_PTRACE or CAP_DAC_READ_SEARCH, as in a
//! container, sees nothing of another user's processes (ptrace(2), proc(5)); with that user's file system identity it
//! does (setfsuid(2)).

use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

use super::program::Program;
use super::world::World;
use crate::judge::record::{Void, VoidKind};
use crate::kernel::{fds, tasks};

/// Takes the program's identity if we see nothing of it otherwise.
pub fn open(world: &World) {
    if let Some(owner) = hidden(world).and_then(|pid| fs::metadata(format!("/proc/{pid}")).ok()) {
        see_as(Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    }
}

/// Takes back our own identity.
pub fn close() {
    see_as(Uid::effective(), Gid::effective());
}

/// What becomes of a check that failed while we saw nothing of the program, or while somebody took it from us: nothing
/// that it rests on is sure.
pub fn blind(world: &World) -> Option<Void> {
    if world.program.as_ref().is_some_and(|program| program.end().is_none() && program.running().is_lost()) {
        return Some(Void { kind: VoidKind::Lost, detail: "the cell was ended from outside".to_owned() });
    }
    let detail = "the program cannot be looked into: CAP_SYS_PTRACE is missing".to_owned();
    hidden(world).map(|_| Void { kind: VoidKind::Unsupported, detail })
}

/// A process of the program that is closed to us, and not by its own doing.
fn hidden(world: &World) -> Option<i32> {
    let mut processes = world.program.iter().flat_map(Program::processes);
    processes.find(|pid| fds::are_hidden(*pid) && tasks::is_open(*pid))
}

fn see_as(user: Uid, group: Gid) {
    // Both calls tell only who we were before.
    setfsgid(group);
    setfsuid(user);
}
