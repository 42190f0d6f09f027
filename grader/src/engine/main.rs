//! The check's process: reads a job from standard input, does it, writes a record to standard output.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::{Pid, alarm};

use super::finding::{Finding, Outcome, Stop};
use super::job::Job;
use super::program::Program;
use super::world::{World, has_family};
use super::{sight, steps};
use crate::build::confined::{inside, job};
use crate::cell::empty::EmptyCell;
use crate::cell::error::{self, CellError};
use crate::cell::spawn::{self, Place};
use crate::cell::{fork_server, network, own, tier};
use crate::course::cause::{Rule, Symptom};
use crate::course::step::Step;
use crate::event::Tier;
use crate::judge::record::{Excerpt, Failure, ProcessEnd, Record, Verdict, Void, VoidKind};
use crate::judge::rules::{self, Evidence};

/// The word that makes the grader one check's process, without a fork server around it: to be looked at by itself.
pub const ONE: &str = "__check";

/// Does what the hidden word `word` asks for, if it is one. To be called before any thread is started.
pub fn hidden(word: &str) -> Option<ExitCode> {
    match word {
        fork_server::WORD => Some(fork_server::serve(make_ahead, check_main)),
        ONE => Some(check_main(make_ahead())),
        tier::TRIAL => Some(tier::trial_main()),
        job::WORD => Some(inside::main()),
        tier::NOTHING => Some(ExitCode::SUCCESS),
        _ => None,
    }
}

/// Time that the experiments after a failure may take together.
const EXPERIMENTS: Duration = Duration::from_secs(3);

/// A check's process that does not end by itself is ended after its deadline times this, and [`SLACK_S`].
const DEADLINES: u64 = 40;
const SLACK_S: u64 = 60;

/// Does what can be done before the job is known; the tier is the second word.
fn make_ahead() -> Result<EmptyCell, CellError> {
    let word = std::env::args().nth(2);
    let tier = Tier::ALL.into_iter().find(|tier| Some(tier.name()) == word.as_deref());
    let tier = tier.ok_or(io::ErrorKind::InvalidInput).map_err(CellError::at(error::Step::Order))?;
    if tier == Tier::Sealed {
        network::enter()?;
    }
    let processors = sched_getaffinity(Pid::from_raw(0)).map_err(CellError::at(error::Step::Limits))?;
    let users = spawn::users_outside();
    EmptyCell::make(Place { tier, users: &users, processors: &processors, writable: &[] })
}

/// Runs one check. The caller must have started no thread: namespaces are entered and processes forked from here.
fn check_main(ahead: Result<EmptyCell, CellError>) -> ExitCode {
    own::serve(|job: Job| {
        let limit = job.limits.deadline_ms * DEADLINES / 1000 + SLACK_S;
        // Should our own code not come to its end, SIGALRM ends it (alarm(2)).
        alarm::set(u32::try_from(limit).unwrap_or(u32::MAX));
        run(job, ahead)
    })
}

/// Does a job from beginning to end. Of the program's cell nothing is alive.
fn run(job: Job, ahead: Result<EmptyCell, CellError>) -> (Record, Option<Program>) {
    match ahead.map_err(Stop::from).and_then(|cell| prepare(job, cell)) {
        Ok(mut world) => {
            let result = judge(&mut world);
            // Everything in the cell is ended before anything is said about it.
            let ended = world.program.take().map(Program::end_all);
            (record(result, &world), ended)
        }
        Err(Stop::Void(void)) => (not_begun(void), None),
        Err(Stop::Failed(_)) => {
            let detail = "a failure before the first step".to_owned();
            (not_begun(Void { kind: VoidKind::Lost, detail }), None)
        }
    }
}

fn not_begun(void: Void) -> Record {
    Record { verdict: Verdict::Void, failure: None, void: Some(void), transcript: Vec::new(), duration_us: 0 }
}

fn prepare(job: Job, ahead: EmptyCell) -> Outcome<World> {
    let processors = bind_to_processor()?;
    if job.tier == Tier::Sealed {
        network::make_room(&job.limits)?;
    }
    World::new(job, ahead, processors)
}

/// Keeps this process on the processor that it is on, so that what it sends has been delivered when it looks; returns
/// all that it may use.
fn bind_to_processor() -> Outcome<CpuSet> {
    let own = Pid::from_raw(0);
    let all = sched_getaffinity(own)?;
    let mut one = CpuSet::new();
    one.set(sched_getcpu()?)?;
    sched_setaffinity(own, &one)?;
    Ok(all)
}

