//! The report for people: one line for every check, and below a failed one all that helps to mend it.
//!
//! Wants its events in the course's order: put [`crate::report::order::InOrder`] before it.

use std::io::{self, Write};

use crate::event::{CheckFinished, Event, RunStarted};
use crate::judge::record::Verdict;
use crate::judge::score::ExerciseStatus;
use crate::report::styles::{Styles, paint};
use crate::report::{Reporter, block};
use crate::text::width::{columns, pad, pad_left};
use crate::wording::course::Wording;
use crate::wording::messages as say;

/// Writes a run as text.
pub struct Human<W> {
    out: W,
    wording: Wording,
    styles: Styles,
    seed: Option<u64>,
    options: String,
    /// The exercise whose checks are being shown.
    exercise: Option<String>,
    /// Columns of the longest check and of the longest points.
    widths: (usize, usize),
}

impl<W: Write> Human<W> {
    /// A report in the words of `wording`, written to `out`.
    pub fn new(out: W, wording: Wording, styles: Styles) -> Human<W> {
        Human { out, wording, styles, seed: None, options: String::new(), exercise: None, widths: (0, 0) }
    }

    fn start(&mut self, started: &RunStarted) -> io::Result<()> {
        let checks = || started.exercises.iter().flat_map(|exercise| &exercise.checks);
        let longest = checks().map(|check| columns(&check.id)).max().unwrap_or(0);
        let points = checks().map(|check| points(check.max_points, check.max_points).len()).max().unwrap_or(0);
        self.widths = (longest.max(self.widths.0), points.max(self.widths.1));
        self.options.clone_from(&started.options);
        if self.seed.replace(started.seed) == Some(started.seed) {
            return Ok(());
        }
        let lang = self.wording.lang;
        let tier = tier_name(started);
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("course", &started.course), ("seed", &started.seed), ("isolation", &tier)];
        writeln!(self.out, "{}", paint(self.styles.dim, &say::RUN_HEADER.with(lang, &values)))?;
        if let Some(why) = &started.isolation_note {
            let note = say::ISOLATION_NOTE.with(lang, &[("why", why)]);
            writeln!(self.out, "{}", paint(self.styles.dim, &note))?;
        }
        Ok(())
    }

    fn title(&mut self, exercise: &str) -> io::Result<()> {
        if self.exercise.as_deref() == Some(exercise) {
            return Ok(());
        }
        self.exercise = Some(exercise.to_owned());
        let name = paint(self.styles.strong, exercise);
        writeln!(self.out, "\n{name} · {}", self.wording.exercise(exercise))
    }

    fn check(&mut self, finished: &CheckFinished) -> io::Result<()> {
        self.title(&finished.exercise)?;
        let lang = self.wording.lang;
        let word = pad(say::verdict(finished.verdict).get(lang), verdict_width(lang));
        let word = paint(self.styles.verdict(finished.verdict), &word);
        let name = pad(&finished.check, self.widths.0);
        let points = pad_left(&points(finished.points, finished.max_points), self.widths.1);
        let title = self.title_of(finished);
        writeln!(self.out, "{}", format!("  {word}  {name}  {points}  {title}").trim_end())?;
        match (&finished.failure, self.wording.message(finished)) {
            (None, Some(_)) if finished.blocked_by.is_some() => Ok(()),
            (Some(failure), _) => {
                let seed = self.seed.unwrap_or_default();
                let lines = block::lines(finished, failure, &self.wording, &self.styles, seed, &self.options);
                self.indented(&lines)
            }
            (None, Some(message)) => writeln!(self.out, "      {message}"),
            (None, None) => Ok(()),
        }
    }

    /// The title of a check; of one that was not run, with the check that it needs.
    fn title_of(&self, finished: &CheckFinished) -> String {
        let title = self.wording.check(&finished.exercise, &finished.check);
        let needs = finished.blocked_by.as_ref().map(|by| say::NEEDS_SHORT.with(self.wording.lang, &[("check", by)]));
        needs.map_or_else(|| title.to_owned(), |needs| format!("{title} {}", paint(self.styles.dim, &needs)))
    }

    fn indented(&mut self, lines: &[String]) -> io::Result<()> {
        writeln!(self.out)?;
        for line in lines {
            let indent = if line.is_empty() { "" } else { "      " };
            writeln!(self.out, "{indent}{line}")?;
        }
        writeln!(self.out)
    }

    fn build_failed(&mut self, exercise: &str, output: &str) -> io::Result<()> {
        self.title(exercise)?;
        let word = paint(self.styles.fail, say::FAIL.get(self.wording.lang));
        writeln!(self.out, "  {word}  {}", say::BUILD_FAILED.get(self.wording.lang))?;
        self.indented(&block::quote(output.trim_end()))
    }

    fn exercise_finished(&mut self, exercise: &str, status: ExerciseStatus, earned: u32, max: u32) -> io::Result<()> {
        self.title(exercise)?;
        let lang = self.wording.lang;
        let style = match status {
            ExerciseStatus::Passed => self.styles.pass,
            ExerciseStatus::Void => self.styles.void,
            ExerciseStatus::NotStarted => self.styles.blocked,
            ExerciseStatus::Failed | ExerciseStatus::BuildFailed => self.styles.fail,
        };
        let points = say::POINTS.with(lang, &[("points", &earned), ("max", &max)]);
        writeln!(self.out, "  {points} · {}", paint(style, say::status(status).get(lang)))?;
        self.out.flush()
    }

    fn finish(&mut self, earned: u32, max: u32, interrupted: bool) -> io::Result<()> {
        let lang = self.wording.lang;
        let points = say::POINTS.with(lang, &[("points", &earned), ("max", &max)]);
        writeln!(self.out, "\n{}", paint(self.styles.strong, &points))?;
        if interrupted {
            writeln!(self.out, "{}", say::INTERRUPTED.get(lang))?;
        }
        self.out.flush()
    }
}

