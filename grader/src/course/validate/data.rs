//! Bytes as a course writes them: names that exist, filters that exist, random bytes that have a name, and a size that
//! can be worked out.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::values::Summary;
use crate::course::data::{Data, Form, Random, Repeat};
use crate::course::evaluate::{MOST_DEEP, MOST_WORK};
use crate::course::path::Path;
use crate::course::pieces::{self, BadText, Fault, Filter, Piece};
use crate::course::step::Ready;
use crate::course::template::{BUILTINS, FACTS, MOST_BYTES};
use crate::text::bytes::unhex;

/// What is known at the place where bytes, steps and rules stand.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The values of `let`.
    pub values: &'a BTreeMap<String, Summary>,
    /// The names of all streams of the check; `None` where that cannot be known.
    pub streams: Option<&'a BTreeSet<String>>,
    /// The codes of the catalogue; `None` if it could not be read.
    pub codes: Option<&'a BTreeSet<String>>,
    /// The place is inside a `repeat`.
    pub round: bool,
    /// What the exercise waits for when it starts a program; `None` where that cannot be known.
    pub ready: Option<Ready>,
}

/// Bytes in a step or a rule.
pub fn in_step(data: &Data, path: &Path, context: &Context, findings: &mut Vec<Finding>) -> Summary {
    let summary = Look { context, named: false, findings }.data(data, path);
    if summary.round && !context.round {
        findings
            .push(Finding::at(path, "`{i}` stands only inside `repeat`").label("here there are no rounds to count"));
    }
    bounded(summary, path, findings)
}

/// Bytes that are a value of `let`.
pub fn in_let(data: &Data, path: &Path, context: &Context, findings: &mut Vec<Finding>) -> Summary {
    let summary = Look { context, named: true, findings }.data(data, path);
    bounded(Summary { depth: summary.depth + 1, ..summary }, path, findings)
}

/// Reports what is too large to be worked out, and makes it small so that it is reported once.
fn bounded(summary: Summary, path: &Path, findings: &mut Vec<Finding>) -> Summary {
    let finding = if summary.least > MOST_BYTES {
        Finding::at(path, format!("more than {} MiB", MOST_BYTES >> 20)).label(format!("{} bytes", summary.least))
    } else if summary.work > MOST_WORK || summary.depth > MOST_DEEP {
        Finding::at(path, "too many values stand in one another here")
    } else {
        return summary;
    };
    findings.push(finding.help("make it smaller"));
    Summary { round: summary.round, ..Summary::UNKNOWN }
}

struct Look<'a> {
    context: &'a Context<'a>,
    named: bool,
    findings: &'a mut Vec<Finding>,
}

