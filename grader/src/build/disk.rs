//! Tells a disk of ours that is full from a program that does not build: tools say little else than that they failed.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::build::BuildError;

/// With less than this free, in MiB, a tool may have had too little. What it could not finish it has mostly removed.
const FEW: u64 = 256;

/// What is said then: the text of ENOSPC (errno(3)), or that a tool was ended which had mapped a file without room for
/// it (SIGBUS, mmap(2)).
const SAID: [&str; 3] = ["No space left on device", "Bus error", "SIGBUS"];

/// `output` of a tool that failed, unless it did so because the disk that holds `folder` is full. Not to be asked about
/// what a submission has printed: it could make us believe that.
pub fn unless_full(folder: &Path, output: String) -> Result<String, BuildError> {
    let free = statvfs(folder).map_or(u64::MAX, |disk| disk.blocks_available().saturating_mul(disk.fragment_size()));
    let is_full = free >> 20 < FEW && SAID.iter().any(|said| output.contains(said));
    // EDQUOT: of a quota, statvfs(3) does not know.
    match is_full || output.contains("Disk quota exceeded") {
        true => Err(BuildError::Full(folder.to_owned())),
        false => Ok(output),
    }
}
