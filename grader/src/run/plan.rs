//! What will be run: the exercises, and of each the checks with all that they need. Pure.

use std::collections::BTreeSet;

use super::RunOptions;
use super::error::RunError;
use crate::course::check::Check;
use crate::course::load::{Course, Exercise};
use crate::event::{PlannedCheck, PlannedExercise};
use crate::text::similar::nearest;

/// One exercise of a run.
#[derive(Clone, Debug)]
pub struct Planned<'c> {
    /// The exercise.
    pub exercise: &'c Exercise,
    /// Its checks that are run, in its order.
    pub checks: Vec<&'c Check>,
}

/// The exercises and checks that `options` select, in the course's order.
pub fn plan<'c>(course: &'c Course, options: &RunOptions) -> Result<Vec<Planned<'c>>, RunError> {
    let exercises = selected(course, &options.exercises)?;
    if options.only.is_empty() {
        let whole = |exercise: &'c Exercise| Planned { exercise, checks: exercise.file.checks.iter().collect() };
        return not_empty(exercises.into_iter().map(whole).collect());
    }
    for name in &options.only {
        let known = || exercises.iter().flat_map(|exercise| &exercise.file.checks).map(|check| check.id.as_str());
        if !known().any(|id| id == name) {
            return Err(RunError::UnknownCheck {
                name: name.clone(),
                exercises: exercises.iter().map(|exercise| exercise.id.as_str()).collect::<Vec<_>>().join(", "),
                nearest: nearest(name, known()).map(str::to_owned),
            });
        }
    }
    let planned =
        exercises.into_iter().map(|exercise| Planned { exercise, checks: with_needs(exercise, &options.only) });
    not_empty(planned.filter(|planned| !planned.checks.is_empty()).collect())
}

fn not_empty(planned: Vec<Planned>) -> Result<Vec<Planned>, RunError> {
    if planned.is_empty() { Err(RunError::NothingSelected) } else { Ok(planned) }
}

fn selected<'c>(course: &'c Course, names: &[String]) -> Result<Vec<&'c Exercise>, RunError> {
    let known = || course.exercises.iter().map(|exercise| exercise.id.as_str());
    if let Some(name) = names.iter().find(|name| !known().any(|id| id == name.as_str())) {
        let nearest = nearest(name, known()).map(str::to_owned);
        return Err(RunError::UnknownExercise { name: name.clone(), nearest });
    }
    Ok(course.exercises.iter().filter(|exercise| names.is_empty() || names.contains(&exercise.id)).collect())
}

/// The checks named in `only` and all that they need, at any depth.
fn with_needs<'c>(exercise: &'c Exercise, only: &[String]) -> Vec<&'c Check> {
    let checks = &exercise.file.checks;
    let mut wanted = BTreeSet::new();
    let mut open: Vec<&String> = only.iter().collect();
    while let Some(id) = open.pop() {
        let Some(check) = checks.iter().find(|check| &check.id == id) else { continue };
        if wanted.insert(&check.id) {
            open.extend(&check.needs);
        }
    }
    checks.iter().filter(|check| wanted.contains(&check.id)).collect()
}

impl Planned<'_> {
    /// The same for a report.
    pub fn shown(&self) -> PlannedExercise {
        let worth = |check: &&Check| PlannedCheck {
            id: check.id.clone(),
            max_points: self.exercise.points.get(&check.id).copied().unwrap_or(0),
        };
        PlannedExercise { id: self.exercise.id.clone(), checks: self.checks.iter().map(worth).collect() }
    }
}
