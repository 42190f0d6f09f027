//! What must become of a fixture, and whether it did. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::record::Verdict;

/// What is claimed of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It passes every check.
    PassesAll,
    /// It passes exactly these checks.
    PassesOnly(BTreeSet<String>),
    /// It fails exactly these checks, each with this cause.
    Fells(BTreeMap<String, String>),
}

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The check.
    pub check: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The cause that was named, and the message's raw material for a person.
    pub cause: Option<String>,
    /// Anything that helps to see why: the symptom and the step, or what kept it from being judged.
    pub detail: String,
}

/// What is wrong with a claim, in sentences; none if it holds.
pub fn disproved(claim: &Claim, ended: &[Ended]) -> Vec<String> {
    let void = ended.iter().filter(|end| end.verdict == Verdict::Void);
    let void = void.map(|end| format!("`{}` could not be judged: {}", end.check, end.detail));
    let wrong: Vec<String> = match claim {
        Claim::PassesAll => failures(ended).map(|end| format!("`{}` should pass: {}", end.check, told(end))).collect(),
        Claim::PassesOnly(expected) => passes_only(expected, ended),
        Claim::Fells(expected) => fells(expected, ended),
    };
    void.chain(wrong).collect()
}

fn failures(ended: &[Ended]) -> impl Iterator<Item = &Ended> {
    ended.iter().filter(|end| matches!(end.verdict, Verdict::Failed | Verdict::Blocked))
}

fn told(end: &Ended) -> String {
    format!("{} ({})", end.cause.as_deref().unwrap_or("blocked"), end.detail)
}

fn passes_only(expected: &BTreeSet<String>, ended: &[Ended]) -> Vec<String> {
    let wrong = |end: &&Ended| (end.verdict == Verdict::Passed) != expected.contains(&end.check);
    let say = |end: &Ended| match end.verdict {
        Verdict::Passed => format!("`{}` should not pass", end.check),
        _ => format!("`{}` should pass: {}", end.check, told(end)),
    };
    ended.iter().filter(|end| end.verdict != Verdict::Void).filter(wrong).map(say).collect()
}

fn fells(expected: &BTreeMap<String, String>, ended: &[Ended]) -> Vec<String> {
    let mut wrong = Vec::new();
    for end in ended {
        match (end.verdict, expected.get(&end.check)) {
            (Verdict::Failed, Some(cause)) if end.cause.as_ref() == Some(cause) => {}
            (Verdict::Failed, Some(cause)) => wrong.push(format!("`{}` should name {cause}: {}", end.check, told(end))),
            (Verdict::Failed, None) => wrong.push(format!("`{}` should not fall: {}", end.check, told(end))),
            (verdict, Some(cause)) if verdict != Verdict::Void => {
                wrong.push(format!("`{}` should fall with {cause}, and is {verdict:?}", end.check));
            }
            _ => {}
        }
    }
    let seen: BTreeSet<&String> = ended.iter().map(|end| &end.check).collect();
    let unknown = expected.keys().filter(|check| !seen.contains(check));
    wrong.extend(unknown.map(|check| format!("there is no check `{check}`")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(check: &str, verdict: Verdict, cause: Option<&str>) -> Ended {
        Ended { check: check.into(), verdict, cause: cause.map(str::to_owned), detail: String::new() }
    }

    fn fells(check: &str, cause: &str) -> Claim {
        Claim::Fells([(check.to_owned(), cause.to_owned())].into())
    }

    #[test]
    fn a_mutant_must_fell_its_check_with_its_cause() {
        let all = [ended("a", Verdict::Passed, None), ended("b", Verdict::Failed, Some("ONE_READ"))];
        assert!(disproved(&fells("b", "ONE_READ"), &all).is_empty());
        assert_eq!(disproved(&fells("b", "GLUE_LOST"), &all).len(), 1);
        assert_eq!(disproved(&fells("a", "ONE_READ"), &all).len(), 2);
    }

    #[test]
    fn blocked_checks_count_neither_way_for_a_mutant() {
        let all = [ended("b", Verdict::Failed, Some("X")), ended("c", Verdict::Blocked, None)];
        assert!(disproved(&fells("b", "X"), &all).is_empty());
    }

    #[test]
    fn what_could_not_be_judged_proves_nothing() {
        let all = [ended("a", Verdict::Void, None)];
        assert_eq!(disproved(&Claim::PassesAll, &all).len(), 1);
        assert_eq!(disproved(&Claim::PassesOnly(BTreeSet::new()), &all).len(), 1);
    }

    #[test]
    fn a_dummy_earns_only_what_it_truly_does() {
        let all = [ended("a", Verdict::Passed, None), ended("b", Verdict::Failed, Some("X"))];
        assert!(disproved(&Claim::PassesOnly(["a".to_owned()].into()), &all).is_empty());
        assert_eq!(disproved(&Claim::PassesOnly(BTreeSet::new()), &all), ["`a` should not pass"]);
    }
}
