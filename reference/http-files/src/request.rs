//! Reads one request, head and body, to its exact end (RFC 9112).

use std::io::{BufRead, Error, ErrorKind, Read, Write};

use crate::Status;

const HEAD_MAX: u64 = 16 * 1024;
const CHUNK_LINE_MAX: u64 = 4 * 1024;
const BODY_MAX: u64 = 1_048_576;

const BAD_REQUEST: Status = "400 Bad Request";
const BODY_TOO_LARGE: Status = "413 Content Too Large";
const HEAD_TOO_LARGE: Status = "431 Request Header Fields Too Large";
const CODING_NOT_IMPLEMENTED: Status = "501 Not Implemented";
const VERSION_NOT_SUPPORTED: Status = "505 HTTP Version Not Supported";

pub struct Request {
    pub method: String,
    pub target: String,
    pub keep_alive: bool,
    pub body: Vec<u8>,
}

/// Why there is no request.
pub enum Trouble {
    /// The client must be told, and the connection closed.
    Refused(Status),
    /// There is nobody to tell.
    Lost(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Lost(error)
    }
}

struct Head {
    method: String,
    target: String,
    version: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// The values of all fields with that name, whose case does not matter.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.fields.iter().filter(same).map(|field| field.1.as_str())
    }

    /// Whether a field that holds a list has that member.
    fn lists(&self, name: &str, member: &str) -> bool {
        let mut members = self.values(name).flat_map(|value| value.split(','));
        members.any(|one| one.trim().eq_ignore_ascii_case(member))
    }

    fn is_1_1(&self) -> bool {
        self.version == "HTTP/1.1"
    }
}

enum Framing {
    Length(u64),
    Chunked,
}

pub fn read(reader: &mut impl BufRead, mut writer: impl Write) -> Result<Request, Trouble> {
    let head = parse(&read_head(reader)?).map_err(Trouble::Refused)?;
    let framing = framing(&head).map_err(Trouble::Refused)?;
    let has_body = !matches!(framing, Framing::Length(0));
    if has_body && head.is_1_1() && head.lists("Expect", "100-continue") {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = match framing {
        Framing::Length(length) => read_bytes(reader, length)?,
        Framing::Chunked => read_chunks(reader)?,
    };
    let wants_open = head.is_1_1() || head.lists("Connection", "keep-alive");
    let keep_alive = wants_open && !head.lists("Connection", "close");
    Ok(Request { method: head.method, target: head.target, keep_alive, body })
}

/// Nothing is judged before the empty line has come: a client that is still writing is not listening.
fn read_head(reader: &mut impl BufRead) -> Result<String, Trouble> {
    let mut head = Vec::new();
    let mut reader = reader.take(HEAD_MAX);
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(match head.len() as u64 {
                HEAD_MAX => Trouble::Refused(HEAD_TOO_LARGE),
                _ => Trouble::Lost(ErrorKind::UnexpectedEof.into()),
            });
        }
    }
    // Only ASCII matters in a head, so what becomes of other bytes makes no difference.
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn parse(head: &str) -> Result<Head, Status> {
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
    let fields = lines.map(parse_field).collect::<Result<_, _>>()?;
    let head = Head { method: method.into(), target: target.into(), version: version.into(), fields };
    match head.values("Host").collect::<Vec<_>>()[..] {
        [] if !head.is_1_1() => Ok(head),
        [host] if is_host(host) => Ok(head),
        _ => Err(BAD_REQUEST),
    }
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

fn parse_field(line: &str) -> Result<(String, String), Status> {
    let (name, value) = line.split_once(':').ok_or(BAD_REQUEST)?;
    if !is_token(name) {
        return Err(BAD_REQUEST);
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// A `token` of RFC 9110, the form of methods and field names.
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

/// Where the body ends. If two recipients can read that in two ways, a request can be smuggled past
/// one of them, so every doubt is refused.
fn framing(head: &Head) -> Result<Framing, Status> {
    let lengths: Vec<&str> = head.values("Content-Length").collect();
    let codings: Vec<&str> = head.values("Transfer-Encoding").collect();
    match (&codings[..], &lengths[..]) {
        ([], []) => Ok(Framing::Length(0)),
        ([], [first, rest @ ..]) if rest.iter().all(|other| other == first) => parse_length(first),
        // HTTP/1.0 knows no codings: a recipient of that age would look for another end.
        _ if !head.is_1_1() && !codings.is_empty() => Err(BAD_REQUEST),
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        // Only chunks at the very end would tell where the body ends.
        ([.., last], []) if ends_in_chunks(last) => Err(CODING_NOT_IMPLEMENTED),
        _ => Err(BAD_REQUEST),
    }
}

fn ends_in_chunks(codings: &str) -> bool {
    codings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"))
}

fn parse_length(text: &str) -> Result<Framing, Status> {
    // `parse` alone would accept a sign.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BAD_REQUEST);
    }
    match text.parse().map_err(|_| BAD_REQUEST)? {
        length if length > BODY_MAX => Err(BODY_TOO_LARGE),
        length => Ok(Framing::Length(length)),
    }
}

fn read_bytes(reader: &mut impl BufRead, length: u64) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    if (reader.take(length).read_to_end(&mut bytes)? as u64) < length {
        return Err(Trouble::Lost(ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

fn read_chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    loop {
        let size = parse_chunk_size(&read_line(reader)?)?;
        if size == 0 {
            break;
        }
        if size > BODY_MAX - body.len() as u64 {
            return Err(Trouble::Refused(BODY_TOO_LARGE));
        }
        body.extend(read_bytes(reader, size)?);
        if read_bytes(reader, 2)? != b"\r\n" {
            return Err(Trouble::Refused(BAD_REQUEST));
        }
    }
    // Trailer fields say nothing that matters here, but they belong to this request.
    while !read_line(reader)?.is_empty() {}
    Ok(body)
}

fn parse_chunk_size(line: &str) -> Result<u64, Trouble> {
    let size = line.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']);
    // `from_str_radix` alone would accept a sign.
    if !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Trouble::Refused(BAD_REQUEST));
    }
    u64::from_str_radix(size, 16).map_err(|_| Trouble::Refused(BAD_REQUEST))
}

/// A line of the chunked coding, without its CRLF.
fn read_line(reader: &mut impl BufRead) -> Result<String, Trouble> {
    let mut line = Vec::new();
    if reader.take(CHUNK_LINE_MAX).read_until(b'\n', &mut line)? == 0 {
        return Err(Trouble::Lost(ErrorKind::UnexpectedEof.into()));
    }
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.contains(&b'\r') => Ok(String::from_utf8_lossy(text).into_owned()),
        _ => Err(Trouble::Refused(BAD_REQUEST)),
    }
}