/// A check's end: nothing to say, a named failure, or a void.
fn judge(world: &mut World) -> Result<(), Result<Box<Failure>, Void>> {
    if !has_family(world.job.check.family) {
        world.note("skip", None, None, "this system has no address of this family");
        return Ok(());
    }
    let all = world.job.check.steps.clone();
    for (number, step) in all.iter().enumerate() {
        // What the steps before took is not this one's time.
        world.fresh_deadline();
        match steps::run(world, step).map_err(|stop| world.ports_or(stop)) {
            Ok(()) => {}
            Err(Stop::Void(void)) => return Err(Err(void)),
            Err(Stop::Failed(finding)) => {
                let named = sight::blind(world).map_or_else(|| name_cause(world, number, step, *finding), Err);
                return Err(named.map(Box::new));
            }
        }
    }
    Ok(())
}

fn name_cause(world: &mut World, number: usize, step: &Step, finding: Finding) -> Result<Failure, Void> {
    let finding = world.limit_or(finding);
    let symptom = finding.symptom.unwrap_or(Symptom::Timeout);
    let signal = world.program.as_ref().and_then(|program| match program.end() {
        Some(ProcessEnd::Signal(signal)) => Some(signal.clone()),
        _ => None,
    });
    let got = finding.actual.clone().unwrap_or_default();
    let stderr = world.stderr().to_vec();
    let at = finding.differs_at.unwrap_or(0);
    let sent = finding.stream.as_ref().and_then(|name| world.streams.get(name)).map(|stream| &stream.last_sent);
    let facts = finding.facts.clone();
    let mut failure = Failure {
        cause: String::new(),
        symptom,
        step: number + 1,
        step_text: super::describe::step(world, step),
        expected: finding.expected.as_ref().map(|bytes| Excerpt::around(bytes, at)),
        actual: finding.actual.as_ref().map(|bytes| Excerpt::around(bytes, at)),
        differs_at: finding.differs_at,
        sent: sent.filter(|sent| !sent.is_empty()).map(|sent| Excerpt::head(sent)),
        stream: finding.stream,
        facts: finding.facts,
        scene: world.scene(finding.deadline),
        stderr: Excerpt::tail(&stderr),
    };
    let evidence = Evidence { symptom, got: &got, stderr: &stderr, signal: signal.as_deref(), facts: &facts };
    let job = &world.job;
    let lost = |error| Void { kind: VoidKind::Lost, detail: format!("the rules for causes cannot be read: {error}") };
    let rules: Vec<Rule> = serde_json::from_str(job.rules.get()).map_err(lost)?;
    let mut all: Vec<Rule> = step.causes().iter().chain(&job.check.causes).cloned().chain(rules).collect();
    all.sort_by_key(|rule| !rule.first);
    world.note("judge", None, None, "looking for the cause");
    world.restart_clock(EXPERIMENTS);
    for rule in &all {
        if rules::fits(rule, &evidence, |data| world.bytes(data).ok()) && experiment(world, rule)? {
            failure.cause.clone_from(&rule.cause);
            return Ok(failure);
        }
    }
    Err(Void { kind: VoidKind::Lost, detail: format!("no rule names a cause for {symptom:?}") })
}

/// Tries the steps of a rule on the program as it is now; true if all of them hold.
fn experiment(world: &mut World, rule: &Rule) -> Result<bool, Void> {
    for step in &rule.attempt {
        match steps::run(world, step) {
            Ok(()) => {}
            Err(Stop::Failed(_)) => return Ok(false),
            Err(Stop::Void(void)) if void.kind == VoidKind::Interrupted => return Err(void),
            Err(Stop::Void(_)) => return Ok(false),
        }
    }
    Ok(true)
}

fn record(result: Result<(), Result<Box<Failure>, Void>>, world: &World) -> Record {
    let (verdict, failure, void) = match result {
        Ok(()) => (Verdict::Passed, None, None),
        Err(Ok(failure)) => (Verdict::Failed, Some(*failure), None),
        Err(Err(void)) => (Verdict::Void, None, Some(void)),
    };
    Record { verdict, failure, void, transcript: world.log.lines(), duration_us: world.clock.now_us() }
}
