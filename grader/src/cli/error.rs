//! Why a command did not do what it was asked to, and which exit status that is.

use std::io::{self, Write};

use crate::build::BuildError;
use crate::cli::exit::Exit;
use crate::course::problem::{LoadError, Paint};
use crate::report::styles::{Styles, paint};
use crate::run::error::RunError;
use crate::text::bytes::escape_lines;

/// Why a command stopped.
#[derive(Debug)]
pub enum CliError {
    /// What is wrong and what to do about it, in words.
    Said {
        /// The exit status.
        exit: Exit,
        /// The words, without a full stop.
        message: String,
    },
    /// The course's files are wrong.
    Course(LoadError),
    /// Nothing more can be written; a reader that went away is not even an error.
    Io(io::Error),
}

impl CliError {
    /// A command line that makes no sense.
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError::Said { exit: Exit::Usage, message: message.into() }
    }

    /// Says what is wrong on `err`; the exit status.
    pub fn tell(&self, err: &mut dyn Write, styles: Styles) -> Exit {
        let coloured = styles.fail != Styles::default().fail;
        let (exit, text) = match self {
            CliError::Said { exit, message } => (*exit, message.clone()),
            CliError::Course(error) => {
                let rendered = error.render(if coloured { Paint::Coloured } else { Paint::Plain });
                // Nothing can be done if stderr is closed too.
                let _ = err.write_all(rendered.as_bytes());
                return Exit::Usage;
            }
            CliError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Passed,
            CliError::Io(error) => (Exit::Void, error.to_string()),
        };
        let _ = writeln!(err, "{} {}", paint(styles.fail, "error:"), escape_lines(text.as_bytes()));
        exit
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> CliError {
        CliError::Io(error)
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> CliError {
        let exit = match &error {
            RunError::UnknownExercise { .. } | RunError::UnknownCheck { .. } => Exit::Usage,
            RunError::NothingSelected => Exit::NothingSelected,
            RunError::Build(error) => build_exit(error),
            RunError::IsolationRefused { .. } | RunError::Io(_) => Exit::Void,
        };
        CliError::Said { exit, message: error.to_string() }
    }
}

impl From<BuildError> for CliError {
    fn from(error: BuildError) -> CliError {
        CliError::Said { exit: build_exit(&error), message: error.to_string() }
    }
}

fn build_exit(error: &BuildError) -> Exit {
    match error {
        BuildError::Command(_) | BuildError::NoFolder(_) => Exit::Usage,
        BuildError::Interrupted => Exit::Interrupted,
        BuildError::Killed(signal) if signal == "SIGINT" => Exit::Interrupted,
        BuildError::NoCargo(_)
        | BuildError::Toolchain(_)
        | BuildError::Killed(_)
        | BuildError::Cell(_)
        | BuildError::Full(_)
        | BuildError::Io { .. } => Exit::Void,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn told(error: CliError) -> (Exit, String) {
        let mut text = Vec::new();
        let exit = error.tell(&mut text, Styles::default());
        (exit, String::from_utf8(text).unwrap())
    }

    #[test]
    fn an_error_is_one_line_and_has_its_status() {
        assert_eq!(told(CliError::usage("no\x1b[31m")), (Exit::Usage, "error: no\\x1b[31m\n".into()));
        let refused = RunError::NothingSelected;
        assert_eq!(told(refused.into()), (Exit::NothingSelected, "error: no check is selected\n".into()));
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert_eq!(told(io::Error::from(io::ErrorKind::BrokenPipe).into()), (Exit::Passed, String::new()));
    }

    #[test]
    fn a_build_that_was_stopped_by_the_user_is_an_interruption() {
        assert_eq!(told(BuildError::Killed("SIGINT".into()).into()).0, Exit::Interrupted);
        assert_eq!(told(BuildError::Killed("SIGKILL".into()).into()).0, Exit::Void);
    }
}
