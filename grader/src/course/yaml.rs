//! YAML. Nothing else in the code base knows which library reads it.
//!
//! Enums are written as maps with one key, or as a plain word for a variant without fields. The course's files are a
//! plain tree: anchors and aliases (and with them "bombs" that grow when they are read), tags, repeated keys, values
//! that are missing and second documents are refused, each at its place.

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny};
use serde_yaml::Deserializer;
use serde_yaml::with::singleton_map_recursive;

use super::tree::{Look, Refuse, Tree};

/// The largest file that is read.
pub const MOST_BYTES: usize = 256 * 1024;

/// Opening brackets between two looks at how deep they nest: libyaml's time grows with the square of that depth.
const BRACKETS: usize = 2_000;

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct YamlError {
    /// What is wrong, in the words of serde, of libyaml, or of [`guard`]'s refusals.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The byte in the text, from 0.
    pub index: usize,
    /// The keys and indices that lead there, as in `checks[0].steps`; empty at the root or where it is not known.
    pub path: String,
}

/// A file that is larger than [`MOST_BYTES`].
pub const TOO_BIG: &str = "larger than 256 KiB";
/// A file with nothing in it.
pub const EMPTY: &str = "empty";
/// A file with a second `---`.
pub const SEVERAL: &str = "a second document begins here";
/// Maps and lists in one another, deeper than any course needs.
pub const TOO_DEEP: &str = "nested too deep";
/// `&name` or `*name`.
pub const ANCHOR: &str = "an anchor or an alias";
/// `!name`.
pub const TAG: &str = "a tag";
/// A key or a `-` with nothing behind it.
pub const NOTHING: &str = "nothing stands here";
/// The beginning of what is said of a key that stands in a map twice.
pub const TWICE: &str = "key stands twice: ";
/// A character that must be written as an escape.
pub const CONTROL: &str = "a control character";

/// Reads a value from a text that holds exactly one document.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    guard(text)?;
    singleton_map_recursive::deserialize(Deserializer::from_str(text)).map_err(|error| YamlError::of(text, &error))
}

/// Reads only as much as `seed` asks for. For texts that [`parse`] or [`guard`] let pass.
pub fn seek<'t, S: DeserializeSeed<'t>>(text: &'t str, seed: S) -> Result<S::Value, YamlError> {
    seed.deserialize(Deserializer::from_str(text)).map_err(|error| YamlError::of(text, &error))
}

/// Refuses a text that is no plain tree of a bounded size.
pub fn guard(text: &str) -> Result<(), YamlError> {
    if text.len() > MOST_BYTES {
        return Err(YamlError::at(text, 0, TOO_BIG));
    }
    if let Some((index, _)) =
        text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))
    {
        return Err(YamlError::at(text, index, CONTROL));
    }
    // Nothing is followed before it is sure that it leads nowhere else.
    let masked = text.replace(['&', '*'], "@");
    refuse_depth(&masked)?;
    refuse_anchors(text, &masked)?;
    let mut documents = Deserializer::from_str(text);
    if let Some(first) = documents.next() {
        Tree::new(Look::Everything).deserialize(first).map_err(|error| YamlError::of(text, &error))?;
    }
    match documents.next().map(|second| Refuse(SEVERAL).deserialize(second)) {
        Some(Err(error)) => Err(YamlError { message: SEVERAL.to_owned(), ..YamlError::of(text, &error) }),
        Some(Ok(())) | None => Ok(()),
    }
}

