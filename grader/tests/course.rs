//! Course files with one mistake each, and the message that their author reads; and mutated ones, which may be refused
//! but never crash the loader.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at once")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use grader::course::cause::CausesFile;
use grader::course::check::ChecksFile;
use grader::course::data::Data;
use grader::course::load::{Course, load, load_texts};
use grader::course::model::CourseFile;
use grader::course::problem::{LoadError, Paint};
use grader::course::schema::{SchemaKind, schema};
use grader::course::words::Lang;
use grader::course::yaml;
use proptest::prelude::*;
use rstest::rstest;
use serde::de::DeserializeOwned;

const BASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/bad-course/base");

type Texts = BTreeMap<PathBuf, String>;

/// The course files below `folder`, by their paths in the course.
fn texts(folder: &Path) -> Texts {
    let mut texts = Texts::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => open.push(path),
                Some("yaml") => {
                    let text = fs::read_to_string(&path).unwrap();
                    texts.insert(path.strip_prefix(folder).unwrap().to_owned(), text);
                }
                _ => {}
            }
        }
    }
    texts
}

fn base() -> Texts {
    texts(Path::new(BASE))
}

/// The base with a text in one file replaced; the text must stand there exactly once.
fn with(file: &str, old: &str, new: &str) -> Result<Course, LoadError> {
    let mut texts = base();
    let text = texts.get_mut(Path::new(file)).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old}");
    *text = text.replace(old, new);
    load_texts(&texts)
}

#[rstest]
fn a_mistake_is_explained_at_its_place(#[files("../fixtures/bad-course/*/expected.txt")] expected: PathBuf) {
    let folder = expected.parent().unwrap();
    let mut all = base();
    all.extend(texts(folder));
    if let Ok(missing) = fs::read_to_string(folder.join("missing.txt")) {
        missing.lines().for_each(|file| drop(all.remove(Path::new(file)).unwrap()));
    }
    let said = load_texts(&all).map(|_| ()).unwrap_err().render(Paint::Plain);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&expected, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(&expected).unwrap());
}

#[test]
fn the_base_is_a_good_course() {
    let course = load(&Path::new(BASE).join("course.yaml")).unwrap();
    assert_eq!(course.root, Path::new(BASE));
    let ids: Vec<&str> = course.exercises.iter().map(|exercise| exercise.id.as_str()).collect();
    assert_eq!(ids, ["hello", "echo"]);
    assert!(course.exercise("echo").unwrap().folder.ends_with("exercises/echo"));
}

#[test]
fn a_course_is_asked_by_names() {
    let course = load_texts(&base()).unwrap();
    let echo = course.exercise("echo").unwrap();
    assert_eq!((echo.max_points(), echo.points_of("split-line"), course.max_points()), (5, 3, 6));
    assert_eq!((echo.limits.deadline_ms, echo.limits.memory_mib), (4_000, 512));
    assert!(echo.check("basics").is_none() && course.exercise("ech").is_none());
    let values = echo.values(echo.check("basic").unwrap());
    assert_eq!(values.keys().collect::<Vec<_>>(), ["line", "word"]);
    assert_eq!(values["line"], Data::Text("{word}\n".into()));
}

#[test]
fn an_exercise_may_have_its_own_hints() {
    let course = load_texts(&base()).unwrap();
    let first = |exercise, cause| course.hints(exercise, cause).map(|hints| hints.get(Lang::En)[0].as_str());
    assert_eq!(first("echo", "OTHER"), Some("Look at the line."));
    assert_eq!(first("hello", "OTHER"), Some("Read the contract."));
    assert_eq!(first("hello", "UNKNOWN"), None);
}

