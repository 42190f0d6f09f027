//! The values of `let`: each one looked at before those that use it, so that what it comes to is known without working
//! it out.

use std::collections::BTreeMap;

use super::data::{Context, in_let};
use super::finding::Finding;
use super::order::{Needs, order, said};
use crate::course::data::{Data, Form};
use crate::course::path::Path;
use crate::course::pieces::{self, Filter, Piece};
use crate::course::template::BUILTINS;

/// What is known of bytes without working them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// At least this many bytes.
    pub least: usize,
    /// And no more.
    pub exact: bool,
    /// How many values stand in one another.
    pub depth: usize,
    /// How many forms and pieces must be worked out.
    pub work: usize,
    /// They hold `{i}`.
    pub round: bool,
}

impl Summary {
    /// Bytes of which nothing is known.
    pub const UNKNOWN: Summary = Summary { least: 0, exact: false, depth: 0, work: 0, round: false };

    /// Bytes of which only the number is known.
    pub fn of_length(length: usize) -> Summary {
        Summary { least: length, exact: true, ..Summary::UNKNOWN }
    }

    /// How many bytes there are, if that is known.
    pub fn length(self) -> Option<usize> {
        self.exact.then_some(self.least)
    }

    /// These bytes and then others.
    pub fn and(self, other: Summary) -> Summary {
        Summary {
            least: self.least.saturating_add(other.least),
            exact: self.exact && other.exact,
            depth: self.depth.max(other.depth),
            work: self.work.saturating_add(other.work),
            round: self.round || other.round,
        }
    }

    /// These bytes after a filter.
    pub fn after(self, filter: Filter) -> Summary {
        match filter {
            Filter::Upper => self,
            Filter::UnicodeUpper | Filter::Lossy => Summary { least: 0, exact: false, ..self },
            Filter::Length if self.exact => Summary { least: self.least.to_string().len(), ..self },
            Filter::Length => Summary { least: 1, ..self },
            Filter::Frame => Summary { least: self.least.saturating_add(4), ..self },
            Filter::Md5 => Summary { least: 32, exact: true, ..self },
        }
    }
}

/// A value, where it stands, and whether what is wrong with it is to be reported here.
pub struct Value<'a> {
    /// What it is.
    pub data: &'a Data,
    /// Where it stands.
    pub path: Path,
    /// Report it. Values of the exercise are reported once, and not again for each check.
    pub report: bool,
}

/// The values of a map with the path `path`.
pub fn of<'a>(map: &'a BTreeMap<String, Data>, path: &Path, report: bool) -> BTreeMap<&'a str, Value<'a>> {
    map.iter().map(|(name, data)| (name.as_str(), Value { data, path: path.key(name), report })).collect()
}

/// What is known of every value.
pub fn summaries(
    values: &BTreeMap<&str, Value>,
    context: &Context,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, Summary> {
    let used: BTreeMap<&str, Vec<String>> = values.iter().map(|(name, value)| (*name, names(value.data))).collect();
    let needs: Needs = used.iter().map(|(name, used)| (*name, used.iter().map(String::as_str).collect())).collect();
    let order = order(&needs);
    order.circles.iter().for_each(|circle| findings.extend(in_circle(circle, values)));
    let mut known = BTreeMap::new();
    for name in &order.sorted {
        look(name, values, context, &mut known, findings);
    }
    // What stands in a circle, or needs one, is known by its name and nothing else.
    let left: Vec<&str> = values.keys().copied().filter(|name| !known.contains_key(*name)).collect();
    known.extend(left.iter().map(|name| ((*name).to_owned(), Summary::UNKNOWN)));
    left.iter().for_each(|name| look(name, values, context, &mut known, findings));
    known
}

fn look(
    name: &str,
    values: &BTreeMap<&str, Value>,
    context: &Context,
    known: &mut BTreeMap<String, Summary>,
    findings: &mut Vec<Finding>,
) {
    let Some(value) = values.get(name) else { return };
    let mut found = Vec::new();
    named(name, &value.path, &mut found);
    let summary = in_let(value.data, &value.path, &Context { values: known, ..*context }, &mut found);
    known.insert(name.to_owned(), summary);
    if value.report {
        findings.append(&mut found);
    }
}

/// A name must be one, and must not hide what the grader itself names.
fn named(name: &str, path: &Path, findings: &mut Vec<Finding>) {
    if BUILTINS.contains(&name) {
        let finding = Finding::at_key(path, format!("`{name}` is a name that the grader gives"));
        findings.push(finding.help("give the value another name"));
    } else if !pieces::is_name(name) || name.contains('.') {
        let finding = Finding::at_key(path, format!("`{name}` cannot be a name"));
        findings.push(finding.help("use letters, digits, `_` and `-`"));
    }
}

fn in_circle(circle: &[&str], values: &BTreeMap<&str, Value>) -> Option<Finding> {
    let value = circle.iter().filter_map(|name| values.get(name)).find(|value| value.report)?;
    Some(Finding::at_key(&value.path, "this value stands in itself").label(said(circle)))
}

/// The names in `data`, as often as they stand there.
fn names(data: &Data) -> Vec<String> {
    match data {
        Data::Text(text) => pieces::pieces(text)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Plain(_) => None,
                Piece::Value { name, .. } => Some(name),
            })
            .collect(),
        Data::Parts(parts) => parts.iter().flat_map(names).collect(),
        Data::Form(form) => match form.as_ref() {
            Form::Repeat(repeat) => names(&repeat.bytes),
            Form::Frame(data) => names(data),
            Form::Hex(_) | Form::Random(_) | Form::U32(_) | Form::ClockMs(_) => Vec::new(),
        },
    }
}
