//! `grader selfcheck`: the course's own gate, for those who write checks.

use std::io::{self, IsTerminal, Write};

use crate::cli::args::SelfcheckArgs;
use crate::cli::check::{default_jobs, new_seed};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::signals;
use crate::selfcheck::{self, Options, Progress, Proof};
use crate::text::bytes::one_line;
use crate::wording::messages as say;

/// Goes back to the beginning of the line and clears it (ECMA-48: CR, EL).
const CLEAR: &str = "\r\x1b[K";

/// Runs the gate and says what does not hold.
pub fn selfcheck(context: &Context, args: &SelfcheckArgs, out: &mut dyn Write) -> Result<Exit, CliError> {
    for name in &args.exercises {
        context.exercise(name)?;
    }
    let options = Options {
        exercises: args.exercises.clone(),
        jobs: args.jobs.map_or_else(default_jobs, usize::from),
        seed: args.seed.unwrap_or_else(new_seed),
        isolation: args.isolation.tier(),
    };
    let interrupt = signals::watch(context.lang)?;
    let terminal = io::stderr().is_terminal();
    let proof = selfcheck::run(&context.course, &options, &interrupt, &mut |progress| {
        if terminal {
            // Progress is for comfort only.
            let _ = write!(io::stderr(), "{CLEAR}{}", line(context, &progress));
        }
    });
    if terminal {
        let _ = write!(io::stderr(), "{CLEAR}");
    }
    tell(context, &options, &proof?, out)
}

fn line(context: &Context, progress: &Progress) -> String {
    match progress {
        Progress::Building(what) => say::BUILDING.with(context.lang, &[("what", what)]),
        Progress::Graded(done, all) => {
            say::CHECKING.with(context.lang, &[("done", done), ("all", all), ("what", &"selfcheck")])
        }
    }
}

fn tell(context: &Context, options: &Options, proof: &Proof, out: &mut dyn Write) -> Result<Exit, CliError> {
    let lang = context.lang;
    for skipped in &proof.skipped {
        writeln!(out, "{}", say::SELFCHECK_SKIPPED.with(lang, &[("what", &one_line(skipped))]))?;
    }
    for problem in &proof.problems {
        writeln!(out, "{}", one_line(problem))?;
    }
    let values: [(&str, &dyn std::fmt::Display); 5] = [
        ("programs", &proof.programs),
        ("mutants", &proof.mutants),
        ("checks", &proof.checks),
        ("problems", &proof.problems.len()),
        ("seed", &options.seed),
    ];
    writeln!(out, "{}", say::SELFCHECK_DONE.with(lang, &values))?;
    Ok(match proof {
        Proof { interrupted: true, .. } => Exit::Interrupted,
        Proof { problems, .. } if problems.is_empty() => Exit::Passed,
        Proof { .. } => Exit::Failed,
    })
}
