//! The wish to stop: set by a signal, heard by the run. Whatever runs in a process of its own lives on a line that is
//! held here, and ends when that is cut.

use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Listener = Box<dyn Fn() + Send>;

/// A wish to stop that several threads share.
#[derive(Clone, Default)]
pub struct Interrupt {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    set: bool,
    /// Life lines, each by a number of its own.
    lines: BTreeMap<u64, OwnedFd>,
    next: u64,
    listeners: Vec<Listener>,
}

impl Interrupt {
    /// True once somebody wants the run to stop.
    pub fn is_set(&self) -> bool {
        self.lock().set
    }

    /// Asks the run to stop: cuts all life lines.
    pub fn set(&self) {
        let mut state = self.lock();
        state.set = true;
        state.lines.clear();
        state.listeners.iter().for_each(|listener| listener());
    }

    /// Keeps `line` open until the wish to stop comes, or until what is returned is dropped. One that is brought after
    /// the wish is cut at once.
    pub fn hold(&self, line: impl Into<OwnedFd>) -> Held {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        if !state.set {
            state.lines.insert(number, line.into());
        }
        Held { of: self.clone(), number }
    }

    /// Calls `listener` when the wish comes, or at once if it has come already.
    pub fn subscribe(&self, listener: impl Fn() + Send + 'static) {
        let mut state = self.lock();
        if state.set {
            listener();
        }
        state.listeners.push(Box::new(listener));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A listener that panicked leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Interrupt").field("set", &self.is_set()).finish_non_exhaustive()
    }
}

/// A life line that is held. Dropping it cuts the line.
#[derive(Debug)]
pub struct Held {
    of: Interrupt,
    number: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.lock().lines.remove(&self.number);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use std::io::{PipeReader, Read, pipe};

    use super::*;

    /// True once nobody holds the other end.
    fn is_cut(line: &PipeReader) -> bool {
        rustix::io::ioctl_fionbio(line, true).unwrap();
        matches!((&*line).read(&mut [0]), Ok(0))
    }

    #[test]
    fn the_wish_cuts_what_is_held_and_what_comes_later() {
        let interrupt = Interrupt::default();
        let ((early, held), (late, line)) = (pipe().unwrap(), pipe().unwrap());
        let _held = interrupt.hold(held);
        assert!(!is_cut(&early));
        interrupt.set();
        assert!(is_cut(&early));
        let _late = interrupt.hold(line);
        assert!(is_cut(&late));
    }

    #[test]
    fn a_line_that_is_let_go_is_cut_alone() {
        let interrupt = Interrupt::default();
        let ((one, first), (other, second)) = (pipe().unwrap(), pipe().unwrap());
        let (first, _second) = (interrupt.hold(first), interrupt.hold(second));
        drop(first);
        assert!(is_cut(&one) && !is_cut(&other));
    }
}
