//! The report for other programs: one object that holds the whole run. Fields are only ever added, and then
//! `format_version` grows.

use std::collections::BTreeMap;
use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{CheckFinished, Event, PlannedCheck, PlannedExercise, RunStarted, Tier};
use crate::judge::record::{Excerpt, Verdict};
use crate::judge::score::ExerciseStatus;
use crate::judge::score::{Tally, tally};
use crate::report::Reporter;
use crate::report::file::Document;
use crate::text::bytes::{escape, escape_lines};
use crate::text::json::plain;
use crate::wording::course::{Wording, repeat};
use crate::wording::messages as say;
use crate::wording::transcript;

/// A run. A report that was cut short (an interrupted run, a report read while it is written) lists the checks that
/// were not run as `void`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Report")]
pub struct Run {
    /// The version of this object's form.
    pub format_version: u32,
    /// The name of the course.
    pub course: String,
    /// The seed of all random payloads.
    pub seed: u64,
    /// How strongly the programs were confined.
    pub isolation: Tier,
    /// What all exercises earned.
    pub points: u32,
    /// What they are worth.
    pub max_points: u32,
    /// The exercises, in the course's order.
    pub exercises: Vec<Exercise>,
}

/// An exercise of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exercise {
    /// The exercise.
    pub id: String,
    /// What became of it.
    pub status: ExerciseStatus,
    /// What its checks earned.
    pub points: u32,
    /// What they are worth; what could not be judged is left out.
    pub max_points: u32,
    /// What the compiler said, if the program does not build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its checks, in order.
    pub checks: Vec<Check>,
}

/// A check of a run. Bytes of a program are escaped in all texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The check.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How it ended.
    pub status: Verdict,
    /// What it earned.
    pub points: u32,
    /// What it is worth.
    pub max_points: u32,
    /// The code of the cause, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Why it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The first hint for the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What was expected, around the first difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came, around the first difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The command that does the check again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// What happened, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// Collects a run; [`Document::render`] gives the object as far as it is known.
pub struct Json {
    wording: Wording,
    started: Option<RunStarted>,
    checks: BTreeMap<(String, String), CheckFinished>,
    builds: BTreeMap<String, String>,
    statuses: BTreeMap<String, ExerciseStatus>,
    /// The run is over and was not interrupted.
    complete: bool,
}

impl Json {
    /// A report in the words of `wording`.
    pub fn new(wording: Wording) -> Json {
        Json {
            wording,
            started: None,
            checks: BTreeMap::new(),
            builds: BTreeMap::new(),
            statuses: BTreeMap::new(),
            complete: false,
        }
    }

    /// The run as far as it is known; nothing before it began.
    pub fn run(&self) -> Option<Run> {
        let started = self.started.as_ref()?;
        // A run that ends early on purpose (at the first exercise that does not pass) never came to the others.
        let reached = |planned: &&PlannedExercise| !self.complete || self.statuses.contains_key(&planned.id);
        let planned = started.exercises.iter().filter(reached);
        let exercises: Vec<Exercise> = planned.map(|planned| self.exercise(started, planned)).collect();
        Some(Run {
            format_version: 1,
            course: started.course.clone(),
            seed: started.seed,
            isolation: started.isolation,
            points: exercises.iter().map(|exercise| exercise.points).sum(),
            max_points: exercises.iter().map(|exercise| exercise.max_points).sum(),
            exercises,
        })
    }

    fn exercise(&self, started: &RunStarted, planned: &PlannedExercise) -> Exercise {
        let checks: Vec<Check> = planned.checks.iter().map(|check| self.check(started, &planned.id, check)).collect();
        let verdicts: Vec<(Verdict, u32)> = checks.iter().map(|check| (check.status, check.max_points)).collect();
        let Tally { points, max_points } = tally(&verdicts);
        Exercise {
            id: planned.id.clone(),
            status: self.statuses.get(&planned.id).copied().unwrap_or_else(|| status_so_far(&checks)),
            points,
            max_points,
            message: self.builds.get(&planned.id).map(|output| escape_lines(output.as_bytes())),
            checks,
        }
    }

