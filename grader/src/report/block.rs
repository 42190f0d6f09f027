//! Everything about one failure, as lines of text: what it means, what was seen, the bytes with a caret under the
//! first wrong one, what happened before, the state of the program, and what to do next.

use crate::course::words::Lang;
use crate::event::CheckFinished;
use crate::judge::record::{Excerpt, Failure};
use crate::report::styles::{Styles, paint};
use crate::text::bytes::{escape_lines, one_line};
use crate::text::width::{columns, pad};
use crate::wording::caret::{byte_at, compare};
use crate::wording::course::{Wording, repeat};
use crate::wording::messages as say;
use crate::wording::{cause, scene, transcript};

/// Lines of stderr that are shown at most: the last ones.
const STDERR_LINES: usize = 12;

/// What stands in front of a program's own words, so that no line of them can pass for one of ours.
const QUOTE: &str = "| ";

/// The block below a failed check.
pub fn lines(
    finished: &CheckFinished,
    failure: &Failure,
    wording: &Wording,
    styles: &Styles,
    seed: u64,
    options: &str,
) -> Vec<String> {
    let lang = wording.lang;
    let parts = [
        heading(failure, wording, styles),
        bytes(failure, lang, styles),
        what_happened(finished, lang, styles),
        titled(say::STATE.get(lang), scene::describe(&failure.scene, lang)),
        titled(say::STDERR.get(lang), quote_tail(&failure.stderr)),
        next(finished, lang, seed, options),
    ];
    let mut lines: Vec<String> = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        lines.extend((!lines.is_empty()).then(String::new));
        lines.extend(part);
    }
    lines
}

/// Several lines of a program's or a compiler's own words, each behind a mark.
pub fn quote(text: &str) -> Vec<String> {
    escape_lines(text.as_bytes()).lines().map(|line| format!("{QUOTE}{line}").trim_end().to_owned()).collect()
}

fn heading(failure: &Failure, wording: &Wording, styles: &Styles) -> Vec<String> {
    let lang = wording.lang;
    let meaning = wording.cause(failure);
    let seen = cause::seen(failure, lang);
    let step = one_line(&failure.step_text);
    let mut lines = vec![format!("{} ({})", paint(styles.strong, &meaning), failure.cause)];
    lines.push(say::STEP.with(lang, &[("number", &failure.step), ("text", &step)]));
    if seen != meaning {
        lines.push(say::SEEN.with(lang, &[("text", &seen)]));
    }
    lines
}

/// Expected above actual, as text and as hexadecimal, each with its caret.
fn bytes(failure: &Failure, lang: Lang, styles: &Styles) -> Vec<String> {
    let shown = compare(failure.expected.as_ref(), failure.actual.as_ref(), failure.differs_at);
    let (expected, actual) = (say::EXPECTED.get(lang), say::ACTUAL.get(lang));
    let width = columns(expected).max(columns(actual)) + 2;
    let row = |label: &str, text: &str| format!("{}{text}", pad(label, width)).trim_end().to_owned();
    let caret = |column: Option<usize>, mark: &str, note: &str| {
        column.map(|column| {
            format!("{}{} {note}", " ".repeat(width + column), paint(styles.fail, mark)).trim_end().to_owned()
        })
    };
    let note = caret_note(failure, lang);
    let mut lines = Vec::new();
    lines.extend(shown.expected.as_ref().map(|side| row(expected, &side.text)));
    lines.extend(shown.actual.as_ref().map(|side| row(actual, &side.text)));
    lines.extend(shown.actual.as_ref().and_then(|side| caret(side.text_caret, "^", &note)));
    lines.extend(shown.expected.as_ref().map(|side| row(expected, &side.hex)));
    lines.extend(shown.actual.as_ref().map(|side| row(actual, &side.hex)));
    lines.extend(shown.actual.as_ref().and_then(|side| caret(side.hex_caret, "^^", "")));
    lines
}

fn caret_note(failure: &Failure, lang: Lang) -> String {
    let Some(at) = failure.differs_at else { return String::new() };
    let side = |excerpt: &Option<Excerpt>| excerpt.as_ref().and_then(|excerpt| byte_at(excerpt, at));
    match (side(&failure.expected), side(&failure.actual)) {
        (Some(expected), Some(actual)) => {
            say::CARET_WRONG.with(lang, &[("at", &at), ("expected", &expected), ("actual", &actual)])
        }
        (Some(expected), None) => say::CARET_NOTHING.with(lang, &[("at", &at), ("expected", &expected)]),
        (None, Some(actual)) => say::CARET_EXTRA.with(lang, &[("at", &at), ("actual", &actual)]),
        (None, None) => String::new(),
    }
}

fn what_happened(finished: &CheckFinished, lang: Lang, styles: &Styles) -> Vec<String> {
    let all: Vec<String> = finished.transcript.iter().map(transcript::line).collect();
    let (head, left_out, tail) = transcript::elide(&all);
    let mut lines = head.to_vec();
    if left_out > 0 {
        lines.push(paint(styles.dim, &say::LEFT_OUT.with(lang, &[("count", &left_out)])));
    }
    lines.extend(tail.iter().cloned());
    titled(say::TRANSCRIPT.get(lang), lines)
}

fn quote_tail(stderr: &Excerpt) -> Vec<String> {
    let lines = quote(String::from_utf8_lossy(&stderr.bytes).trim_matches('\n'));
    let skipped = lines.len().saturating_sub(STDERR_LINES);
    let cut = (skipped > 0 || stderr.offset > 0).then(|| format!("{QUOTE}…"));
    cut.into_iter().chain(lines.into_iter().skip(skipped)).collect()
}

fn next(finished: &CheckFinished, lang: Lang, seed: u64, options: &str) -> Vec<String> {
    let (hint, again) = (say::HINT_LABEL.get(lang), say::AGAIN_LABEL.get(lang));
    let width = columns(hint).max(columns(again)) + 2;
    let command = repeat(&finished.exercise, &finished.check, seed, options);
    vec![
        format!("{}grader hint {} {}", pad(hint, width), finished.exercise, finished.check),
        format!("{}{command}", pad(again, width)),
    ]
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    [title.to_owned()].into_iter().chain(lines.into_iter().map(|line| format!("  {line}"))).collect()
}
