//! Expecting bytes, or that none come.

use regex::bytes::Regex;

use crate::course::cause::Symptom;
use crate::course::step::{Ending, Recv, Silent};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::limit::mib;
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::{ProcessEnd, VoidKind};

/// How far what came agrees with what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Match {
    /// The first so many bytes are it.
    Whole(usize),
    /// It may still become it.
    Begun,
    /// It differs.
    Wrong,
}

/// What a step expects.
enum Wanted {
    OneOf(Vec<Vec<u8>>),
    /// The same, where a run of U+FFFD counts as one.
    Lossy(Vec<Vec<u8>>),
    Like(Regex),
}

impl Wanted {
    fn compare(&self, got: &[u8]) -> Match {
        match self {
            Wanted::Like(regex) => match regex.find(got) {
                Some(found) if found.start() == 0 => Match::Whole(found.end()),
                _ => Match::Begun,
            },
            Wanted::Lossy(all) => {
                let all: Vec<Match> = all.iter().map(|one| lossy(one, got)).collect();
                let whole = all.iter().find(|one| matches!(one, Match::Whole(_)));
                whole.or(all.iter().find(|one| **one == Match::Begun)).cloned().unwrap_or(Match::Wrong)
            }
            Wanted::OneOf(all) => match all.iter().find(|one| got.starts_with(one)) {
                Some(one) => Match::Whole(one.len()),
                None if all.iter().any(|one| one.starts_with(got)) => Match::Begun,
                None => Match::Wrong,
            },
        }
    }

    /// A datagram is the whole of it or wrong; nothing more of it can come.
    fn compare_datagram(&self, got: &[u8]) -> Match {
        match self.compare(got) {
            Match::Whole(length) if length == got.len() => Match::Whole(length),
            Match::Whole(_) | Match::Begun | Match::Wrong => Match::Wrong,
        }
    }

    /// The alternative that agrees with `got` the longest.
    fn nearest(&self, got: &[u8]) -> Option<&[u8]> {
        match self {
            Wanted::Like(_) => None,
            Wanted::OneOf(all) | Wanted::Lossy(all) => all.iter().map(Vec::as_slice).max_by_key(|one| common(one, got)),
        }
    }
}

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// How far `got` agrees with `one` where a run of U+FFFD counts as one, in either.
fn lossy(one: &[u8], got: &[u8]) -> Match {
    let (mut wanted, mut rest) = (one, got);
    while !wanted.is_empty() {
        match (skip_run(wanted), skip_run(rest)) {
            (Some(after), Some(after_got)) => (wanted, rest) = (after, after_got),
            (Some(_), None) if REPLACEMENT.starts_with(rest) => return Match::Begun,
            (None, None) => match (wanted.split_first(), rest.split_first()) {
                (Some((a, after)), Some((b, after_got))) if a == b => (wanted, rest) = (after, after_got),
                // It may be the beginning of a U+FFFD that belongs to the run before.
                (Some(_), _) if REPLACEMENT.starts_with(rest) => return Match::Begun,
                _ => return Match::Wrong,
            },
            (Some(_), None) | (None, Some(_)) => return Match::Wrong,
        }
    }
    Match::Whole(got.len() - rest.len())
}

/// What follows the run of U+FFFD that `bytes` begins with.
fn skip_run(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(REPLACEMENT)?;
    while let Some(after) = rest.strip_prefix(REPLACEMENT) {
        rest = after;
    }
    Some(rest)
}

fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// Expects bytes.
pub fn recv(world: &mut World, recv: &Recv) -> Outcome {
    let name = world.name(&recv.from)?;
    world.stream(&name)?.unread = false;
    let wanted = wanted(world, recv)?;
    let patience = if recv.patient { Patience::UntilDeadline } else { Patience::UntilQuiet };
    let waited = world.wait(patience, |world| seen(world, &name, &wanted))?;
    let symptom = match waited {
        Waited::There(Seen::Right(length)) => {
            capture(world, recv, &name, &wanted)?;
            return take(world, &name, length);
        }
        Waited::There(Seen::Wrong) => Symptom::Wrong,
        Waited::There(Seen::Ended(Ending::Fin)) => Symptom::Eof,
        Waited::There(Seen::Ended(Ending::Rst)) => Symptom::Reset,
        Waited::Never | Waited::Late => match got(world, &name)?.is_empty() {
            true => Symptom::Silent,
            false => Symptom::Short,
        },
    };
    Err(unexpected(world, &name, symptom, &wanted, waited == Waited::Late)?)
}

