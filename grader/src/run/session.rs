//! One run from beginning to end: choose a tier, build, grade, tell.

use super::RunOptions;
use super::error::RunError;
use super::grade::{self, Subject, Terms, Told};
use super::plan::{Planned, plan};
use crate::build::{self, BuildError, Built, Programs, Source};
use crate::cell::fork_server::ForkServer;
use crate::cell::tier;
use crate::course::check::Check;
use crate::course::load::Course;
use crate::event::{CheckFinished, Event, RunStarted, Tier};
use crate::interrupt::Interrupt;
use crate::judge::record::{Record, Verdict};
use crate::judge::score::ExerciseStatus;
use crate::judge::score::{self, Tally};

type Sink<'s> = &'s mut dyn FnMut(Event);

/// See [`super::run`].
pub fn run(course: &Course, options: &RunOptions, interrupt: &Interrupt, sink: Sink) -> Result<(), RunError> {
    let planned = plan(course, options)?;
    let (tier, note) = tier::choose(options.isolation)?;
    sink(Event::RunStarted(RunStarted {
        course: course.file.course.clone(),
        root: course.root.clone(),
        seed: options.seed,
        isolation: tier,
        isolation_note: note,
        exercises: planned.iter().map(Planned::shown).collect(),
        options: options_text(options),
    }));
    let server = ForkServer::start(tier)?;
    let terms = Terms { course, seed: options.seed, jobs: options.jobs, server: &server, interrupt };
    let cache = course.root.join("target/grader");
    let how = build::Terms::new(&course.root, &cache, tier, interrupt);
    // One exercise after the other where the end of one decides about the next; all together otherwise.
    let size = if options.until_failed { 1 } else { planned.len() };
    let mut total = Tally::default();
    for group in planned.chunks(size.max(1)) {
        let tally = match grade_group(&terms, &how, &options.source, group, sink) {
            // What was not built was not graded; what was graded before is told.
            Err(RunError::Build(BuildError::Interrupted)) => break,
            tally => tally?,
        };
        total = total + tally;
        if interrupt.is_set() || (options.until_failed && !tally.is_full()) {
            break;
        }
    }
    sink(Event::RunFinished { points: total.points, max_points: total.max_points, interrupted: interrupt.is_set() });
    Ok(())
}

/// The options that repeat a run.
fn options_text(options: &RunOptions) -> String {
    let quoted = |text: &str| shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned());
    let source = match &options.source {
        Source::Exercises => String::new(),
        Source::Reference => "--reference".to_owned(),
        Source::Exec(command) => format!("--exec {}", quoted(command)),
        Source::Submission(folder) => format!("--submission {}", quoted(&folder.to_string_lossy())),
    };
    match options.isolation {
        Some(Tier::Basic) => format!("{source} --isolation basic").trim_start().to_owned(),
        Some(Tier::Guarded) => format!("{source} --isolation guarded").trim_start().to_owned(),
        Some(Tier::Sealed) | None => source,
    }
}

/// Builds and grades exercises together.
fn grade_group(
    terms: &Terms,
    how: &build::Terms,
    source: &Source,
    planned: &[Planned],
    sink: Sink,
) -> Result<Tally, RunError> {
    let exercises: Vec<_> = planned.iter().map(|planned| planned.exercise).collect();
    let programs = build::build(how, source, &exercises, &mut |ids| {
        sink(Event::BuildStarted { exercises: ids.iter().map(|id| (*id).to_owned()).collect() });
    })?;
    let mut total = Tally::default();
    for planned in planned {
        if let Some(Built::Failed(output)) = programs.get(&planned.exercise.id) {
            total = total + build_failed(planned, output, sink);
        }
    }
    Ok(total + grade_built(terms, planned, &programs, sink)?)
}

fn build_failed(planned: &Planned, output: &str, sink: Sink) -> Tally {
    let exercise = planned.exercise.id.clone();
    let max_points = planned.shown().checks.iter().map(|check| check.max_points).sum();
    sink(Event::BuildFailed { exercise: exercise.clone(), output: output.to_owned() });
    sink(Event::ExerciseFinished { exercise, status: ExerciseStatus::BuildFailed, points: 0, max_points });
    Tally { points: 0, max_points }
}

fn grade_built(terms: &Terms, planned: &[Planned], programs: &Programs, sink: Sink) -> Result<Tally, RunError> {
    let mut subjects = Vec::new();
    let mut standings = Vec::new();
    for planned in planned {
        if let Some(Built::Ready { program, untouched }) = programs.get(&planned.exercise.id) {
            subjects.push(Subject { planned: planned.clone(), program: program.clone() });
            standings.push(Standing { untouched: *untouched, verdicts: Vec::new() });
        }
    }
    grade::grade(terms, &subjects, &mut |told| {
        let finished = match told {
            Told::Begun(subject, check) => {
                let exercise = subjects[subject].planned.exercise.id.clone();
                return sink(Event::CheckStarted { exercise, check: check.id.clone() });
            }
            Told::Over(subject, check, record) => (subject, finished(&subjects[subject].planned, check, *record)),
            Told::Blocked(subject, check, by) => (subject, blocked(&subjects[subject].planned, check, by)),
        };
        let (subject, finished) = finished;
        let standing = &mut standings[subject];
        standing.verdicts.push((finished.verdict, finished.max_points));
        sink(Event::from(finished));
        let planned = &subjects[subject].planned;
        if standing.verdicts.len() == planned.checks.len() {
            sink(standing.event(planned));
        }
    })?;
    Ok(standings.iter().map(|standing| score::tally(&standing.verdicts)).fold(Tally::default(), |a, b| a + b))
}

/// Where an exercise stands.
struct Standing {
    untouched: bool,
    verdicts: Vec<(Verdict, u32)>,
}

impl Standing {
    fn event(&self, planned: &Planned) -> Event {
        let Tally { points, max_points } = score::tally(&self.verdicts);
        let status = score::status(&self.verdicts, self.untouched);
        Event::ExerciseFinished { exercise: planned.exercise.id.clone(), status, points, max_points }
    }
}

fn finished(planned: &Planned, check: &Check, record: Record) -> CheckFinished {
    let max_points = planned.exercise.points.get(&check.id).copied().unwrap_or(0);
    CheckFinished {
        exercise: planned.exercise.id.clone(),
        check: check.id.clone(),
        verdict: record.verdict,
        points: score::points(record.verdict, max_points),
        max_points,
        failure: record.failure,
        void: record.void,
        blocked_by: None,
        transcript: record.transcript,
        duration_ms: record.duration_us / 1000,
    }
}

fn blocked(planned: &Planned, check: &Check, by: &str) -> CheckFinished {
    let record =
        Record { verdict: Verdict::Blocked, failure: None, void: None, transcript: Vec::new(), duration_us: 0 };
    CheckFinished { blocked_by: Some(by.to_owned()), ..finished(planned, check, record) }
}
