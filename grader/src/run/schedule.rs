//! Which check may run next, and what the end of one means for those that need it. Pure.

use crate::judge::record::Verdict;

/// A check's place in a schedule.
#[derive(Clone, Debug)]
pub struct Item {
    /// The numbers of the items that it needs.
    pub needs: Vec<usize>,
    /// Where it stands.
    pub state: State,
}

/// Where a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    Waiting,
    /// It runs.
    Running,
    /// It is over.
    Over(Verdict),
}

/// Checks and what they wait for.
#[derive(Debug, Default)]
pub struct Schedule {
    items: Vec<Item>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Run this item.
    Run(usize),
    /// This item is blocked by that one, which did not pass.
    Blocked(usize, usize),
    /// This item cannot be judged because that one could not.
    Void(usize, usize),
    /// Wait for one that runs.
    Wait,
    /// All are over.
    Done,
}

impl Schedule {
    /// Adds a check that needs the items with these numbers; returns its own.
    pub fn add(&mut self, needs: Vec<usize>) -> usize {
        self.items.push(Item { needs, state: State::Waiting });
        self.items.len() - 1
    }

    /// What is to be done next. An item that is returned counts as begun, or as over.
    pub fn next(&mut self) -> Next {
        for number in 0..self.items.len() {
            if self.items[number].state != State::Waiting {
                continue;
            }
            let next = self.verdict_by_needs(number);
            match next {
                Next::Run(_) => self.items[number].state = State::Running,
                Next::Blocked(..) => self.items[number].state = State::Over(Verdict::Blocked),
                Next::Void(..) => self.items[number].state = State::Over(Verdict::Void),
                Next::Wait | Next::Done => continue,
            }
            return next;
        }
        match self.items.iter().all(|item| matches!(item.state, State::Over(_))) {
            true => Next::Done,
            false => Next::Wait,
        }
    }

    fn verdict_by_needs(&self, number: usize) -> Next {
        let mut waits = false;
        for need in &self.items[number].needs {
            match self.items[*need].state {
                State::Over(Verdict::Passed) => {}
                State::Over(Verdict::Failed | Verdict::Blocked) => return Next::Blocked(number, *need),
                State::Over(Verdict::Void) => return Next::Void(number, *need),
                State::Waiting | State::Running => waits = true,
            }
        }
        if waits { Next::Wait } else { Next::Run(number) }
    }

    /// Notes that an item is over.
    pub fn end(&mut self, number: usize, verdict: Verdict) {
        self.items[number].state = State::Over(verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_runs_once_all_that_it_needs_has_passed() {
        let mut schedule = Schedule::default();
        let base = schedule.add(vec![]);
        let next = schedule.add(vec![base]);
        assert_eq!(schedule.next(), Next::Run(base));
        assert_eq!(schedule.next(), Next::Wait);
        schedule.end(base, Verdict::Passed);
        assert_eq!(schedule.next(), Next::Run(next));
        schedule.end(next, Verdict::Passed);
        assert_eq!(schedule.next(), Next::Done);
    }

    #[test]
    fn a_failure_blocks_everything_above_it() {
        let mut schedule = Schedule::default();
        let base = schedule.add(vec![]);
        let middle = schedule.add(vec![base]);
        let top = schedule.add(vec![middle]);
        assert_eq!(schedule.next(), Next::Run(base));
        schedule.end(base, Verdict::Failed);
        assert_eq!(schedule.next(), Next::Blocked(middle, base));
        assert_eq!(schedule.next(), Next::Blocked(top, middle));
        assert_eq!(schedule.next(), Next::Done);
    }

    #[test]
    fn what_could_not_be_judged_blocks_nobody_for_a_fault() {
        let mut schedule = Schedule::default();
        let base = schedule.add(vec![]);
        let next = schedule.add(vec![base]);
        assert_eq!(schedule.next(), Next::Run(base));
        schedule.end(base, Verdict::Void);
        assert_eq!(schedule.next(), Next::Void(next, base));
    }
}
