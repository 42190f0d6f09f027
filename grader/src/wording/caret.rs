//! Two excerpts side by side: expected above actual, as text and as hexadecimal, with a caret under the first byte that
//! differs. Knows that one character may be several bytes, one byte several columns, and one ideograph two.

use crate::judge::record::Excerpt;
use crate::text::bytes::escape;
use crate::text::width::{columns, cut};

/// Columns of text shown before the difference, and in all.
const TEXT_BEFORE: usize = 32;
const TEXT_WIDTH: usize = 72;

/// Bytes of hexadecimal shown before the difference, and in all.
const HEX_BEFORE: usize = 8;
const HEX_WIDTH: usize = 20;

/// The columns that an excerpt inside a sentence takes at most.
const INLINE: usize = 48;

/// What is shown of expected and actual bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What was expected, in quotes, and in hexadecimal.
    pub expected: Option<Shown>,
    /// What came, in quotes, and in hexadecimal.
    pub actual: Option<Shown>,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The bytes in quotes; `…` where more bytes are than are shown.
    pub text: String,
    /// The column of `text` in which the first difference stands.
    pub text_caret: Option<usize>,
    /// The bytes in hexadecimal.
    pub hex: String,
    /// The column of `hex` in which the first difference stands.
    pub hex_caret: Option<usize>,
}

/// Shows both sides around byte `differs_at` of the whole, or from their beginnings where none is known.
pub fn compare(expected: Option<&Excerpt>, actual: Option<&Excerpt>, differs_at: Option<usize>) -> Comparison {
    // Both sides begin at the same byte, so that what is equal stands in the same columns.
    let from = |before: fn(&Excerpt, usize) -> usize| {
        let starts = [expected, actual].into_iter().flatten();
        starts.map(|excerpt| differs_at.map_or(excerpt.offset, |at| before(excerpt, at))).max().unwrap_or(0)
    };
    let (text_from, hex_from) = (from(text_start), from(hex_start));
    let show = |excerpt: &Excerpt| show(excerpt, text_from, hex_from, differs_at);
    // Where nothing was due and nothing came, there is nothing to compare.
    let is_empty = expected.is_none() && actual.is_none_or(|actual| actual.bytes.is_empty());
    Comparison { expected: expected.map(show), actual: actual.filter(|_| !is_empty).map(show) }
}

/// An excerpt in quotes, short enough to stand inside a sentence.
pub fn inline(excerpt: &Excerpt) -> String {
    let text = escape(&excerpt.bytes);
    let before = if excerpt.offset > 0 { "…" } else { "" };
    let short = cut(&text, INLINE);
    let after = if short == text && excerpt.offset + excerpt.bytes.len() < excerpt.total { "…" } else { "" };
    format!("\"{before}{short}{after}\"")
}

/// The byte of `excerpt` that stands at `at` of the whole, for a sentence: `"L" (0x4c)`.
pub fn byte_at(excerpt: &Excerpt, at: usize) -> Option<String> {
    let byte = excerpt.bytes.get(at.checked_sub(excerpt.offset)?)?;
    Some(format!("\"{}\" (0x{byte:02x})", escape(&[*byte])))
}

/// A character, or a byte that belongs to none, and where it stands in the whole.
struct Unit {
    at: usize,
    bytes: usize,
    text: String,
}

fn units(excerpt: &Excerpt) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = excerpt.offset;
    let mut push = |bytes: &[u8]| {
        units.push(Unit { at, bytes: bytes.len(), text: escape(bytes) });
        at += bytes.len();
    };
    for chunk in excerpt.bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(c.encode_utf8(&mut [0; 4]).as_bytes()));
        chunk.invalid().chunks(1).for_each(&mut push);
    }
    units
}

/// The first byte to show as text, so that byte `at` has some columns before it.
fn text_start(excerpt: &Excerpt, at: usize) -> usize {
    let mut used = 0;
    let before: Vec<Unit> = units(excerpt).into_iter().take_while(|unit| unit.at + unit.bytes <= at).collect();
    let shown = before.iter().rev().take_while(|unit| {
        used += columns(&unit.text);
        used <= TEXT_BEFORE
    });
    shown.last().map_or(excerpt.offset.max(before.last().map_or(0, |unit| unit.at)), |unit| unit.at)
}

fn hex_start(excerpt: &Excerpt, at: usize) -> usize {
    excerpt.offset.max(at.saturating_sub(HEX_BEFORE))
}

fn show(excerpt: &Excerpt, text_from: usize, hex_from: usize, differs_at: Option<usize>) -> Shown {
    let (text, text_caret) = show_text(excerpt, text_from, differs_at);
    let (hex, hex_caret) = show_hex(excerpt, hex_from, differs_at);
    Shown { text, text_caret, hex, hex_caret }
}

fn show_text(excerpt: &Excerpt, from: usize, differs_at: Option<usize>) -> (String, Option<usize>) {
    let mut text = String::from(if from > 0 { "…\"" } else { "\"" });
    let mut caret = None;
    let mut end = excerpt.offset + excerpt.bytes.len();
    for unit in units(excerpt).into_iter().skip_while(|unit| unit.at < from) {
        if columns(&text) + columns(&unit.text) > TEXT_WIDTH {
            end = unit.at;
            break;
        }
        if differs_at.is_some_and(|at| unit.at <= at && at < unit.at + unit.bytes) {
            caret = Some(columns(&text));
        }
        text.push_str(&unit.text);
    }
    if differs_at.is_some_and(|at| at == end && end == excerpt.total) {
        caret = Some(columns(&text));
    }
    text.push_str(if end < excerpt.total { "\"…" } else { "\"" });
    (text, caret)
}