impl Look<'_> {
    fn data(&mut self, data: &Data, path: &Path) -> Summary {
        let inner = match data {
            Data::Text(text) => self.text(text, path),
            Data::Parts(parts) => {
                let parts = parts.iter().enumerate().map(|(nth, part)| self.data(part, &path.index(nth)));
                parts.fold(Summary::of_length(0), Summary::and)
            }
            Data::Form(form) => self.form(form, path),
        };
        Summary { work: inner.work.saturating_add(1), ..inner }
    }

    fn form(&mut self, form: &Form, path: &Path) -> Summary {
        match form {
            Form::Hex(digits) => self.hex(digits, &path.key("hex")),
            Form::Random(random) => self.random(random, &path.key("random")),
            Form::Repeat(repeat) => self.repeat(repeat, &path.key("repeat")),
            Form::U32(_) => Summary::of_length(4),
            Form::Frame(data) => self.data(data, &path.key("frame")).and(Summary::of_length(4)),
            Form::ClockMs(_) => self.clock(path),
        }
    }

    fn hex(&mut self, digits: &str, path: &Path) -> Summary {
        match unhex(digits) {
            Some(bytes) => Summary::of_length(bytes.len()),
            None => {
                let finding = Finding::at(path, "these are not pairs of hexadecimal digits");
                self.findings.push(finding.help("two digits a byte, as in \"00 0a ff\""));
                Summary::UNKNOWN
            }
        }
    }

    fn random(&mut self, random: &Random, path: &Path) -> Summary {
        if !self.named {
            self.findings.push(
                Finding::at_key(path, "random bytes without a name")
                    .label("no later step could ask for them again")
                    .help("name them in `let`, and write `{name}` here"),
            );
        }
        if random.length == 0 {
            self.findings.push(Finding::at(&path.key("length"), "no bytes at all").help("ask for one at least"));
        }
        Summary::of_length(random.length)
    }

    fn clock(&mut self, path: &Path) -> Summary {
        if !self.named {
            self.findings.push(
                Finding::at_key(path, "a time by the program's clock without a name")
                    .label("it could not be made longer where the machine is busy")
                    .help("name it in `let`, and write `{name}` here"),
            );
        }
        Summary::UNKNOWN
    }

    fn repeat(&mut self, repeat: &Repeat, path: &Path) -> Summary {
        if repeat.times == 0 {
            self.findings.push(Finding::at(&path.key("times"), "no times at all").help("repeat once at least"));
        }
        let once = self.data(&repeat.bytes, &path.key("bytes"));
        Summary { least: once.least.saturating_mul(repeat.times), ..once }
    }

    fn text(&mut self, text: &str, path: &Path) -> Summary {
        match pieces::pieces(text) {
            Ok(pieces) => {
                let pieces = pieces.iter().map(|piece| self.piece(piece, path));
                pieces.fold(Summary::of_length(0), Summary::and)
            }
            Err(bad) => {
                self.findings.push(bad_text(text, &bad, path));
                Summary::UNKNOWN
            }
        }
    }

    fn piece(&mut self, piece: &Piece, path: &Path) -> Summary {
        let inner = match piece {
            Piece::Plain(plain) => Summary::of_length(plain.len()),
            Piece::Value { name, filters } => {
                filters.iter().fold(self.name(name, path), |value, filter| value.after(*filter))
            }
        };
        Summary { work: inner.work.saturating_add(1), ..inner }
    }

    fn name(&mut self, name: &str, path: &Path) -> Summary {
        match (name, name.split_once('.')) {
            ("i", _) => Summary { round: true, ..Summary::UNKNOWN },
            _ if BUILTINS.contains(&name) => Summary::UNKNOWN,
            (_, Some((stream, fact))) => self.fact(stream, fact, path),
            _ => match self.context.values.get(name) {
                Some(summary) => *summary,
                None => self.unknown(name, path),
            },
        }
    }

    fn unknown(&mut self, name: &str, path: &Path) -> Summary {
        let known = self.context.values.keys().map(String::as_str).chain(BUILTINS);
        self.findings.push(
            Finding::at(path, format!("there is no value `{name}`"))
                .label("define it in `let`; a brace itself is written `{{`")
                .meant(name, known),
        );
        Summary::UNKNOWN
    }

    fn fact(&mut self, stream: &str, fact: &str, path: &Path) -> Summary {
        if !FACTS.contains(&fact) {
            let finding = Finding::at(path, format!("nothing is known of a stream's `{fact}`"));
            self.findings.push(finding.meant(fact, FACTS));
        }
        if let Some(streams) = self.context.streams
            && !streams.contains(stream)
        {
            let finding = Finding::at(path, format!("there is no stream `{stream}`"));
            self.findings.push(finding.meant(stream, streams.iter().map(String::as_str)));
        }
        Summary::UNKNOWN
    }
}

/// What is said of a text that cannot be taken apart.
pub fn bad_text(text: &str, bad: &BadText, path: &Path) -> Finding {
    let before = text.get(..bad.at.start).unwrap_or_default();
    let finding =
        Finding::at(path, bad.fault.to_string()).label(format!("at character {}", before.chars().count() + 1));
    match &bad.fault {
        Fault::Filter(name) => finding.meant(name, Filter::ALL.map(|(name, _)| name)),
        Fault::Open | Fault::Close | Fault::Name(_) => finding.help("a brace itself is written twice: `{{` or `}}`"),
    }
}
