//! An HTTP server with one page: `GET /` and `GET /index.html` answer with the file.
//!
//! The idea: a request is a head of lines that an empty line ends. Read all of the head, then judge it
//! strictly, then answer once with a status, a length and a body, and close.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HEAD_MAX: u64 = 16 * 1024;
/// A thread here needs little; the default of 2 MiB adds up when many browsers come.
const STACK: usize = 128 * 1024;
/// How long to wait before accepting again when the system has run out of descriptors or threads.
const PAUSE: Duration = Duration::from_millis(50);
/// How much, and how long, a client that was answered may still send before the connection is closed.
const LEFTOVER_MAX: u64 = 1_048_576;
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);

/// The code and the reason of a status line.
type Status = &'static str;

const OK: Status = "200 OK";
const BAD_REQUEST: Status = "400 Bad Request";
const NOT_FOUND: Status = "404 Not Found";
const METHOD_NOT_ALLOWED: Status = "405 Method Not Allowed";
const HEAD_TOO_LARGE: Status = "431 Request Header Fields Too Large";
const SERVER_ERROR: Status = "500 Internal Server Error";
const VERSION_NOT_SUPPORTED: Status = "505 HTTP Version Not Supported";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, file)) = parse(&arguments) else {
        eprintln!("usage: http-page <ip> <port> <file>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, file) {
        eprintln!("http-page: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, file, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(file)))
}

fn serve(address: SocketAddr, file: &Path) -> io::Result<()> {
    fs::metadata(file)?;
    let file: Arc<Path> = file.into();
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| start(stream, file.clone())) {
            eprintln!("http-page: client lost: {error}");
            // With no descriptor free, `accept` fails again at once: without a pause this would spin.
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Serves the client in a thread of its own: browsers open connections in advance and leave them
/// silent, and nobody else should wait for those.
fn start(stream: TcpStream, file: Arc<Path>) -> io::Result<()> {
    thread::Builder::new().stack_size(STACK).spawn(move || {
        if let Err(error) = talk(&stream, &file) {
            eprintln!("http-page: client lost: {error}");
        }
    })?;
    Ok(())
}

fn talk(mut stream: &TcpStream, file: &Path) -> io::Result<()> {
    let head = read_head(stream)?;
    let answer = if head.ends_with(b"\r\n\r\n") {
        // Only ASCII matters below, so what becomes of other bytes makes no difference.
        answer(&String::from_utf8_lossy(&head), file)
    } else if head.len() as u64 == HEAD_MAX {
        Err(HEAD_TOO_LARGE)
    } else {
        return Ok(());
    };
    stream.write_all(&render(answer, head.starts_with(b"HEAD ")))?;
    hang_up(stream)
}

/// Reads up to the empty line, the end of the stream, or the limit.
fn read_head(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut reader = BufReader::new(stream).take(HEAD_MAX);
    while !head.ends_with(b"\r\n\r\n") && reader.read_until(b'\n', &mut head)? > 0 {}
    Ok(head)
}

fn answer(head: &str, file: &Path) -> Result<Vec<u8>, Status> {
    let (method, target) = check(head)?;
    if !matches!(method, "GET" | "HEAD") {
        return Err(METHOD_NOT_ALLOWED);
    }
    let target = path_of(target);
    if !matches!(target, "/" | "/index.html") {
        return Err(NOT_FOUND);
    }
    fs::read(file).map_err(|_| SERVER_ERROR)
}

/// The path of a target in origin form (`/a`) or absolute form (`http://host/a`).
fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            rest.find('/').map_or("/", |slash| &rest[slash..])
        }
        _ => target,
    }
}

/// Method and target of a request whose head keeps the rules of RFC 9112.
fn check(head: &str) -> Result<(&str, &str), Status> {
    let mut lines = head.strip_suffix("\r\n\r\n").ok_or(BAD_REQUEST)?.split("\r\n");
    // Recipients do not agree on what a lone CR or LF means, so none of them may be guessed at.
    if lines.clone().any(|line| line.contains(['\r', '\n', '\0'])) {
        return Err(BAD_REQUEST);
    }
    let request_line = lines.next().unwrap_or_default();
    let [method, target, version] = request_line.split(' ').collect::<Vec<_>>()[..] else {
        return Err(BAD_REQUEST);
    };
    if !is_token(method) || target.is_empty() || target.contains(char::is_control) {
        return Err(BAD_REQUEST);
    }
    check_version(version)?;
    let hosts = count_hosts(lines)?;
    if hosts > 1 || (hosts == 0 && version == "HTTP/1.1") {
        return Err(BAD_REQUEST);
    }
    Ok((method, target))
}

fn check_version(version: &str) -> Result<(), Status> {
    match version.as_bytes() {
        b"HTTP/1.0" | b"HTTP/1.1" => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(VERSION_NOT_SUPPORTED)
        }
        _ => Err(BAD_REQUEST),
    }
}

/// Checks the form of every header on the way.
fn count_hosts<'a>(lines: impl Iterator<Item = &'a str>) -> Result<usize, Status> {
    let mut hosts = 0;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(BAD_REQUEST)?;
        if !is_token(name) {
            return Err(BAD_REQUEST);
        }
        if name.eq_ignore_ascii_case("host") {
            if !is_host(value.trim()) {
                return Err(BAD_REQUEST);
            }
            hosts += 1;
        }
    }
    Ok(hosts)
}

/// A `token` of RFC 9110, the form of methods and header names.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Roughly `host` or `host:port`: no user, no path, no space.
fn is_host(text: &str) -> bool {
    let (_, port) = text.rsplit_once(':').filter(|_| !text.ends_with(']')).unwrap_or_default();
    let is_host_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(&byte);
    text.bytes().all(is_host_char) && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn render(answer: Result<Vec<u8>, Status>, head_only: bool) -> Vec<u8> {
    let (status, kind, body) = match answer {
        Ok(page) => (OK, "text/html; charset=utf-8", page),
        Err(status) => (status, "text/plain", status.into()),
    };
    let allow = match status {
        METHOD_NOT_ALLOWED => "Allow: GET, HEAD\r\n",
        _ => "",
    };
    let length = body.len();
    let date = http_date(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    let head = format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
    );
    // HEAD promises the length of the body that GET would bring, and brings none.
    let body = if head_only { Vec::new() } else { body };
    [head.into_bytes(), body].concat()
}

/// The time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
///
/// Years are taken to begin in March, so that the leap day comes last and disturbs no other date;
/// 719,468 days lie between 0000-03-01 and 1970-01-01.
fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    let months_after_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_after_march + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(months_after_march > 9);
    let (weekday, month) = (DAYS[(seconds / 86_400 % 7) as usize], MONTHS[months_after_march as usize]);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Ends the connection so that the answer arrives: a close with unread bytes in the queue would be a
/// reset, and a reset may overtake what was sent before it.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LEFTOVER_WAIT))?;
    io::copy(&mut stream.take(LEFTOVER_MAX), &mut io::sink())?;
    Ok(())
}