    fn check(&self, started: &RunStarted, exercise: &str, planned: &PlannedCheck) -> Check {
        let known = self.checks.get(&(exercise.to_owned(), planned.id.clone()));
        let mut check = Check {
            id: planned.id.clone(),
            title: self.wording.check(exercise, &planned.id).to_owned(),
            status: Verdict::Void,
            points: 0,
            max_points: planned.max_points,
            cause: None,
            message: None,
            hint: None,
            expected: None,
            actual: None,
            repeat: None,
            transcript: Vec::new(),
            duration_ms: 0,
        };
        match known {
            Some(finished) => self.fill(&mut check, finished, started),
            None => (check.status, check.message) = self.not_run(exercise),
        }
        check
    }

    fn fill(&self, check: &mut Check, finished: &CheckFinished, started: &RunStarted) {
        let failure = finished.failure.as_ref();
        check.status = finished.verdict;
        check.points = finished.points;
        check.max_points = finished.max_points;
        check.cause = failure.map(|failure| failure.cause.clone());
        check.message = self.wording.message(finished);
        check.hint = self.wording.hint(finished).map(str::to_owned);
        check.expected = failure.and_then(|failure| failure.expected.as_ref()).map(shown);
        check.actual = failure.and_then(|failure| failure.actual.as_ref()).map(shown);
        check.repeat = matches!(finished.verdict, Verdict::Failed | Verdict::Void)
            .then(|| repeat(&finished.exercise, &finished.check, started.seed, &started.options));
        check.transcript = finished.transcript.iter().map(transcript::line).collect();
        check.duration_ms = finished.duration_ms;
    }

    fn not_run(&self, exercise: &str) -> (Verdict, Option<String>) {
        let (verdict, reason) = match self.statuses.get(exercise) {
            _ if self.builds.contains_key(exercise) => (Verdict::Blocked, say::BLOCKED_BY_BUILD),
            Some(ExerciseStatus::NotStarted) => (Verdict::Blocked, say::STATUS_NOT_STARTED),
            _ => (Verdict::Void, say::NOT_RUN),
        };
        (verdict, Some(reason.get(self.wording.lang).to_owned()))
    }
}

/// What an exercise is worth saying before it is over: never that it passed.
fn status_so_far(checks: &[Check]) -> ExerciseStatus {
    match checks.iter().any(|check| check.status == Verdict::Failed) {
        true => ExerciseStatus::Failed,
        false => ExerciseStatus::Void,
    }
}

/// The whole excerpt, escaped, with `…` where it was cut.
fn shown(excerpt: &Excerpt) -> String {
    let before = if excerpt.offset > 0 { "…" } else { "" };
    let after = if excerpt.offset + excerpt.bytes.len() < excerpt.total { "…" } else { "" };
    format!("{before}{}{after}", escape(&excerpt.bytes))
}

impl Reporter for Json {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(part) => match &mut self.started {
                Some(started) => started.exercises.extend(part.exercises.iter().cloned()),
                None => self.started = Some(part.clone()),
            },
            Event::BuildFailed { exercise, output } => {
                self.builds.insert(exercise.clone(), output.clone());
            }
            Event::CheckFinished(finished) => {
                self.checks.insert((finished.exercise.clone(), finished.check.clone()), (**finished).clone());
            }
            Event::ExerciseFinished { exercise, status, .. } => {
                self.statuses.insert(exercise.clone(), *status);
            }
            Event::RunFinished { interrupted, .. } => self.complete = !interrupted,
            Event::BuildStarted { .. } | Event::CheckStarted { .. } => {}
        }
        Ok(())
    }
}

