//! Reads one course file, with a limit. The only place where a course meets the disk.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use super::yaml;

/// Why a file could not be read.
#[derive(Debug)]
pub enum Unread {
    /// There is no such file.
    Missing,
    /// It is larger than any course file.
    TooLarge,
    /// It is not UTF-8.
    NotUtf8,
    /// Something else, in the system's words.
    Other(String),
}

impl Unread {
    /// The reason, in a few words.
    pub fn said(&self) -> &str {
        match self {
            Unread::Missing => "no such file",
            Unread::TooLarge => "larger than 256 KiB",
            Unread::NotUtf8 => "not UTF-8 text",
            Unread::Other(why) => why,
        }
    }
}

/// The text of a course file.
pub fn read(path: &Path) -> Result<String, Unread> {
    let other = |error: Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Other(error.to_string()),
    };
    let is_file = std::fs::metadata(path).map_err(other)?.is_file();
    if !is_file {
        return Err(Unread::Other("not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let most = yaml::MOST_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(other)?;
    if bytes.len() > yaml::MOST_BYTES {
        return Err(Unread::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Unread::NotUtf8)
}
