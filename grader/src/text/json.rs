//! JSON without characters that a terminal or an editor would obey.

/// The same JSON text, with control characters (C1), marks of direction and separators of lines written by their
/// numbers (`\u009b`): RFC 8259 lets them stand as they are, and they only ever stand inside strings.
pub fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => plain.push(c),
            '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                escape(c, &mut plain);
            }
            c if c.is_control() => escape(c, &mut plain),
            c => plain.push(c),
        }
    }
    plain
}

fn escape(c: char, text: &mut String) {
    text.push_str(&format!("\\u{:04x}", u32::from(c)));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_the_same_and_holds_nothing_to_obey() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{202e}你好\u{7f}\n\x1b"});
        let text = plain(&value.to_string());
        assert!(text.contains("你好") && !text.contains(['\u{9b}', '\u{202e}', '\u{7f}', '\x1b']), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
