//! course.yaml: ids, prerequisites, limits, and points for every check and no other.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::order::{Needs, order, said};
use super::texts::{id, text, unique, version, words};
use crate::course::check::ChecksFile;
use crate::course::model::{CourseFile, Entry, LimitChanges};
use crate::course::path::Path;
use crate::text::similar::nearest;

/// An exercise's entry and where it stands.
type Placed<'a> = (&'a Entry, Path);

/// All that is wrong with a score sheet by itself.
pub fn sheet(file: &CourseFile) -> Vec<Finding> {
    let root = Path::root();
    let mut findings = Vec::new();
    version(file.format_version, &mut findings);
    text(&file.course, &root.key("course"), &mut findings);
    words(&file.title, &root.key("title"), &mut findings);
    limits(&LimitChanges::from(&file.limits), &root.key("limits"), &mut findings);
    modules(file, &root.key("modules"), &mut findings);
    let entries: Vec<Placed> = entries(file).collect();
    unique(entries.iter().map(|(entry, path)| (entry.id.as_str(), path.key("id"))), &mut findings);
    entries.iter().for_each(|(entry, path)| one(entry, path, &mut findings));
    needs(&entries, &mut findings);
    findings
}

/// All exercises, in order, with their places.
pub fn entries(file: &CourseFile) -> impl Iterator<Item = Placed<'_>> {
    file.modules.iter().enumerate().flat_map(|(nth, module)| {
        let path = Path::root().key("modules").index(nth).key("exercises");
        module.exercises.iter().enumerate().map(move |(nth, entry)| (entry, path.index(nth)))
    })
}

fn modules(file: &CourseFile, path: &Path, findings: &mut Vec<Finding>) {
    if file.modules.is_empty() {
        findings.push(Finding::at(path, "a course without modules").help("add one"));
    }
    for (nth, module) in file.modules.iter().enumerate() {
        let path = path.index(nth);
        id(&module.id, &path.key("id"), findings);
        words(&module.title, &path.key("title"), findings);
        if module.exercises.is_empty() {
            findings.push(Finding::at(&path.key("exercises"), "a module without exercises").help("add one"));
        }
    }
    let ids = file.modules.iter().enumerate().map(|(nth, module)| (module.id.as_str(), path.index(nth).key("id")));
    unique(ids, findings);
}

fn one(entry: &Entry, path: &Path, findings: &mut Vec<Finding>) {
    id(&entry.id, &path.key("id"), findings);
    words(&entry.title, &path.key("title"), findings);
    limits(&entry.limits, &path.key("limits"), findings);
}

/// Only memory may be without a limit: 0 of anything else lets no program run.
fn limits(limits: &LimitChanges, path: &Path, findings: &mut Vec<Finding>) {
    let LimitChanges {
        deadline_ms,
        memory_mib: _,
        resident_mib,
        processes,
        descriptors,
        disk_mib: _,
        output_kib,
        cpu_s,
        build_s,
        build_mib,
    } = limits;
    let named = [
        ("deadline_ms", deadline_ms),
        ("processes", processes),
        ("descriptors", descriptors),
        ("output_kib", output_kib),
        ("resident_mib", resident_mib),
        ("cpu_s", cpu_s),
        ("build_s", build_s),
        ("build_mib", build_mib),
    ];
    for (name, _) in named.into_iter().filter(|(_, limit)| **limit == Some(0)) {
        let finding = Finding::at(&path.key(name), format!("with {name} 0 no program can run"));
        findings.push(finding.help("only memory_mib may be 0, which is no limit"));
    }
}

/// Prerequisites exist, come earlier, and make no circle.
fn needs(entries: &[Placed], findings: &mut Vec<Finding>) {
    let places: BTreeMap<&str, usize> =
        entries.iter().enumerate().rev().map(|(nth, (entry, _))| (entry.id.as_str(), nth)).collect();
    let needs = first_needs(entries.iter().map(|(entry, _)| (entry.id.as_str(), &entry.needs)));
    let circles = order(&needs).circles;
    for (nth, (entry, path)) in entries.iter().enumerate() {
        for (at, need) in entry.needs.iter().enumerate() {
            let path = path.key("needs").index(at);
            let in_circle = circles.iter().any(|circle| circle.contains(&need.as_str()));
            match places.get(need.as_str()) {
                None => findings.push(
                    Finding::at(&path, format!("there is no exercise `{need}`")).meant(need, places.keys().copied()),
                ),
                Some(place) if *place > nth && !in_circle => findings.push(
                    Finding::at(&path, format!("`{}` needs `{need}`, which comes later", entry.id))
                        .help("exercises stand in the order in which they are done"),
                ),
                Some(_) => {}
            }
        }
    }
    findings.extend(circles.iter().filter_map(|circle| {
        let (_, path) = entries.get(*places.get(circle.first()?)?)?;
        Some(Finding::at_key(&path.key("needs"), "these exercises need one another").label(said(circle)))
    }));
}

/// What each name needs. Of two that have the same name the first one counts: the other one is reported for it.
pub fn first_needs<'a>(all: impl Iterator<Item = (&'a str, &'a Vec<String>)>) -> Needs<'a> {
    let mut needs = Needs::new();
    for (name, needed) in all {
        needs.entry(name).or_insert_with(|| needed.iter().map(String::as_str).collect());
    }
    needs
}

/// The points of the entry at `path` belong to the checks of its exercise, one by one.
pub fn points(entry: &Entry, path: &Path, checks: &ChecksFile) -> Vec<Finding> {
    let path = path.key("points");
    let ids: BTreeSet<&str> = checks.checks.iter().map(|check| check.id.as_str()).collect();
    let without: BTreeSet<&str> = ids.iter().copied().filter(|id| !entry.points.contains_key(*id)).collect();
    let unknown: Vec<&str> = entry.points.keys().map(String::as_str).filter(|id| !ids.contains(id)).collect();
    // A slip of the finger is one mistake, not two.
    let meant: BTreeSet<&str> = unknown.iter().filter_map(|id| nearest(id, without.iter().copied())).collect();
    let missing: Vec<&str> = without.difference(&meant).copied().collect();
    let mut findings: Vec<Finding> = unknown
        .iter()
        .map(|id| {
            let finding = Finding::at_key(&path.key(id), format!("`{}` has no check `{id}`", entry.id));
            finding.meant(id, if without.is_empty() { ids.clone() } else { without.clone() })
        })
        .collect();
    if !missing.is_empty() {
        findings.push(
            Finding::at_key(&path, format!("no points for {}", missing.join(", ")))
                .help(format!("add `{}: 1`; every check has points, even if 0", missing.join(": 1`, `"))),
        );
    }
    findings
}
