//! `grader check`: grades programs.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::num::NonZero;
use std::thread::available_parallelism;

use crate::build::Source;
use crate::cli::args::{CheckArgs, Format};
use crate::cli::context::{Context, warn};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::outcome::{Outcome, Repetitions};
use crate::cli::reports::{self, ReportError, Reports};
use crate::cli::{signals, status};
use crate::event::Event;
use crate::interrupt::Interrupt;
use crate::judge::record::Verdict;
use crate::progress::Keeper;
use crate::report::Reporter;
use crate::run::{self, RunOptions};
use crate::wording::messages as say;

/// The most checks that run at once unless somebody asks for more.
const MOST_JOBS: usize = 16;
/// Checks at once for each processor: they mostly wait, for programs that wait themselves.
const JOBS_PER_PROCESSOR: usize = 2;

/// Grades what `args` name.
pub fn check(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let options = options(args)?;
    // What is wrong with an earlier note is told once, before anything else.
    context.progress();
    // Before the first thread: see there.
    let interrupt = signals::watch(context.lang)?;
    let mut repetitions = Repetitions::default();
    let mut exit = Exit::Passed;
    let mut object = Vec::new();
    for number in 0..args.repeat {
        let options = RunOptions { seed: options.seed.wrapping_add(u64::from(number)), ..options.clone() };
        if args.repeat > 1 {
            let values: [(&str, &dyn std::fmt::Display); 3] =
                [("number", &(number + 1)), ("times", &args.repeat), ("seed", &options.seed)];
            reports::say(args, &say::REPETITION.with(context.lang, &values))?;
        }
        // Of several repetitions, the object and the files tell of the first that does not pass, or else of the last.
        let first = exit == Exit::Passed;
        let (outcome, told) = once(context, args, &options, &interrupt, first)?;
        if first {
            object = told;
        }
        repetitions.add(&outcome);
        exit = exit.worse(outcome.exit());
        if interrupt.is_set() {
            break;
        }
        if args.repeat == 1 && args.format == Format::Human {
            status::after(context, &options.source, &outcome)?;
        }
    }
    if args.repeat > 1 {
        compare(context, args, &repetitions)?;
    }
    io::stdout().write_all(&object).map_err(|error| told(ReportError { path: None, error }))?;
    Ok(exit)
}

/// What `args` mean for a run.
fn options(args: &CheckArgs) -> Result<RunOptions, CliError> {
    let source = source(args)?;
    let everything = args.all || !args.exercises.is_empty() || !args.only.is_empty();
    Ok(RunOptions {
        exercises: args.exercises.clone(),
        only: args.only.clone(),
        until_failed: !everything && source == Source::Exercises,
        source,
        seed: args.seed.unwrap_or_else(new_seed),
        jobs: args.jobs.map_or_else(default_jobs, usize::from),
        isolation: args.isolation.tier(),
    })
}

fn source(args: &CheckArgs) -> Result<Source, CliError> {
    match (&args.exec, &args.submission) {
        (Some(command), _) if args.exercises.len() == 1 => Ok(Source::Exec(command.clone())),
        (Some(_), _) => Err(CliError::usage(
            "--exec grades one program: name one exercise, as in `grader check tcp-echo --exec 'python3 server.py'`",
        )),
        (None, Some(folder)) => Ok(Source::Submission(folder.clone())),
        (None, None) if args.reference => Ok(Source::Reference),
        (None, None) => Ok(Source::Exercises),
    }
}

/// A seed that is short enough to be typed.
pub fn new_seed() -> u64 {
    RandomState::new().build_hasher().finish() >> 32
}

/// How many checks run at once unless somebody says otherwise.
pub fn default_jobs() -> usize {
    (available_parallelism().map_or(1, NonZero::get) * JOBS_PER_PROCESSOR).min(MOST_JOBS)
}

/// One run with all its reports: what it came to, and what is to be written to standard output in the end.
fn once(
    context: &Context,
    args: &CheckArgs,
    options: &RunOptions,
    interrupt: &Interrupt,
    with_files: bool,
) -> Result<(Outcome, Vec<u8>), CliError> {
    let mut reports = Reports::new(context, args, with_files);
    let mut outcome = Outcome::default();
    let own = matches!(options.source, Source::Exercises | Source::Exec(_));
    let mut keeper = own.then(|| Keeper::new(&context.course.root));
    let mut trouble: Option<ReportError> = None;
    let mut sink = |event: Event| {
        // These two only remember, and cannot fail.
        let _ = outcome.event(&event);
        let _ = keeper.as_mut().map(|keeper| keeper.event(&event));
        if trouble.is_none()
            && let Err(error) = reports.tell(&event)
        {
            // Nobody can see what goes on: no use in going on.
            trouble = Some(error);
            interrupt.set();
        }
    };
    let result = run::run(&context.course, options, interrupt, &mut sink);
    if let Some(error) = keeper.and_then(|keeper| keeper.trouble) {
        warn(&format!("your progress could not be noted: {error}"));
    }
    if let Some(trouble) = trouble {
        return Err(told(trouble));
    }
    result?;
    Ok((outcome, reports.object()?))
}

fn told(trouble: ReportError) -> CliError {
    let ReportError { path, error } = trouble;
    let said = |exit, message| CliError::Said { exit, message };
    match (path, error.kind()) {
        // Where to write was said well; there is no room.
        (Some(_), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => said(Exit::Void, error.to_string()),
        (Some(_), _) => CliError::usage(error.to_string()),
        (None, ErrorKind::BrokenPipe) => CliError::Io(error),
        (None, _) => said(Exit::Void, format!("cannot write to standard output: {error}")),
    }
}

/// Says which checks did not end in the same way every time.
fn compare(context: &Context, args: &CheckArgs, repetitions: &Repetitions) -> io::Result<()> {
    let lang = context.lang;
    let word = |verdict: &Verdict| say::verdict(*verdict).get(lang);
    let mut same = true;
    for ((exercise, check), verdicts) in repetitions.differing() {
        same = false;
        let verdicts = verdicts.iter().map(word).collect::<Vec<_>>().join(" ");
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("exercise", exercise), ("check", check), ("verdicts", &verdicts)];
        reports::say(args, &say::DIFFERS.with(lang, &values))?;
    }
    if same {
        reports::say(args, &say::SAME.with(lang, &[("times", &args.repeat)]))?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn resolved(words: &[&str]) -> Result<RunOptions, CliError> {
        let cli = Cli::try_parse_from([&["grader", "check"], words].concat()).unwrap();
        match cli.command {
            Some(Command::Check(args)) => options(&args),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn without_an_exercise_a_students_course_is_walked_to_the_first_that_fails() {
        assert!(resolved(&[]).unwrap().until_failed);
        for words in [&["--all"][..], &["a"], &["--only", "x"], &["--reference"], &["--submission", "d"]] {
            assert!(!resolved(words).unwrap().until_failed, "{words:?}");
        }
    }

    #[test]
    fn a_command_is_for_one_exercise() {
        assert_eq!(resolved(&["a", "--exec", "x"]).unwrap().source, Source::Exec("x".into()));
        assert!(resolved(&["--exec", "x"]).is_err());
        assert!(resolved(&["a", "b", "--exec", "x"]).is_err());
    }

    #[test]
    fn seeds_differ_and_can_be_typed() {
        let seeds: std::collections::BTreeSet<u64> = (0..8).map(|_| new_seed()).collect();
        assert!(seeds.len() > 1 && seeds.iter().all(|seed| *seed <= u64::from(u32::MAX)));
        assert_eq!(resolved(&["a", "--seed", "7"]).unwrap().seed, 7);
    }
}
