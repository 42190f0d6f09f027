//! What is being done now, on one line of a terminal that goes away again.

use std::io::{self, Write};
use std::time::Duration;

use crate::course::words::Lang;
use crate::event::Event;
use crate::report::Reporter;
use crate::text::width::cut;
use crate::wording::messages as say;

/// A run that takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// Columns that the line takes at most, so that it never wraps.
const WIDTH: usize = 78;

/// Goes back to the beginning of the line and clears it (ECMA-48: CR, EL).
const CLEAR: &str = "\r\x1b[K";

/// Shows progress around another report on the same terminal: takes the line away before the report writes.
pub struct ProgressLine<R, W, C> {
    inner: R,
    out: W,
    /// The time since the run began.
    clock: C,
    lang: Lang,
    done: usize,
    all: usize,
    shown: bool,
}

impl<R: Reporter, W: Write, C: Fn() -> Duration> ProgressLine<R, W, C> {
    /// Shows the progress of what `inner` reports on the terminal `out`.
    pub fn new(inner: R, out: W, clock: C, lang: Lang) -> ProgressLine<R, W, C> {
        ProgressLine { inner, out, clock, lang, done: 0, all: 0, shown: false }
    }

    fn clear(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.shown) {
            write!(self.out, "{CLEAR}")?;
            self.out.flush()?;
        }
        Ok(())
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        self.shown = true;
        write!(self.out, "{}", cut(text, WIDTH))?;
        self.out.flush()
    }

    fn line(&self, event: &Event) -> Option<String> {
        let late = (self.clock)() >= PATIENCE;
        match event {
            // A build usually takes longer than that, and says nothing before it is over.
            Event::BuildStarted { exercises } => {
                Some(say::BUILDING.with(self.lang, &[("what", &exercises.join(", "))]))
            }
            Event::CheckStarted { exercise, check } if late => {
                let what = format!("{exercise}/{check}");
                Some(say::CHECKING.with(self.lang, &[("done", &self.done), ("all", &self.all), ("what", &what)]))
            }
            _ => None,
        }
    }
}

impl<R: Reporter, W: Write, C: Fn() -> Duration> Reporter for ProgressLine<R, W, C> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.all += started.exercises.iter().map(|e| e.checks.len()).sum::<usize>(),
            Event::CheckFinished(_) => self.done += 1,
            _ => {}
        }
        // Progress is for comfort: a terminal that does not take it must not end the run.
        let _ = self.clear();
        self.inner.event(event)?;
        if let Some(line) = self.line(event) {
            let _ = self.show(&line);
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::report::json::Json;
    use crate::report::testing::{passed, run_finished, run_started, tell, wording};

    fn terminal(seconds: u64, events: &[Event]) -> String {
        let mut out = Vec::new();
        let clock = move || Duration::from_secs(seconds);
        let mut line = ProgressLine::new(Json::new(wording(Lang::En)), &mut out, clock, Lang::En);
        tell(&mut line, events);
        String::from_utf8(out).unwrap()
    }

    fn one_check() -> [Event; 4] {
        let check = Event::CheckStarted { exercise: "tcp-echo".into(), check: "line".into() };
        [run_started(&[("tcp-echo", &["line"])]), check, passed("tcp-echo", "line"), run_finished()]
    }

    #[test]
    fn a_short_run_shows_nothing() {
        assert_eq!(terminal(0, &one_check()), "");
    }

    #[test]
    fn in_a_long_run_the_line_goes_away_before_the_report_writes() {
        assert_eq!(terminal(2, &one_check()), "0/1 checks · tcp-echo/line\r\x1b[K");
    }

    #[test]
    fn a_build_is_shown_at_once() {
        let built = Event::BuildStarted { exercises: vec!["tcp-echo".into()] };
        assert_eq!(terminal(0, &[built]), "building tcp-echo …");
    }
}
