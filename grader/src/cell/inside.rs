//! The program's side of a cell: its descriptors, and what is said over them before there is a program.

use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use super::error::{self, CellError, Step};
use super::shown::Shown;
use super::spawn::Spawn;
use super::{rights, sys};

/// What init is told when the maps are written; the rest is an [`Order`], as JSON, with the mounts of what is shown.
pub(super) const MAPPED: &[u8] = b"\n";

/// The most bytes of an order that are taken at once.
const AT_ONCE: usize = 16 << 10;

/// What is said where errors go just before the program is executed; no step of ours has this number.
pub(super) const EXECUTING: [u8; 8] = [0xFF; 8];

/// What init is to start, and what of the machine's files it is to show for it.
pub(super) type Order = (Spawn, Vec<Shown>);

/// The descriptors of the program's side.
pub(super) struct Inside {
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    pub life: OwnedFd,
    pub status: OwnedFd,
    /// Where errors go until the program is executed; closes by itself then.
    pub errors: OwnedFd,
    /// Brings [`MAPPED`] and then the [`Order`].
    pub order: OwnedFd,
    /// Where the program's process joins its control group, if there is one.
    pub door: Option<OwnedFd>,
}

impl Inside {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &OwnedFd> {
        let always = [&self.stdin, &self.stdout, &self.stderr, &self.life, &self.status, &self.errors, &self.order];
        always.into_iter().chain(&self.door)
    }

    /// Waits until the maps are written.
    pub(super) fn wait_for_maps(&self) -> Result<(), CellError> {
        let mut byte = [0];
        match nix::unistd::read(&self.order, &mut byte) {
            Ok(_) if byte == MAPPED => Ok(()),
            Ok(_) => Err(CellError::new(Step::UidMap, io::ErrorKind::UnexpectedEof)),
            Err(error) => Err(CellError::new(Step::UidMap, error)),
        }
    }

    /// Says that the program is about to be executed: whatever ends silently before has been ended.
    pub(super) fn tell_executing(&self) -> Result<(), CellError> {
        nix::unistd::write(&self.errors, &EXECUTING).map(drop).map_err(CellError::at(Step::Exec))
    }

    /// Waits for what to start, and the mounts that come with it.
    pub(super) fn wait_for_order(&self) -> Result<(Order, Vec<OwnedFd>), CellError> {
        let (mut text, mut mounts, mut bytes) = (Vec::new(), Vec::new(), [0; AT_ONCE]);
        loop {
            let (length, fds) = rights::receive(&self.order, &mut bytes).map_err(CellError::at(Step::Order))?;
            mounts.extend(fds);
            text.extend_from_slice(&bytes[..length]);
            if length == 0 {
                let order = serde_json::from_slice(&text).map_err(CellError::at(Step::Order))?;
                return Ok((order, mounts));
            }
        }
    }
}

/// Tells the check's process about an error and ends this one.
pub(super) fn give_up(errors: OwnedFd, error: &CellError) -> ! {
    // Nobody is left to hear of a failure to tell; the pipe's end alone reads as a lost cell.
    let _ = fs::File::from(errors).write_all(&error::encode(error));
    sys::exit_now(1)
}
