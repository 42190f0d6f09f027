//! From what the YAML library says about a file's form to a problem with a caret and a way out.

use std::path::Path;

use super::locate::token;
use super::problem::Problem;
use super::yaml::{self, YamlError};
use crate::text::similar::nearest;

/// What is said of a problem, apart from where it is.
struct Said {
    message: String,
    label: String,
    help: Option<String>,
}

/// The problem that `error` is, in the file `file` with the text `text`.
pub fn problem(file: &Path, text: &str, error: &YamlError) -> Problem {
    let word = token(text, error.index);
    let Said { message, label, help } = said(error, text.get(word.clone()).unwrap_or_default());
    let character = text.get(error.index..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = match place(error) {
        Place::Word => Some(word),
        Place::Character => Some(error.index..error.index + character),
        Place::File => None,
    };
    Problem { file: file.to_owned(), span, message, label, help }
}

/// What a problem points at.
enum Place {
    Word,
    Character,
    File,
}

fn place(error: &YamlError) -> Place {
    match error.message.as_str() {
        yaml::EMPTY | yaml::TOO_BIG => Place::File,
        yaml::CONTROL => Place::Character,
        yaml::SEVERAL | yaml::TOO_DEEP | yaml::ANCHOR | yaml::TAG | yaml::NOTHING => Place::Word,
        message if message.starts_with(yaml::TWICE) || SERDE.iter().any(|kind| message.starts_with(kind)) => {
            Place::Word
        }
        _ => Place::Character,
    }
}

/// How serde's messages begin.
const SERDE: [&str; 6] =
    ["unknown field", "unknown variant", "missing field", "invalid type", "invalid value", "invalid length"];

fn said(error: &YamlError, word: &str) -> Said {
    let (kind, rest) = split(&error.message);
    match kind {
        "unknown field" => unknown("key", rest, &error.path),
        "unknown variant" if rest.contains("`recv`") => unknown("step", rest, &error.path),
        "unknown variant" if rest.contains("`hex`") => unknown("form of bytes", rest, &error.path),
        "unknown variant" => unknown("word", rest, &error.path),
        "missing field" => missing(rest, &error.path),
        "invalid type" | "invalid value" | "invalid length" => wrong_kind(rest, word),
        _ => not_plain(&error.message, word).unwrap_or_else(|| syntax(&error.message)),
    }
}

/// Serde's messages begin with two words that say of which kind they are.
fn split(message: &str) -> (&str, &str) {
    let end = message.match_indices(' ').nth(1).map_or(message.len(), |(at, _)| at);
    (message[..end].trim_end_matches(':'), message[end..].trim_start())
}

/// "`x`, expected one of `a`, `b`": the name that is not known, and those that are.
fn unknown(what: &str, rest: &str, path: &str) -> Said {
    let mut quoted = rest.split('`').skip(1).step_by(2);
    let name = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    let all = format!("known here: {}", known.join(", "));
    let help = match (nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`? {all}"),
        (None, false) => all,
        (None, true) => "nothing may stand here".to_owned(),
    };
    Said { message: format!("unknown {what} `{name}`"), label: inside(path), help: Some(help) }
}

fn missing(rest: &str, path: &str) -> Said {
    let name = rest.trim_matches('`');
    Said { message: format!("`{name}` is missing"), label: inside(path), help: Some(format!("add `{name}: ...`")) }
}

fn inside(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("in `{path}`") }
}

/// "map, expected unit variant" and the like.
fn wrong_kind(rest: &str, word: &str) -> Said {
    let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, "something else"));
    let said = |message: String, help: &str| Said { message, label: String::new(), help: Some(help.to_owned()) };
    match (found, expected) {
        ("map", "unit variant") => said(format!("`{word}` has no fields"), "write the word alone, without `:`"),
        ("unit variant", _) => said(format!("`{word}` needs its fields"), "write them behind it, as in `calm: {}`"),
        (_, "map with a single key" | "map containing 1 entry") | ("map", "enum") => said(
            "exactly one key belongs here".to_owned(),
            "begin every step with a `- ` of its own; put several forms of bytes into a list",
        ),
        _ => {
            let label = format!("expected {}, found {}", kind(expected), found_kind(found));
            Said { message: "this is of the wrong kind".to_owned(), label, help: None }
        }
    }
}

/// What stands in the file, in the words of an author.
fn found_kind(found: &str) -> String {
    match found {
        "map" => "a map".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => ["string ", "integer ", "floating point ", "boolean "]
            .iter()
            .find_map(|kind| found.strip_prefix(kind))
            .unwrap_or(found)
            .to_owned(),
    }
}

/// A type's name, in the words of an author.
fn kind(expected: &str) -> String {
    match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i32" => "a whole number",
        "a boolean" => "true or false",
        "a string" => "a text",
        "a sequence" => "a list",
        "struct Words" => "a map with `en` and `zh`",
        "struct Hints" => "a map with `en` and `zh`, each a list of three hints",
        "enum Step" => "a step: a map with one key, or one of freeze, thaw, settle",
        _ if expected.starts_with("struct ") => "a map",
        _ if expected.starts_with("enum ") => "a word",
        _ => expected,
    }
    .to_owned()
}

/// What `yaml::guard` refuses.
fn not_plain(message: &str, word: &str) -> Option<Said> {
    let (message, help) = match message {
        yaml::TOO_BIG => {
            ("the file is larger than 256 KiB".to_owned(), "generate long values with `repeat` or `random`")
        }
        yaml::EMPTY => ("the file is empty".to_owned(), "begin with `format_version: 1`"),
        yaml::SEVERAL => (message.to_owned(), "a file holds one document: drop the `---`"),
        yaml::TOO_DEEP => ("maps and lists nest too deep here".to_owned(), "no course needs more than 64 levels"),
        yaml::ANCHOR => (
            "anchors and aliases are not allowed in course files".to_owned(),
            "write the value out; a text that begins with `&` or `*` needs quotes",
        ),
        yaml::TAG => ("tags are not allowed in course files".to_owned(), "a text that begins with `!` needs quotes"),
        yaml::NOTHING => ("a value is missing here".to_owned(), "write a value; an empty one is \"\", [] or {}"),
        yaml::CONTROL => (
            format!("a control character (U+{:04X})", word.chars().next().map_or(0, u32::from)),
            "write it as an escape in double quotes, as in \"\\x1b\"",
        ),
        _ => {
            let key = message.strip_prefix(yaml::TWICE)?;
            (format!("the key `{key}` stands in this map twice"), "drop one of the two, or give it another name")
        }
    };
    Some(Said { message, label: String::new(), help: Some(help.to_owned()) })
}

/// What libyaml says of a text that is no YAML.
fn syntax(message: &str) -> Said {
    const HELP: [(&str, &str); 6] = [
        ("mapping values are not allowed", "a text with `: ` in it needs quotes; keys of one map are indented alike"),
        (
            "found character that cannot start",
            "a text that begins with `@`, `%` or a backtick needs quotes; indent with blanks, not tabs",
        ),
        ("unknown escape character", "in double quotes a backslash is `\\\\`; in single quotes it stands for itself"),
        ("quoted scalar", "a quoted text must end with the quote that it began with"),
        ("flow", "close the bracket, and put a comma between items"),
        ("did not find expected", "look at the indentation and the quotes of this line and the one before it"),
    ];
    let help = HELP.iter().find(|(part, _)| message.contains(part)).map(|(_, help)| (*help).to_owned());
    Said { message: format!("this is not YAML: {message}"), label: String::new(), help }
}