fn wanted(world: &World, recv: &Recv) -> Outcome<Wanted> {
    match &recv.like {
        Some(pattern) => {
            let regex = Regex::new(pattern).map_err(|error| Stop::void(VoidKind::Lost, error))?;
            Ok(Wanted::Like(regex))
        }
        None => {
            let all = recv.bytes.iter().chain(&recv.one_of).map(|data| world.bytes(data));
            let all = all.collect::<Outcome<_>>()?;
            Ok(if recv.lossy { Wanted::Lossy(all) } else { Wanted::OneOf(all) })
        }
    }
}

/// Keeps what the first group matched as a value.
fn capture(world: &mut World, recv: &Recv, name: &str, wanted: &Wanted) -> Outcome {
    let (Some(value), Wanted::Like(regex)) = (&recv.capture, wanted) else { return Ok(()) };
    let got = got(world, name)?;
    let group = regex.captures(&got).and_then(|groups| groups.get(1));
    // A group that takes no part in the match is empty.
    world.values.set(value, group.map_or(&b""[..], |group| group.as_bytes()));
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Right(usize),
    Wrong,
    Ended(Ending),
}

fn seen(world: &mut World, name: &str, wanted: &Wanted) -> Outcome<Option<Seen>> {
    let stream = world.stream(name)?;
    let compared = match stream.is_datagrams() {
        true => match stream.datagrams.front() {
            Some(datagram) => wanted.compare_datagram(datagram),
            None => Match::Begun,
        },
        false => wanted.compare(&stream.inbox),
    };
    Ok(match compared {
        Match::Whole(length) => Some(Seen::Right(length)),
        Match::Wrong => Some(Seen::Wrong),
        Match::Begun => stream.ended.map(Seen::Ended),
    })
}

fn take(world: &mut World, name: &str, length: usize) -> Outcome {
    let stream = world.stream(name)?;
    match stream.is_datagrams() {
        true => {
            stream.datagrams.pop_front();
        }
        false => {
            stream.inbox.drain(..length);
        }
    }
    Ok(())
}

/// What has come on a stream and has not been taken; of datagrams, the next.
fn got(world: &mut World, name: &str) -> Outcome<Vec<u8>> {
    let stream = world.stream(name)?;
    Ok(match stream.is_datagrams() {
        true => stream.datagrams.front().cloned().unwrap_or_default(),
        false => stream.inbox.clone(),
    })
}

fn unexpected(world: &mut World, name: &str, symptom: Symptom, wanted: &Wanted, late: bool) -> Outcome<Stop> {
    // The rest of the answer, and what became of the program, make the picture whole.
    world.settle()?;
    let actual = got(world, name)?;
    let expected = wanted.nearest(&actual).map(<[u8]>::to_vec);
    let differs_at = expected.as_ref().map(|expected| common(expected, &actual));
    let finding = Finding { expected, differs_at, actual: Some(actual), ..Finding::new(symptom).on(name) };
    Ok(match symptom {
        Symptom::Wrong => Finding { deadline: late, ..finding }.into(),
        _ => world.ended_or(finding, late).into(),
    })
}

/// Expects that nothing comes and that the stream stays open.
pub fn silent(world: &mut World, silent: &Silent) -> Outcome {
    let name = world.name(&silent.on)?;
    let waited = world.wait(Patience::UntilWaiting, |world| {
        let stream = world.stream(&name)?;
        let came = !stream.inbox.is_empty() || !stream.datagrams.is_empty();
        Ok(match (came, stream.ended) {
            (true, _) => Some(Symptom::Extra),
            (false, Some(Ending::Fin)) => Some(Symptom::Eof),
            (false, Some(Ending::Rst)) => Some(Symptom::Reset),
            (false, None) => None,
        })
    })?;
    let Waited::There(symptom) = waited else { return Ok(()) };
    world.settle()?;
    let finding = Finding { actual: Some(got(world, &name)?), ..Finding::new(symptom).on(&name) };
    Err(match symptom {
        Symptom::Extra => finding.into(),
        _ => world.ended_or(finding, false).into(),
    })
}

