//! `grader` alone: where a student is, and what to do next. The same is said after a check.

use std::io::{self, Write};

use crate::build::Source;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::outcome::Outcome;
use crate::course::load::Exercise;
use crate::course::words::Lang;
use crate::judge::score::ExerciseStatus;
use crate::progress::{Progress, Standing};
use crate::report::styles::paint;
use crate::wording::messages as say;

/// Says where the student is.
pub fn status(context: &Context, out: &mut dyn Write) -> Result<Exit, CliError> {
    let progress = context.progress();
    let course = &context.course;
    let passed = course.exercises.iter().filter(|exercise| progress.has_passed(exercise)).count();
    let points: u32 = course.exercises.iter().map(|exercise| progress.points(exercise)).sum();
    writeln!(out, "{}", paint(context.styles.strong, course.file.title.get(context.lang)))?;
    let values: [(&str, &dyn std::fmt::Display); 4] =
        [("passed", &passed), ("all", &course.exercises.len()), ("points", &points), ("max", &course.max_points())];
    writeln!(out, "{}\n", say::WHERE.with(context.lang, &values))?;
    next(context, &progress, out)?;
    Ok(Exit::Passed)
}

/// Says what comes after a check.
pub fn after(context: &Context, source: &Source, outcome: &Outcome) -> Result<(), CliError> {
    let mut out = io::stdout();
    match (source, outcome.stuck_at()) {
        (Source::Reference | Source::Submission(_), _) | (Source::Exec(_), Some(_)) => Ok(()),
        (Source::Exercises, Some((exercise, status))) if status != ExerciseStatus::NotStarted => {
            Ok(writeln!(out, "\n{}", say::STAY.with(context.lang, &[("exercise", &exercise)]))?)
        }
        (Source::Exercises | Source::Exec(_), _) => {
            writeln!(out)?;
            next(context, &context.progress(), &mut out)
        }
    }
}

/// Says which exercise is the next one, and where its lesson and its source are.
fn next(context: &Context, progress: &Progress, out: &mut dyn Write) -> Result<(), CliError> {
    let lang = context.lang;
    let Some(exercise) = progress.next(&context.course) else {
        return Ok(writeln!(out, "{}", say::COURSE_PASSED.get(lang))?);
    };
    let standing = progress.standing(exercise);
    let title = format!("{} · {} ({})", exercise.id, exercise.title.get(lang), word(standing, lang));
    writeln!(out, "{}", say::NEXT.with(lang, &[("title", &paint(context.styles.strong, &title))]))?;
    writeln!(out, "{}", say::NEXT_LESSON.with(lang, &[("path", &lesson(context, exercise))]))?;
    let source = context.shown(&exercise.folder.join("src/main.rs"));
    writeln!(out, "{}", say::NEXT_SOURCE.with(lang, &[("path", &source)]))?;
    writeln!(out, "{}", say::NEXT_CHECK.with(lang, &[("exercise", &exercise.id)]))?;
    if standing != Standing::New {
        writeln!(out, "{}", say::NEXT_HINT.with(lang, &[("exercise", &exercise.id)]))?;
    }
    Ok(())
}

/// The word for where a student stands with an exercise.
pub fn word(standing: Standing, lang: Lang) -> &'static str {
    match standing {
        Standing::New => say::STATUS_NEW.get(lang),
        Standing::Known(status) => say::status(status).get(lang),
    }
}

/// The lesson of an exercise, in the student's language.
pub fn lesson(context: &Context, exercise: &Exercise) -> String {
    let name = match context.lang {
        Lang::En => "README.md",
        Lang::Zh => "README.zh.md",
    };
    context.shown(&exercise.folder.join(name))
}
