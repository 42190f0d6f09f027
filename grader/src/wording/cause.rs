//! What a failure means and what was seen, in a student's language: the catalogue's message with its placeholders
//! filled from the record, or where the record lacks one of them, the general sentence of the symptom.

use crate::course::words::{Lang, Words};
use crate::judge::record::{Excerpt, Failure, ProcessEnd};
use crate::text::bytes::{escape_lines, one_line};
use crate::text::fill::fill;
use crate::wording::caret::inline;
use crate::wording::{scene, symptoms};

/// What is wrong with the program: the catalogue's `message`, or what was seen if that cannot be said here.
pub fn message(message: Option<&Words>, failure: &Failure, lang: Lang) -> String {
    let said = message.and_then(|words| fill(words.get(lang), |name| value(failure, name)));
    said.unwrap_or_else(|| seen(failure, lang))
}

/// What was seen in place of what was expected.
pub fn seen(failure: &Failure, lang: Lang) -> String {
    let mut sentences = symptoms::sentences(failure.symptom).iter();
    sentences.find_map(|phrase| fill(phrase.get(lang), |name| value(failure, name))).unwrap_or_default()
}

/// The value of a placeholder: a fact of the record, or what follows from its bytes and from the program's state.
fn value(failure: &Failure, name: &str) -> Option<String> {
    let fact = || failure.facts.get(name).map(|fact| one_line(fact));
    let excerpt = |excerpt: &Option<Excerpt>| excerpt.as_ref().filter(|e| e.total > 0).map(inline);
    match name {
        "expected" => excerpt(&failure.expected).or_else(fact),
        "actual" => excerpt(&failure.actual).or_else(fact),
        "sent" => excerpt(&failure.sent).or_else(fact),
        "stderr" => fact().or_else(|| last_words(&failure.stderr)),
        "waiting" => fact().or_else(|| scene::waiting(&failure.scene)),
        "unread" => fact().or_else(|| scene::unread(failure).map(|unread| unread.to_string())),
        "status" => fact().or_else(|| match &failure.scene.end {
            Some(ProcessEnd::Status(status)) => Some(status.to_string()),
            _ => None,
        }),
        "signal" => fact().or_else(|| match &failure.scene.end {
            Some(ProcessEnd::Signal(signal)) => Some(one_line(signal)),
            _ => None,
        }),
        _ => fact(),
    }
}

/// The last line of stderr that tells something: where Rust panics, that is the line before its note.
fn last_words(stderr: &Excerpt) -> Option<String> {
    let text = escape_lines(&stderr.bytes);
    let mut lines = text.lines().rev().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with("note: ")).map(str::to_owned)
}

#[cfg(test)]
pub mod tests {
    //! Also makes failures for the tests of other rooms.

    use super::*;
    use crate::course::cause::Symptom;
    use crate::judge::record::{Scene, TaskView};

    /// A failure of step 4 on stream `c` of which nothing more is known.
    pub fn failure(symptom: Symptom, expected: &[u8], actual: &[u8]) -> Failure {
        let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
        Failure {
            cause: "ONE_READ".into(),
            symptom,
            step: 4,
            step_text: "recv \"HELLOok\\n\" from c".into(),
            stream: Some("c".into()),
            expected: Some(Excerpt::around(expected, same)),
            actual: Some(Excerpt::around(actual, same)),
            differs_at: Some(same),
            facts: [].into(),
            sent: None,
            scene: Scene::default(),
            stderr: Excerpt::default(),
        }
    }

    /// A program whose one thread is at `at`.
    pub fn scene_at(at: &str) -> Scene {
        let task = TaskView { pid: 2, name: "main".into(), at: at.into() };
        Scene { tasks: vec![task], ..Scene::default() }
    }

    fn words(en: &str) -> Words {
        Words { en: en.into(), zh: String::new() }
    }

    #[test]
    fn the_catalogues_message_is_filled_from_facts_and_bytes() {
        let mut failure = failure(Symptom::Early, b"HELLOok\n", b"HEL");
        failure.facts.insert("pieces".into(), "5".into());
        let template = words("sent {expected} in {pieces} pieces, got {actual}");
        assert_eq!(message(Some(&template), &failure, Lang::En), "sent \"HELLOok\\n\" in 5 pieces, got \"HEL\"");
    }

    #[test]
    fn a_message_that_lacks_a_fact_gives_way_to_what_was_seen() {
        let failure = failure(Symptom::Wrong, b"a", b"b");
        let said = message(Some(&words("in {pieces} pieces")), &failure, Lang::En);
        assert_eq!(said, "\"a\" was due, and \"b\" came");
    }

    #[test]
    fn what_was_seen_says_as_much_as_is_known() {
        let mut silent = failure(Symptom::Silent, b"hello", b"");
        assert_eq!(seen(&silent, Lang::En), "\"hello\" was due, and nothing came");
        silent.scene = scene_at("accept(fd 3)");
        assert_eq!(
            seen(&silent, Lang::En),
            "\"hello\" was due; nothing came, and the program waits in accept(fd 3): it will say nothing more"
        );
    }

    #[test]
    fn a_panic_is_told_by_the_line_before_rusts_note() {
        let mut panicked = failure(Symptom::Panicked, b"", b"");
        panicked.stderr =
            Excerpt::tail(b"thread 'main' panicked at src/main.rs:3:5:\nBroken\x1b pipe\nnote: run with\n");
        assert_eq!(seen(&panicked, Lang::En), "the program panicked: Broken\\x1b pipe");
    }

    #[test]
    fn the_programs_end_gives_status_and_signal() {
        let mut ended = failure(Symptom::Exited, b"", b"");
        ended.scene.end = Some(ProcessEnd::Status(3));
        assert_eq!(seen(&ended, Lang::En), "the program ended with exit status 3 where it should go on");
        ended.symptom = Symptom::Signalled;
        ended.scene.end = Some(ProcessEnd::Signal("SIGPIPE".into()));
        assert_eq!(seen(&ended, Lang::Zh), "信号 SIGPIPE 终止了程序");
    }
}
