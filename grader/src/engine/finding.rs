//! How a step can end other than well.

use std::collections::BTreeMap;
use std::io;

use crate::cell::error::CellError;
use crate::course::cause::Symptom;
use crate::course::template::TemplateError;
use crate::judge::record::{Void, VoidKind};

/// What a step saw in place of what it expected.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// What was seen.
    pub symptom: Option<Symptom>,
    /// The stream that the step is about.
    pub stream: Option<String>,
    /// What was expected.
    pub expected: Option<Vec<u8>>,
    /// Everything that the step got.
    pub actual: Option<Vec<u8>>,
    /// The first byte that differs.
    pub differs_at: Option<usize>,
    /// Numbers and names for the message.
    pub facts: BTreeMap<String, String>,
    /// True if the deadline struck.
    pub deadline: bool,
}

impl Finding {
    /// A finding that is only a symptom.
    pub fn new(symptom: Symptom) -> Finding {
        Finding { symptom: Some(symptom), ..Finding::default() }
    }

    /// The same, about `stream`.
    pub fn on(self, stream: &str) -> Finding {
        Finding { stream: Some(stream.to_owned()), ..self }
    }

    /// The same, with a fact for the message.
    pub fn with(mut self, name: &str, value: impl ToString) -> Finding {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Why a step ended.
#[derive(Debug)]
pub enum Stop {
    /// The program did something else than expected.
    Failed(Box<Finding>),
    /// The grader could not judge.
    Void(Void),
}

impl Stop {
    /// The grader could not judge, because of `detail`.
    pub fn void(kind: VoidKind, detail: impl ToString) -> Stop {
        Stop::Void(Void { kind, detail: detail.to_string() })
    }
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Stop {
        Stop::Failed(Box::new(finding))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        // Only bind(2), listen(2) and connect(2) fail so, and for want of a port.
        let no_port = matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable);
        Stop::void(if no_port { VoidKind::NoPort } else { VoidKind::Lost }, error)
    }
}

impl From<nix::Error> for Stop {
    fn from(error: nix::Error) -> Stop {
        Stop::from(io::Error::from(error))
    }
}

impl From<CellError> for Stop {
    fn from(error: CellError) -> Stop {
        Stop::void(VoidKind::Cell, error)
    }
}

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Stop {
        Stop::void(VoidKind::Lost, error)
    }
}

/// What a step comes to.
pub type Outcome<T = ()> = Result<T, Stop>;
