//! `grader list`: all exercises, and how far the student is.

use std::io::Write;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::status::word;
use crate::judge::score::ExerciseStatus;
use crate::progress::{Progress, Standing};
use crate::report::styles::paint;
use crate::text::width::{columns, pad, pad_left};

/// Shows all exercises, module by module.
pub fn list(context: &Context, out: &mut dyn Write) -> Result<Exit, CliError> {
    let progress = context.progress();
    let rows: Vec<Row> =
        context.course.exercises.iter().map(|exercise| Row::new(context, &progress, &exercise.id)).collect();
    let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let id = widest(&mut rows.iter().map(|row| columns(&row.id)));
    let points = widest(&mut rows.iter().map(|row| columns(&row.points)));
    let standing = widest(&mut rows.iter().map(|row| columns(row.standing)));
    for (number, module) in context.course.file.modules.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", paint(context.styles.strong, module.title.get(context.lang)))?;
        for row in module.exercises.iter().filter_map(|entry| rows.iter().find(|row| row.id == entry.id)) {
            let standing = paint(row.style, &pad(row.standing, standing));
            writeln!(out, "  {}  {}  {standing}  {}", pad(&row.id, id), pad_left(&row.points, points), row.title)?;
        }
    }
    Ok(Exit::Passed)
}

struct Row<'a> {
    id: String,
    points: String,
    standing: &'static str,
    style: anstyle::Style,
    title: &'a str,
}

impl<'a> Row<'a> {
    fn new(context: &'a Context, progress: &Progress, id: &str) -> Row<'a> {
        let exercise = context.course.exercise(id);
        let standing = exercise.map_or(Standing::New, |exercise| progress.standing(exercise));
        let (earned, max) = exercise.map_or((0, 0), |exercise| (progress.points(exercise), exercise.max_points()));
        let style = match standing {
            Standing::Known(ExerciseStatus::Passed) => context.styles.pass,
            Standing::Known(ExerciseStatus::Failed | ExerciseStatus::BuildFailed) => context.styles.fail,
            Standing::Known(ExerciseStatus::Void) => context.styles.void,
            Standing::Known(ExerciseStatus::NotStarted) | Standing::New => context.styles.dim,
        };
        Row {
            id: id.to_owned(),
            points: format!("{earned}/{max}"),
            standing: word(standing, context.lang),
            style,
            title: exercise.map_or("", |exercise| exercise.title.get(context.lang)),
        }
    }
}
