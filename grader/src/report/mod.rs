//! What people and other programs get to see of a run. Reports consume events and nothing else: no report starts a
//! check, asks the system anything, or knows where its bytes go.

pub mod block;
pub mod file;
pub mod github;
pub mod human;
pub mod json;
pub mod jsonl;
pub mod order;
pub mod progress_line;
pub mod styles;

use std::io;

use crate::event::Event;

/// Makes something of the events of a run.
///
/// A run may come in parts (`grader check` goes from exercise to exercise): every further `RunStarted` adds its
/// exercises. There is one `RunFinished`, at the end.
pub trait Reporter {
    /// Takes the next event.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

impl<R: Reporter + ?Sized> Reporter for Box<R> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        (**self).event(event)
    }
}

#[cfg(test)]
pub mod testing;
