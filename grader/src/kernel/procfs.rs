//! Reading files of `/proc` (proc(5)), with few system calls: every look at a program reads many.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// More bytes than nearly all of these files have.
const USUAL: usize = 4 << 10;

/// All of a file. The kernel writes it as it is read and cannot say before how long it is; so it is not asked, and a
/// buffer that is large enough from the start takes it in one piece.
pub(super) fn read(path: impl AsRef<Path>) -> io::Result<String> {
    let mut text = String::with_capacity(USUAL);
    // A `Take` does not ask for the size of what is behind it.
    File::open(path)?.take(u64::MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_length_is_read_whole() {
        assert!(read("/proc/self/stat").unwrap().ends_with('\n'));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        for length in [0, USUAL - 1, USUAL, USUAL + 1, 10 * USUAL] {
            std::fs::write(&path, "x".repeat(length)).unwrap();
            assert_eq!(read(&path).unwrap().len(), length);
        }
    }
}
