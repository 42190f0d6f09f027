//! What every command about a course needs: the course, the language, the look of its words.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};

use crate::cli::args::{Cli, When};
use crate::cli::error::CliError;
use crate::course::check::Check;
use crate::course::load::{Course, Exercise, load};
use crate::course::words::Lang;
use crate::progress::Progress;
use crate::report::styles::Styles;
use crate::text::similar::nearest;

/// The score sheet's name, by which a course is found.
const COURSE_FILE: &str = "course.yaml";

/// What a command works with.
pub struct Context {
    /// The course.
    pub course: Course,
    /// The language of everything that is said.
    pub lang: Lang,
    /// The look of what is written to standard output.
    pub styles: Styles,
}

impl Context {
    /// Finds and reads the course.
    pub fn open(cli: &Cli) -> Result<Context, CliError> {
        let path = match &cli.course {
            Some(path) => given(path)?,
            None => above(&env::current_dir()?)?,
        };
        let course = load(&path).map_err(CliError::Course)?;
        Ok(Context { course, lang: lang(cli), styles: styles(cli.color) })
    }

    /// The exercise named `name`.
    pub fn exercise(&self, name: &str) -> Result<&Exercise, CliError> {
        let names = || self.course.exercises.iter().map(|exercise| exercise.id.as_str());
        let unknown = || {
            CliError::usage(format!("there is no exercise `{name}`{}", meant(name, names(), "`grader list` shows all")))
        };
        self.course.exercise(name).ok_or_else(unknown)
    }

    /// The check named `name` of `exercise`.
    pub fn check<'c>(&self, exercise: &'c Exercise, name: &str) -> Result<&'c Check, CliError> {
        let names = || exercise.file.checks.iter().map(|check| check.id.as_str());
        let all = || format!("it has {}", names().collect::<Vec<_>>().join(", "));
        let unknown =
            || CliError::usage(format!("{} has no check `{name}`{}", exercise.id, meant(name, names(), &all())));
        exercise.check(name).ok_or_else(unknown)
    }

    /// What the student has reached; what is wrong with the file is told on stderr.
    pub fn progress(&self) -> Progress {
        let (progress, warning) = Progress::load(&self.course.root);
        if let Some(warning) = warning {
            warn(&warning);
        }
        progress
    }

    /// `path` as one would type it in the course's folder.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.course.root).unwrap_or(path).display().to_string()
    }
}

/// Tells something that does not stop the command.
pub fn warn(text: &str) {
    use std::io::Write;
    // A closed stderr is nothing that we could tell anybody.
    let _ = writeln!(io::stderr(), "warning: {text}");
}

fn meant<'a>(typed: &str, names: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    match nearest(typed, names) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; {otherwise}"),
    }
}

/// The score sheet that `--course` names. Absolute: programs are built and started in other folders.
fn given(path: &Path) -> Result<PathBuf, CliError> {
    let absolute =
        fs::canonicalize(path).map_err(|error| CliError::usage(format!("--course {}: {error}", path.display())))?;
    Ok(if absolute.is_dir() { absolute.join(COURSE_FILE) } else { absolute })
}

/// The nearest score sheet in `folder` or above it.
fn above(folder: &Path) -> Result<PathBuf, CliError> {
    let found = folder.ancestors().map(|folder| folder.join(COURSE_FILE)).find(|path| path.is_file());
    found.ok_or_else(|| {
        CliError::usage(format!(
            "no {COURSE_FILE} in {} or above; go to the course's folder, or name it with --course PATH",
            folder.display()
        ))
    })
}

/// The language that is asked for, or else that of the environment.
pub fn lang(cli: &Cli) -> Lang {
    cli.lang.unwrap_or_else(|| lang_of(["LC_ALL", "LC_MESSAGES", "LANG"].map(env::var_os)))
}

/// The first variable that is not empty decides (POSIX, "Internationalization Variables").
fn lang_of(variables: [Option<OsString>; 3]) -> Lang {
    let first = variables.into_iter().flatten().find(|value| !value.is_empty());
    match first {
        Some(value) if value.to_string_lossy().starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}

/// The look of words on standard output.
pub fn styles(when: When) -> Styles {
    let coloured = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    };
    if coloured { Styles::coloured() } else { Styles::default() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_decides_the_language() {
        let of = |all: &str, messages: &str, lang: &str| lang_of([all, messages, lang].map(|v| Some(v.into())));
        assert_eq!(of("", "", "zh_CN.UTF-8"), Lang::Zh);
        assert_eq!(of("C", "", "zh_CN.UTF-8"), Lang::En);
        assert_eq!(of("", "zh_TW", "en_US"), Lang::Zh);
        assert_eq!(lang_of([None, None, None]), Lang::En);
    }

    #[test]
    fn a_course_is_found_from_any_folder_inside() {
        let course = tempfile::tempdir().unwrap();
        let inside = course.path().join("exercises/tcp-echo");
        fs::create_dir_all(&inside).unwrap();
        fs::write(course.path().join(COURSE_FILE), "").unwrap();
        assert_eq!(above(&inside).unwrap(), course.path().join(COURSE_FILE));
        assert!(given(&inside.join("nowhere")).is_err());
        assert!(given(course.path()).unwrap().ends_with(COURSE_FILE));
    }
}
