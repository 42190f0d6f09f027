//! Listening Unix sockets, as `/proc/net/unix` shows them (unix(7)).

use std::fs;
use std::io;

/// `__SO_ACCEPTCON` of net.h: the socket listens.
const LISTENS: u32 = 1 << 16;

/// The inode of the Unix socket that listens at `path`.
pub fn listener(path: &[u8]) -> io::Result<Option<u32>> {
    let table = fs::read("/proc/thread-self/net/unix")?;
    Ok(table.split(|byte| *byte == b'\n').skip(1).find_map(|line| row(line, path)))
}

/// A row is `address: references protocol flags type state inode path`.
fn row(line: &[u8], path: &[u8]) -> Option<u32> {
    let line = line.strip_suffix(path)?;
    let words = std::str::from_utf8(line).ok().filter(|line| line.ends_with(' '))?;
    let words: Vec<&str> = words.split_whitespace().collect();
    let [_, _, _, flags, _, _, inode] = words[..] else { return None };
    let listens = u32::from_str_radix(flags, 16).ok()? & LISTENS != 0;
    listens.then(|| inode.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_listening_socket_is_found_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert_eq!(listener(path.as_os_str().as_bytes()).unwrap(), None);
        let _listener = UnixListener::bind(&path).unwrap();
        assert!(listener(path.as_os_str().as_bytes()).unwrap().is_some());
    }
}
