//! `grader solution`: where the reference solution of an exercise is, for those who have passed it.

use std::io::Write;

use crate::cli::args::SolutionArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::wording::messages as say;

/// Says where the solution is.
pub fn solution(context: &Context, args: &SolutionArgs, out: &mut dyn Write) -> Result<Exit, CliError> {
    let exercise = context.exercise(&args.exercise)?;
    let path = context.course.root.join("reference").join(&exercise.id).join("src/main.rs");
    if !path.is_file() {
        return Err(CliError::usage(format!(
            "this course has no solution for {}: {} is not there",
            exercise.id,
            path.display()
        )));
    }
    if !args.yes && !context.progress().has_passed(exercise) {
        writeln!(out, "{}", say::SOLUTION_KEPT.with(context.lang, &[("exercise", &exercise.id)]))?;
        return Ok(Exit::Failed);
    }
    writeln!(out, "{}", path.display())?;
    Ok(Exit::Passed)
}
