//! The transcript of one check, bounded however much a program sends.

use crate::judge::record::{Excerpt, Line};

/// Lines that are kept from the beginning; as many from the end.
const HALF: usize = 100;

/// What happened so far.
#[derive(Debug, Default)]
pub struct Log {
    head: Vec<Line>,
    tail: std::collections::VecDeque<Line>,
    dropped: usize,
}

impl Log {
    /// Adds a line. Bytes that come in several reads become one line.
    pub fn add(&mut self, at_us: u64, what: &str, stream: Option<&str>, bytes: Option<&[u8]>, note: String) {
        let last = self.tail.back_mut().or(self.head.last_mut());
        if let (Some(last), "recv", Some(more)) = (last, what, bytes)
            && last.what == "recv"
            && last.stream.as_deref() == stream
            && join(last, more)
        {
            return;
        }
        let line = Line {
            at_us,
            what: what.to_owned(),
            stream: stream.map(str::to_owned),
            bytes: bytes.map(Excerpt::head),
            note,
        };
        self.push(line);
    }

    fn push(&mut self, line: Line) {
        if self.head.len() < HALF {
            return self.head.push(line);
        }
        self.tail.push_back(line);
        if self.tail.len() > HALF {
            self.tail.pop_front();
            self.dropped += 1;
        }
    }

    /// The lines, with a word where some were dropped.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.head.clone();
        if self.dropped > 0 {
            let at_us = self.tail.front().map_or(0, |line| line.at_us);
            let note = format!("{} lines left out", self.dropped);
            lines.push(Line { at_us, what: "…".to_owned(), stream: None, bytes: None, note });
        }
        lines.extend(self.tail.iter().cloned());
        lines
    }
}

fn join(last: &mut Line, more: &[u8]) -> bool {
    let Some(excerpt) = &mut last.bytes else { return false };
    let room = Excerpt::MOST - excerpt.bytes.len().min(Excerpt::MOST);
    excerpt.bytes.extend_from_slice(&more[..more.len().min(room)]);
    excerpt.total += more.len();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_keeps_the_beginning_and_the_end() {
        let mut log = Log::default();
        (0..1000).for_each(|number| log.add(number, "send", None, None, number.to_string()));
        let lines = log.lines();
        assert_eq!(lines.len(), 2 * HALF + 1);
        assert_eq!(lines[HALF].note, "800 lines left out");
        assert_eq!(lines[2 * HALF].note, "999");
    }

    #[test]
    fn one_answer_in_many_reads_is_one_line() {
        let mut log = Log::default();
        b"hello".iter().for_each(|byte| log.add(0, "recv", Some("c"), Some(&[*byte]), String::new()));
        let lines = log.lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].bytes.as_ref().map(|excerpt| excerpt.bytes.as_slice()), Some(&b"hello"[..]));
    }
}
