//! The course's own gate: references and other right programs get full marks, skeletons and dummies nothing, every
//! mutant falls where it must with the cause that it must have, every check is felled by one, nothing is left running.

pub mod claim;
mod collect;
mod make;
mod spec;

use std::collections::BTreeSet;

use crate::build::BuildError;
use crate::cell::fork_server::ForkServer;
use crate::cell::tier;
use crate::course::load::Course;
use crate::event::Tier;
use crate::interrupt::Interrupt;
use crate::judge::record::{Failure, Verdict};
use crate::kernel::tasks;
use crate::run::error::RunError;
use crate::run::grade::{self, Subject, Terms, Told};

use claim::{Claim, Ended};
use collect::Fixture;

/// How the gate is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The exercises; empty means all.
    pub exercises: Vec<String>,
    /// How many checks run at once.
    pub jobs: usize,
    /// The seed of all random payloads.
    pub seed: u64,
    /// The tier that is asked for.
    pub isolation: Option<Tier>,
}

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Fixtures of this exercise are being built.
    Building(String),
    /// So many checks of so many have been run.
    Graded(usize, usize),
}

/// What the gate found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Programs that were graded.
    pub programs: usize,
    /// Of these, mutants.
    pub mutants: usize,
    /// Checks that were run or blocked.
    pub checks: usize,
    /// What could not be tried here, and why.
    pub skipped: Vec<String>,
    /// What does not hold, a sentence each; empty if all does.
    pub problems: Vec<String>,
    /// It was interrupted before its end.
    pub interrupted: bool,
}

/// Runs the gate.
pub fn run(
    course: &Course,
    options: &Options,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(Progress),
) -> Result<Proof, RunError> {
    // Whatever escapes a cell becomes our child, and is found at the end.
    nix::sys::prctl::set_child_subreaper(true).map_err(std::io::Error::from)?;
    let (tier, _) = tier::choose(options.isolation)?;
    let server = ForkServer::start(tier)?;
    let mut proof = Proof::default();
    let fixtures = match collect::collect(course, &options.exercises, tier, interrupt, &mut proof, tell) {
        Err(RunError::Build(BuildError::Interrupted)) => return Ok(Proof { interrupted: true, ..proof }),
        fixtures => fixtures?,
    };
    let subjects: Vec<Subject> = fixtures.iter().map(|fixture| fixture.subject.clone()).collect();
    let total = subjects.iter().map(|subject| subject.planned.checks.len()).sum();
    let mut ended: Vec<Vec<Ended>> = vec![Vec::new(); fixtures.len()];
    let terms = Terms { course, seed: options.seed, jobs: options.jobs, server: &server, interrupt };
    grade::grade(&terms, &subjects, &mut |told| {
        if let Some((subject, end)) = end(told) {
            ended[subject].push(end);
            tell(Progress::Graded(ended.iter().map(Vec::len).sum(), total));
        }
    })?;
    // It waits for all that it forked: what is there after it has escaped.
    drop(server);
    proof.programs = fixtures.len();
    proof.checks = ended.iter().map(Vec::len).sum();
    proof.interrupted = interrupt.is_set();
    if !proof.interrupted {
        judge(course, options, &fixtures, &ended, &mut proof);
    }
    Ok(proof)
}

fn end(told: Told) -> Option<(usize, Ended)> {
    match told {
        Told::Begun(..) => None,
        Told::Over(subject, check, record) => {
            let detail = match (&record.failure, &record.void) {
                (Some(failure), _) => detail(failure),
                (None, Some(void)) => void.detail.clone(),
                (None, None) => String::new(),
            };
            let cause = record.failure.map(|failure| failure.cause);
            Some((subject, Ended { check: check.id.clone(), verdict: record.verdict, cause, detail }))
        }
        Told::Blocked(subject, check, by) => {
            let detail = format!("needs {by}");
            Some((subject, Ended { check: check.id.clone(), verdict: Verdict::Blocked, cause: None, detail }))
        }
    }
}

fn detail(failure: &Failure) -> String {
    let shown = |excerpt: &Option<crate::judge::record::Excerpt>| {
        excerpt.as_ref().map_or("-".to_owned(), |excerpt| crate::text::bytes::quote(&excerpt.bytes))
    };
    let (expected, actual) = (shown(&failure.expected), shown(&failure.actual));
    let stderr = crate::text::bytes::quote(&failure.stderr.bytes);
    format!(
        "{:?} at step {}: {}; expected {expected}, got {actual}; stderr {stderr}; {:?}",
        failure.symptom, failure.step, failure.step_text, failure.facts
    )
}

fn judge(course: &Course, options: &Options, fixtures: &[Fixture], ended: &[Vec<Ended>], proof: &mut Proof) {
    let mut felled: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (fixture, ended) in fixtures.iter().zip(ended) {
        let wrong = claim::disproved(&fixture.claim, ended);
        if let (Claim::Fells(checks), true) = (&fixture.claim, wrong.is_empty()) {
            let exercise = fixture.subject.planned.exercise.id.as_str();
            felled.extend(checks.keys().map(|check| (exercise, check.as_str())));
        }
        proof.problems.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", fixture.label)));
    }
    for exercise in course.exercises.iter().filter(|exercise| is_selected(options, &exercise.id)) {
        for check in &exercise.file.checks {
            if !felled.contains(&(exercise.id.as_str(), check.id.as_str())) {
                proof.problems.push(format!("{}: no mutant fells `{}`", exercise.id, check.id));
            }
        }
    }
    let left = tasks::tree(std::process::id().cast_signed());
    if !left.is_empty() {
        proof.problems.push(format!("{} processes are left running: {left:?}", left.len()));
    }
}

fn is_selected(options: &Options, exercise: &str) -> bool {
    options.exercises.is_empty() || options.exercises.iter().any(|id| id == exercise)
}
