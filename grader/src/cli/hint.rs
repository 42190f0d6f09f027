//! `grader hint`: the next hint for what failed the last time. Hints go from a nudge to nearly the answer, and which
//! ones were shown is remembered.

use std::io::Write;

use crate::cli::args::HintArgs;
use crate::cli::context::{Context, warn};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::status::lesson;
use crate::course::load::Exercise;
use crate::course::words::Hints;
use crate::judge::score::ExerciseStatus;
use crate::progress::{Progress, Standing};
use crate::report::styles::paint;
use crate::wording::messages as say;

/// A check that failed the last time, and the code of its cause.
struct Fallen<'a> {
    check: &'a str,
    cause: &'a str,
}

/// Shows the next hint.
pub fn hint(context: &Context, args: &HintArgs, out: &mut dyn Write) -> Result<Exit, CliError> {
    let progress = context.progress();
    let (named, check) = named(args);
    let exercise = match named {
        Some(name) => context.exercise(name)?,
        None => match progress.next(&context.course) {
            Some(exercise) => exercise,
            None => return said(out, say::COURSE_PASSED.get(context.lang)),
        },
    };
    let chosen = check.map(|name| context.check(exercise, name)).transpose()?;
    if let Some(reason) = nothing_to_hint_at(context, exercise, &progress) {
        return said(out, &reason);
    }
    let fallen = fallen(exercise, &progress);
    let found = match chosen {
        Some(check) => fallen.iter().find(|fallen| fallen.check == check.id),
        None => fallen.first(),
    };
    let Some(found) = found else {
        let name = chosen.map_or(exercise.id.as_str(), |check| check.id.as_str());
        return said(out, &say::HINT_NO_CAUSE.with(context.lang, &[("check", &name)]));
    };
    let Some(hints) = context.course.hints(&exercise.id, found.cause) else {
        let message = format!("the course has no hints for {}; run `grader check {}` again", found.cause, exercise.id);
        return Err(CliError::usage(message));
    };
    let shown = shown_before(&progress, &exercise.id, found.cause);
    let tier = args.tier.map_or((shown + 1).min(Hints::TIERS), usize::from);
    let first = if args.tier.is_some() { tier } else { 1 };
    tell(context, exercise, found, hints, first..=tier, out)?;
    if chosen.is_none() {
        tell_others(context, &fallen, found, out)?;
    }
    remember(context, &progress, &exercise.id, found.cause, tier.max(shown));
    Ok(Exit::Passed)
}

/// The exercise and the check that were asked for, in two words or in one.
fn named(args: &HintArgs) -> (Option<&str>, Option<&str>) {
    match (args.exercise.as_deref(), args.check.as_deref()) {
        (Some(both), None) => match both.split_once('/') {
            Some((exercise, check)) => (Some(exercise), Some(check)),
            None => (Some(both), None),
        },
        words => words,
    }
}

fn said(out: &mut dyn Write, text: &str) -> Result<Exit, CliError> {
    writeln!(out, "{text}")?;
    Ok(Exit::Passed)
}

/// Why there is no hint for an exercise that has no failed check.
fn nothing_to_hint_at(context: &Context, exercise: &Exercise, progress: &Progress) -> Option<String> {
    let phrase = match progress.standing(exercise) {
        Standing::New => say::HINT_NEVER,
        Standing::Known(ExerciseStatus::Passed) => say::HINT_PASSED,
        Standing::Known(ExerciseStatus::BuildFailed) => say::HINT_BUILD,
        Standing::Known(ExerciseStatus::NotStarted) => say::HINT_SKELETON,
        Standing::Known(ExerciseStatus::Failed | ExerciseStatus::Void) => return None,
    };
    Some(phrase.with(context.lang, &[("exercise", &exercise.id), ("path", &lesson(context, exercise))]))
}

/// The checks that failed the last time, in the exercise's order.
fn fallen<'a>(exercise: &'a Exercise, progress: &'a Progress) -> Vec<Fallen<'a>> {
    let Some(last) = progress.exercises.get(&exercise.id) else { return Vec::new() };
    let cause = |check: &'a str| last.checks.get(check)?.cause.as_deref();
    let ids = exercise.file.checks.iter().map(|check| check.id.as_str());
    ids.filter_map(|check| Some(Fallen { check, cause: cause(check)? })).collect()
}

fn shown_before(progress: &Progress, exercise: &str, cause: &str) -> usize {
    progress.exercises.get(exercise).and_then(|last| last.hints.get(cause)).copied().unwrap_or(0)
}

fn remember(context: &Context, progress: &Progress, exercise: &str, cause: &str, tier: usize) {
    let mut progress = progress.clone();
    progress.exercises.entry(exercise.to_owned()).or_default().hints.insert(cause.to_owned(), tier);
    if let Err(error) = progress.save(&context.course.root) {
        warn(&format!("that this hint was shown could not be noted: {error}"));
    }
}

fn tell(
    context: &Context,
    exercise: &Exercise,
    found: &Fallen,
    hints: &Hints,
    tiers: std::ops::RangeInclusive<usize>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let lang = context.lang;
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("exercise", &exercise.id), ("check", &found.check), ("cause", &found.cause)];
    writeln!(out, "{}", paint(context.styles.strong, &say::HINT_FOR.with(lang, &values)))?;
    let last = *tiers.end();
    let wanted = hints.get(lang).iter().zip(1..).filter(|(_, tier)| tiers.contains(tier));
    for (text, tier) in wanted {
        let values: [(&str, &dyn std::fmt::Display); 3] = [("tier", &tier), ("tiers", &Hints::TIERS), ("text", text)];
        writeln!(out, "{}", say::HINT_TIER.with(lang, &values))?;
    }
    if last < Hints::TIERS {
        writeln!(out, "{}", paint(context.styles.dim, say::HINT_MORE.get(lang)))?;
    }
    Ok(())
}

/// Names the failed checks that have another cause.
fn tell_others(context: &Context, fallen: &[Fallen], found: &Fallen, out: &mut dyn Write) -> Result<(), CliError> {
    let others: Vec<&str> = fallen.iter().filter(|other| other.cause != found.cause).map(|other| other.check).collect();
    if others.is_empty() {
        return Ok(());
    }
    Ok(writeln!(out, "{}", say::HINT_OTHERS.with(context.lang, &[("checks", &others.join(", "))]))?)
}
