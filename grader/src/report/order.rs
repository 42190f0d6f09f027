//! Puts events into the course's order: what is over too early is held back until everything before it is over.

use std::collections::HashMap;
use std::io;

use crate::event::{Event, PlannedExercise, RunStarted};
use crate::report::Reporter;

/// Gives its reporter the end of every check and every exercise in the course's order.
pub struct InOrder<R> {
    inner: R,
    slots: Vec<Slot>,
    /// The first slot that is not over.
    at: usize,
}

/// What is known of one exercise and not handed on yet.
struct Slot {
    exercise: String,
    build_failed: Option<Event>,
    /// The checks that were not handed on, in order.
    checks: Vec<String>,
    ended: HashMap<String, Event>,
    finished: Option<Event>,
}

impl Slot {
    fn new(planned: &PlannedExercise) -> Slot {
        Slot {
            exercise: planned.id.clone(),
            build_failed: None,
            checks: planned.checks.iter().rev().map(|check| check.id.clone()).collect(),
            ended: HashMap::new(),
            finished: None,
        }
    }

    /// The next event that may be handed on. With `all`, checks that never ended hold nothing back.
    fn next(&mut self, all: bool) -> Option<Event> {
        if let Some(event) = self.build_failed.take() {
            return Some(event);
        }
        while let Some(check) = self.checks.last() {
            let event = self.ended.remove(check);
            if event.is_none() && self.finished.is_none() && !all {
                return None;
            }
            self.checks.pop();
            if event.is_some() {
                return event;
            }
        }
        self.finished.take()
    }
}

impl<R: Reporter> InOrder<R> {
    /// Puts itself before `inner`.
    pub fn new(inner: R) -> InOrder<R> {
        InOrder { inner, slots: Vec::new(), at: 0 }
    }

    fn begin(&mut self, started: &RunStarted) {
        self.slots.extend(started.exercises.iter().map(Slot::new));
    }

    fn slot(&mut self, exercise: &str) -> Option<&mut Slot> {
        self.slots[self.at..].iter_mut().find(|slot| slot.exercise == exercise)
    }

    /// Takes an event into its slot; gives it back if it has none.
    fn hold(&mut self, event: &Event) -> bool {
        match event {
            Event::BuildFailed { exercise, .. } => {
                self.slot(exercise).is_some_and(|slot| slot.build_failed.replace(event.clone()).is_none())
            }
            Event::CheckFinished(finished) => self.slot(&finished.exercise).is_some_and(|slot| {
                let planned = slot.checks.contains(&finished.check);
                planned && slot.ended.insert(finished.check.clone(), event.clone()).is_none()
            }),
            Event::ExerciseFinished { exercise, .. } => {
                self.slot(exercise).is_some_and(|slot| slot.finished.replace(event.clone()).is_none())
            }
            _ => false,
        }
    }

    fn hand_on(&mut self, all: bool) -> io::Result<()> {
        while let Some(slot) = self.slots.get_mut(self.at) {
            let mut over = all;
            while let Some(event) = slot.next(all) {
                over |= matches!(event, Event::ExerciseFinished { .. });
                self.inner.event(&event)?;
            }
            if !over {
                return Ok(());
            }
            self.at += 1;
        }
        Ok(())
    }
}

impl<R: Reporter> Reporter for InOrder<R> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.begin(started),
            Event::RunFinished { .. } => self.hand_on(true)?,
            _ if self.hold(event) => return self.hand_on(false),
            _ => {}
        }
        self.inner.event(event)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::report::testing::{build_failed, exercise_finished, passed, run_finished, run_started};

    struct Names(Vec<String>);

    impl Reporter for Names {
        fn event(&mut self, event: &Event) -> io::Result<()> {
            self.0.push(match event {
                Event::RunStarted(_) => "start".to_owned(),
                Event::CheckFinished(finished) => format!("{}/{}", finished.exercise, finished.check),
                Event::BuildFailed { exercise, .. } => format!("{exercise} unbuilt"),
                Event::ExerciseFinished { exercise, .. } => format!("{exercise} over"),
                Event::RunFinished { .. } => "end".to_owned(),
                _ => "other".to_owned(),
            });
            Ok(())
        }
    }

    fn order(events: &[Event]) -> String {
        let mut ordered = InOrder::new(Names(Vec::new()));
        events.iter().for_each(|event| ordered.event(event).unwrap());
        ordered.inner.0.join(" ")
    }

    #[test]
    fn what_is_over_early_waits_for_what_stands_before_it() {
        let events = [
            run_started(&[("a", &["1", "2"]), ("b", &["1"])]),
            passed("b", "1"),
            exercise_finished("b"),
            passed("a", "2"),
            passed("a", "1"),
            exercise_finished("a"),
            run_finished(),
        ];
        assert_eq!(order(&events), "start a/1 a/2 a over b/1 b over end");
    }

    #[test]
    fn nothing_is_held_back_without_need() {
        let events = [run_started(&[("a", &["1", "2"])]), passed("a", "1")];
        assert_eq!(order(&events), "start a/1");
    }

    #[test]
    fn a_failed_build_holds_nobody_up() {
        let events =
            [run_started(&[("a", &["1"]), ("b", &["1"])]), passed("b", "1"), build_failed("a"), exercise_finished("a")];
        assert_eq!(order(&events), "start a unbuilt a over b/1");
    }

    #[test]
    fn an_interrupted_run_still_shows_what_was_over() {
        let events =
            [run_started(&[("a", &["1", "2"]), ("b", &["1"])]), passed("a", "2"), passed("b", "1"), run_finished()];
        assert_eq!(order(&events), "start a/2 b/1 end");
    }

    #[test]
    fn a_run_in_parts_goes_on_where_it_was() {
        let events = [
            run_started(&[("a", &["1"])]),
            passed("a", "1"),
            exercise_finished("a"),
            run_started(&[("b", &["1"])]),
            passed("b", "1"),
            exercise_finished("b"),
            run_finished(),
        ];
        assert_eq!(order(&events), "start a/1 a over start b/1 b over end");
    }
}
