//! Steps one by one: what each of them says must make sense by itself. Their order is `flow`'s.

use super::data::{Context, in_step};
use super::finding::Finding;
use super::rules::{compiled, rules};
use crate::course::cause::Rule;
use crate::course::data::Data;
use crate::course::path::Path;
use crate::course::step::{Coalesce, Connect, Exit, Fill, Fragment, Recv, RepeatSteps, Start, Step};

/// The most steps that one check does, every round counted.
pub const MOST_STEPS: u64 = 50_000;

/// The most steps of an experiment, every round counted.
pub const MOST_TRIED: u64 = 1_000;

/// What `coalesce` can put into a program's receive buffer at once.
const MOST_AT_ONCE: usize = 32 * 1024;

/// A list of steps.
pub fn steps(steps: &[Step], path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    for (nth, one) in steps.iter().enumerate() {
        let name = one.name();
        step(one, &path.index(nth).key(name), context, findings);
    }
}

/// How many steps are done, every round counted.
pub fn count(steps: &[Step]) -> u64 {
    let one = |step: &Step| match step {
        Step::Repeat(repeat) => count(&repeat.steps).saturating_mul(repeat.times.into()).saturating_add(1),
        _ => 1,
    };
    steps.iter().map(one).fold(0, u64::saturating_add)
}

fn step(step: &Step, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    rules(step.causes(), &path.key("causes"), context, findings);
    match step {
        Step::Start(step) => start(step, path, context, findings),
        Step::Connect(step) => connect(step, path, findings),
        Step::Send(step) => drop(in_step(&step.bytes, &path.key("bytes"), context, findings)),
        Step::Fragment(step) => fragment(step, path, context, findings),
        Step::Coalesce(step) => coalesce(step, path, context, findings),
        Step::Recv(step) => recv(step, path, context, findings),
        Step::End(step) if step.how.is_empty() => {
            findings.push(Finding::at(&path.key("how"), "no ending is right").help("write [fin], [rst] or [fin, rst]"));
        }
        Step::Fill(step) => fill(step, path, context, findings),
        Step::Exit(step) => exit(step, path, findings),
        Step::Repeat(step) => repeat(step, path, context, findings),
        Step::Occupy(_) | Step::Listen(_) | Step::Accept(_) | Step::Silent(_) | Step::End(_) | Step::Close(_) => {}
        Step::Freeze | Step::Thaw | Step::Settle | Step::Alive(_) | Step::Mark(_) | Step::Steady(_) | Step::Calm(_) => {
        }
    }
}

fn start(start: &Start, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    args(start.args.as_deref().unwrap_or_default(), &path.key("args"), context, findings);
    for (name, value) in &start.env {
        let path = path.key("env").key(name);
        if name.is_empty() || name.contains(['=', '\0']) {
            findings
                .push(Finding::at_key(&path, format!("`{name}` cannot name a variable")).help("use A-Z, 0-9 and `_`"));
        }
        in_step(value, &path, context, findings);
    }
}

/// The arguments of a program.
pub fn args(args: &[Data], path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    for (nth, arg) in args.iter().enumerate() {
        in_step(arg, &path.index(nth), context, findings);
    }
}

fn connect(connect: &Connect, path: &Path, findings: &mut Vec<Finding>) {
    if connect.unread == Some(0) {
        let finding = Finding::at(&path.key("unread"), "a receive buffer of no bytes");
        findings.push(finding.help("say how large it is, as in `unread: 4096`"));
    }
}

fn fragment(fragment: &Fragment, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let length = in_step(&fragment.bytes, &path.key("bytes"), context, findings).length();
    if fragment.each.is_some() && !fragment.at.is_empty() {
        let finding = Finding::at_key(&path.key("at"), "both `each` and `at` say where to cut");
        findings.push(finding.help("keep one of the two"));
    }
    if fragment.each == Some(0) {
        findings.push(Finding::at(&path.key("each"), "pieces of no bytes").help("one byte at least"));
    }
    if let Some(length @ 0..2) = length {
        let finding = Finding::at(&path.key("bytes"), format!("{length} bytes cannot be cut into pieces"));
        findings.push(finding.help("use `send`"));
    }
    let mut last = 0;
    for (nth, at) in fragment.at.iter().enumerate() {
        if let Some(why) = bad_cut(*at, last, length) {
            findings.push(Finding::at(&path.key("at").index(nth), why).help("cuts ascend and leave no empty piece"));
        }
        last = *at;
    }
}

/// What is wrong with a cut before byte `at` that follows one before byte `last`.
fn bad_cut(at: usize, last: usize, length: Option<usize>) -> Option<String> {
    match length {
        _ if at <= last => Some(format!("a cut at {at} after one at {last}")),
        Some(length) if at >= length => Some(format!("a cut at {at} in {length} bytes")),
        Some(_) | None => None,
    }
}

fn coalesce(coalesce: &Coalesce, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let path = path.key("writes");
    if coalesce.writes.is_empty() {
        findings.push(Finding::at(&path, "nothing is written").help("two writes or more"));
    }
    let lengths = coalesce
        .writes
        .iter()
        .enumerate()
        .map(|(nth, write)| in_step(write, &path.index(nth), context, findings).least);
    let all = lengths.fold(0, usize::saturating_add);
    if all > MOST_AT_ONCE {
        let finding = Finding::at_key(&path, format!("{all} bytes do not fit into one read for sure"));
        findings.push(finding.help(format!("at most {MOST_AT_ONCE} together")));
    }
}

fn recv(recv: &Recv, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
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
    if let Some(pattern) = &recv.like {
        like(pattern, &path.key("like"), findings);
    }
}

/// What is received begins with a match, so a pattern that matches nothing at all would always hold.
fn like(pattern: &str, path: &Path, findings: &mut Vec<Finding>) {
    if let Some(regex) = compiled(pattern, path, findings)
        && regex.is_match(b"")
    {
        let finding = Finding::at(path, "this matches no bytes at all, so it holds before anything has come");
        findings.push(finding.help("let it match one byte at least"));
    }
}

fn fill(fill: &Fill, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    if in_step(&fill.bytes, &path.key("bytes"), context, findings).length() == Some(0) {
        findings.push(Finding::at(&path.key("bytes"), "no bytes fill nothing").help("one byte at least"));
    }
    if fill.at_most == 0 {
        findings.push(Finding::at(&path.key("at_most"), "no bytes at all").help("one byte at least"));
    }
}

fn exit(exit: &Exit, path: &Path, findings: &mut Vec<Finding>) {
    let path = path.key("status");
    if exit.status.is_empty() {
        findings.push(Finding::at(&path, "no exit status is right").help("name one, as in `status: [0]`"));
    }
    for (nth, status) in exit.status.iter().enumerate().filter(|(_, status)| !(0..=255).contains(*status)) {
        let finding = Finding::at(&path.index(nth), format!("{status} is no exit status"));
        findings.push(finding.help("a number from 0 to 255"));
    }
}

fn repeat(repeat: &RepeatSteps, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    if repeat.times == 0 {
        findings.push(Finding::at(&path.key("times"), "no times at all").help("repeat once at least"));
    }
    if repeat.steps.is_empty() {
        findings.push(Finding::at(&path.key("steps"), "no steps").help("say what is done each time"));
    }
    steps(&repeat.steps, &path.key("steps"), &Context { round: true, ..*context }, findings);
}
