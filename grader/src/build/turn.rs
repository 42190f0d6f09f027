//! One build at a time in one place.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use crate::build::BuildError;
use crate::interrupt::Interrupt;

/// Keeps other graders from building in the same place until it is dropped.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

/// Waits for our turn to build in `folder`.
pub fn turn(folder: &Path, interrupt: &Interrupt) -> Result<Turn, BuildError> {
    fs::create_dir_all(folder).map_err(BuildError::io("cannot make", folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(BuildError::io("cannot write", &path))?;
    let locked = match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => wait(file, interrupt),
        Err(TryLockError::Error(error)) => Err(error),
    };
    locked.map_err(BuildError::io("cannot lock", &path))?.map(Turn).ok_or(BuildError::Interrupted)
}

/// The file once it is ours, or nothing if the wish to stop comes first. A thread waits for the lock (flock(2)): there
/// is no other way to wait for something else as well. It may outlive us; a lock that comes then is let go at once.
fn wait(file: File, interrupt: &Interrupt) -> io::Result<Option<File>> {
    let (said, heard) = mpsc::channel();
    let stop = said.clone();
    interrupt.subscribe(move || drop(stop.send(Ok(None))));
    let lock = move || drop(said.send(file.lock().map(|()| Some(file))));
    thread::Builder::new().name("turn".to_owned()).spawn(lock)?;
    heard.recv().unwrap_or(Ok(None))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn one_waits_for_the_other_and_not_after_the_wish_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let interrupt = Interrupt::default();
        let first = turn(folder.path(), &interrupt).unwrap();
        thread::scope(|scope| {
            let second = scope.spawn(|| turn(folder.path(), &interrupt));
            drop(first);
            assert!(second.join().unwrap().is_ok());
            let _third = turn(folder.path(), &interrupt).unwrap();
            let fourth = scope.spawn(|| turn(folder.path(), &interrupt));
            interrupt.set();
            assert!(matches!(fourth.join().unwrap(), Err(BuildError::Interrupted)));
        });
    }
}
