//! What happens in a run, as it happens. Reports are consumers of these and of nothing else, so a run can be recorded
//! and replayed through any of them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::record::{Failure, Line, Verdict, Void};
use crate::judge::score::ExerciseStatus;

/// One thing that happened in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The run begins.
    RunStarted(RunStarted),
    /// Programs are being built.
    BuildStarted {
        /// The exercises whose programs are built.
        exercises: Vec<String>,
    },
    /// A program could not be built; none of its checks is run.
    BuildFailed {
        /// The exercise.
        exercise: String,
        /// What the compiler printed, as it printed it.
        output: String,
    },
    /// A check begins.
    CheckStarted {
        /// The exercise.
        exercise: String,
        /// The check.
        check: String,
    },
    /// A check is over.
    CheckFinished(Box<CheckFinished>),
    /// All checks of an exercise are over.
    ExerciseFinished {
        /// The exercise.
        exercise: String,
        /// What became of it.
        status: ExerciseStatus,
        /// What its checks earned.
        points: u32,
        /// What they are worth.
        max_points: u32,
    },
    /// The run is over.
    RunFinished {
        /// What all exercises earned.
        points: u32,
        /// What they are worth.
        max_points: u32,
        /// The run was interrupted before its end.
        interrupted: bool,
    },
}

impl From<CheckFinished> for Event {
    fn from(finished: CheckFinished) -> Event {
        Event::CheckFinished(Box::new(finished))
    }
}

/// What is known when a run begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// The name of the course.
    pub course: String,
    /// Where it was read from.
    pub root: PathBuf,
    /// The seed of all random payloads.
    pub seed: u64,
    /// The tier of isolation.
    pub isolation: Tier,
    /// Why a stronger tier was not taken.
    pub isolation_note: Option<String>,
    /// The exercises, in order.
    pub exercises: Vec<PlannedExercise>,
    /// The options that repeat this run, ready for a shell (without `--only` and `--seed`).
    pub options: String,
}

/// An exercise of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedExercise {
    /// The exercise.
    pub id: String,
    /// The checks that are run or shown, in order.
    pub checks: Vec<PlannedCheck>,
}

/// A check of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedCheck {
    /// The check.
    pub id: String,
    /// What it is worth.
    pub max_points: u32,
}

/// A check that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckFinished {
    /// The exercise.
    pub exercise: String,
    /// The check.
    pub check: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What it earned.
    pub points: u32,
    /// What it is worth.
    pub max_points: u32,
    /// What was seen instead, if it failed.
    pub failure: Option<Failure>,
    /// Why it could not be judged, if it is void.
    pub void: Option<Void>,
    /// The needed check that did not pass, if it is blocked.
    pub blocked_by: Option<String>,
    /// What happened, in order.
    pub transcript: Vec<Line>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// How strongly a program is confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Own session, limits, fixed environment, everything killed afterwards; shares the machine's network.
    Basic,
    /// No user namespaces, but Landlock and seccomp.
    Guarded,
    /// Namespaces of its own, private root, Landlock, seccomp.
    Sealed,
}

impl Tier {
    /// All of them, the strongest first.
    pub const ALL: [Tier; 3] = [Tier::Sealed, Tier::Guarded, Tier::Basic];

    /// Its name, as it is typed and reported.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Basic => "basic",
            Tier::Guarded => "guarded",
            Tier::Sealed => "sealed",
        }
    }
}