fn show_hex(excerpt: &Excerpt, from: usize, differs_at: Option<usize>) -> (String, Option<usize>) {
    let bytes = excerpt.bytes.get(from.saturating_sub(excerpt.offset)..).unwrap_or_default();
    let window = &bytes[..bytes.len().min(HEX_WIDTH)];
    let mut words: Vec<String> = window.iter().map(|byte| format!("{byte:02x}")).collect();
    let lead = if from > 0 { 2 } else { 0 };
    let caret = differs_at.and_then(|at| at.checked_sub(from)).filter(|at| *at <= window.len()).map(|at| lead + at * 3);
    if from > 0 {
        words.insert(0, "…".to_owned());
    }
    if from + window.len() < excerpt.total {
        words.push("…".to_owned());
    }
    (words.join(" "), caret)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn both(expected: &[u8], actual: &[u8], at: usize) -> (Shown, Shown) {
        let (expected, actual) = (Excerpt::around(expected, at), Excerpt::around(actual, at));
        let shown = compare(Some(&expected), Some(&actual), Some(at));
        (shown.expected.unwrap(), shown.actual.unwrap())
    }

    fn marked(shown: &Shown) -> String {
        let blanks = |n: Option<usize>| n.map_or(String::new(), |n| format!("{}^", " ".repeat(n)));
        [shown.text.clone(), blanks(shown.text_caret), shown.hex.clone(), blanks(shown.hex_caret)].join("\n")
    }

    #[test]
    fn the_caret_stands_under_the_wrong_byte() {
        let (_, actual) = both(b"HELLOok\n", b"HELLooo", 4);
        assert_eq!(marked(&actual), "\"HELLooo\"\n     ^\n48 45 4c 4c 6f 6f 6f\n            ^");
    }

    #[test]
    fn where_nothing_came_the_caret_stands_behind_the_end() {
        let (expected, actual) = both(b"HELLO\n", b"HEL", 3);
        assert_eq!(marked(&actual), "\"HEL\"\n    ^\n48 45 4c\n         ^");
        assert_eq!(expected.text, "\"HELLO\\n\"");
    }

    #[test]
    fn ideographs_and_escapes_take_their_columns() {
        let (_, actual) = both("来\r\nab".as_bytes(), "来\r\naX".as_bytes(), 6);
        assert_eq!(marked(&actual), "\"来\\r\\naX\"\n        ^\ne6 9d a5 0d 0a 61 58\n                  ^");
    }

    #[test]
    fn a_difference_inside_a_character_is_marked_at_its_beginning() {
        let (_, actual) = both("aé".as_bytes(), "aè".as_bytes(), 2);
        assert_eq!((actual.text_caret, actual.hex_caret), (Some(2), Some(6)));
    }

    #[test]
    fn far_inside_long_bytes_only_the_neighbourhood_is_shown() {
        let mut wrong = vec![b'a'; 3000];
        wrong[2000] = b'b';
        let (expected, actual) = both(&[b'a'; 3000], &wrong, 2000);
        assert!(actual.text.starts_with("…\"") && actual.text.ends_with("\"…"));
        assert_eq!(actual.text.chars().nth(actual.text_caret.unwrap()), Some('b'));
        assert_eq!(expected.text_caret, actual.text_caret);
        assert_eq!(&actual.hex[2 + actual.hex_caret.unwrap()..][..2], "62");
        assert!(columns(&actual.text) <= TEXT_WIDTH + 2);
    }

    #[test]
    fn one_side_alone_has_no_caret_without_a_difference() {
        let shown = compare(None, Some(&Excerpt::head(b"x")), None);
        assert_eq!(shown.expected, None);
        assert_eq!(shown.actual.unwrap().text_caret, None);
    }

    #[test]
    fn nothing_at_all_is_an_empty_text() {
        let (_, actual) = both(b"x", b"", 0);
        assert_eq!(marked(&actual), "\"\"\n ^\n\n^");
    }

    #[test]
    fn a_long_excerpt_is_cut_inside_a_sentence() {
        assert_eq!(inline(&Excerpt::head(b"abc\n")), "\"abc\\n\"");
        let long = inline(&Excerpt::head(&[b'a'; 600]));
        assert!(long.ends_with("…\"") && columns(&long) <= INLINE + 2);
        assert_eq!(byte_at(&Excerpt::tail(&[7; 600]), 599).unwrap(), "\"\\x07\" (0x07)");
    }

    #[test]
    fn no_two_excerpts_make_it_fall() {
        let samples: [&[u8]; 5] = [b"", b"\xff\xfe", "来来".as_bytes(), &[b'x'; 700], b"\n\r\t\\"];
        for (a, b) in samples.iter().flat_map(|a| samples.iter().map(move |b| (a, b))) {
            for at in [None, Some(0), Some(1), Some(400), Some(9_999)] {
                let (a, b) = (Excerpt::around(a, at.unwrap_or(0)), Excerpt::tail(b));
                let shown = compare(Some(&a), Some(&b), at);
                assert!(shown.actual.unwrap().text.chars().all(|c| !c.is_control()));
            }
        }
    }
}
