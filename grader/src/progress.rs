//! What a student has reached: the last result of every check and the hints that were shown, in
//! `.grader/progress.json` beside `course.yaml`. Only a note: nothing is graded by it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::course::load::{Course, Exercise};
use crate::event::Event;
use crate::judge::record::Verdict;
use crate::judge::score::ExerciseStatus;
use crate::report::Reporter;
use crate::report::file::replace;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The version of this file's form; 1 is the only one.
    pub format_version: u32,
    /// What is known of each exercise.
    pub exercises: BTreeMap<String, Last>,
}

/// The last results of one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Last {
    /// The program did not build, or was still the skeleton.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// The last result of each check that was run.
    #[serde(default)]
    pub checks: BTreeMap<String, LastCheck>,
    /// The highest hint that was shown for each cause.
    #[serde(default)]
    pub hints: BTreeMap<String, usize>,
}

/// Why no check of an exercise was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// The program does not build.
    BuildFailed,
    /// The program is the skeleton.
    NotStarted,
}

/// The last result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastCheck {
    /// How it ended.
    pub verdict: Verdict,
    /// What it earned.
    pub points: u32,
    /// The code of the cause, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Where a student stands with an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never checked.
    New,
    /// The last results, over all its checks.
    Known(ExerciseStatus),
}

impl Progress {
    /// Nothing yet.
    pub fn new() -> Progress {
        Progress { format_version: 1, exercises: BTreeMap::new() }
    }

    /// The file for the course at `root`.
    pub fn path(root: &Path) -> PathBuf {
        root.join(".grader").join("progress.json")
    }

    /// What is remembered for the course at `root`. A file that cannot be understood is put aside, and the second
    /// value says so.
    pub fn load(root: &Path) -> (Progress, Option<String>) {
        let path = Progress::path(root);
        let why = match fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str::<Progress>(&text) {
                Ok(progress) if progress.format_version == 1 => return (progress, None),
                Ok(progress) => format!("format_version is {}", progress.format_version),
                Err(error) => error.to_string(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Progress::new(), None),
            Err(error) => error.to_string(),
        };
        let aside = path.with_extension("json.unreadable");
        let kept = match fs::rename(&path, &aside) {
            Ok(()) => format!("it is kept as {}", aside.display()),
            Err(error) => format!("it cannot be put aside: {error}"),
        };
        (Progress::new(), Some(format!("cannot understand {} ({why}); starting anew, {kept}", path.display())))
    }

    /// Writes the file for the course at `root`.
    pub fn save(&self, root: &Path) -> io::Result<()> {
        let path = Progress::path(root);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        replace(&path, &text)
    }

    /// Remembers what `event` tells.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::CheckFinished(finished) => {
                let cause = finished.failure.as_ref().map(|failure| failure.cause.clone());
                let last = LastCheck { verdict: finished.verdict, points: finished.points, cause };
                let exercise = self.exercises.entry(finished.exercise.clone()).or_default();
                exercise.stuck = None;
                exercise.checks.insert(finished.check.clone(), last);
            }
            Event::ExerciseFinished { exercise, status, .. } => {
                let stuck = match status {
                    ExerciseStatus::BuildFailed => Some(Stuck::BuildFailed),
                    ExerciseStatus::NotStarted => Some(Stuck::NotStarted),
                    ExerciseStatus::Passed | ExerciseStatus::Failed | ExerciseStatus::Void => None,
                };
                self.exercises.entry(exercise.clone()).or_default().stuck = stuck;
            }
            _ => {}
        }
    }

    /// Where the student stands with `exercise`: passed means that every check that it has now passed the last time.
    pub fn standing(&self, exercise: &Exercise) -> Standing {
        let Some(last) = self.exercises.get(&exercise.id) else { return Standing::New };
        let verdicts = || exercise.file.checks.iter().map(|check| last.checks.get(&check.id).map(|last| last.verdict));
        Standing::Known(match last.stuck {
            Some(Stuck::BuildFailed) => ExerciseStatus::BuildFailed,
            Some(Stuck::NotStarted) => ExerciseStatus::NotStarted,
            None if verdicts().all(|verdict| verdict == Some(Verdict::Passed)) => ExerciseStatus::Passed,
            None if verdicts().all(|verdict| verdict.is_none()) => return Standing::New,
            None if verdicts().any(|verdict| matches!(verdict, Some(Verdict::Failed) | None)) => ExerciseStatus::Failed,
            None => ExerciseStatus::Void,
        })
    }

    /// True if every check of `exercise` passed the last time.
    pub fn has_passed(&self, exercise: &Exercise) -> bool {
        self.standing(exercise) == Standing::Known(ExerciseStatus::Passed)
    }

    /// What the checks that `exercise` has now earned the last time.
    pub fn points(&self, exercise: &Exercise) -> u32 {
        let Some(last) = self.exercises.get(&exercise.id).filter(|last| last.stuck.is_none()) else { return 0 };
        exercise.file.checks.iter().filter_map(|check| last.checks.get(&check.id)).map(|check| check.points).sum()
    }

    /// The first exercise in the course's order that has not passed.
    pub fn next<'a>(&self, course: &'a Course) -> Option<&'a Exercise> {
        course.exercises.iter().find(|exercise| !self.has_passed(exercise))
    }
}

