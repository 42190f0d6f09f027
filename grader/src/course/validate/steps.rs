//! Steps one by one: what each of them says must make sense by itself. Their order is `flow`'s.

use super::data::{Context, in_step};
use super::finding::Finding;
use super::rules::rules;
use super::{answers, places};
use crate::course::path::Path;
use crate::course::step::{Coalesce, Exit, Fill, Fragment, Memory, Queue, RepeatSteps, Step};

/// The most steps that one check does, every round counted.
pub const MOST_STEPS: u64 = 50_000;

/// The most steps of an experiment, every round counted.
pub const MOST_TRIED: u64 = 1_000;

/// What `coalesce` can put into a program's receive buffer at once.
const MOST_AT_ONCE: usize = 32 * 1024;

/// A list of steps. What one of them captures, those after it may use.
pub fn steps(steps: &[Step], path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    let mut values = context.values.clone();
    for (nth, one) in steps.iter().enumerate() {
        let name = one.name();
        step(one, &path.index(nth).key(name), &Context { values: &values, ..*context }, findings);
        answers::captured(one, &mut values);
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
        Step::Start(step) => places::start(step, path, context, findings),
        Step::Occupy(step) => places::occupy(step, path, findings),
        Step::Listen(step) => places::listen(step, path, findings),
        Step::Connect(step) => places::connect(step, path, context, findings),
        Step::Send(step) => drop(in_step(&step.bytes, &path.key("bytes"), context, findings)),
        Step::Fragment(step) => fragment(step, path, context, findings),
        Step::Coalesce(step) => coalesce(step, path, context, findings),
        Step::Recv(step) => answers::recv(step, path, context, findings),
        Step::Http(step) => answers::http(step, path, context, findings),
        Step::Json(step) => answers::json(step, path, context, findings),
        Step::End(step) if step.how.is_empty() => {
            findings.push(Finding::at(&path.key("how"), "no ending is right").help("write [fin], [rst] or [fin, rst]"));
        }
        Step::Fill(step) => fill(step, path, context, findings),
        Step::Exit(step) => exit(step, path, findings),
        Step::Queue(step) => queue(step, path, findings),
        Step::Memory(step) => memory(step, path, findings),
        Step::File(step) => places::make_file(step, path, context, findings),
        Step::Link(step) => places::make_link(step, path, context, findings),
        Step::Fifo(step) => places::below(&step.path, &path.key("path"), context, findings),
        Step::FileIs(step) => places::file_is(step, path, context, findings),
        Step::Files(step) => places::files(step, path, context, findings),
        Step::Repeat(step) => repeat(step, path, context, findings),
        Step::Accept(_) | Step::Silent(_) | Step::End(_) | Step::Close(_) | Step::Freeze | Step::Thaw => {}
        Step::Settle | Step::Alive(_) | Step::Mark(_) | Step::Steady(_) | Step::Calm(_) | Step::Descriptors => {}
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

fn queue(queue: &Queue, path: &Path, findings: &mut Vec<Finding>) {
    if queue.limit.is_none() && queue.waiting.is_none() {
        findings.push(Finding::at_key(path, "nothing is expected of the queue").help("say `limit` or `waiting`"));
    }
}

fn memory(memory: &Memory, path: &Path, findings: &mut Vec<Finding>) {
    if memory.grown_below_mib == 0 {
        let finding = Finding::at(&path.key("grown_below_mib"), "nothing grows by less than nothing");
        findings.push(finding.help("one MiB at least"));
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
