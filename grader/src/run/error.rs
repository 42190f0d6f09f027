//! Why a run could not be started.

use std::io;

use thiserror::Error;

use crate::build::BuildError;
use crate::cell::tier::Refused;
use crate::event::Tier;

/// Why a run could not be started.
#[derive(Debug, Error)]
pub enum RunError {
    /// The course has no such exercise.
    #[error("there is no exercise `{name}`{}", suggest(.nearest.as_deref()))]
    UnknownExercise {
        /// What was asked for.
        name: String,
        /// The exercise with the most similar name.
        nearest: Option<String>,
    },
    /// None of the exercises has such a check.
    #[error("there is no check `{name}` in {exercises}{}", suggest(.nearest.as_deref()))]
    UnknownCheck {
        /// What was asked for.
        name: String,
        /// The exercises that were looked through.
        exercises: String,
        /// The check with the most similar name.
        nearest: Option<String>,
    },
    /// Nothing is left to run.
    #[error("no check is selected")]
    NothingSelected,
    /// The tier that was asked for does not work here.
    #[error("the {} tier does not work here: {why}", .tier.name())]
    IsolationRefused {
        /// The tier.
        tier: Tier,
        /// The step of making a cell that failed, and how to cure it.
        why: String,
    },
    /// The programs could not even be looked at.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The system refused something that every run needs.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Refused> for RunError {
    fn from(refused: Refused) -> RunError {
        RunError::IsolationRefused { tier: refused.tier, why: refused.why }
    }
}

fn suggest(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
