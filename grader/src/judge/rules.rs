//! Which rule fits what was seen. Pure: experiments are the caller's.

use std::collections::BTreeMap;

use regex::bytes::Regex;

use crate::course::cause::{Rule, Symptom};
use crate::course::data::Data;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The symptom.
    pub symptom: Symptom,
    /// Everything that the failed step got.
    pub got: &'a [u8],
    /// The program's stderr.
    pub stderr: &'a [u8],
    /// The signal that ended the program.
    pub signal: Option<&'a str>,
    /// Numbers and names that the step noted.
    pub facts: &'a BTreeMap<String, String>,
}

/// True if all that `rule` says of the evidence holds; its experiment is not looked at.
pub fn fits(rule: &Rule, seen: &Evidence, bytes: impl Fn(&Data) -> Option<Vec<u8>>) -> bool {
    (rule.when.is_empty() && seen.symptom != Symptom::Limit || rule.when.contains(&seen.symptom))
        && rule.got.as_ref().is_none_or(|got| bytes(got).is_some_and(|got| got == seen.got))
        && rule.like.as_ref().is_none_or(|pattern| matches(pattern, seen.got))
        && rule.stderr.as_ref().is_none_or(|pattern| matches(pattern, seen.stderr))
        && rule.facts.iter().all(|(name, value)| seen.facts.get(name) == Some(value))
        && rule.signal.as_ref().is_none_or(|signal| Some(signal.as_str()) == seen.signal)
}

/// A loaded course has only patterns that compile.
fn matches(pattern: &str, bytes: &[u8]) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.is_match(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        cause: String::new(),
        first: false,
        when: Vec::new(),
        got: None,
        like: None,
        stderr: None,
        signal: None,
        facts: BTreeMap::new(),
        attempt: Vec::new(),
    };
    const NO_FACTS: &BTreeMap<String, String> = &BTreeMap::new();
    const SEEN: Evidence =
        Evidence { symptom: Symptom::Wrong, got: b"ab", stderr: b"Broken pipe", signal: None, facts: NO_FACTS };

    fn text(data: &Data) -> Option<Vec<u8>> {
        match data {
            Data::Text(text) => Some(text.clone().into_bytes()),
            _ => None,
        }
    }

    #[test]
    fn a_rule_that_says_nothing_fits_everything() {
        assert!(fits(&RULE, &SEEN, text));
    }

    #[test]
    fn a_rule_fits_only_its_symptoms() {
        assert!(fits(&Rule { when: vec![Symptom::Wrong], ..RULE }, &SEEN, text));
        assert!(!fits(&Rule { when: vec![Symptom::Silent], ..RULE }, &SEEN, text));
    }

    #[test]
    fn what_came_is_compared_as_a_whole() {
        assert!(fits(&Rule { got: Some(Data::Text("ab".into())), ..RULE }, &SEEN, text));
        assert!(!fits(&Rule { got: Some(Data::Text("a".into())), ..RULE }, &SEEN, text));
    }

    #[test]
    fn facts_must_be_exactly_so() {
        let facts = [("about".to_owned(), "status".to_owned())].into();
        let rule = Rule { facts: [("about".to_owned(), "status".to_owned())].into(), ..RULE };
        assert!(fits(&rule, &Evidence { facts: &facts, ..SEEN }, text));
        assert!(!fits(&rule, &SEEN, text));
    }

    #[test]
    fn stderr_is_searched_and_a_signal_must_be_the_same() {
        assert!(fits(&Rule { stderr: Some("[Bb]roken".into()), ..RULE }, &SEEN, text));
        assert!(!fits(&Rule { signal: Some("SIGPIPE".into()), ..RULE }, &SEEN, text));
        assert!(fits(
            &Rule { signal: Some("SIGPIPE".into()), ..RULE },
            &Evidence { signal: Some("SIGPIPE"), ..SEEN },
            text
        ));
    }
}
