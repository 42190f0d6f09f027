//! Steps that expect bytes: plain ones, HTTP responses, frames of JSON; and the values that they capture.

use std::collections::BTreeMap;

use super::data::{Context, in_step};
use super::finding::Finding;
use super::rules::compiled;
use super::values::Summary;
use crate::course::path::Path;
use crate::course::pieces;
use crate::course::step::{Http, Json, Member, Recv, Step};
use crate::course::template::BUILTINS;

/// `values` and those that `steps` capture.
pub fn with_captures(values: &BTreeMap<String, Summary>, steps: &[Step]) -> BTreeMap<String, Summary> {
    let mut all = values.clone();
    steps.iter().for_each(|step| captured(step, &mut all));
    all
}

/// Adds the values that a step captures.
pub fn captured(step: &Step, values: &mut BTreeMap<String, Summary>) {
    match step {
        Step::Recv(recv) => values.extend(recv.capture.iter().map(|name| (name.clone(), Summary::UNKNOWN))),
        Step::Repeat(repeat) => repeat.steps.iter().for_each(|step| captured(step, values)),
        _ => {}
    }
}

/// Bytes that are expected.
pub fn recv(recv: &Recv, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let said =
        usize::from(recv.bytes.is_some()) + usize::from(!recv.one_of.is_empty()) + usize::from(recv.like.is_some());
    if said != 1 {
        let finding = Finding::at_key(path, "`recv` expects one thing").label(format!("{said} are said"));
        findings.push(finding.help("write exactly one of `bytes`, `one_of` and `like`"));
    }
    if let Some(bytes) = &recv.bytes {
        in_step(bytes, &path.key("bytes"), context, findings);
    }
    for (nth, bytes) in recv.one_of.iter().enumerate() {
        in_step(bytes, &path.key("one_of").index(nth), context, findings);
    }
    let groups = recv.like.as_ref().and_then(|pattern| like(pattern, &path.key("like"), findings));
    if recv.lossy && recv.like.is_some() {
        let finding = Finding::at_key(&path.key("lossy"), "a pattern is not compared as text");
        findings.push(finding.help("`lossy` goes with `bytes` or `one_of`"));
    }
    if let Some(name) = &recv.capture {
        capture(name, recv.like.is_some(), groups, &path.key("capture"), context, findings);
    }
}

/// What is received begins with a match, so a pattern that matches nothing at all would always hold. Gives the number
/// of its groups.
fn like(pattern: &str, path: &Path, findings: &mut Vec<Finding>) -> Option<usize> {
    let regex = compiled(pattern, path, findings)?;
    if regex.is_match(b"") {
        let finding = Finding::at(path, "this matches no bytes at all, so it holds before anything has come");
        findings.push(finding.help("let it match one byte at least"));
    }
    Some(regex.captures_len() - 1)
}

fn capture(
    name: &str,
    has_pattern: bool,
    groups: Option<usize>,
    path: &Path,
    context: &Context,
    findings: &mut Vec<Finding>,
) {
    if !has_pattern {
        findings.push(Finding::at_key(path, "only a pattern captures").help("write `like` with a group in it"));
    } else if groups == Some(0) {
        findings.push(Finding::at(path, "the pattern has no group").help("put what is wanted into `(` and `)`"));
    }
    if !pieces::is_name(name) || name.contains('.') {
        findings.push(Finding::at(path, format!("`{name}` cannot be a name")).help("use letters, digits, `_` and `-`"));
    } else if BUILTINS.contains(&name) || context.values.get(name).is_some_and(|value| *value != Summary::UNKNOWN) {
        findings.push(Finding::at(path, format!("there is a value `{name}` already")).help("choose another name"));
    }
}

/// An HTTP response that is expected.
pub fn http(http: &Http, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let wanted = path.key("status");
    if http.status.is_empty() {
        findings.push(Finding::at(&wanted, "no status is right").help("name one, as in `status: [200]`"));
    }
    for (nth, status) in http.status.iter().enumerate().filter(|(_, status)| !(200..=599).contains(*status)) {
        let finding = Finding::at(&wanted.index(nth), format!("{status} is no status of a final response"));
        findings.push(finding.help("a number from 200 to 599; interim ones are passed over"));
    }
    if http.method.is_empty() || !http.method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let finding = Finding::at(&path.key("method"), format!("`{}` is no method", http.method));
        findings.push(finding.help("in capitals, as in `HEAD`"));
    }
    for (name, pattern) in &http.headers {
        let path = path.key("headers").key(name);
        findings.extend(field_name(name, &path).map(Finding::on_key));
        compiled(pattern, &path, findings);
    }
    for (nth, name) in http.absent.iter().enumerate() {
        let path = path.key("absent").index(nth);
        findings.extend(field_name(name, &path));
        if http.headers.contains_key(name) {
            findings
                .push(Finding::at(&path, format!("`{name}` must be there and must not")).help("keep one of the two"));
        }
    }
    if let Some(body) = &http.body {
        in_step(body, &path.key("body"), context, findings);
    }
}

fn field_name(name: &str, path: &Path) -> Option<Finding> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let wrong = name.is_empty() || !name.bytes().all(plain);
    wrong.then(|| {
        Finding::at(path, format!("`{name}` is no name of a field in lower case")).help("as in `content-length`")
    })
}

/// A JSON object that is expected.
pub fn json(json: &Json, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    for (name, member) in &json.members {
        let path = path.key("members").key(name);
        match member {
            Member::Text(data) => drop(in_step(data, &path.key("text"), context, findings)),
            Member::Number(data) => drop(in_step(data, &path.key("number"), context, findings)),
            Member::Line => {}
        }
    }
    for (nth, name) in json.absent.iter().enumerate().filter(|(_, name)| json.members.contains_key(*name)) {
        let path = path.key("absent").index(nth);
        findings.push(Finding::at(&path, format!("`{name}` must be there and must not")).help("keep one of the two"));
    }
}
