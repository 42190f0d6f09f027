//! Finds the file that a request target means: cut, decode once, check, open, in this order.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::Status;

const BAD_REQUEST: Status = "400 Bad Request";
const FORBIDDEN: Status = "403 Forbidden";
const NOT_FOUND: Status = "404 Not Found";

/// The file, its length and its media type.
pub fn open(root: &Path, target: &str) -> Result<(File, u64, &'static str), Status> {
    let relative = path_of(target).and_then(decode).ok_or(BAD_REQUEST)?;
    if climbs_out(&relative) {
        return Err(FORBIDDEN);
    }
    // Only the file system knows where symlinks lead, so the path is resolved before it is judged.
    let path = root.join(&relative).canonicalize().map_err(|_| NOT_FOUND)?;
    if !path.starts_with(root) {
        return Err(FORBIDDEN);
    }
    // Asked before opening, because opening a FIFO would wait for its writer.
    let metadata = path.metadata().ok().filter(|metadata| metadata.is_file()).ok_or(NOT_FOUND)?;
    let file = File::open(&path).map_err(|_| NOT_FOUND)?;
    Ok((file, metadata.len(), media_type(&relative)))
}

/// The path of a target in origin form (`/a?b`) or absolute form (`http://host/a?b`).
fn path_of(target: &str) -> Option<&str> {
    let path = target.split('?').next()?;
    if path.starts_with('/') {
        return Some(path);
    }
    let (scheme, rest) = path.split_once("://")?;
    let has_host = rest.starts_with(|first| first != '/');
    (scheme.eq_ignore_ascii_case("http") && has_host).then(|| rest.find('/').map_or("/", |slash| &rest[slash..]))
}

/// Decodes each `%xx` once, and turns the path of a folder into that of its page.
fn decode(path: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => 16 * hex_digit(rest.next()?)? + hex_digit(rest.next()?)?,
            _ => byte,
        });
    }
    if bytes.contains(&0) {
        return None;
    }
    if bytes.ends_with(b"/") {
        bytes.extend(b"index.html");
    }
    // Without its slashes in front: `root.join("/etc/passwd")` is `/etc/passwd`.
    let relative = Path::new(OsStr::from_bytes(&bytes)).components();
    Some(relative.skip_while(|part| *part == Component::RootDir).collect())
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether the path leaves the folder that it starts in, if only to come back.
fn climbs_out(relative: &Path) -> bool {
    let mut depth = 0;
    relative.components().any(|part| {
        match part {
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            _ => {}
        }
        depth < 0
    })
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}
