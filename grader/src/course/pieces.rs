//! The text of a course's bytes, taken apart: plain text, `{name}`, `{name|filter|filter}`; `{{` and `}}` are braces.
//! Says nothing about what a name stands for.

use std::ops::Range;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Stands for itself.
    Plain(String),
    /// Stands for a value.
    Value {
        /// The value's name.
        name: String,
        /// What is done to it, in order.
        filters: Vec<Filter>,
    },
}

/// What can be done to a value on its way into a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `a`–`z` become `A`–`Z`; every other byte stays.
    Upper,
    /// Upper case as Unicode has it; bytes that are not UTF-8 stay.
    UnicodeUpper,
    /// How many bytes there are, in decimal digits.
    Length,
    /// Every run of bytes that is not UTF-8 becomes U+FFFD, as `String::from_utf8_lossy` does it.
    Lossy,
    /// The bytes behind their number as u32 in network byte order.
    Frame,
    /// Their MD5 digest (RFC 1321) in lower-case hexadecimal digits.
    Md5,
}

impl Filter {
    /// Every filter with the name that it has in a text.
    pub const ALL: [(&'static str, Filter); 6] = [
        ("upper", Filter::Upper),
        ("unicode_upper", Filter::UnicodeUpper),
        ("length", Filter::Length),
        ("lossy", Filter::Lossy),
        ("frame", Filter::Frame),
        ("md5", Filter::Md5),
    ];

    /// The filter of this name.
    pub fn named(name: &str) -> Option<Filter> {
        Filter::ALL.iter().find(|(known, _)| *known == name).map(|(_, filter)| *filter)
    }
}

/// Why a text cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadText {
    /// Which bytes of the text are wrong.
    pub at: Range<usize>,
    /// What is wrong with them.
    pub fault: Fault,
}

/// What can be wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A `{` without its `}`.
    #[error("this `{{` is never closed")]
    Open,
    /// A `}` without its `{`.
    #[error("this `}}` closes nothing")]
    Close,
    /// Something between braces that cannot be a name.
    #[error("`{0}` cannot be a name")]
    Name(String),
    /// A filter that does not exist.
    #[error("there is no filter `{0}`")]
    Filter(String),
}

/// The pieces of `text`.
pub fn pieces(text: &str) -> Result<Vec<Piece>, BadText> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            plain.push(c);
            at += 2;
        } else if c == '{' {
            let length = rest.find('}').ok_or(BadText { at: at..at + 1, fault: Fault::Open })?;
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            let whole = at..at + length + 1;
            pieces.push(value(&rest[1..length]).map_err(|fault| BadText { at: whole.clone(), fault })?);
            at = whole.end;
        } else if c == '}' {
            return Err(BadText { at: at..at + 1, fault: Fault::Close });
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}

/// What stands between two braces.
fn value(inside: &str) -> Result<Piece, Fault> {
    let mut words = inside.split('|').map(str::trim);
    let name = words.next().unwrap_or_default();
    if !is_name(name) {
        return Err(Fault::Name(name.to_owned()));
    }
    let filters = words
        .map(|word| Filter::named(word).ok_or_else(|| Fault::Filter(word.to_owned())))
        .collect::<Result<_, _>>()?;
    Ok(Piece::Value { name: name.to_owned(), filters })
}

/// True for what can name a value: letters, digits, `_` and `-`, with a dot between a stream and what is asked of it.
pub fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    name.split('.').all(is_word) && name.matches('.').count() <= 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    fn value_of(name: &str, filters: &[Filter]) -> Piece {
        Piece::Value { name: name.into(), filters: filters.to_vec() }
    }

    #[test]
    fn names_and_filters_are_found_between_plain_text() {
        let expected = vec![
            Piece::Plain("é ".into()),
            value_of("word", &[Filter::Upper, Filter::Frame]),
            Piece::Plain("!".into()),
            value_of("c.port", &[]),
        ];
        assert_eq!(pieces("é {word|upper | frame}!{c.port}").unwrap(), expected);
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(pieces("{{\"a\": {n}}}").unwrap()[0], Piece::Plain("{\"a\": ".into()));
        assert_eq!(pieces("{{}}").unwrap(), vec![Piece::Plain("{}".into())]);
    }

    #[rstest::rstest]
    #[case("a{b", 1..2, Fault::Open)]
    #[case("来}", 3..4, Fault::Close)]
    #[case("{}", 0..2, Fault::Name(String::new()))]
    #[case("x{\"a\": 1}", 1..9, Fault::Name("\"a\": 1".into()))]
    #[case("{a.b.c}", 0..7, Fault::Name("a.b.c".into()))]
    #[case("{a|uper}", 0..8, Fault::Filter("uper".into()))]
    fn what_is_wrong_is_pointed_at(#[case] text: &str, #[case] at: Range<usize>, #[case] fault: Fault) {
        assert_eq!(pieces(text).unwrap_err(), BadText { at, fault });
    }
}
