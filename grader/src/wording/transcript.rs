//! A transcript as lines of text, one for each thing that happened.

use crate::judge::record::Line;
use crate::text::bytes::one_line;
use crate::text::width::pad;
use crate::wording::caret::inline;

/// Lines shown at most; a longer transcript loses its middle.
pub const MOST: usize = 24;

/// One line: when (milliseconds), what, on which stream, which bytes, and anything else.
pub fn line(line: &Line) -> String {
    let time = format!("+{}.{:03}", line.at_us / 1000, line.at_us % 1000);
    let stream = line.stream.as_deref().map_or("", |stream| stream);
    let mut text = format!("{time:>9} {} {}", pad(&one_line(&line.what), 8), pad(&one_line(stream), 6));
    if let Some(bytes) = &line.bytes {
        text.push(' ');
        text.push_str(&inline(bytes));
        if bytes.is_cut() {
            text.push_str(&format!(" ({} bytes)", bytes.total));
        }
    }
    if !line.note.is_empty() {
        text.push(' ');
        text.push_str(&one_line(&line.note));
    }
    text.trim_end().to_owned()
}

/// The first and the last of `lines`, and how many were left out between them.
pub fn elide<T>(lines: &[T]) -> (&[T], usize, &[T]) {
    if lines.len() <= MOST {
        return (lines, 0, &[]);
    }
    let (head, tail) = (MOST / 3, MOST - MOST / 3 - 1);
    (&lines[..head], lines.len() - head - tail, &lines[lines.len() - tail..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::record::Excerpt;

    #[test]
    fn a_line_says_when_what_where_and_which_bytes() {
        let sent = Line {
            at_us: 12_031,
            what: "send".into(),
            stream: Some("c".into()),
            bytes: Some(Excerpt::head(b"5:hello\n")),
            note: "frozen".into(),
        };
        assert_eq!(line(&sent), "  +12.031 send     c      \"5:hello\\n\" frozen");
    }

    #[test]
    fn a_line_without_bytes_has_no_blanks_at_its_end() {
        let fin = Line { at_us: 5, what: "fin".into(), stream: Some("c".into()), bytes: None, note: String::new() };
        assert_eq!(line(&fin), "   +0.005 fin      c");
    }

    #[test]
    fn a_program_cannot_write_a_line_of_its_own() {
        let note = "x\n::error::y\x1b[31m".to_owned();
        let forged = Line { at_us: 0, what: "exit".into(), stream: None, bytes: None, note };
        assert_eq!(line(&forged), "   +0.000 exit            x ::error::y\\x1b[31m");
    }

    #[test]
    fn long_bytes_tell_how_long_they_are() {
        let flood = Line {
            at_us: 0,
            what: "recv".into(),
            stream: None,
            bytes: Some(Excerpt::head(&[b'a'; 9000])),
            note: String::new(),
        };
        assert!(line(&flood).ends_with("…\" (9000 bytes)"), "{}", line(&flood));
    }

    #[test]
    fn a_long_transcript_loses_its_middle_and_keeps_its_end() {
        let numbers: Vec<usize> = (0..100).collect();
        let (head, left_out, tail) = elide(&numbers);
        assert_eq!(head.len() + tail.len() + 1, MOST);
        assert_eq!((head[0], tail.last(), head.len() + left_out + tail.len()), (0, Some(&99), 100));
        assert_eq!(elide(&numbers[..MOST]).1, 0);
    }
}
