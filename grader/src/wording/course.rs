//! What a report says about a check in one language. Taken from the course once, so that reports hold no course.

use std::collections::BTreeMap;

use crate::course::load::Course;
use crate::course::words::{Lang, Words};
use crate::event::CheckFinished;
use crate::judge::record::Failure;
use crate::text::bytes::one_line;
use crate::wording::{cause, messages as say};

/// The words of a course that reports need.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    /// The language of everything that is said.
    pub lang: Lang,
    /// The titles of the exercises.
    pub exercises: BTreeMap<String, Words>,
    /// The titles of the checks, by exercise and check.
    pub checks: BTreeMap<(String, String), Words>,
    /// The messages of the causes.
    pub causes: BTreeMap<String, Words>,
    /// The first hint by exercise and cause.
    pub hints: BTreeMap<(String, String), String>,
}

impl Wording {
    /// The words of `course` in `lang`.
    pub fn new(course: &Course, lang: Lang) -> Wording {
        let mut wording = Wording { lang, ..Wording::default() };
        wording.causes =
            course.causes.causes.iter().map(|(code, cause)| (code.clone(), cause.message.clone())).collect();
        for exercise in &course.exercises {
            wording.exercises.insert(exercise.id.clone(), exercise.title.clone());
            for check in &exercise.file.checks {
                wording.checks.insert((exercise.id.clone(), check.id.clone()), check.title.clone());
            }
            for code in course.causes.causes.keys() {
                let first = course.hints(&exercise.id, code).and_then(|hints| hints.get(lang).first());
                wording.hints.extend(first.map(|hint| ((exercise.id.clone(), code.clone()), hint.clone())));
            }
        }
        wording
    }

    /// The title of an exercise.
    pub fn exercise(&self, exercise: &str) -> &str {
        self.exercises.get(exercise).map_or("", |title| title.get(self.lang))
    }

    /// The title of a check.
    pub fn check(&self, exercise: &str, check: &str) -> &str {
        let key = (exercise.to_owned(), check.to_owned());
        self.checks.get(&key).map_or("", |title| title.get(self.lang))
    }

    /// What a failure means.
    pub fn cause(&self, failure: &Failure) -> String {
        cause::message(self.causes.get(&failure.cause), failure, self.lang)
    }

    /// Why a check earned what it earned, in one sentence; nothing if it passed.
    pub fn message(&self, finished: &CheckFinished) -> Option<String> {
        let failed = finished.failure.as_ref().map(|failure| self.cause(failure));
        failed.or_else(|| self.void(finished)).or_else(|| self.blocked(finished))
    }

    fn void(&self, finished: &CheckFinished) -> Option<String> {
        let void = finished.void.as_ref()?;
        let detail = one_line(&void.detail);
        let reason = say::void(void.kind).get(self.lang);
        Some(if detail.is_empty() { reason.to_owned() } else { format!("{reason} [{detail}]") })
    }

    fn blocked(&self, finished: &CheckFinished) -> Option<String> {
        let check = finished.blocked_by.as_ref()?;
        Some(say::BLOCKED_BY.with(self.lang, &[("check", check)]))
    }

    /// The first hint for what went wrong.
    pub fn hint(&self, finished: &CheckFinished) -> Option<&str> {
        let failure = finished.failure.as_ref()?;
        self.hints.get(&(finished.exercise.clone(), failure.cause.clone())).map(String::as_str)
    }
}

/// The one command that does a check again exactly as it was done.
pub fn repeat(exercise: &str, check: &str, seed: u64, options: &str) -> String {
    let options = options.trim();
    let blank = if options.is_empty() { "" } else { " " };
    format!("grader check {exercise} --only {check} --seed {seed}{blank}{options}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::record::{Verdict, Void, VoidKind};
    use crate::report::testing::{failed, finished, wording};

    #[test]
    fn a_failed_check_says_its_cause_and_has_a_hint() {
        let failed = failed("tcp-echo", "split");
        assert_eq!(
            wording(Lang::En).message(&failed).as_deref(),
            Some("You answered \"HEL\" although one read is not one message.")
        );
        assert_eq!(wording(Lang::Zh).hint(&failed), Some("TCP 是字节流。"));
    }

    #[test]
    fn a_void_check_says_that_it_costs_nothing_and_why() {
        let mut finished = finished("tcp-echo", "split", Verdict::Void);
        finished.void = Some(Void { kind: VoidKind::Lost, detail: "killed\x07".into() });
        let said = wording(Lang::En).message(&finished).unwrap_or_default();
        assert!(said.contains("costs nothing") && said.ends_with("[killed\\x07]"), "{said}");
    }

    #[test]
    fn a_blocked_check_names_what_it_needs() {
        let mut finished = finished("tcp-echo", "split", Verdict::Blocked);
        finished.blocked_by = Some("line".into());
        let said = wording(Lang::En).message(&finished);
        assert_eq!(said.as_deref(), Some("not run: it needs line, which did not pass"));
    }

    #[test]
    fn a_check_is_repeated_by_one_command() {
        assert_eq!(repeat("a", "b", 7, ""), "grader check a --only b --seed 7");
        assert_eq!(repeat("a", "b", 7, "--exec 'x y'"), "grader check a --only b --seed 7 --exec 'x y'");
    }
}
