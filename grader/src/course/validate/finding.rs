//! One thing that is wrong with a course file, at a path; `load` turns the path into a line and a caret.

use crate::course::locate::Target;
use crate::course::path::Path;
use crate::text::similar::nearest;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The value that it is about.
    pub path: Path,
    /// Whether to point at the value or at its key.
    pub target: Target,
    /// What is wrong.
    pub message: String,
    /// What is said at the caret; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Finding {
    /// Something that is wrong with the value at `path`.
    pub fn at(path: &Path, message: impl Into<String>) -> Finding {
        Finding { path: path.clone(), target: Target::Value, message: message.into(), label: String::new(), help: None }
    }

    /// Something that is wrong with the key at `path`.
    pub fn at_key(path: &Path, message: impl Into<String>) -> Finding {
        Finding { target: Target::Key, ..Finding::at(path, message) }
    }

    /// The same, pointing at the key.
    pub fn on_key(self) -> Finding {
        Finding { target: Target::Key, ..self }
    }

    /// Adds what is said at the caret.
    pub fn label(self, label: impl Into<String>) -> Finding {
        Finding { label: label.into(), ..self }
    }

    /// Adds what to write instead.
    pub fn help(self, help: impl Into<String>) -> Finding {
        Finding { help: Some(help.into()), ..self }
    }

    /// Adds the name that was meant instead of `typed`, or all that are known if none is near.
    pub fn meant<'a>(self, typed: &str, known: impl IntoIterator<Item = &'a str>) -> Finding {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(typed, known.iter().copied()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => self,
            None => self.help(format!("known here: {}", known.join(", "))),
        }
    }
}
