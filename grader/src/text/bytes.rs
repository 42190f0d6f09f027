//! Bytes as text: hexadecimal, and an escaped form that is safe on any terminal.
//!
//! Everything that comes from a program passes through here before it is shown: no control byte, no escape sequence
//! and no bidirectional override gets out.

use std::fmt::Write as _;

/// `bytes` as pairs of lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that pairs of hexadecimal digits stand for; blanks between pairs are ignored.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

/// `bytes` as one line: UTF-8 text stays, everything that is not printable becomes an escape (`\n`, `\x1b`, `\u{202e}`).
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| escape_char(c, &mut text));
        chunk.invalid().iter().for_each(|byte| {
            let _ = write!(text, "\\x{byte:02x}");
        });
    }
    text
}

fn escape_char(c: char, text: &mut String) {
    match c {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        ' '..='~' => text.push(c),
        '\0'..='\x7f' => {
            let _ = write!(text, "\\x{:02x}", c as u32);
        }
        _ if is_plain(c) => text.push(c),
        _ => {
            let _ = write!(text, "\\u{{{:x}}}", c as u32);
        }
    }
}

/// Letters and ideographs that show as themselves and change nothing around them.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{3001}'..='\u{301f}' | '\u{ff01}'..='\u{ff5e}' | '\u{a1}'..='\u{ac}')
}

/// The same, in quotes.
pub fn quote(bytes: &[u8]) -> String {
    format!("\"{}\"", escape(bytes))
}

/// Several lines of a program's own words (a compiler's output, a stack trace): line ends stay, the rest is escaped.
pub fn escape_lines(bytes: &[u8]) -> String {
    bytes
        .split(|byte| *byte == b'\n')
        .map(|line| escape(line.strip_suffix(b"\r").unwrap_or(line)).replace("\\\"", "\"").replace("\\\\", "\\"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Words that may come from a program, as one line; quotes and backslashes stay as they are.
pub fn one_line(text: &str) -> String {
    escape_lines(text.as_bytes()).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_holds_no_control_byte() {
        let every_byte: Vec<u8> = (0..=255).collect();
        assert!(escape(&every_byte).chars().all(|c| !c.is_control()));
    }

    #[test]
    fn text_stays_text_and_overrides_become_visible() {
        assert_eq!(escape("来 a\u{202e}b\n\x1b".as_bytes()), "来 a\\u{202e}b\\n\\x1b");
    }

    #[test]
    fn several_lines_stay_lines_and_one_line_is_one() {
        assert_eq!(escape_lines(b"a \"b\"\r\n\x1bc"), "a \"b\"\n\\x1bc");
        assert_eq!(one_line("a\nb\x07"), "a b\\x07");
    }

    #[test]
    fn hexadecimal_digits_go_there_and_back() {
        assert_eq!(unhex("00 ff7A"), Some(vec![0, 255, 0x7a]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex(&hex(&[1, 2, 254])), Some(vec![1, 2, 254]));
    }
}