/// What an author may write: each of these is a change to the base that must load.
#[rstest]
#[case::closed_twice("hello", "- end: {of: c}", "- close: {of: c}\n      - close: {of: c}")]
#[case::name_again_after_close("hello", "- exit:", "- connect: {as: c}\n      - exit:")]
#[case::empty_datagram(
    "hello",
    "- exit:",
    "- connect: {as: u, over: udp}\n      - recv: {from: u, bytes: \"\"}\n      - exit:"
)]
#[case::output_after_exit(
    "hello",
    "- exit: {status: [0]}",
    "- exit: {status: [0]}\n      - recv: {from: stdout, like: \".\"}"
)]
#[case::started_again("hello", "- exit: {status: [0]}", "- exit: {status: [0]}\n      - start: {}\n      - alive: {}")]
#[case::played_server("hello", "- connect: {as: c}", "- listen: {as: l}\n      - accept: {from: l, as: c}")]
#[case::own_address("hello", "bytes: hello", "bytes: \"{c.address} {c.port}\"")]
#[case::bytes_that_are_not_utf8("hello", "bytes: hello", "like: '(?s-u)h.\\xff'")]
#[case::number_as_bytes("hello", "bytes: hello", "bytes: 42")]
#[case::braces("hello", "bytes: hello", "bytes: '{{\"a\": [{port}]}}'")]
#[case::round_in_a_value("echo", "bytes: \"a\\nb\\n\"", "bytes: \"{i}{word|frame|length}\\n\"")]
#[case::stream_of_a_round("echo", "- settle", "- connect: {as: c2}")]
#[case::shadowed_value("echo", "line: \"{word}\\n\"", "line: \"{word}\\n\"\n      word: plain")]
#[case::captured("hello", "bytes: hello", "like: \"(h.*)\\n\", capture: it}\n      - send: {to: c, bytes: \"{it}\"")]
#[case::digest("hello", "bytes: hello", "bytes: \"{ip|md5}\"")]
#[case::unix(
    "hello",
    "- exit:",
    "- start: {args: [\"{dir}/s\"], ready: unix, at: \"{dir}/s\"}\n      - connect: {as: u, over: unix, to: \"{dir}/s\"}\n      \
     - close: {of: u, how: half}\n      - end: {of: u}\n      - exit:"
)]
#[case::broadcast(
    "hello",
    "- start: {}",
    "- listen: {as: r, over: udp, shared: true}\n      - start: {}\n      \
     - connect: {as: b, over: udp, to: \"127.255.255.255:{r.port}\"}"
)]
#[case::another_sender(
    "hello",
    "- start: {}",
    "- listen: {as: s, over: udp}\n      - listen: {as: x, over: udp}\n      - start: {args: [\"{s.port}\", \"{x.address}\"]}\n      \
     - send: {to: x, bytes: a, toward: s}"
)]
#[case::files(
    "hello",
    "- start: {}",
    "- file: {path: a/b, bytes: x}\n      - file: {path: \"{dir}/c/\"}\n      - link: {path: l, to: ../../x}\n      - fifo: {path: f}\n      \
     - start: {}\n      - file_is: {path: a/b, bytes: x}\n      - files: {in: \"{dir}\", names: [a, c, l, f]}"
)]
#[case::answers(
    "hello",
    "- recv: {from: c, bytes: hello}",
    "- http: {from: c, status: [200, 206], method: HEAD, headers: {content-length: \"[0-9]+\"}, absent: [x-y]}\n      \
     - json: {from: c, members: {a: {text: x}, b: {number: 5}, c: line}, absent: [d]}"
)]
#[case::sockets_from_outside(
    "hello",
    "- end: {of: c}",
    "- descriptors\n      - send: {to: c, bytes: \"{listener_fd} {listener_reuseaddr} {free_fd}\"}\n      - mark: {as: m}\n      \
     - queue: {limit: 5, waiting: 0}\n      - connect: {as: w, waits: true}\n      - memory: {since: m, grown_below_mib: 4}"
)]
fn an_author_may_write(#[case] exercise: &str, #[case] old: &str, #[case] new: &str) {
    let loaded = with(&format!("exercises/{exercise}/checks.yaml"), old, new);
    assert_eq!(loaded.map(|_| ()).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn an_argument_may_be_a_value_that_every_check_gives() {
    let mut texts = base();
    let text = texts.get_mut(Path::new("exercises/hello/checks.yaml")).unwrap();
    *text = text.replace("\"{port}\"", "\"{port}\", \"{size}\"");
    assert!(load_texts(&texts).unwrap_err().to_string().contains("there is no value `size`"));
    let text = texts.get_mut(Path::new("exercises/hello/checks.yaml")).unwrap();
    *text = text.replace("    steps:\n", "    let: {size: 512}\n    steps:\n");
    load_texts(&texts).unwrap();
}

#[test]
fn files_that_are_no_texts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("course.yaml");
    let said = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        load(&file).unwrap_err().problems[0].message.clone()
    };
    assert_eq!(said(b"\xff"), "cannot read this file: not UTF-8 text");
    assert_eq!(said(&vec![b' '; 300 << 10]), "cannot read this file: larger than 256 KiB");
    let folder_as_file = load(folder.path()).unwrap_err();
    assert_eq!(folder_as_file.problems[0].message, "cannot read this file: not a regular file");
}

