//! `grader doctor`: which tiers of isolation work here, and what helps where one does not.

use std::io::Write;

use crate::cell::group::{Groups, NoGroups};
use crate::cell::tier;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::course::words::Lang;
use crate::text::width::pad;
use crate::wording::messages as say;

/// Tries every tier and says what came of it.
pub fn doctor(lang: Lang, out: &mut dyn Write) -> Result<Exit, CliError> {
    let trials = tier::doctor();
    for trial in &trials {
        let failed = trial.failed.as_ref();
        let cure = failed.and_then(|fault| fault.cure.as_deref());
        line(lang, out, trial.tier.name(), failed.map(|fault| &*fault.error), cure)?;
    }
    let groups = Groups::enter().map(drop).err();
    let error = groups.as_ref().map(ToString::to_string);
    line(lang, out, "cgroups", error.as_deref(), groups.as_ref().and_then(NoGroups::cure))?;
    // The strongest that works is what counts; without any, nothing can be judged.
    Ok(if trials.iter().any(|trial| trial.failed.is_none()) { Exit::Passed } else { Exit::Void })
}

fn line(lang: Lang, out: &mut dyn Write, name: &str, failed: Option<&str>, cure: Option<&str>) -> Result<(), CliError> {
    let result = match failed {
        None => say::DOCTOR_WORKS.get(lang).to_owned(),
        Some(error) => say::DOCTOR_FAILS.with(lang, &[("error", &error)]),
    };
    writeln!(out, "{}  {result}", pad(name, 7))?;
    if let (Some(_), Some(cure)) = (failed, cure) {
        writeln!(out, "{}  {}", pad("", 7), say::DOCTOR_CURE.with(lang, &[("cure", &cure)]))?;
    }
    Ok(())
}
