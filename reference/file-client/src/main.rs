//! Downloads files by name: a line goes out, a JSON header and exactly the announced bytes come back.
//!
//! The idea: a download is kept under a hidden name until its digest is verified, and the name under
//! which it is then saved comes from the user, never from the server.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use serde_json::Value;

const HEADER_MAX: u32 = 65_536;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, dir)) = parse(&arguments) else {
        eprintln!("usage: file-client <ip> <port> <dir>");
        return ExitCode::from(2);
    };
    if let Err(error) = talk(address, dir) {
        eprintln!("file-client: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, dir, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(dir)))
}

fn talk(address: SocketAddr, dir: &Path) -> io::Result<()> {
    if !fs::metadata(dir)?.is_dir() {
        return Err(Error::from(ErrorKind::NotADirectory));
    }
    let stream = TcpStream::connect(address)?;
    // One reader for the whole connection: what it holds beyond a reply belongs to the next reply.
    let mut server = BufReader::new(&stream);
    for name in io::stdin().lock().split(b'\n') {
        let name = name?;
        if name == b"q" || name == b"Q" {
            break;
        }
        let mut verdict = fetch(&mut server, &name, dir)?;
        verdict.push(b'\n');
        io::stdout().write_all(&verdict)?;
    }
    Ok(())
}

/// Fetches one file and says, as one line, what became of it.
fn fetch(server: &mut BufReader<&TcpStream>, name: &[u8], dir: &Path) -> io::Result<Vec<u8>> {
    if name.is_empty() {
        return Ok("输入不能为空".into());
    }
    let Some(target) = target(name, dir) else {
        return Ok([b"ERR ", name, b" bad name"].concat());
    };
    server.get_mut().write_all(&[name, b"\n"].concat())?;
    match read_header(server)? {
        Header::Refused(text) => Ok([b"ERR ", name, b" ", text.as_bytes()].concat()),
        Header::Data { length, md5 } => {
            let saved = save(&mut server.take(length), length, &md5, &target)?;
            let length = length.to_string();
            Ok(match saved {
                true => [b"OK ", name, b" ", length.as_bytes()].concat(),
                false => [b"BAD ", name].concat(),
            })
        }
    }
}

/// Where to save: the last part of what the user typed, if that is a name.
fn target(name: &[u8], dir: &Path) -> Option<PathBuf> {
    let last = name.rsplit(|&byte| byte == b'/').next()?;
    let is_name = !matches!(last, b"" | b"." | b"..");
    is_name.then(|| dir.join(OsStr::from_bytes(last)))
}

enum Header {
    Refused(String),
    Data { length: u64, md5: String },
}

fn read_header(server: &mut impl Read) -> io::Result<Header> {
    let mut length = [0; 4];
    server.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    // Checked before anything is allocated: the length is a stranger's claim.
    if length > HEADER_MAX {
        return Err(Error::new(ErrorKind::InvalidData, "header too long"));
    }
    let mut header = vec![0; length as usize];
    server.read_exact(&mut header)?;
    let header: Value = serde_json::from_slice(&header)?;
    if let Some(text) = header["error"].as_str() {
        return Ok(Header::Refused(text.to_owned()));
    }
    match (header["file_data_len"].as_u64(), header["md5"].as_str()) {
        (Some(length), Some(md5)) => Ok(Header::Data { length, md5: md5.to_owned() }),
        _ => Err(Error::new(ErrorKind::InvalidData, "header without length or md5")),
    }
}

/// Stores `length` bytes at `target` if their digest is `md5`; leaves no trace otherwise.
fn save(data: &mut impl Read, length: u64, md5: &str, target: &Path) -> io::Result<bool> {
    let (part_path, part) = create_part(target)?;
    let saved = receive(data, part, length).and_then(|digest| {
        let verified = format!("{digest:x}").eq_ignore_ascii_case(md5);
        if verified {
            fs::rename(&part_path, target)?;
        }
        Ok(verified)
    });
    if !matches!(saved, Ok(true)) {
        let _ = fs::remove_file(&part_path);
    }
    saved
}

/// A new, hidden file beside `target`, for bytes that nobody has verified yet.
fn create_part(target: &Path) -> io::Result<(PathBuf, File)> {
    let mut number = process::id();
    loop {
        let path = target.with_file_name(format!(".download-{number}"));
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number = number.wrapping_add(1);
            }
            file => return Ok((path, file?)),
        }
    }
}

fn receive(data: &mut impl Read, mut part: File, length: u64) -> io::Result<md5::Digest> {
    if io::copy(data, &mut part)? < length {
        return Err(Error::new(ErrorKind::UnexpectedEof, "the data ended early"));
    }
    // Read back, so that the digest speaks for the file and not for what was meant to be in it.
    part.rewind()?;
    let mut md5 = md5::Context::new();
    io::copy(&mut part, &mut md5)?;
    Ok(md5.finalize())
}