#[test]
fn a_coloured_message_is_the_plain_one_in_colours() {
    let error = with("course.yaml", "en: Echo", "en: ''").unwrap_err();
    let coloured = error.render(Paint::Coloured);
    assert!(coloured.contains("\x1b["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), error.render(Paint::Plain));
}

#[test]
fn escapes_in_a_course_file_reach_no_terminal() {
    let error = with("exercises/hello/checks.yaml", "  - id: basic", "  - \"a\\e[31m\": 1\n    id: basic").unwrap_err();
    assert!(!error.render(Paint::Plain).contains('\x1b'), "{error}");
}

fn as_json<T: DeserializeOwned>(text: &str) -> T {
    yaml::parse(text).unwrap()
}

/// True if the schema accepts the text; it must agree with the loader's own reading.
fn accepts<T: DeserializeOwned>(kind: SchemaKind, text: &str) -> bool {
    let validator = jsonschema::validator_for(schema(kind).as_value()).unwrap();
    let accepted = validator.is_valid(&as_json(text));
    assert_eq!(accepted, yaml::parse::<T>(text).is_ok(), "{text}");
    accepted
}

#[test]
fn the_schemas_accept_the_base() {
    let texts = base();
    let text = |file: &str| texts[Path::new(file)].as_str();
    assert!(accepts::<CourseFile>(SchemaKind::Course, text("course.yaml")));
    assert!(accepts::<CausesFile>(SchemaKind::Causes, text("exercises/causes.yaml")));
    assert!(accepts::<ChecksFile>(SchemaKind::Checks, text("exercises/hello/checks.yaml")));
    assert!(accepts::<ChecksFile>(SchemaKind::Checks, text("exercises/echo/checks.yaml")));
}

