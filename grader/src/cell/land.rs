//! The places that a confined program may read and write (landlock(7)), and no signals to others.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};

use super::network::SHARED;
use super::root;
use super::spawn::Spawn;

/// Behind a private root, where nothing else exists to be read, this is one more wall, and the kernel need not know how.
pub(super) fn sealed(writable: &[PathBuf]) -> io::Result<()> {
    apply(CompatLevel::BestEffort, [Path::new("/")], Path::new(root::SCRATCH), writable)
}

/// Allows reading the system and what the program needs. A guarded program is kept by nothing else, so the kernel must
/// know how.
pub(super) fn guarded(what: &Spawn, writable: &[PathBuf]) -> io::Result<()> {
    let readable = root::readable().into_iter().chain(what.needed());
    apply(CompatLevel::HardRequirement, readable, &what.scratch, writable)
}

/// Allows reading `readable`, writing to `scratch`, `writable` and devices, and no signals to others.
fn apply<'p>(
    level: CompatLevel,
    readable: impl IntoIterator<Item = &'p Path>,
    scratch: &'p Path,
    writable: &'p [PathBuf],
) -> io::Result<()> {
    // Not all of /dev: a terminal that is open there is somebody's.
    let devices = root::DEVICES.iter().chain(&[SHARED]).map(Path::new);
    let writable = [scratch].into_iter().chain(devices).chain(writable.iter().map(PathBuf::as_path));
    rules(level, readable, writable).and_then(RulesetCreated::restrict_self).map(drop).map_err(io::Error::other)
}

fn rules<'p>(
    level: CompatLevel,
    readable: impl IntoIterator<Item = &'p Path>,
    writable: impl IntoIterator<Item = &'p Path>,
) -> Result<RulesetCreated, RulesetError> {
    let all = AccessFs::from_all(ABI::V6);
    Ruleset::default()
        .set_compatibility(level)
        .handle_access(all)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(ABI::V6)))?
        .add_rules(path_beneath_rules(writable, all))
}
