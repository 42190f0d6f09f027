//! `grader explain`: what a check does and expects, step by step, and which causes it can name.

use std::collections::BTreeMap;
use std::io::Write;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::course::cause::Rule;
use crate::course::check::Check;
use crate::course::load::{Course, Exercise};
use crate::course::step::Step;
use crate::course::template::describe;
use crate::course::words::Lang;
use crate::report::styles::paint;
use crate::text::fill::fill;
use crate::wording::messages as say;
use crate::wording::steps;

/// Says everything about the check `name`.
pub fn explain(context: &Context, name: &str, out: &mut dyn Write) -> Result<Exit, CliError> {
    let (exercise, check) = find(context, name)?;
    let lang = context.lang;
    let title = format!("{}/{} · {}", exercise.id, check.id, check.title.get(lang));
    writeln!(out, "{}", paint(context.styles.strong, &title))?;
    writeln!(out, "{}", check.what.get(lang).trim_end())?;
    writeln!(out, "{}", say::WORTH.with(lang, &[("points", &exercise.points_of(&check.id))]))?;
    if !check.needs.is_empty() {
        writeln!(out, "{}", say::NEEDS.with(lang, &[("checks", &check.needs.join(", "))]))?;
    }
    writeln!(out, "\n{}", say::STEPS.get(lang))?;
    let lines = steps::lines(&check.steps, &exercise.file.program, lang);
    for (line, number) in numbered(&lines) {
        writeln!(out, "{number:>4}  {line}")?;
    }
    let values = values(exercise, check, &lines);
    if !values.is_empty() {
        writeln!(out, "\n{}", say::VALUES.get(lang))?;
    }
    for (name, value) in values {
        writeln!(out, "  {}", say::VALUE.with(lang, &[("name", &format!("{{{name}}}")), ("value", &value)]))?;
    }
    let causes = causes(&context.course, exercise, check, lang);
    if !causes.is_empty() {
        writeln!(out, "\n{}", say::CAUSES.get(lang))?;
    }
    for (code, message) in causes {
        writeln!(out, "  {}  {message}", paint(context.styles.strong, code))?;
    }
    Ok(Exit::Passed)
}

/// The check that `name` stands for: `EXERCISE/CHECK`, or `CHECK` where only one exercise has it.
fn find<'c>(context: &'c Context, name: &str) -> Result<(&'c Exercise, &'c Check), CliError> {
    if let Some((exercise, check)) = name.split_once('/') {
        let exercise = context.exercise(exercise)?;
        return Ok((exercise, context.check(exercise, check)?));
    }
    let having = context.course.exercises.iter().filter_map(|exercise| Some((exercise, exercise.check(name)?)));
    match having.collect::<Vec<_>>().as_slice() {
        [one] => Ok(*one),
        [] => Err(CliError::usage(unknown(context, name))),
        several => {
            let names: Vec<String> = several.iter().map(|(exercise, _)| format!("{}/{name}", exercise.id)).collect();
            Err(CliError::usage(format!("several exercises have a check `{name}`; say which: {}", names.join(", "))))
        }
    }
}

fn unknown(context: &Context, name: &str) -> String {
    let checks = context.course.exercises.iter().flat_map(|exercise| &exercise.file.checks);
    match (context.course.exercise(name), crate::text::similar::nearest(name, checks.map(|check| check.id.as_str()))) {
        (Some(exercise), _) => {
            let checks: Vec<&str> = exercise.file.checks.iter().map(|check| check.id.as_str()).collect();
            format!("`{name}` is an exercise; write {name}/CHECK with one of its checks: {}", checks.join(", "))
        }
        (None, Some(near)) => format!("there is no check `{name}`; did you mean `{near}`?"),
        (None, None) => format!("there is no check `{name}`; write EXERCISE/CHECK, as `grader check` shows them"),
    }
}

/// The lines with the numbers of their steps; a line inside a repetition has none, like in a report.
fn numbered(lines: &[String]) -> impl Iterator<Item = (&String, String)> {
    let mut number = 0;
    lines.iter().map(move |line| {
        let inside = line.starts_with(' ');
        number += usize::from(!inside);
        (line, if inside { String::new() } else { number.to_string() })
    })
}

/// The values that the lines name, and those that these name in turn.
fn values(exercise: &Exercise, check: &Check, lines: &[String]) -> Vec<(String, String)> {
    let known: BTreeMap<String, String> =
        exercise.values(check).into_iter().map(|(name, data)| (name, describe(&data))).collect();
    let mut texts: Vec<String> = lines.to_vec();
    let mut named: Vec<(String, String)> = Vec::new();
    while let Some(text) = texts.pop() {
        for (name, value) in &known {
            let is_named = text.contains(&format!("{{{name}}}")) || text.contains(&format!("{{{name}|"));
            if is_named && !named.iter().any(|(other, _)| other == name) {
                named.push((name.clone(), value.clone()));
                texts.push(value.clone());
            }
        }
    }
    named.sort();
    named
}

/// The causes that the rules of the check and of its exercise name, each with what it means. The general ones, which
/// any check can name, are left out.
fn causes<'c>(course: &'c Course, exercise: &'c Exercise, check: &'c Check, lang: Lang) -> Vec<(&'c str, String)> {
    let mut rules: Vec<&Rule> = Vec::new();
    check.steps.iter().for_each(|step| add_rules(step, &mut rules));
    rules.extend(check.causes.iter().chain(&exercise.file.causes));
    let mut codes: Vec<&str> = Vec::new();
    for rule in rules {
        if !codes.contains(&rule.cause.as_str()) {
            codes.push(&rule.cause);
        }
    }
    let known = codes.into_iter().filter_map(|code| Some((code, course.causes.causes.get(code)?)));
    known.map(|(code, cause)| (code, without_values(cause.message.get(lang)))).collect()
}

fn add_rules<'c>(step: &'c Step, rules: &mut Vec<&'c Rule>) {
    if let Step::Repeat(repeat) = step {
        repeat.steps.iter().for_each(|step| add_rules(step, rules));
    }
    rules.extend(step.causes());
}

/// A message of the catalogue before anything has happened.
fn without_values(message: &str) -> String {
    fill(message, |_| Some("…".to_owned())).unwrap_or_else(|| message.to_owned())
}