/// Keeps the file while a run goes on. Cannot stop the run: what goes wrong is told once, at the end.
pub struct Keeper {
    root: PathBuf,
    /// Only what this run has touched.
    progress: Progress,
    /// Why the file could not be written the last time.
    pub trouble: Option<io::Error>,
}

impl Keeper {
    /// Notes what happens in the course at `root`.
    pub fn new(root: &Path) -> Keeper {
        Keeper { root: root.to_owned(), progress: Progress::new(), trouble: None }
    }

    /// Adds what this run has found to what the file holds by now: another run may have written meanwhile.
    fn save(&self) -> io::Result<()> {
        let (mut all, _) = Progress::load(&self.root);
        for (id, seen) in &self.progress.exercises {
            let known = all.exercises.entry(id.clone()).or_default();
            known.stuck = seen.stuck;
            known.checks.extend(seen.checks.clone());
        }
        all.save(&self.root)
    }
}

impl Reporter for Keeper {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.progress.note(event);
        if matches!(event, Event::ExerciseFinished { .. } | Event::RunFinished { .. }) {
            self.trouble = self.save().err();
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::report::testing::{exercise_ended, failed, one_failure, passed, tell};

    #[test]
    fn what_was_noted_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::new(folder.path());
        tell(&mut keeper, &one_failure());
        assert!(keeper.trouble.is_none());
        let (progress, warning) = Progress::load(folder.path());
        assert_eq!((&progress, warning), (&keeper.progress, None));
        let last = &progress.exercises["tcp-echo"];
        assert_eq!(last.checks["split"].cause.as_deref(), Some("ONE_READ"));
        assert_eq!(last.checks["line"].points, 2);
    }

    #[test]
    fn what_another_run_noted_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (Keeper::new(folder.path()), Keeper::new(folder.path()));
        tell(&mut one, &[passed("a", "1")]);
        tell(&mut other, &[passed("b", "1"), exercise_ended("b", ExerciseStatus::Passed, 2, 2)]);
        tell(&mut one, &[exercise_ended("a", ExerciseStatus::Passed, 2, 2)]);
        let (progress, _) = Progress::load(folder.path());
        assert_eq!(progress.exercises.keys().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".grader")).unwrap();
        for text in ["{\"format_version\": 1, \"exerc", "{\"format_version\": 9, \"exercises\": {}}"] {
            fs::write(Progress::path(folder.path()), text).unwrap();
            let (progress, warning) = Progress::load(folder.path());
            assert_eq!(progress, Progress::new());
            assert!(warning.unwrap().contains("starting anew"));
            assert_eq!(fs::read_to_string(folder.path().join(".grader/progress.json.unreadable")).unwrap(), text);
        }
        assert_eq!(Progress::load(folder.path()), (Progress::new(), None));
    }

    #[test]
    fn a_run_of_one_check_leaves_the_others_as_they_were() {
        let mut progress = Progress::new();
        progress.note(&Event::from(failed("tcp-echo", "split")));
        progress.note(&passed("tcp-echo", "line"));
        progress.note(&passed("tcp-echo", "split"));
        let last = &progress.exercises["tcp-echo"];
        assert_eq!(last.checks["split"].cause, None);
        assert_eq!(last.checks.len(), 2);
    }

    #[test]
    fn a_build_that_failed_is_forgotten_when_a_check_runs() {
        let mut progress = Progress::new();
        progress.note(&exercise_ended("tcp-echo", ExerciseStatus::BuildFailed, 0, 2));
        assert_eq!(progress.exercises["tcp-echo"].stuck, Some(Stuck::BuildFailed));
        progress.note(&passed("tcp-echo", "line"));
        assert_eq!(progress.exercises["tcp-echo"].stuck, None);
    }
}
