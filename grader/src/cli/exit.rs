//! Exit statuses. Scripts rely on them: a number never changes its meaning.

use std::process::ExitCode;

/// How the grader ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was graded passed, or there was nothing to grade.
    Passed = 0,
    /// Something failed: a check, or a program that does not build.
    Failed = 1,
    /// The command line or the course is wrong; nothing was graded.
    Usage = 2,
    /// Something could not be judged. Outranks a failure: the result is not complete.
    Void = 3,
    /// No check was selected.
    NothingSelected = 4,
    /// A signal asked to stop.
    Interrupted = 130,
}

impl Exit {
    /// The statuses as `grader check --help` lists them.
    pub const HELP: &str = "\
Exit status:
  0    all passed
  1    something failed
  2    the command line or the course is wrong
  3    something could not be judged
  4    nothing was selected
  130  interrupted";

    /// The one of two that counts: what is said last in the list outranks what is said before.
    pub fn worse(self, other: Exit) -> Exit {
        if self as u8 >= other as u8 { self } else { other }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> u8 {
        exit as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_judged_outranks_a_failure() {
        assert_eq!(Exit::Failed.worse(Exit::Void), Exit::Void);
        assert_eq!(Exit::Void.worse(Exit::Failed), Exit::Void);
        assert_eq!(Exit::Passed.worse(Exit::Failed), Exit::Failed);
    }

    #[test]
    fn the_help_names_every_status() {
        let all = [Exit::Passed, Exit::Failed, Exit::Usage, Exit::Void, Exit::NothingSelected, Exit::Interrupted];
        let named: Vec<u8> =
            Exit::HELP.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
        assert_eq!(named, all.map(u8::from));
    }
}
