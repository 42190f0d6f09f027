//! Serves the files of one folder: a line names a file, the answer is a JSON header and the bytes.
//!
//! The idea: the header travels first and carries the data's length and digest, and a name that a
//! stranger sends is never used as a path before it is proven to stay inside the folder.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Seek, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

const LINE_MAX: u64 = 65_536;
/// How much, and how long, a client that broke the rules may still send before the connection is closed.
const LEFTOVER_MAX: u64 = 1_048_576;
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, root)) = parse(&arguments) else {
        eprintln!("usage: file-server <ip> <port> <root>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, root) {
        eprintln!("file-server: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, root, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(root)))
}

fn serve(address: SocketAddr, root: &Path) -> io::Result<()> {
    // Symlinks in the root itself are resolved once, so that later paths can be compared with it.
    let root = root.canonicalize()?;
    if !root.is_dir() {
        return Err(Error::from(ErrorKind::NotADirectory));
    }
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| talk(&stream, &root)) {
            eprintln!("file-server: client lost: {error}");
        }
    }
    Ok(())
}

fn talk(stream: &TcpStream, root: &Path) -> io::Result<()> {
    // Header and data are two writes; without this the second may wait for the first one's ACK.
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(line) = read_line(&mut reader)? {
        match open(root, &line) {
            Ok((name, file)) => send_file(stream, name, file)?,
            Err(error) => send_header(stream, &json!({"error": error.to_string()}))?,
        }
    }
    hang_up(stream)
}

/// The next line without its `\n`; `None` if the stream ends before that, or the line is too long.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(LINE_MAX + 1).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

fn open<'a>(root: &Path, line: &'a [u8]) -> io::Result<(&'a str, File)> {
    let name = str::from_utf8(line).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    // `root.join("/etc/passwd")` is `/etc/passwd`: an absolute name replaces the root.
    let is_plain = |part| matches!(part, Component::Normal(_));
    if name.is_empty() || !Path::new(name).components().all(is_plain) {
        return Err(Error::new(ErrorKind::InvalidInput, "not a name under the root"));
    }
    // Only the file system knows where symlinks lead, so the path is resolved before it is judged.
    let path = root.join(name).canonicalize()?;
    if !path.starts_with(root) || !path.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::NotFound, "not a file under the root"));
    }
    Ok((name, File::open(path)?))
}

fn send_file(mut stream: &TcpStream, name: &str, mut file: File) -> io::Result<()> {
    let mut md5 = md5::Context::new();
    let length = io::copy(&mut file, &mut md5)?;
    let md5 = format!("{:x}", md5.finalize());
    send_header(stream, &json!({"name": name, "md5": md5, "file_data_len": length}))?;
    file.rewind()?;
    // A file that grew is cut; one that shrank cannot be mended, only the end of the connection tells.
    if io::copy(&mut file.take(length), &mut stream)? < length {
        return Err(Error::new(ErrorKind::UnexpectedEof, "a file shrank while it was sent"));
    }
    Ok(())
}

fn send_header(mut stream: &TcpStream, header: &Value) -> io::Result<()> {
    let header = header.to_string();
    let length = header.len() as u32;
    stream.write_all(&[&length.to_be_bytes(), header.as_bytes()].concat())
}

/// Ends the connection so that all answers arrive: a close with unread bytes in the queue would be a
/// reset, and a reset may overtake what was sent before it.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LEFTOVER_WAIT))?;
    io::copy(&mut stream.take(LEFTOVER_MAX), &mut io::sink())?;
    Ok(())
}
