//! `grader doctor`: which tiers of isolation work here, and what helps where one does not.

use std::io::Write;

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
        let result = match &trial.failed {
            None => say::DOCTOR_WORKS.get(lang).to_owned(),
            Some(fault) => say::DOCTOR_FAILS.with(lang, &[("error", &fault.error)]),
        };
        writeln!(out, "{}  {result}", pad(trial.tier.name(), 7))?;
        if let Some(cure) = trial.failed.as_ref().and_then(|fault| fault.cure.as_ref()) {
            writeln!(out, "{}  {}", pad("", 7), say::DOCTOR_CURE.with(lang, &[("cure", cure)]))?;
        }
    }
    // The strongest that works is what counts; without any, nothing can be judged.
    Ok(if trials.iter().any(|trial| trial.failed.is_none()) { Exit::Passed } else { Exit::Void })
}