/// Refuses brackets that nest too deep. Long texts are looked at piece by piece, so that no more than [`BRACKETS`] are
/// ever open unseen.
fn refuse_depth(masked: &str) -> Result<(), YamlError> {
    for (index, _) in masked.match_indices(['[', '{']).skip(BRACKETS).step_by(BRACKETS) {
        let mut documents = Deserializer::from_str(&masked[..index]);
        match documents.try_for_each(|document| Tree::new(Look::Depth).deserialize(document)) {
            Err(error) if error.to_string().contains(TOO_DEEP) => return Err(YamlError::of(masked, &error)),
            // The piece may well end in the middle of something.
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Refuses anchors and aliases.
///
/// A text search for `&` and `*` would trip over quotes, comments and `2 * 3`, so libyaml is asked: `@` may stand where
/// those two may, except that it cannot begin a token. Where it is reported to do so, an anchor or an alias stands.
fn refuse_anchors(text: &str, masked: &str) -> Result<(), YamlError> {
    if text == masked {
        return Ok(());
    }
    let Err(error) = IgnoredAny::deserialize(Deserializer::from_str(masked)) else { return Ok(()) };
    match error.location().map(|location| location.index()) {
        Some(index) if matches!(text.as_bytes().get(index), Some(b'&' | b'*')) => {
            Err(YamlError::at(text, index, ANCHOR))
        }
        _ => Ok(()),
    }
}

impl YamlError {
    /// `message` about the byte `index` of `text`.
    fn at(text: &str, index: usize, message: &str) -> YamlError {
        let before = text.get(..index).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        YamlError {
            message: message.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            index,
            path: String::new(),
        }
    }

    /// What the library says about `text`, with its message, path and place taken apart.
    fn of(text: &str, error: &serde_yaml::Error) -> YamlError {
        let said = error.to_string();
        let Some(place) = error.location() else {
            return YamlError { message: said, ..YamlError::at(text, 0, "") };
        };
        let said = said.replacen(&format!(" at line {} column {}", place.line(), place.column()), "", 1);
        let (path, message) = split_path(&said);
        YamlError { path: path.to_owned(), ..YamlError::at(text, place.index(), message) }
    }
}

/// How the messages begin that the library puts a path before.
const BEGINNINGS: [&str; 11] = [
    "unknown field",
    "unknown variant",
    "missing field",
    "duplicate field",
    "invalid type",
    "invalid value",
    "invalid length",
    NOTHING,
    TAG,
    TWICE,
    TOO_DEEP,
];

/// A message of the library, apart from the path before it.
fn split_path(said: &str) -> (&str, &str) {
    let at = BEGINNINGS.iter().filter_map(|beginning| said.find(&format!(": {beginning}"))).min();
    match at {
        Some(at) => (said[..at].trim_start_matches('.'), &said[at + 2..]),
        None => ("", said),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at once")]

    use std::collections::BTreeMap;

    use super::*;
    use crate::course::data::{Data, Form};
    use crate::course::step::Step;

    fn refused(text: &str) -> YamlError {
        parse::<serde_json::Value>(text).unwrap_err()
    }

    #[test]
    fn steps_are_maps_with_one_key_or_plain_words() {
        let steps: Vec<Step> = parse("- freeze\n- calm: {}\n- send: {to: c, bytes: hi}\n").unwrap();
        assert!(matches!(&steps[..], [Step::Freeze, Step::Calm(_), Step::Send(_)]));
    }

    #[test]
    fn bytes_are_texts_numbers_lists_and_forms() {
        let data: Data = parse("[a, 1, -1, \"2\", [b], {frame: [c, {u32: 5}]}]").unwrap();
        let text = |text: &str| Data::Text(text.into());
        let frame = Form::Frame(Data::Parts(vec![text("c"), Data::Form(Box::new(Form::U32(5)))]));
        let parts = vec![text("a"), text("1"), text("-1"), text("2"), Data::Parts(vec![text("b")])];
        assert_eq!(data, Data::Parts([parts, vec![Data::Form(Box::new(frame))]].concat()));
    }

    #[rstest::rstest]
    #[case("", EMPTY, 1, 1)]
    #[case("# nothing\n", EMPTY, 2, 1)]
    #[case("null\n", EMPTY, 1, 1)]
    #[case("a: 1\n---\nb: 1\n", SEVERAL, 3, 1)]
    #[case("a: \nb: 1\n", NOTHING, 1, 3)]
    #[case("来: !x [1]\n", TAG, 1, 4)]
    #[case("a: 1\nb: {c: 1, d: 2, c: 3}\n", "key stands twice: c", 2, 17)]
    #[case("a: 1\na: 2\n", "key stands twice: a", 2, 1)]
    #[case("a: \"来\u{1b}\"\n", CONTROL, 1, 6)]
    fn what_is_no_plain_tree_is_refused_at_its_place(
        #[case] text: &str,
        #[case] message: &str,
        #[case] line: usize,
        #[case] column: usize,
    ) {
        let error = refused(text);
        assert_eq!((error.message.as_str(), error.line, error.column), (message, line, column));
    }

    #[rstest::rstest]
    #[case("a: &x 1\n", 3)]
    #[case("a: 1\nb: *x\n", 8)]
    #[case("# 2 * 3 & 4\na: '* &'\nb: x *y &z\nc: {d: [1, *a]}\n", 43)]
    #[case("- &x\n- 1\n", 2)]
    #[case("*x : 1\n", 0)]
    fn anchors_and_aliases_are_refused_where_they_stand(#[case] text: &str, #[case] index: usize) {
        let error = refused(text);
        assert_eq!((error.message.as_str(), error.index), (ANCHOR, index));
    }

    #[rstest::rstest]
    #[case("a: '&x *y'")]
    #[case("a: \"&x *y\"")]
    #[case("a: b &x *y # &z *z")]
    #[case("a: |\n  &x\n  *y\n")]
    #[case("{a&b: 2*3}")]
    fn ampersands_and_stars_may_stand_in_texts(#[case] text: &str) {
        parse::<BTreeMap<String, String>>(text).unwrap();
    }

    #[test]
    fn bombs_are_refused_before_they_go_off() {
        let list = |count: usize, item: &str| vec![item; count].join(", ");
        let quadratic = format!("a: &a [{}]\nb: [{}]\n", list(10_000, "x"), list(10_000, "*a"));
        assert_eq!(refused(&quadratic).message, ANCHOR);
        let exponential = (1..30).map(|n| format!("v{n}: &v{n} [*v{0}, *v{0}]\n", n - 1)).collect::<String>();
        assert_eq!(refused(&format!("v0: &v0 x\n{exponential}")).message, ANCHOR);
        for deep in ["[", "{a: ", "- ", "[[]: ", "{a: '}', b: ", "!x ["] {
            assert_eq!(refused(&deep.repeat(MOST_BYTES / deep.len())).message, TOO_DEEP, "{deep}");
        }
        assert_eq!(refused(&format!("a: 1\n---\n{}", "{a: ".repeat(60_000))).message, TOO_DEEP);
        assert_eq!(refused(&" ".repeat(MOST_BYTES + 1)).message, TOO_BIG);
    }

    #[test]
    fn what_nests_as_deep_as_is_allowed_is_read() {
        let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
        parse::<Data>(&nested(64)).unwrap();
        assert_eq!(refused(&nested(65)).message, TOO_DEEP);
    }

    #[test]
    fn an_error_knows_its_path_and_its_byte() {
        let error = parse::<Vec<Step>>("- freeze\n- send: {to: \"来\", byts: x}\n").unwrap_err();
        assert_eq!(error.message, "unknown field `byts`, expected one of `to`, `bytes`, `toward`");
        assert_eq!((error.path.as_str(), error.line, error.column, error.index), ("[1].send", 2, 19, 29));
        let error = parse::<Vec<Step>>("- send: {to: c\n").unwrap_err();
        assert_eq!(error.message, "did not find expected ',' or '}', while parsing a flow mapping at line 1 column 9");
    }
}