impl Document for Json {
    fn render(&self) -> io::Result<Vec<u8>> {
        match self.run() {
            Some(run) => Ok(format!("{}\n", plain(&serde_json::to_string_pretty(&run)?)).into_bytes()),
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::testing::{
        build_failed, exercise_ended, failed, one_failure, passed, run_finished, run_started, tell, wording,
    };

    fn report(events: &[Event]) -> Json {
        let mut json = Json::new(wording(Lang::En));
        tell(&mut json, events);
        json
    }

    #[test]
    fn a_run_is_one_object_and_leaves_out_what_is_empty() {
        let json: serde_json::Value = serde_json::from_slice(&report(&one_failure()).render().unwrap()).unwrap();
        let expected = serde_json::json!({
            "format_version": 1, "course": "sockets", "seed": 42, "isolation": "sealed", "points": 2, "max_points": 4,
            "exercises": [{
                "id": "tcp-echo", "status": "failed", "points": 2, "max_points": 4,
                "checks": [
                    {"id": "line", "title": "One line", "status": "passed", "points": 2, "max_points": 2, "duration_ms": 3},
                    {
                        "id": "split", "title": "A line in pieces", "status": "failed", "points": 0, "max_points": 2,
                        "cause": "ONE_READ",
                        "message": "You answered \"HEL\" although one read is not one message.",
                        "hint": "TCP carries bytes.",
                        "expected": "HELLOok\\n", "actual": "HEL",
                        "repeat": "grader check tcp-echo --only split --seed 42",
                        "transcript": [
                            "   +1.000 send     c      \"hello\\n\"",
                            "   +1.250 recv     c      \"HEL\""
                        ],
                        "duration_ms": 3
                    }
                ]
            }]
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_report_goes_there_and_back() {
        let json = report(&one_failure());
        let back: Run = serde_json::from_slice(&json.render().unwrap()).unwrap();
        assert_eq!(Some(back), json.run());
    }

    #[test]
    fn a_run_cut_short_never_says_passed() {
        let run =
            report(&[run_started(&[("tcp-echo", &["line", "split"])]), passed("tcp-echo", "line")]).run().unwrap();
        assert_eq!(run.exercises[0].status, ExerciseStatus::Void);
        assert_eq!(run.exercises[0].checks[1].status, Verdict::Void);
        assert_eq!((run.points, run.max_points), (2, 2), "what is void costs nothing");
    }

    #[test]
    fn exercises_that_a_run_never_came_to_are_left_out() {
        let mut events = one_failure();
        events[0] = run_started(&[("tcp-echo", &["line", "split"]), ("framing", &["line"])]);
        assert_eq!(report(&events).run().unwrap().exercises.len(), 1);
        assert_eq!(
            report(&events[..4]).run().unwrap().exercises.len(),
            2,
            "as long as it goes on, it may come to them"
        );
    }

    #[test]
    fn a_failed_check_fails_its_exercise_at_once() {
        let event = Event::from(failed("tcp-echo", "split"));
        let run = report(&[run_started(&[("tcp-echo", &["line", "split"])]), event]).run().unwrap();
        assert_eq!(run.exercises[0].status, ExerciseStatus::Failed);
    }

    #[test]
    fn what_does_not_build_blocks_its_checks_and_tells_the_compilers_words() {
        let over = exercise_ended("tcp-echo", ExerciseStatus::BuildFailed, 0, 2);
        let events = [run_started(&[("tcp-echo", &["line"])]), build_failed("tcp-echo"), over, run_finished()];
        let run = report(&events).run().unwrap();
        assert_eq!(run.exercises[0].checks[0].status, Verdict::Blocked);
        assert!(run.exercises[0].message.as_ref().unwrap().starts_with("error: expected"));
    }

    #[test]
    fn a_run_in_parts_is_one_object() {
        let events = [run_started(&[("a", &["1"])]), run_started(&[("b", &["1"])])];
        let run = report(&events).run().unwrap();
        let ids: Vec<&str> = run.exercises.iter().map(|exercise| exercise.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
    }

    #[test]
    fn nothing_is_written_before_a_run_began() {
        assert!(report(&[]).render().unwrap().is_empty());
    }
}
