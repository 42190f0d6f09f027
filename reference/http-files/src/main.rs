//! An HTTP/1.1 server for the files of one folder, with connections that stay open.
//!
//! The idea: on a connection that stays open, every request must be read to its exact end, its body
//! included, or the rest of it is taken for the next request.

mod date;
mod files;
mod request;

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use request::{Request, Trouble};

/// A thread here needs little; the default of 2 MiB adds up when many clients come.
const STACK: usize = 128 * 1024;
/// How long to wait before accepting again when the system has run out of descriptors or threads.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a client may stop in the middle of a request.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much, and how long, a client may still send after the last answer.
const LEFTOVER_MAX: u64 = 1_048_576;
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);

/// The code and the reason of a status line.
type Status = &'static str;

const METHOD_NOT_ALLOWED: Status = "405 Method Not Allowed";

enum Body {
    Bytes(Vec<u8>),
    File(File, u64),
}

struct Answer {
    status: Status,
    kind: &'static str,
    body: Body,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, root, idle)) = parse(&arguments) else {
        eprintln!("usage: http-files <ip> <port> <root> <idle_ms: 1 to 60000>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, root, idle) {
        eprintln!("http-files: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path, Duration)> {
    let [ip, port, root, idle, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    let idle = idle.to_str()?.parse().ok().filter(|ms| (1..=60_000).contains(ms))?;
    Some((address, Path::new(root), Duration::from_millis(idle)))
}

fn serve(address: SocketAddr, root: &Path, idle: Duration) -> io::Result<()> {
    // Symlinks in the root itself are resolved once, so that later paths can be compared with it.
    let root: Arc<Path> = root.canonicalize()?.into();
    if !root.is_dir() {
        return Err(Error::from(ErrorKind::NotADirectory));
    }
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| start(stream, root.clone(), idle)) {
            eprintln!("http-files: client lost: {error}");
            // With no descriptor free, `accept` fails again at once: without a pause this would spin.
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn start(stream: TcpStream, root: Arc<Path>, idle: Duration) -> io::Result<()> {
    thread::Builder::new().stack_size(STACK).spawn(move || {
        if let Err(error) = talk(&stream, &root, idle) {
            eprintln!("http-files: client lost: {error}");
        }
    })?;
    Ok(())
}

fn talk(stream: &TcpStream, root: &Path, idle: Duration) -> io::Result<()> {
    // Head and body are two writes; without this the second may wait for the first one's ACK.
    stream.set_nodelay(true)?;
    // One reader for the whole connection: it may already hold the next request.
    let mut reader = BufReader::new(stream);
    while wait_for_request(&mut reader, idle)? {
        let (answer, keep_alive, head_only) = match request::read(&mut reader, stream) {
            Ok(request) => (answer(&request, root), request.keep_alive, request.method == "HEAD"),
            // Where the refused request ends is unknown, and so is where the next would begin. It may have
            // been a HEAD, so the answer has no body.
            Err(Trouble::Refused(status)) => {
                (Answer { body: Body::Bytes(Vec::new()), ..refusal(status) }, false, false)
            }
            Err(Trouble::Lost(error)) => return Err(error),
        };
        send(stream, answer, keep_alive, head_only)?;
        if !keep_alive {
            return hang_up(stream);
        }
    }
    Ok(())
}

/// True once a byte of a request is there; false if the client ends, or is idle for too long, before.
fn wait_for_request(reader: &mut BufReader<&TcpStream>, idle: Duration) -> io::Result<bool> {
    reader.get_ref().set_read_timeout(Some(idle))?;
    let ready = loop {
        match reader.fill_buf() {
            Ok(bytes) => break !bytes.is_empty(),
            // A read with a timeout is interrupted when the process is stopped and continued.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
            Err(error) => return Err(error),
        }
    };
    reader.get_ref().set_read_timeout(Some(PATIENCE))?;
    Ok(ready)
}

fn answer(request: &Request, root: &Path) -> Answer {
    match request.method.as_str() {
        "GET" | "HEAD" => match files::open(root, &request.target) {
            Ok((file, length, kind)) => Answer { status: "200 OK", kind, body: Body::File(file, length) },
            Err(status) => refusal(status),
        },
        "POST" => {
            Answer { status: "200 OK", kind: "application/octet-stream", body: Body::Bytes(request.body.clone()) }
        }
        _ => refusal(METHOD_NOT_ALLOWED),
    }
}

fn refusal(status: Status) -> Answer {
    Answer { status, kind: "text/plain", body: Body::Bytes(status.into()) }
}

fn send(mut stream: &TcpStream, answer: Answer, keep_alive: bool, head_only: bool) -> io::Result<()> {
    stream.write_all(render_head(&answer, keep_alive).as_bytes())?;
    match answer.body {
        // HEAD promises the length of the body that GET would bring, and brings none.
        _ if head_only => Ok(()),
        Body::Bytes(bytes) => stream.write_all(&bytes),
        Body::File(file, length) => send_file(stream, file, length),
    }
}

fn render_head(answer: &Answer, keep_alive: bool) -> String {
    let Answer { status, kind, body } = answer;
    let length = match body {
        Body::Bytes(bytes) => bytes.len() as u64,
        Body::File(_, length) => *length,
    };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let allow = match *status {
        METHOD_NOT_ALLOWED => "Allow: GET, HEAD, POST\r\n",
        _ => "",
    };
    let date = date::now();
    format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Connection: {connection}\r\n\r\n"
    )
}

fn send_file(mut stream: &TcpStream, file: File, length: u64) -> io::Result<()> {
    // A file that grew is cut; one that shrank cannot be mended, only the end of the connection tells.
    if io::copy(&mut file.take(length), &mut stream)? < length {
        return Err(Error::new(ErrorKind::UnexpectedEof, "a file shrank while it was sent"));
    }
    Ok(())
}

/// Ends the connection so that all answers arrive: a close with unread bytes in the queue would be a
/// reset, and a reset may overtake what was sent before it.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LEFTOVER_WAIT))?;
    io::copy(&mut stream.take(LEFTOVER_MAX), &mut io::sink())?;
    Ok(())
}
