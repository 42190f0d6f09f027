//! Annotations for GitHub Actions: workflow commands, one a line.
//!
//! The runner obeys every line that begins with `::`, so no byte of a program may begin one: all text goes into a
//! command's message, where line ends are escaped.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::event::{CheckFinished, Event};
use crate::judge::record::Verdict;
use crate::report::Reporter;
use crate::text::bytes::escape_lines;
use crate::wording::cause;
use crate::wording::course::{Wording, repeat};
use crate::wording::messages as say;

/// Writes what did not pass as annotations.
pub struct Github<W> {
    out: W,
    wording: Wording,
    /// The source of each exercise, as the repository knows it.
    sources: BTreeMap<String, String>,
    seed: u64,
    options: String,
}

impl<W: Write> Github<W> {
    /// Annotations written to `out`; those for an exercise with a source stand at that source.
    pub fn new(out: W, wording: Wording, sources: BTreeMap<String, String>) -> Github<W> {
        Github { out, wording, sources, seed: 0, options: String::new() }
    }

    fn annotate(&mut self, level: &str, exercise: &str, title: &str, message: &str) -> io::Result<()> {
        let file = self.sources.get(exercise).map_or(String::new(), |file| format!("file={},", property(file)));
        writeln!(self.out, "::{level} {file}title={}::{}", property(title), data(message))
    }

    fn check(&mut self, finished: &CheckFinished) -> io::Result<()> {
        let level = match finished.verdict {
            // GitHub shows ten annotations of each kind: what is only blocked would hide what is wrong.
            Verdict::Passed | Verdict::Blocked => return Ok(()),
            Verdict::Failed => "error",
            Verdict::Void => "warning",
        };
        let lang = self.wording.lang;
        let word = say::verdict(finished.verdict).get(lang);
        let title = format!("{word} {}/{}", finished.exercise, finished.check);
        let mut message = self.wording.message(finished).unwrap_or_default();
        if let Some(failure) = &finished.failure {
            let seen = say::SEEN.with(lang, &[("text", &cause::seen(failure, lang))]);
            let again = repeat(&finished.exercise, &finished.check, self.seed, &self.options);
            let _ = write!(message, " ({})\n{seen}\n{again}", failure.cause);
        }
        self.annotate(level, &finished.exercise, &title, &message)
    }

    fn build_failed(&mut self, exercise: &str, output: &str) -> io::Result<()> {
        let lang = self.wording.lang;
        let title = format!("{} {exercise}", say::FAIL.get(lang));
        let message = format!("{}\n{}", say::BUILD_FAILED.get(lang), escape_lines(output.as_bytes()));
        self.annotate("error", exercise, &title, &message)
    }

    fn points(&mut self, title: &str, points: u32, max: u32) -> io::Result<()> {
        let message = say::POINTS.with(self.wording.lang, &[("points", &points), ("max", &max)]);
        writeln!(self.out, "::notice title={}::{}", property(title), data(&message))
    }
}

impl<W: Write> Reporter for Github<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => {
                self.seed = started.seed;
                self.options.clone_from(&started.options);
                Ok(())
            }
            Event::BuildStarted { .. } | Event::CheckStarted { .. } => Ok(()),
            Event::BuildFailed { exercise, output } => self.build_failed(exercise, output),
            Event::CheckFinished(finished) => self.check(finished),
            Event::ExerciseFinished { exercise, points, max_points, .. } => self.points(exercise, *points, *max_points),
            Event::RunFinished { points, max_points, .. } => {
                self.points("grader", *points, *max_points)?;
                self.out.flush()
            }
        }
    }
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::testing::{build_failed, one_failure, run_finished, run_started, tell, wording};

    fn lines(events: &[Event]) -> String {
        let sources = [("tcp-echo".to_owned(), "exercises/tcp-echo/src/main.rs".to_owned())].into();
        let mut github = Github::new(Vec::new(), wording(Lang::En), sources);
        tell(&mut github, events);
        String::from_utf8(github.out).unwrap()
    }

    #[test]
    fn a_failure_is_an_error_at_its_source() {
        let expected = concat!(
            "::error file=exercises/tcp-echo/src/main.rs,title=FAIL tcp-echo/split::",
            "You answered \"HEL\" although one read is not one message. (ONE_READ)%0A",
            "seen: \"HELLOok\\n\" was due; \"HEL\" came, then nothing more, and the program waits in accept(fd 3)%0A",
            "grader check tcp-echo --only split --seed 42\n",
            "::notice title=tcp-echo::2/4 points\n",
            "::notice title=grader::2/4 points\n",
        );
        assert_eq!(lines(&one_failure()), expected);
    }

    #[test]
    fn no_line_of_a_compiler_begins_a_line_of_ours() {
        let text = lines(&[run_started(&[("tcp-echo", &["line"])]), build_failed("tcp-echo"), run_finished()]);
        assert!(text.contains("::set-output"), "{text}");
        assert!(text.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::notice title=")));
    }

    #[test]
    fn what_means_something_to_the_runner_is_escaped() {
        assert_eq!(data("50%\r\n::x"), "50%25%0D%0A::x");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