#[rstest]
#[case("freeze", true)]
#[case("freeze: {}", false)]
#[case("calm: {}", true)]
#[case("calm", false)]
#[case("send: {to: c, bytes: 5}", true)]
#[case("send: {to: c, bytes: [a, -5, {frame: [b, {u32: 7}]}]}", true)]
#[case("send: {to: c, bytes: {frame: a, hex: '00'}}", false)]
#[case("send: {to: c, bytes: {random: {length: 3, of: lower}}}", true)]
#[case("send: {to: c, bytes: {random: {length: -3}}}", false)]
#[case("send: {to: c, bytes: true}", false)]
#[case("send: {to: c, bytes: 1.5}", false)]
#[case("send: {to: c}", false)]
#[case("send: {to: c, bytes: x, more: y}", false)]
#[case("close: {of: c, how: half}", true)]
#[case("close: {of: c, how: halve}", false)]
#[case("repeat: {times: 2, steps: [thaw, settle, close: {of: c}]}", true)]
#[case("send: {to: c, bytes: x}\n        close: {of: c}", false)]
#[case("[freeze]", false)]
#[case("descriptors", true)]
#[case("start: {ready: unix, at: '{dir}/s'}", true)]
#[case("start: {ready: file}", false)]
#[case("listen: {as: l, over: udp, shared: true}", true)]
#[case("connect: {as: c, over: unix, to: '{dir}/s', waits: false}", true)]
#[case("connect: {as: c, over: sctp}", false)]
#[case("send: {to: u, bytes: x, toward: s}", true)]
#[case("recv: {from: c, bytes: x, lossy: true}", true)]
#[case("recv: {from: c, like: '(x)', capture: y}", true)]
#[case("queue: {limit: 5}", true)]
#[case("queue: {limit: -5}", false)]
#[case("memory: {since: m, grown_below_mib: 8}", true)]
#[case("memory: {since: m}", false)]
#[case("file: {path: a}", true)]
#[case("file: {bytes: a}", false)]
#[case("link: {path: a, to: b}", true)]
#[case("fifo: {path: a}", true)]
#[case("file_is: {path: a, bytes: [b, 5]}", true)]
#[case("files: {in: a, names: []}", true)]
#[case("files: {folder: a, names: []}", false)]
#[case("http: {from: c, status: [200], headers: {x-y: z}, absent: [w], body: ''}", true)]
#[case("http: {from: c, status: 200}", false)]
#[case("json: {from: c, members: {a: {text: x}, b: {number: 5}, c: line}}", true)]
#[case("json: {from: c, members: {a: x}}", false)]
#[case("recv: {from: c, bytes: x, causes: [{cause: OTHER, facts: {about: status}}]}", true)]
fn the_schema_and_the_loader_agree_about_a_step(#[case] step: &str, #[case] good: bool) {
    let text = &base()[Path::new("exercises/hello/checks.yaml")].replace("- exit: {status: [0]}", &format!("- {step}"));
    assert_eq!(accepts::<ChecksFile>(SchemaKind::Checks, text), good);
}

#[test]
fn the_course_that_is_shipped_loads_and_fits_the_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = root.join("course.yaml");
    let course = load(&file).unwrap_or_else(|error| panic!("{error}"));
    let text = |file: &Path| fs::read_to_string(file).unwrap();
    assert!(accepts::<CourseFile>(SchemaKind::Course, &text(&file)));
    assert!(accepts::<CausesFile>(SchemaKind::Causes, &text(&root.join("exercises/causes.yaml"))));
    for exercise in &course.exercises {
        assert!(accepts::<ChecksFile>(SchemaKind::Checks, &text(&exercise.folder.join("checks.yaml"))));
    }
}

/// What a mutation writes into a file: pieces that mean something to YAML or to a course.
const WORDS: [&str; 34] = [
    "&a ",
    "*a",
    "!x ",
    "---\n",
    "\n",
    "- ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "{i}",
    "{word|",
    "\"",
    "'",
    "|",
    ">",
    "#",
    "\t",
    "0",
    "-1",
    "99999999999",
    "~",
    "来",
    "\u{feff}",
    "\u{2028}",
    "\\x",
    "freeze",
    "repeat: {times: 4000000000, steps: [",
    "random: {length: 18446744073709551615}",
    "like: \"(((a*)*)*)*\"",
    "c{i}",
    "stdin",
];

/// A text with `cut` bytes at `at` replaced by a word; `at` counts in thousandths.
fn mutated(text: &str, at: usize, cut: usize, word: usize) -> String {
    let boundary = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let start = boundary(text.len() * at / 1_000);
    let end = boundary(start + cut);
    format!("{}{}{}", &text[..start], WORDS[word], &text[end..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutated_course_crashes_the_loader(
        mutations in prop::collection::vec((0..4usize, 0..1_000usize, 0..12usize, 0..WORDS.len()), 1..4),
    ) {
        let mut texts = base();
        for (file, at, cut, word) in mutations {
            let text = texts.values_mut().nth(file).unwrap();
            *text = mutated(text, at, cut, word);
        }
        if let Err(error) = load_texts(&texts) {
            prop_assert!(!error.problems.is_empty());
            prop_assert!(error.render(Paint::Plain).starts_with("error: "));
        }
    }
}
