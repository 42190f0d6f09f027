//! Rules that name causes: codes from the catalogue, patterns that compile, and no rule that is never asked.

use std::collections::BTreeSet;

use super::data::{Context, in_step};
use super::finding::Finding;
use super::steps;
use crate::course::cause::{Rule, Symptom};
use crate::course::path::Path;

/// The rules of a step, a check, an exercise or the course.
pub fn rules(rules: &[Rule], path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let mut covered = BTreeSet::new();
    for (nth, rule) in rules.iter().enumerate() {
        let path = path.index(nth);
        if symptoms(rule).is_subset(&covered) {
            let finding = Finding::at(&path, "this rule is never asked");
            findings.push(finding.label("rules before it fit always").help("put it first, or drop it"));
        }
        if always(rule) {
            covered.append(&mut symptoms(rule));
        }
        one(rule, &path, context, findings);
    }
}

/// True if the rule asks for nothing but its symptoms.
pub fn always(rule: &Rule) -> bool {
    let Rule { cause: _, first: _, when: _, got, like, stderr, signal, facts, attempt } = rule;
    let bytes = got.is_none() && like.is_none() && stderr.is_none();
    bytes && signal.is_none() && facts.is_empty() && attempt.is_empty()
}

/// The symptoms that the rule is for.
pub fn symptoms(rule: &Rule) -> BTreeSet<Symptom> {
    match rule.when.as_slice() {
        [] => Symptom::ALL.into(),
        when => when.iter().copied().collect(),
    }
}

fn one(rule: &Rule, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    code(&rule.cause, &path.key("cause"), context, findings);
    if let Some(got) = &rule.got {
        in_step(got, &path.key("got"), context, findings);
    }
    for (key, pattern) in [("like", &rule.like), ("stderr", &rule.stderr)] {
        if let Some(pattern) = pattern {
            compiled(pattern, &path.key(key), findings);
        }
    }
    if let Some(name) = rule.signal.as_deref().filter(|name| !SIGNALS.contains(name)) {
        let finding = Finding::at(&path.key("signal"), format!("there is no signal `{name}`"));
        findings.push(finding.meant(name, SIGNALS));
    }
    if steps::count(&rule.attempt) > steps::MOST_TRIED {
        let finding = Finding::at_key(&path.key("try"), format!("more than {} steps to try", steps::MOST_TRIED));
        findings.push(finding.help("an experiment is small: it is made after a failure"));
    }
    steps::steps(&rule.attempt, &path.key("try"), context, findings);
}

/// A code must be in the catalogue.
pub fn code(code: &str, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    match context.codes {
        Some(codes) if !codes.contains(code) => findings.push(
            Finding::at(path, format!("the catalogue has no cause `{code}`"))
                .label("not in causes.yaml")
                .meant(code, codes.iter().map(String::as_str)),
        ),
        Some(_) | None => {}
    }
}

/// A pattern must be a regular expression on bytes.
pub fn compiled(pattern: &str, path: &Path, findings: &mut Vec<Finding>) -> Option<regex::bytes::Regex> {
    match regex::bytes::Regex::new(pattern) {
        Ok(regex) => Some(regex),
        Err(error) => {
            let said = error.to_string();
            let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let finding = Finding::at(path, "this is no regular expression").label(why);
            findings.push(finding.help("any byte is `(?s-u:.)`; a bracket or a dot itself needs a backslash"));
            None
        }
    }
}

/// The signals of Linux that can end a program.
const SIGNALS: [&str; 26] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];
