//! What is wrong with a course's files, for their author: the file, the line, a caret, and what to write instead.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::text::bytes::escape_lines;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file that it is in.
    pub file: PathBuf,
    /// The bytes of the file that it is about; `None` for the file as a whole.
    pub span: Option<Range<usize>>,
    /// What is wrong, in one line.
    pub message: String,
    /// What is said at the caret; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// How problems are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// Why a course could not be loaded: everything that is wrong with it, file by file from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// At least one problem.
    pub problems: Vec<Problem>,
    texts: BTreeMap<PathBuf, String>,
}

impl LoadError {
    /// The problems of some files, whose texts are quoted.
    pub fn new(problems: Vec<Problem>, texts: BTreeMap<PathBuf, String>) -> LoadError {
        LoadError { problems, texts }
    }

    /// All problems, each as rustc would show it, with an empty line between them.
    pub fn render(&self, paint: Paint) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Coloured => Renderer::styled(),
        };
        let shown = self.problems.iter().map(|problem| {
            let text = self.texts.get(&problem.file).map(String::as_str);
            problem.render(&renderer, text)
        });
        shown.collect::<Vec<_>>().join("\n\n") + "\n"
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.render(Paint::Plain).trim_end())
    }
}

impl std::error::Error for LoadError {}

impl Problem {
    /// A problem with a file as a whole.
    pub fn of_file(file: &Path, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem {
            file: file.to_owned(),
            span: None,
            message: message.into(),
            label: String::new(),
            help: Some(help.into()),
        }
    }

    fn render(&self, renderer: &Renderer, text: Option<&str>) -> String {
        let file = escape_lines(self.file.display().to_string().as_bytes());
        let title = Level::ERROR.primary_title(plain(&self.message));
        let group = match (&self.span, text) {
            (Some(span), Some(text)) => title.element(self.snippet(text, span).path(file)),
            _ => title.element(Origin::path(file)),
        };
        renderer.render(&[self.with_help(group)])
    }

    fn snippet<'t>(&self, text: &'t str, span: &Range<usize>) -> Snippet<'t, annotate_snippets::Annotation<'t>> {
        // The text may have changed since: a span that no longer fits must not end the grader.
        let span = if text.get(span.clone()).is_some() { span.clone() } else { 0..0 };
        Snippet::source(text).annotation(AnnotationKind::Primary.span(span).label(plain(&self.label)))
    }

    fn with_help<'a>(&self, group: Group<'a>) -> Group<'a> {
        match &self.help {
            Some(help) => group.element(Level::HELP.message(plain(help))),
            None => group,
        }
    }
}

/// A course file may hold escapes for anything; none of it reaches a terminal.
fn plain(text: &str) -> String {
    escape_lines(text.as_bytes())
}
