//! checks.yaml: the checks of one exercise.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::with_captures;
use super::data::Context;
use super::finding::Finding;
use super::flow::walk;
use super::order::{order, said};
use super::places::args;
use super::rules::{code, rules};
use super::sheet::first_needs;
use super::steps::steps;
use super::texts::{hints, id, unique, version, words};
use super::values::{self, Summary, Value, summaries};
use crate::course::check::{Check, ChecksFile};
use crate::course::path::Path;
use crate::course::step::Step;

/// All that is wrong with the checks of one exercise. `codes` are the catalogue's, if that could be read.
pub fn checks(file: &ChecksFile, codes: Option<&BTreeSet<String>>) -> Vec<Finding> {
    let root = Path::root();
    let mut findings = Vec::new();
    version(file.format_version, &mut findings);
    let nothing = BTreeMap::new();
    let context = Context { values: &nothing, streams: None, codes, round: false, ready: Some(file.program.ready) };
    let shared = summaries(&values::of(&file.values, &root.key("let"), true), &context, &mut findings);
    rules(&file.causes, &root.key("causes"), &Context { values: &shared, ..context }, &mut findings);
    for (cause, own) in &file.hints {
        let path = root.key("hints").key(cause);
        let mut unknown = Vec::new();
        code(cause, &path, &context, &mut unknown);
        findings.extend(unknown.into_iter().map(Finding::on_key));
        hints(own, &path, &mut findings);
    }
    if file.checks.is_empty() {
        findings.push(Finding::at(&root.key("checks"), "an exercise without checks").help("add one"));
    }
    let path = root.key("checks");
    unique(
        file.checks.iter().enumerate().map(|(nth, check)| (check.id.as_str(), path.index(nth).key("id"))),
        &mut findings,
    );
    needs(file, &path, &mut findings);
    for (nth, check) in file.checks.iter().enumerate() {
        one(file, check, &path.index(nth), &context, &mut findings);
    }
    findings
}

fn one(file: &ChecksFile, check: &Check, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    id(&check.id, &path.key("id"), findings);
    words(&check.title, &path.key("title"), findings);
    words(&check.what, &path.key("what"), findings);
    if check.steps.is_empty() {
        findings.push(Finding::at(&path.key("steps"), "a check without steps").help("begin with `- start: {}`"));
    }
    let walked = walk(&check.steps, &check.causes, path);
    findings.extend(walked.findings);
    let context = Context { streams: walked.streams.as_ref(), ..*context };
    let values = all_values(file, check, path, &context, findings);
    let context = Context { values: &values, ..context };
    if starts_plainly(&check.steps) {
        launch(file, check, &context, findings);
    }
    steps(&check.steps, &path.key("steps"), &context, findings);
    let values = with_captures(&values, &check.steps);
    rules(&check.causes, &path.key("causes"), &Context { values: &values, ..context }, findings);
}

/// The exercise's values with the check's own in place of those of the same name.
fn all_values(
    file: &ChecksFile,
    check: &Check,
    path: &Path,
    context: &Context,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Summary> {
    let mut all: BTreeMap<&str, Value> = values::of(&file.values, &Path::root().key("let"), false);
    all.extend(values::of(&check.values, &path.key("let"), true));
    summaries(&all, context, findings)
}

/// True if the program is started with the exercise's own arguments.
fn starts_plainly(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Start(start) => start.args.is_none(),
        Step::Repeat(repeat) => starts_plainly(&repeat.steps),
        _ => false,
    })
}

/// The exercise's arguments may use values that each check defines for itself.
fn launch(file: &ChecksFile, check: &Check, context: &Context, findings: &mut Vec<Finding>) {
    let mut found = Vec::new();
    args(&file.program.args, &Path::root().key("program").key("args"), context, &mut found);
    for finding in found {
        let known = findings.iter().any(|known| known.path == finding.path && known.message == finding.message);
        if !known {
            findings.push(finding.label(format!("when `{}` starts the program", check.id)));
        }
    }
}

/// Checks that are needed exist and need one another in no circle.
fn needs(file: &ChecksFile, path: &Path, findings: &mut Vec<Finding>) {
    let needs = first_needs(file.checks.iter().map(|check| (check.id.as_str(), &check.needs)));
    for (nth, check) in file.checks.iter().enumerate() {
        for (at, need) in check.needs.iter().enumerate().filter(|(_, need)| !needs.contains_key(need.as_str())) {
            let finding = Finding::at(&path.index(nth).key("needs").index(at), format!("there is no check `{need}`"));
            findings.push(finding.meant(need, needs.keys().copied()));
        }
    }
    for circle in order(&needs).circles {
        let first = file.checks.iter().position(|check| circle.first() == Some(&check.id.as_str()));
        let path = first.map(|nth| path.index(nth).key("needs"));
        findings.extend(path.map(|path| Finding::at_key(&path, "these checks need one another").label(said(&circle))));
    }
}
