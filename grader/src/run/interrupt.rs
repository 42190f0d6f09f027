//! The wish to stop: set by a signal, heard by the run.

use std::fmt;
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
    listeners: Vec<Listener>,
}

impl Interrupt {
    /// True once somebody wants the run to stop.
    pub fn is_set(&self) -> bool {
        self.lock().set
    }

    /// Asks the run to stop.
    pub fn set(&self) {
        let mut state = self.lock();
        state.set = true;
        state.listeners.iter().for_each(|listener| listener());
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
