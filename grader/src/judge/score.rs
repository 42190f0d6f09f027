//! From verdicts to points. Pure.

use std::ops::Add;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Verdict;

/// What became of an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExerciseStatus {
    /// All its checks passed.
    Passed,
    /// At least one failed.
    Failed,
    /// Its program could not be built.
    BuildFailed,
    /// Its program is still the skeleton.
    NotStarted,
    /// None failed, but at least one could not be judged.
    Void,
}

/// Points earned and points that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Earned.
    pub points: u32,
    /// To be had. What could not be judged is left out: it costs nothing.
    pub max_points: u32,
}

impl Tally {
    /// True if nothing is missing.
    pub fn is_full(&self) -> bool {
        self.points == self.max_points
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally { points: self.points + other.points, max_points: self.max_points + other.max_points }
    }
}

/// What a verdict earns of what its check is worth.
pub fn points(verdict: Verdict, worth: u32) -> u32 {
    match verdict {
        Verdict::Passed => worth,
        Verdict::Failed | Verdict::Blocked | Verdict::Void => 0,
    }
}

/// The sum of verdicts, each with what its check is worth.
pub fn tally(verdicts: &[(Verdict, u32)]) -> Tally {
    let one = |(verdict, worth): &(Verdict, u32)| Tally {
        points: points(*verdict, *worth),
        max_points: if *verdict == Verdict::Void { 0 } else { *worth },
    };
    verdicts.iter().map(one).fold(Tally::default(), Add::add)
}

/// What became of an exercise whose program is `untouched` (still the skeleton) or not.
pub fn status(verdicts: &[(Verdict, u32)], untouched: bool) -> ExerciseStatus {
    let any = |wanted: Verdict| verdicts.iter().any(|(verdict, _)| *verdict == wanted);
    match () {
        () if untouched && !any(Verdict::Passed) && any(Verdict::Failed) => ExerciseStatus::NotStarted,
        () if any(Verdict::Failed) => ExerciseStatus::Failed,
        () if any(Verdict::Void) || verdicts.is_empty() => ExerciseStatus::Void,
        () => ExerciseStatus::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_judged_costs_nothing() {
        let verdicts = [(Verdict::Passed, 3), (Verdict::Void, 5), (Verdict::Failed, 2), (Verdict::Blocked, 1)];
        assert_eq!(tally(&verdicts), Tally { points: 3, max_points: 6 });
    }

    #[test]
    fn a_skeleton_that_earned_something_is_not_called_untouched() {
        assert_eq!(status(&[(Verdict::Failed, 1)], true), ExerciseStatus::NotStarted);
        assert_eq!(status(&[(Verdict::Failed, 1), (Verdict::Passed, 1)], true), ExerciseStatus::Failed);
    }

    #[test]
    fn a_failure_outranks_what_could_not_be_judged() {
        assert_eq!(status(&[(Verdict::Void, 1), (Verdict::Failed, 1)], false), ExerciseStatus::Failed);
        assert_eq!(status(&[(Verdict::Void, 1), (Verdict::Passed, 1)], false), ExerciseStatus::Void);
        assert_eq!(status(&[], false), ExerciseStatus::Void);
    }
}
