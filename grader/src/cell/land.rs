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
use crate::event::Tier;

/// Allows reading what the program needs, writing to its scratch folder and to devices, and no signals to others. A
/// guarded program is kept by nothing else, so there the kernel must know how; behind a private root, where nothing
/// else exists to be read, it is one more wall where the kernel has it.
pub(super) fn apply(tier: Tier, what: &Spawn) -> io::Result<()> {
    let level = match tier {
        Tier::Guarded => CompatLevel::HardRequirement,
        Tier::Basic | Tier::Sealed => CompatLevel::BestEffort,
    };
    rules(tier, what, level).and_then(RulesetCreated::restrict_self).map(drop).map_err(io::Error::other)
}

fn rules(tier: Tier, what: &Spawn, level: CompatLevel) -> Result<RulesetCreated, RulesetError> {
    let all = AccessFs::from_all(ABI::V6);
    let created = Ruleset::default()
        .set_compatibility(level)
        .handle_access(all)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?;
    let readable: Vec<&Path> = match tier {
        Tier::Sealed => vec![Path::new("/")],
        Tier::Guarded | Tier::Basic => root::readable().into_iter().chain(what.needed()).collect(),
    };
    let own = [what.scratch.as_path(), Path::new("/dev"), Path::new(SHARED)];
    let writable = own.into_iter().chain(what.writable.iter().map(PathBuf::as_path));
    created
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(ABI::V6)))?
        .add_rules(path_beneath_rules(writable, all))
}
