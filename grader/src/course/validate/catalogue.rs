//! causes.yaml: every cause has its words and hints, and every symptom a rule that fits always.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Context, bad_text};
use super::finding::Finding;
use super::rules::{always, rules, symptoms};
use super::texts::{hints, version, words};
use crate::course::cause::{CausesFile, Symptom};
use crate::course::path::Path;
use crate::course::pieces::{self, Piece};

/// What a message may speak of.
pub const PLACEHOLDERS: [&str; 19] = [
    "expected",
    "actual",
    "sent",
    "pieces",
    "status",
    "stderr",
    "wanted_address",
    "actual_address",
    "unread",
    "waiting",
    "count",
    "limit",
    "signal",
    "wanted_status",
    "about",
    "detail",
    "path",
    "resource",
    "what",
];

/// All that is wrong with a catalogue.
pub fn catalogue(file: &CausesFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    version(file.format_version, &mut findings);
    let codes: BTreeSet<String> = file.causes.keys().cloned().collect();
    let context = Context { values: &BTreeMap::new(), streams: None, codes: Some(&codes), round: false, ready: None };
    rules(&file.rules, &Path::root().key("rules"), &context, &mut findings);
    covered(file, &mut findings);
    for (code, cause) in &file.causes {
        let path = Path::root().key("causes").key(code);
        is_code(code, &path, &mut findings);
        words(&cause.message, &path.key("message"), &mut findings);
        message(&cause.message.en, &path.key("message").key("en"), &mut findings);
        message(&cause.message.zh, &path.key("message").key("zh"), &mut findings);
        hints(&cause.hints, &path.key("hints"), &mut findings);
    }
    findings
}

/// Every failure has a cause only if every symptom has a rule that asks for nothing else.
fn covered(file: &CausesFile, findings: &mut Vec<Finding>) {
    let covered: BTreeSet<Symptom> = file.rules.iter().filter(|rule| always(rule)).flat_map(symptoms).collect();
    let open: Vec<String> =
        Symptom::ALL.iter().filter(|symptom| !covered.contains(symptom)).map(symptom_name).collect();
    if !open.is_empty() {
        findings.push(
            Finding::at_key(&Path::root().key("rules"), format!("no rule fits always for {}", open.join(", ")))
                .help(format!("add `- {{cause: ..., when: [{}]}}` at the end", open.join(", "))),
        );
    }
}

/// A symptom's name in YAML.
fn symptom_name(symptom: &Symptom) -> String {
    match serde_json::to_value(symptom) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => format!("{symptom:?}"),
    }
}

fn is_code(code: &str, path: &Path, findings: &mut Vec<Finding>) {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !code.starts_with(|first: char| first.is_ascii_uppercase()) || !code.bytes().all(plain) {
        findings.push(Finding::at_key(path, format!("`{code}` cannot be a cause's code")).help("use A-Z, 0-9 and `_`"));
    }
}

fn message(text: &str, path: &Path, findings: &mut Vec<Finding>) {
    let pieces = match pieces::pieces(text) {
        Ok(pieces) => pieces,
        Err(bad) => return findings.push(bad_text(text, &bad, path)),
    };
    for piece in pieces {
        match piece {
            Piece::Value { name, filters } if filters.is_empty() && PLACEHOLDERS.contains(&name.as_str()) => {}
            Piece::Plain(_) => {}
            Piece::Value { name, filters } if filters.is_empty() => findings
                .push(Finding::at(path, format!("a message cannot speak of `{name}`")).meant(&name, PLACEHOLDERS)),
            Piece::Value { name, .. } => {
                findings.push(Finding::at(path, "a message has no filters").help(format!("write `{{{name}}}`")))
            }
        }
    }
}
