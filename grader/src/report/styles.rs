//! Colours. Never the only sign of anything: every coloured word says the same without its colour.

use anstyle::{AnsiColor, Style};

use crate::judge::record::Verdict;

/// How the words of a report look; the default is plain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Styles {
    /// A check that passed.
    pub pass: Style,
    /// A check that failed, and the mark under a wrong byte.
    pub fail: Style,
    /// A check that was not run because of another one.
    pub blocked: Style,
    /// A check that could not be judged.
    pub void: Style,
    /// Titles and names.
    pub strong: Style,
    /// What is there only for reference.
    pub dim: Style,
}

impl Styles {
    /// Colours for a terminal.
    pub fn coloured() -> Styles {
        let bold = |color: AnsiColor| color.on_default().bold();
        Styles {
            pass: bold(AnsiColor::Green),
            fail: bold(AnsiColor::Red),
            blocked: AnsiColor::Yellow.on_default(),
            void: bold(AnsiColor::Magenta),
            strong: Style::new().bold(),
            dim: Style::new().dimmed(),
        }
    }

    /// The style of a verdict's word.
    pub fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Passed => self.pass,
            Verdict::Failed => self.fail,
            Verdict::Blocked => self.blocked,
            Verdict::Void => self.void,
        }
    }
}

/// `text` in `style`.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_adds_nothing_and_colours_end_where_they_should() {
        assert_eq!(paint(Styles::default().fail, "FAIL"), "FAIL");
        assert_eq!(paint(Styles::coloured().strong, "x"), "\x1b[1mx\x1b[0m");
    }
}
