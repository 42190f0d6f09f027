//! Where a value stands in a text: from keys and indices to a line, a column and bytes.

use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::path::{Part, Path};
use super::tree::Refuse;
use super::yaml;

/// Which of the two is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The key of the path's last step.
    Key,
    /// The value at the path's end.
    Value,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The bytes to underline: a scalar as a whole, of a map or a list what stands first.
    pub span: Range<usize>,
}

/// What the walk says where it arrives: the library adds the place.
const HERE: &str = "the walk ends here";

/// Where `path` leads in `text`; `None` if it leads nowhere.
pub fn locate(text: &str, path: &Path, target: Target) -> Option<Place> {
    match yaml::seek(text, Walk { rest: path.parts(), target }) {
        Err(found) if found.message.ends_with(HERE) => {
            Some(Place { line: found.line, column: found.column, span: token(text, found.index) })
        }
        _ => None,
    }
}

/// The bytes of what begins at `start`: a quoted text with its quotes, a plain one up to where it must end.
pub fn token(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let length = match rest.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => quoted(rest, quote),
        Some(b'[' | b'{' | b'|' | b'>') => 1,
        Some(_) => plain(rest),
        None => 0,
    };
    start..start + length
}

/// How long the quoted text at the start of `rest` is; to the end of the line if its end is not found.
fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    line_of(rest).len()
}

/// How long the plain text at the start of `rest` is.
fn plain(rest: &str) -> usize {
    let line = line_of(rest);
    let ends = [": ", " #", ", ", "]", "}"];
    let end = ends.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
    let text = line[..end].trim_end();
    let text = if end == line.len() { text.strip_suffix(':').unwrap_or(text) } else { text };
    text.len()
}

fn line_of(rest: &str) -> &str {
    rest.lines().next().unwrap_or_default()
}

/// Goes down a path and stops at its end with an error.
#[derive(Clone, Copy)]
struct Walk<'a> {
    rest: &'a [Part],
    target: Target,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.rest {
            [] => Refuse(HERE).deserialize(deserializer),
            [Part::Key(key), rest @ ..] => deserializer.deserialize_map(IntoMap { key, walk: Walk { rest, ..self } }),
            [Part::Index(index), rest @ ..] => {
                deserializer.deserialize_seq(IntoSeq { index: *index, walk: Walk { rest, ..self } })
            }
        }
    }
}

struct IntoMap<'a> {
    key: &'a str,
    walk: Walk<'a>,
}

impl<'de> Visitor<'de> for IntoMap<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a map with the key {}", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let stop = self.walk.rest.is_empty() && self.walk.target == Target::Key;
        while let Some(found) = map.next_key_seed(WantedKey { wanted: self.key, stop })? {
            match found {
                true => map.next_value_seed(self.walk)?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// True for the wanted key; or, to learn its place, an error.
struct WantedKey<'a> {
    wanted: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for WantedKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for WantedKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        if key == self.wanted && self.stop { Err(E::custom(HERE)) } else { Ok(key == self.wanted) }
    }
}

struct IntoSeq<'a> {
    index: usize,
    walk: Walk<'a>,
}

impl<'de> Visitor<'de> for IntoSeq<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list with item {}", self.index)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for _ in 0..self.index {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        items.next_element_seed(self.walk).map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at once")]

    use super::*;

    const TEXT: &str = "\
modules:
- id: tcp
  'title': \"来 \\\" x\" # why
  exercises:
  - {id: 'it''s', points: {one-line: 3, a.b: 4}}
  - steps:
    - freeze
    - recv: {from: c, like: '^a, b'}
  long: |
    text
";

    fn path(text: &str) -> Path {
        text.split('/').fold(Path::root(), |path, part| match part.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.key(part),
        })
    }

    #[rstest::rstest]
    #[case("modules/0/id", Target::Value, "tcp")]
    #[case("modules/0/title", Target::Key, "'title'")]
    #[case("modules/0/title", Target::Value, "\"来 \\\" x\"")]
    #[case("modules/0/exercises/0/id", Target::Value, "'it''s'")]
    #[case("modules/0/exercises/0/points", Target::Value, "{")]
    #[case("modules/0/exercises/0/points/one-line", Target::Key, "one-line")]
    #[case("modules/0/exercises/0/points/one-line", Target::Value, "3")]
    #[case("modules/0/exercises/0/points/a.b", Target::Value, "4")]
    #[case("modules/0/exercises/1/steps/0", Target::Value, "freeze")]
    #[case("modules/0/exercises/1/steps/1", Target::Value, "recv")]
    #[case("modules/0/exercises/1/steps/1/recv", Target::Key, "recv")]
    #[case("modules/0/exercises/1/steps/1/recv/like", Target::Value, "'^a, b'")]
    #[case("modules/0/long", Target::Value, "|")]
    #[case("modules/0", Target::Value, "id")]
    fn a_path_leads_to_the_words_that_stand_there(#[case] to: &str, #[case] target: Target, #[case] words: &str) {
        assert_eq!(&TEXT[locate(TEXT, &path(to), target).unwrap().span], words);
    }

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let place = locate("a: 1\n来: [2, 3]\n", &path("来/1"), Target::Value).unwrap();
        assert_eq!((place.line, place.column, place.span), (2, 8, 14..15));
    }

    #[rstest::rstest]
    #[case("modules/1")]
    #[case("modules/0/needs")]
    #[case("modules/0/id/x")]
    #[case("modules/0/id/0")]
    fn a_path_may_lead_nowhere(#[case] to: &str) {
        assert_eq!(locate(TEXT, &path(to), Target::Value), None);
    }
}
