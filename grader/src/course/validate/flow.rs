//! The order of a check's steps: walks through them as the engine will, rounds of `repeat` and all, and sees which
//! streams, marks and programs are there when a step needs them.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::names::expand;
use super::steps::{MOST_STEPS, MOST_TRIED, count};
use super::streams::{Kind, State, Stream, Use};
use crate::course::cause::Rule;
use crate::course::data::Data;
use crate::course::path::Path;
use crate::course::step::{Recv, Send, Step, Transport};

/// The names of the program's own streams.
const STANDARD: [(&str, Kind); 3] = [("stdin", Kind::Input), ("stdout", Kind::Output), ("stderr", Kind::Output)];

/// What a walk through a check's steps found out.
pub struct Walked {
    /// What is wrong with their order: one finding a place, however many rounds there are.
    pub findings: Vec<Finding>,
    /// The names of all streams that know an address; `None` if there were too many steps to tell.
    pub streams: Option<BTreeSet<String>>,
}

/// Walks through the steps of a check, and through the experiments of its rules.
pub fn walk(steps: &[Step], rules: &[Rule], path: &Path) -> Walked {
    if count(steps) > MOST_STEPS {
        let finding = Finding::at_key(&path.key("steps"), format!("more than {MOST_STEPS} steps, every round counted"));
        return Walked { findings: vec![finding.help("repeat less often")], streams: None };
    }
    let mut walk = Walk::default();
    walk.steps(steps, &path.key("steps"));
    walk.must_be_thawed();
    walk.now.program = Program::Running;
    walk.now.streams = walk.made.iter().map(|(name, kind)| (name.clone(), Stream::new(*kind))).collect();
    walk.experiments(rules, &path.key("causes"));
    Walked { findings: walk.findings.into_values().collect(), streams: Some(walk.addressed) }
}

/// Whether there is a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Program {
    #[default]
    NotStarted,
    Running,
    Ended,
}

/// What is there at one moment.
#[derive(Clone, Default)]
struct Now {
    program: Program,
    frozen: Option<Path>,
    streams: BTreeMap<String, Stream>,
    marks: BTreeSet<String>,
    /// A stream's name was no name, so others may be missing for that reason alone.
    unnamed: bool,
    round: Option<u32>,
}

#[derive(Default)]
struct Walk {
    now: Now,
    made: BTreeMap<String, Kind>,
    addressed: BTreeSet<String>,
    findings: BTreeMap<Path, Finding>,
    /// Experiments that were walked through: once is enough, whatever the round.
    tried: BTreeSet<Path>,
}

impl Walk {
    fn note(&mut self, finding: Finding) {
        self.findings.entry(finding.path.clone()).or_insert(finding);
    }

    fn steps(&mut self, steps: &[Step], path: &Path) {
        for (nth, step) in steps.iter().enumerate() {
            let item = path.index(nth);
            self.experiments(step.causes(), &item.key(step.name()).key("causes"));
            self.step(step, &item);
        }
    }

    /// The experiments of a step's rules find the streams as they were before the step.
    fn experiments(&mut self, rules: &[Rule], path: &Path) {
        for (nth, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.attempt.is_empty()) {
            let path = path.index(nth).key("try");
            if count(&rule.attempt) <= MOST_TRIED && self.tried.insert(path.clone()) {
                let before = self.now.clone();
                self.steps(&rule.attempt, &path);
                self.now = before;
            }
        }
    }

    fn step(&mut self, step: &Step, item: &Path) {
        let path = item.key(step.name());
        match step {
            Step::Start(_) => self.start(),
            Step::Occupy(_) => {}
            Step::Listen(step) => {
                let made = self.make(&step.name, Kind::listening(step.over), &path);
                self.addressed.extend(made);
            }
            Step::Connect(step) if step.waits => {
                // It never becomes a stream.
                self.needs_program(item);
                self.expand(&step.name, &path.key("as"));
            }
            Step::Connect(step) => {
                self.needs_program(item);
                let made = self.make(&step.name, Kind::connected(step.over), &path);
                self.addressed.extend(made.filter(|_| step.over != Transport::Unix));
            }
            Step::Accept(step) => {
                self.uses(&step.from, Use::Accept, &path.key("from"));
                let made = self.make(&step.name, Kind::Tcp, &path);
                self.addressed.extend(made);
            }
            Step::Send(step) => self.send(step, &path),
            Step::Fragment(step) => self.uses(&step.to, Use::Pieces, &path.key("to")),
            Step::Coalesce(step) => self.uses(&step.to, Use::Pieces, &path.key("to")),
            Step::Fill(step) => self.uses(&step.to, Use::Write, &path.key("to")),
            Step::Recv(step) => {
                self.uses(&step.from, Use::Read, &path.key("from"));
                self.something(step, &path);
            }
            Step::Silent(step) => self.uses(&step.on, Use::Read, &path.key("on")),
            Step::End(step) => self.uses(&step.of, Use::End, &path.key("of")),
            Step::Close(step) => self.uses(&step.of, Use::Close(step.how), &path.key("of")),
            Step::Freeze => self.freeze(item),
            Step::Thaw => self.thaw(item),
            Step::Http(step) => self.uses(&step.from, Use::Message, &path.key("from")),
            Step::Json(step) => self.uses(&step.from, Use::Message, &path.key("from")),
            Step::File(_) | Step::Link(_) | Step::Fifo(_) | Step::FileIs(_) | Step::Files(_) => {}
            Step::Settle | Step::Alive(_) | Step::Calm(_) => self.needs_program(item),
            Step::Queue(_) | Step::Descriptors => self.needs_program(item),
            Step::Memory(step) => {
                self.needs_program(item);
                self.marked(&step.since, &path.key("since"));
            }
            Step::Exit(_) => {
                self.needs_program(item);
                self.must_be_thawed();
                self.now.program = Program::Ended;
            }
            Step::Mark(step) => {
                self.needs_program(item);
                let mark = self.expand(&step.name, &path.key("as"));
                self.now.marks.extend(mark);
            }
            Step::Steady(step) => {
                self.needs_program(item);
                self.marked(&step.since, &path.key("since"));
            }
            Step::Repeat(step) => {
                let outer = self.now.round;
                for round in 1..=step.times {
                    self.now.round = Some(round);
                    self.steps(&step.steps, &path.key("steps"));
                }
                self.now.round = outer;
            }
        }
    }