impl<W: Write> Reporter for Human<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.start(started),
            Event::BuildStarted { .. } | Event::CheckStarted { .. } => Ok(()),
            Event::BuildFailed { exercise, output } => self.build_failed(exercise, output),
            Event::CheckFinished(finished) => self.check(finished),
            Event::ExerciseFinished { exercise, status, points, max_points } => {
                self.exercise_finished(exercise, *status, *points, *max_points)
            }
            Event::RunFinished { points, max_points, interrupted } => self.finish(*points, *max_points, *interrupted),
        }
    }
}

fn tier_name(started: &RunStarted) -> String {
    format!("{:?}", started.isolation).to_lowercase()
}

fn points(earned: u32, max: u32) -> String {
    format!("{earned}/{max}")
}

/// The columns of the longest word for a verdict.
fn verdict_width(lang: crate::course::words::Lang) -> usize {
    let verdicts = [Verdict::Passed, Verdict::Failed, Verdict::Blocked, Verdict::Void];
    verdicts.iter().map(|verdict| columns(say::verdict(*verdict).get(lang))).max().unwrap_or(0)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::testing::{
        build_failed, exercise_ended, finished, one_failure, run_finished, run_started, tell, wording,
    };

    fn text(lang: Lang, styles: Styles, events: &[Event]) -> String {
        let mut human = Human::new(Vec::new(), wording(lang), styles);
        tell(&mut human, events);
        String::from_utf8(human.out).unwrap()
    }

    #[test]
    fn a_failure_is_shown_with_all_that_helps() {
        let expected = r#"sockets · seed 42 · isolation sealed

tcp-echo · Echo
  PASS     line   2/2  One line
  FAIL     split  0/2  A line in pieces

      You answered "HEL" although one read is not one message. (ONE_READ)
      step 4: recv "HELLOok\n" from c
      seen: "HELLOok\n" was due; "HEL" came, then nothing more, and the program waits in accept(fd 3)

      expected  "HELLOok\n"
      actual    "HEL"
                    ^ byte 3: expected "L" (0x4c), nothing came
      expected  48 45 4c 4c 4f 6f 6b 0a
      actual    48 45 4c
                         ^^

      what happened (milliseconds):
           +1.000 send     c      "hello\n"
           +1.250 recv     c      "HEL"

      the program then:
        waiting in accept(fd 3)
        c (ESTABLISHED): bytes not read yet: 7

      the end of its stderr:
        | first
        | ::error::forged\x1b[2J

      hint   grader hint tcp-echo split
      again  grader check tcp-echo --only split --seed 42

  2/4 points · not passed yet

2/4 points
"#;
        assert_eq!(text(Lang::En, Styles::default(), &one_failure()), expected);
    }

    #[test]
    fn chinese_words_are_aligned_by_their_columns() {
        let shown = text(Lang::Zh, Styles::default(), &one_failure());
        assert!(shown.contains("\n  通过  line   2/2  一行\n  失败  split  0/2  分片的一行\n"), "{shown}");
        assert!(shown.contains("\n      应为  \"HELLOok\\n\"\n      实为  \"HEL\"\n"), "{shown}");
        assert!(shown.contains("\n                ^ 第 3 字节：应为 \"L\" (0x4c)，却没有收到\n"), "{shown}");
    }

    #[test]
    fn what_does_not_build_shows_the_compilers_words_quoted() {
        let events = [
            run_started(&[("tcp-echo", &["line"])]),
            build_failed("tcp-echo"),
            exercise_ended("tcp-echo", ExerciseStatus::BuildFailed, 0, 2),
        ];
        let expected = "sockets · seed 42 · isolation sealed

tcp-echo · Echo
  FAIL  the program does not build, so none of its checks was run; the compiler says:

      | error: expected `;`
      |  --> tcp-echo/src/main.rs:3:5
      | ::set-output x

  0/2 points · does not build
";
        assert_eq!(text(Lang::En, Styles::default(), &events), expected);
    }

    #[test]
    fn blocked_and_interrupted_say_why() {
        let mut blocked = finished("tcp-echo", "split", Verdict::Blocked);
        blocked.blocked_by = Some("line".into());
        let end = Event::RunFinished { points: 0, max_points: 4, interrupted: true };
        let events = [run_started(&[("tcp-echo", &["line", "split"])]), Event::from(blocked), end];
        let shown = text(Lang::En, Styles::default(), &events);
        assert!(shown.contains("  BLOCKED  split  0/2  A line in pieces (needs line)\n"), "{shown}");
        assert!(shown.ends_with("\n0/4 points\ninterrupted: what is missing here was not run\n"), "{shown}");
    }

    #[test]
    fn a_run_in_parts_has_one_header() {
        let part = || run_started(&[("tcp-echo", &["line"])]);
        let shown = text(Lang::En, Styles::default(), &[part(), part(), run_finished()]);
        assert_eq!(shown.matches("seed 42").count(), 1);
    }

    #[test]
    fn only_our_own_colours_reach_the_terminal() {
        let shown = text(Lang::En, Styles::coloured(), &one_failure());
        assert!(shown.contains("\x1b[1m\x1b[31mFAIL") || shown.contains("\x1b[31m\x1b[1mFAIL"), "{shown:?}");
        assert!(!shown.contains("\x1b[2J"));
    }
}
