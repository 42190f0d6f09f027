//! Uploads a file over TCP: `serve` stores what `send` brings, one file per connection.
//!
//! The idea: a header says how many bytes follow, so the receiver reads exactly that many and knows
//! by itself when it has them all. The file gets its real name only then.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Seek, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::Duration;

use serde_json::{Value, json};

const HEADER_MAX: u32 = 65_536;
const FILE_MAX: u64 = 67_108_864;
const REPLY_MAX: u64 = 65_536;
/// How much, and how long, a client that has its reply may still send before the connection is closed.
const LEFTOVER_MAX: u64 = 1_048_576;
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((mode, address, path)) = parse(&arguments) else {
        eprintln!("usage: file-upload serve <ip> <port> <dir> | send <ip> <port> <path>");
        return ExitCode::from(2);
    };
    let outcome = match mode {
        Mode::Serve => serve(address, path),
        Mode::Send => send(address, path),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("file-upload: {error}");
        ExitCode::FAILURE
    })
}

enum Mode {
    Serve,
    Send,
}

fn parse(arguments: &[OsString]) -> Option<(Mode, SocketAddr, &Path)> {
    let [mode, ip, port, path, ..] = arguments else {
        return None;
    };
    let mode = match mode.to_str()? {
        "serve" => Mode::Serve,
        "send" => Mode::Send,
        _ => return None,
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((mode, address, Path::new(path)))
}

fn serve(address: SocketAddr, dir: &Path) -> io::Result<ExitCode> {
    if !fs::metadata(dir)?.is_dir() {
        return Err(Error::from(ErrorKind::NotADirectory));
    }
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        // What happens to one client is never a reason to stop serving the next.
        if let Err(error) = stream.and_then(|stream| answer(&stream, dir)) {
            eprintln!("file-upload: client lost: {error}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(mut stream: &TcpStream, dir: &Path) -> io::Result<()> {
    let reply = match receive(stream, dir) {
        Ok((size, digest)) => format!("OK {size} {digest:x}\n"),
        Err(error) => format!("ERR {error}\n"),
    };
    stream.write_all(reply.as_bytes())?;
    hang_up(stream)
}

fn receive(mut stream: &TcpStream, dir: &Path) -> io::Result<(u64, md5::Digest)> {
    let (name, size) = read_header(&mut stream)?;
    let (part_path, part) = create_part(dir)?;
    let stored = read_data(stream, part, size)
        // Renaming replaces the target in one step: nobody ever sees half a file under its real name.
        .and_then(|digest| fs::rename(&part_path, dir.join(name)).map(|()| (size, digest)));
    if stored.is_err() {
        let _ = fs::remove_file(&part_path);
    }
    stored
}

fn read_header(stream: &mut impl Read) -> io::Result<(String, u64)> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    // Checked before anything is allocated: the length is a stranger's claim.
    if length > HEADER_MAX {
        return Err(Error::new(ErrorKind::InvalidData, "header too long"));
    }
    let mut header = vec![0; length as usize];
    stream.read_exact(&mut header)?;
    let header: Value = serde_json::from_slice(&header)?;
    let name = header["file_name"].as_str().filter(|name| is_plain(name));
    let size = header["file_size"].as_u64().filter(|&size| size <= FILE_MAX);
    match (name, size) {
        (Some(name), Some(size)) => Ok((name.to_owned(), size)),
        (None, _) => Err(Error::new(ErrorKind::InvalidData, "bad file_name")),
        (_, None) => Err(Error::new(ErrorKind::InvalidData, "bad file_size")),
    }
}

/// A name that can only mean a file directly inside the folder.
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains(['/', '\0'])
}

/// A new, hidden file for the bytes of an upload that may yet fail.
fn create_part(dir: &Path) -> io::Result<(PathBuf, File)> {
    let mut number = process::id();
    loop {
        let path = dir.join(format!(".upload-{number}"));
        match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number = number.wrapping_add(1);
            }
            file => return Ok((path, file?)),
        }
    }
}

fn read_data(stream: &TcpStream, mut part: File, size: u64) -> io::Result<md5::Digest> {
    if io::copy(&mut stream.take(size), &mut part)? < size {
        return Err(Error::new(ErrorKind::UnexpectedEof, "the data ended early"));
    }
    // Read back, so that the digest speaks for the file and not for what was meant to be in it.
    part.rewind()?;
    let mut md5 = md5::Context::new();
    io::copy(&mut part, &mut md5)?;
    Ok(md5.finalize())
}

/// Ends the connection so that the reply arrives: a close with unread bytes in the queue would be a
/// reset, and a reset may overtake what was sent before it.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LEFTOVER_WAIT))?;
    io::copy(&mut stream.take(LEFTOVER_MAX), &mut io::sink())?;
    Ok(())
}

fn send(address: SocketAddr, path: &Path) -> io::Result<ExitCode> {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else {
        return Err(Error::new(ErrorKind::InvalidInput, "the file name is not UTF-8"));
    };
    let mut data = Vec::new();
    File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut data)?;
    if data.len() as u64 > FILE_MAX {
        return Err(Error::from(ErrorKind::FileTooLarge));
    }
    let stream = TcpStream::connect(address)?;
    // A server that refuses may close before it has read everything. Its reply says why, the failed
    // write does not, so the reply is read in any case.
    if let Err(error) = write_upload(&stream, name, &data) {
        eprintln!("file-upload: not everything was sent: {error}");
    }
    let reply = read_reply(&stream)?;
    io::stdout().write_all(&reply)?;
    let wanted = format!("OK {} {:x}\n", data.len(), md5::compute(&data));
    Ok(if reply == wanted.as_bytes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write_upload(mut stream: &TcpStream, name: &str, data: &[u8]) -> io::Result<()> {
    let header = json!({"file_name": name, "file_size": data.len()}).to_string();
    stream.write_all(&(header.len() as u32).to_be_bytes())?;
    stream.write_all(header.as_bytes())?;
    stream.write_all(data)
}

fn read_reply(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    BufReader::new(stream).take(REPLY_MAX).read_until(b'\n', &mut reply)?;
    if reply.ends_with(b"\n") {
        Ok(reply)
    } else {
        Err(Error::new(ErrorKind::UnexpectedEof, "the server ended without a reply"))
    }
}