impl World {
    /// `finding`, or that the program has ended, where this is why nothing more came.
    pub fn ended_or(&self, finding: Finding, late: bool) -> Finding {
        let finding = Finding { deadline: late, ..finding };
        let Some(end) = self.program.as_ref().and_then(|program| program.end()) else { return finding };
        let answered = finding.actual.as_ref().is_some_and(|actual| !actual.is_empty());
        match end {
            ProcessEnd::Signal(signal) => {
                let limits = &self.job.limits;
                let ended = |symptom| Finding { symptom: Some(symptom), ..finding }.with("signal", signal);
                match signal.as_str() {
                    "SIGXCPU" => ended(Symptom::Limit).at("processor", format!("{} s", limits.cpu_s)),
                    "SIGXFSZ" => ended(Symptom::Limit).at("disk", mib(limits.disk_mib)),
                    _ => ended(Symptom::Signalled),
                }
            }
            ProcessEnd::Status(101) if self.has_panicked() => {
                Finding { symptom: Some(Symptom::Panicked), ..finding }.with("status", 101)
            }
            // An orderly end of the program does not explain a reset: unread bytes do.
            ProcessEnd::Status(0) if finding.symptom == Some(Symptom::Reset) => finding.with("status", 0),
            ProcessEnd::Status(status) if answered => finding.with("status", status),
            ProcessEnd::Status(status) => Finding { symptom: Some(Symptom::Exited), ..finding }.with("status", status),
        }
    }

    fn has_panicked(&self) -> bool {
        self.stderr().windows(8).any(|window| window == b"panicked")
    }

    /// What the program has printed on stderr and no step has taken.
    pub fn stderr(&self) -> &[u8] {
        self.streams.get("stderr").map_or(&[], |stream| stream.inbox.as_slice())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn one_of(all: &[&str]) -> Wanted {
        Wanted::OneOf(all.iter().map(|one| one.as_bytes().to_vec()).collect())
    }

    #[test]
    fn bytes_are_right_as_soon_as_one_alternative_is_whole() {
        assert_eq!(one_of(&["ok\n", "no\n"]).compare(b"no\nmore"), Match::Whole(3));
        assert_eq!(one_of(&["ok\n", "no\n"]).compare(b"n"), Match::Begun);
    }

    #[test]
    fn the_first_byte_that_fits_no_alternative_is_wrong() {
        assert_eq!(one_of(&["ok\n", "no\n"]).compare(b"x"), Match::Wrong);
        assert_eq!(one_of(&["ok\n", "no\n"]).nearest(b"nx"), Some(&b"no\n"[..]));
    }

    #[rstest::rstest]
    #[case("a\u{fffd}\u{fffd}b\n", Match::Whole(9))]
    #[case("a\u{fffd}b\nmore", Match::Whole(6))]
    #[case("a\u{fffd}", Match::Begun)]
    #[case("ab", Match::Wrong)]
    #[case("", Match::Begun)]
    fn a_run_of_replacement_characters_counts_as_one(#[case] got: &str, #[case] expected: Match) {
        let wanted = Wanted::Lossy(vec!["a\u{fffd}\u{fffd}\u{fffd}b\n".as_bytes().to_vec()]);
        assert_eq!(wanted.compare(got.as_bytes()), expected);
    }

    #[test]
    fn a_replacement_character_may_come_in_pieces() {
        let wanted = Wanted::Lossy(vec!["\u{fffd}x".as_bytes().to_vec()]);
        let got = "\u{fffd}\u{fffd}x".as_bytes();
        for end in 0..got.len() {
            assert_eq!(wanted.compare(&got[..end]), Match::Begun, "after {end} bytes");
        }
        assert_eq!(wanted.compare_datagram(got), Match::Whole(7));
    }

    #[test]
    fn a_datagram_is_right_only_as_a_whole() {
        assert_eq!(one_of(&["ok"]).compare_datagram(b"ok"), Match::Whole(2));
        assert_eq!(one_of(&["ok"]).compare_datagram(b"okay"), Match::Wrong);
        assert_eq!(one_of(&["ok"]).compare_datagram(b"o"), Match::Wrong);
    }

    #[test]
    fn a_pattern_must_match_from_the_start() {
        let wanted = Wanted::Like(Regex::new("(?-u)b+").unwrap());
        assert_eq!(wanted.compare(b"ab"), Match::Begun);
        assert_eq!(wanted.compare(b"bba"), Match::Whole(2));
    }
}