    fn start(&mut self) {
        self.must_be_thawed();
        self.now.program = Program::Running;
        for (name, kind) in STANDARD {
            self.now.streams.insert(name.to_owned(), Stream::new(kind));
            self.made.insert(name.to_owned(), kind);
        }
    }

    fn needs_program(&mut self, item: &Path) {
        match self.now.program {
            Program::Running => {}
            Program::NotStarted => {
                self.note(Finding::at(item, "no program runs yet").help("put `- start: {}` before this step"));
            }
            Program::Ended => {
                self.note(
                    Finding::at(item, "the program has ended").help("`start` it again, or do this before `exit`"),
                );
            }
        }
    }

    fn freeze(&mut self, item: &Path) {
        self.needs_program(item);
        if self.now.frozen.replace(item.clone()).is_some() {
            self.note(Finding::at(item, "the program is frozen already").help("`thaw` it first"));
        }
    }

    fn thaw(&mut self, item: &Path) {
        if self.now.frozen.take().is_none() {
            self.note(Finding::at(item, "nothing is frozen here").help("put `- freeze` before it, or drop it"));
        }
    }

    /// Before the program's end or the check's.
    fn must_be_thawed(&mut self) {
        if let Some(frozen) = self.now.frozen.take() {
            let finding = Finding::at(&frozen, "the program is frozen and never thawed");
            self.note(finding.help("add `- thaw` after what it must not see at once"));
        }
    }

    fn marked(&mut self, mark: &str, path: &Path) {
        let Some(mark) = self.expand(mark, path) else { return };
        if !self.now.marks.contains(&mark) {
            let finding =
                Finding::at(path, format!("there is no mark `{mark}` here")).help("`mark` it before this step");
            self.note(finding.meant(&mark, self.now.marks.iter().map(String::as_str)));
        }
    }

    /// Makes a stream; gives its name as it is in this round.
    fn make(&mut self, name: &str, kind: Kind, path: &Path) -> Option<String> {
        let path = path.key("as");
        let Some(name) = self.expand(name, &path) else {
            self.now.unnamed = true;
            return None;
        };
        if STANDARD.iter().any(|(standard, _)| *standard == name) {
            self.note(Finding::at(&path, format!("`{name}` is the program's own")).help("choose another name"));
            return None;
        }
        self.made.insert(name.clone(), kind);
        match self.now.streams.insert(name.clone(), Stream::new(kind)) {
            Some(before) if !before.is_over() => self.note(
                Finding::at(&path, format!("`{name}` is still open"))
                    .help("`close` it first, or choose another name: inside `repeat`, one with `{i}`"),
            ),
            Some(_) | None => {}
        }
        Some(name)
    }

    fn uses(&mut self, name: &str, used: Use, path: &Path) {
        let Some(name) = self.expand(name, path) else { return };
        match self.now.streams.get(&name).copied() {
            None if self.now.unnamed => {}
            None => self.unknown(&name, path),
            Some(stream) => {
                if let Some(refusal) = stream.refuse(used) {
                    let finding = Finding::at(path, format!("`{name}` {}", refusal.why));
                    self.note(finding.help(refusal.help));
                }
                self.now.streams.insert(name, stream.after(used));
            }
        }
    }

    fn send(&mut self, send: &Send, path: &Path) {
        self.uses(&send.to, if send.toward.is_some() { Use::Toward } else { Use::Write }, &path.key("to"));
        if let Some(other) = &send.toward {
            self.uses(other, Use::Toward, &path.key("toward"));
        }
    }

    /// Only a datagram can be empty; a stream would always have brought no bytes already.
    fn something(&mut self, recv: &Recv, path: &Path) {
        let name = expand(&recv.from, self.now.round, path).unwrap_or_default();
        let udp = self.now.streams.get(&name).is_some_and(|stream| stream.kind.is_datagrams());
        let empty = |data: &Data| matches!(data, Data::Text(text) if text.is_empty());
        if !udp && recv.bytes.iter().chain(&recv.one_of).any(empty) {
            self.note(Finding::at(path, "no bytes at all always come").help("expect some, or use `silent`").on_key());
        }
    }

    fn unknown(&mut self, name: &str, path: &Path) {
        let label = match STANDARD.iter().any(|(standard, _)| *standard == name) {
            true => "it is there after `start`",
            false => "`connect`, `accept` or `listen` makes one",
        };
        let open = self.now.streams.iter().filter(|(_, stream)| stream.state != State::Closed);
        let names: Vec<&str> = open.map(|(name, _)| name.as_str()).collect();
        self.note(Finding::at(path, format!("there is no stream `{name}` here")).label(label).meant(name, names));
    }

    fn expand(&mut self, name: &str, path: &Path) -> Option<String> {
        match expand(name, self.now.round, path) {
            Ok(name) => Some(name),
            Err(finding) => {
                self.note(finding);
                None
            }
        }
    }
}
