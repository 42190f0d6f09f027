//! A course: its score sheet, the catalogue of causes, and the checks of each exercise, read and found right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::cause::CausesFile;
use super::check::{Check, ChecksFile};
use super::data::Data;
use super::files::{Unread, read};
use super::loading::Loading;
use super::model::{CourseFile, Limits};
use super::problem::LoadError;
use super::words::{Hints, Words};

/// A course that is whole and right.
#[derive(Clone, Debug)]
pub struct Course {
    /// The folder that course.yaml is in.
    pub root: PathBuf,
    /// What course.yaml says.
    pub file: CourseFile,
    /// What exercises/causes.yaml says.
    pub causes: CausesFile,
    /// The exercises, in the order in which they are walked.
    pub exercises: Vec<Exercise>,
}

/// An exercise: its place in the course together with its checks.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// Its name.
    pub id: String,
    /// The module that it is in.
    pub module: String,
    /// Its title.
    pub title: Words,
    /// The exercises that should be done first.
    pub needs: Vec<String>,
    /// What a program may use.
    pub limits: Limits,
    /// What each check is worth.
    pub points: BTreeMap<String, u32>,
    /// What its checks.yaml says.
    pub file: ChecksFile,
    /// The folder that checks.yaml is in.
    pub folder: PathBuf,
}

impl Course {
    /// The exercise of this name.
    pub fn exercise(&self, id: &str) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.id == id)
    }

    /// The hints for a cause in an exercise: the exercise's own, or else the catalogue's.
    pub fn hints(&self, exercise: &str, cause: &str) -> Option<&Hints> {
        let own = self.exercise(exercise).and_then(|exercise| exercise.file.hints.get(cause));
        own.or_else(|| self.causes.causes.get(cause).map(|cause| &cause.hints))
    }

    /// What all exercises are worth.
    pub fn max_points(&self) -> u32 {
        self.exercises.iter().map(Exercise::max_points).fold(0, u32::saturating_add)
    }
}

impl Exercise {
    /// The check of this name.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.file.checks.iter().find(|check| check.id == id)
    }

    /// What a check is worth.
    pub fn points_of(&self, check: &str) -> u32 {
        self.points.get(check).copied().unwrap_or_default()
    }

    /// What all checks are worth.
    pub fn max_points(&self) -> u32 {
        self.points.values().copied().fold(0, u32::saturating_add)
    }

    /// The values of a check: the exercise's, with the check's own in place of those of the same name.
    pub fn values(&self, check: &Check) -> BTreeMap<String, Data> {
        let mut values = self.file.values.clone();
        values.extend(check.values.clone());
        values
    }
}

/// Reads the course whose score sheet is the file `course_yaml`.
pub fn load(course_yaml: &Path) -> Result<Course, LoadError> {
    let root = course_yaml.parent().unwrap_or(Path::new(""));
    Loading::new(root, &read).course(course_yaml)
}

/// Reads a course from texts instead of files, by their paths from the course's root: `course.yaml`,
/// `exercises/causes.yaml`, `exercises/<id>/checks.yaml`.
pub fn load_texts(texts: &BTreeMap<PathBuf, String>) -> Result<Course, LoadError> {
    let read = |path: &Path| texts.get(path).cloned().ok_or(Unread::Missing);
    Loading::new(Path::new(""), &read).course(Path::new("course.yaml"))
}
