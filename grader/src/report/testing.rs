//! Hand-made events and words for the tests of this room.

use crate::course::cause::Symptom;
use crate::course::words::{Lang, Words};
use crate::event::{CheckFinished, Event, PlannedCheck, PlannedExercise, RunStarted, Tier};
use crate::judge::record::{Excerpt, Line, SocketView, Verdict};
use crate::judge::score::ExerciseStatus;
use crate::report::Reporter;
use crate::wording::cause::tests::{failure, scene_at};
use crate::wording::course::Wording;

/// Words in both languages.
fn words(en: &str, zh: &str) -> Words {
    Words { en: en.into(), zh: zh.into() }
}

/// The words of a course with the exercise `tcp-echo`, its checks `line` and `split`, and the cause `ONE_READ`.
pub fn wording(lang: Lang) -> Wording {
    let key = |check: &str| ("tcp-echo".to_owned(), check.to_owned());
    let hint = match lang {
        Lang::En => "TCP carries bytes.",
        Lang::Zh => "TCP 是字节流。",
    };
    Wording {
        lang,
        exercises: [("tcp-echo".to_owned(), words("Echo", "回显"))].into(),
        checks: [(key("line"), words("One line", "一行")), (key("split"), words("A line in pieces", "分片的一行"))]
            .into(),
        causes: [(
            "ONE_READ".to_owned(),
            words(
                "You answered {actual} although one read is not one message.",
                "一次 read 不等于一条消息（{actual}）。",
            ),
        )]
        .into(),
        hints: [(key("ONE_READ"), hint.to_owned())].into(),
    }
}

/// The beginning of a run of these exercises with these checks, each worth 2 points.
pub fn run_started(exercises: &[(&str, &[&str])]) -> Event {
    let check = |id: &&str| PlannedCheck { id: (*id).to_owned(), max_points: 2 };
    let exercises = exercises
        .iter()
        .map(|(id, checks)| PlannedExercise { id: (*id).to_owned(), checks: checks.iter().map(check).collect() });
    Event::RunStarted(RunStarted {
        course: "sockets".into(),
        root: "/course".into(),
        seed: 42,
        isolation: Tier::Sealed,
        isolation_note: None,
        exercises: exercises.collect(),
        options: String::new(),
    })
}

/// A check that ended in `verdict`, and nothing more is known.
pub fn finished(exercise: &str, check: &str, verdict: Verdict) -> CheckFinished {
    CheckFinished {
        exercise: exercise.into(),
        check: check.into(),
        verdict,
        points: if verdict == Verdict::Passed { 2 } else { 0 },
        max_points: 2,
        failure: None,
        void: None,
        blocked_by: None,
        transcript: Vec::new(),
        duration_ms: 3,
    }
}

/// A check that passed.
pub fn passed(exercise: &str, check: &str) -> Event {
    Event::from(finished(exercise, check, Verdict::Passed))
}

/// A check that failed, with everything that a failure can carry.
pub fn failed(exercise: &str, check: &str) -> CheckFinished {
    let mut failure = failure(Symptom::Short, b"HELLOok\n", b"HEL");
    failure.scene = scene_at("accept(fd 3)");
    failure.scene.sockets = vec![SocketView {
        state: "ESTABLISHED".into(),
        local: "127.0.0.1:2000".into(),
        peer: Some("c".into()),
        unread: 7,
        accepted: true,
    }];
    failure.stderr = Excerpt::tail(b"first\n::error::forged\x1b[2J\n");
    let line = |at_us, what: &str, bytes: &[u8]| Line {
        at_us,
        what: what.into(),
        stream: Some("c".into()),
        bytes: Some(Excerpt::head(bytes)),
        note: String::new(),
    };
    let transcript = vec![line(1_000, "send", b"hello\n"), line(1_250, "recv", b"HEL")];
    CheckFinished { failure: Some(failure), transcript, ..finished(exercise, check, Verdict::Failed) }
}

/// A program that does not build.
pub fn build_failed(exercise: &str) -> Event {
    let output = "error: expected `;`\n --> tcp-echo/src/main.rs:3:5\n::set-output x".to_owned();
    Event::BuildFailed { exercise: exercise.into(), output }
}

/// The end of an exercise that passed.
pub fn exercise_finished(exercise: &str) -> Event {
    exercise_ended(exercise, ExerciseStatus::Passed, 2, 2)
}

/// The end of an exercise.
pub fn exercise_ended(exercise: &str, status: ExerciseStatus, points: u32, max_points: u32) -> Event {
    Event::ExerciseFinished { exercise: exercise.into(), status, points, max_points }
}

/// The end of a run.
pub fn run_finished() -> Event {
    Event::RunFinished { points: 2, max_points: 4, interrupted: false }
}

/// A run of one exercise in which one check passes and one fails.
pub fn one_failure() -> Vec<Event> {
    vec![
        run_started(&[("tcp-echo", &["line", "split"])]),
        passed("tcp-echo", "line"),
        Event::from(failed("tcp-echo", "split")),
        exercise_ended("tcp-echo", ExerciseStatus::Failed, 2, 4),
        run_finished(),
    ]
}

/// Gives all `events` to `reporter`.
pub fn tell(reporter: &mut dyn Reporter, events: &[Event]) {
    let told: Result<(), std::io::Error> = events.iter().try_for_each(|event| reporter.event(event));
    assert!(told.is_ok(), "{told:?}");
}
