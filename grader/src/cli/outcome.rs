//! What a run came to: the exit status, and the verdicts to compare with another run's. Reads events, like a report.

use std::collections::BTreeMap;
use std::io;

use crate::cli::exit::Exit;
use crate::event::Event;
use crate::judge::record::Verdict;
use crate::judge::score::ExerciseStatus;
use crate::report::Reporter;

/// What a run came to so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict of every check that was run, by exercise and check.
    pub verdicts: BTreeMap<(String, String), Verdict>,
    /// What became of the exercises, in the order in which they ended.
    pub exercises: Vec<(String, ExerciseStatus)>,
    interrupted: bool,
}

impl Outcome {
    /// The exit status.
    pub fn exit(&self) -> Exit {
        let any = |wanted: Verdict| self.verdicts.values().any(|verdict| *verdict == wanted);
        let ended = |wanted: ExerciseStatus| self.exercises.iter().any(|(_, status)| *status == wanted);
        let failed = [ExerciseStatus::Failed, ExerciseStatus::BuildFailed, ExerciseStatus::NotStarted];
        match () {
            () if self.interrupted => Exit::Interrupted,
            () if any(Verdict::Void) || ended(ExerciseStatus::Void) => Exit::Void,
            () if any(Verdict::Failed) || any(Verdict::Blocked) || failed.into_iter().any(ended) => Exit::Failed,
            () => Exit::Passed,
        }
    }

    /// The first exercise that did not pass.
    pub fn stuck_at(&self) -> Option<(&str, ExerciseStatus)> {
        let mut stuck = self.exercises.iter().filter(|(_, status)| *status != ExerciseStatus::Passed);
        stuck.next().map(|(exercise, status)| (exercise.as_str(), *status))
    }
}

impl Reporter for Outcome {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::CheckFinished(finished) => {
                self.verdicts.insert((finished.exercise.clone(), finished.check.clone()), finished.verdict);
            }
            Event::ExerciseFinished { exercise, status, .. } => self.exercises.push((exercise.clone(), *status)),
            Event::RunFinished { interrupted, .. } => self.interrupted |= interrupted,
            _ => {}
        }
        Ok(())
    }
}

/// The verdicts of several runs of the same checks.
#[derive(Debug, Default)]
pub struct Repetitions(BTreeMap<(String, String), Vec<Verdict>>);

impl Repetitions {
    /// Adds a run.
    pub fn add(&mut self, outcome: &Outcome) {
        for (check, verdict) in &outcome.verdicts {
            self.0.entry(check.clone()).or_default().push(*verdict);
        }
    }

    /// The checks whose verdicts differ, with all of them in order.
    pub fn differing(&self) -> impl Iterator<Item = (&(String, String), &Vec<Verdict>)> {
        self.0.iter().filter(|(_, verdicts)| verdicts.windows(2).any(|pair| pair[0] != pair[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{exercise_ended, failed, finished, passed, run_started, tell};

    fn outcome(events: &[Event]) -> Outcome {
        let mut outcome = Outcome::default();
        tell(&mut outcome, events);
        outcome
    }

    #[test]
    fn the_worst_thing_that_happened_is_the_exit_status() {
        let void = || Event::from(finished("a", "2", Verdict::Void));
        let failure = || Event::from(failed("a", "1"));
        let end = |interrupted| Event::RunFinished { points: 0, max_points: 0, interrupted };
        assert_eq!(outcome(&[run_started(&[]), passed("a", "1"), end(false)]).exit(), Exit::Passed);
        assert_eq!(outcome(&[failure()]).exit(), Exit::Failed);
        assert_eq!(outcome(&[failure(), void()]).exit(), Exit::Void);
        assert_eq!(outcome(&[failure(), void(), end(true)]).exit(), Exit::Interrupted);
    }

    #[test]
    fn what_does_not_build_has_failed() {
        let unbuilt = outcome(&[exercise_ended("a", ExerciseStatus::BuildFailed, 0, 2)]);
        assert_eq!((unbuilt.exit(), unbuilt.stuck_at()), (Exit::Failed, Some(("a", ExerciseStatus::BuildFailed))));
    }

    #[test]
    fn a_verdict_that_differs_is_found() {
        let mut repetitions = Repetitions::default();
        repetitions.add(&outcome(&[passed("a", "1"), passed("a", "2")]));
        repetitions.add(&outcome(&[passed("a", "1"), Event::from(failed("a", "2"))]));
        let differing: Vec<_> =
            repetitions.differing().map(|((_, check), verdicts)| (check.as_str(), verdicts.len())).collect();
        assert_eq!(differing, [("2", 2)]);
    }
}
