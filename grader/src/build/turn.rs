//! One build at a time in one place.

use std::fs::{self, File};
use std::path::Path;

use crate::build::BuildError;

/// Keeps other graders from building in the same place until it is dropped.
pub struct Turn(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

/// Waits for our turn to build in `folder`.
pub fn turn(folder: &Path) -> Result<Turn, BuildError> {
    fs::create_dir_all(folder).map_err(BuildError::io("cannot make", folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(BuildError::io("cannot write", &path))?;
    file.lock().map_err(BuildError::io("cannot lock", &path))?;
    Ok(Turn(file))
}
