//! A strict reader of HTTP/1.x responses (RFC 9110, RFC 9112): a judge, where a client would be generous. Pure.

use std::collections::BTreeMap;

/// A response, as far as it is framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Fields by name in lower case; several of one name are joined by `, ` (RFC 9110, 5.3).
    pub fields: BTreeMap<String, String>,
    /// The content, without its framing.
    pub body: Vec<u8>,
    /// Bytes that the response has in the stream.
    pub length: usize,
}

/// What a reader makes of the bytes that have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A whole response.
    Whole(Response),
    /// The beginning of one.
    Begun,
    /// No response, whatever comes after it: the first wrong byte and what is wrong there.
    Bad(usize, &'static str),
}

/// Heads that are longer are not read.
const LONGEST_HEAD: usize = 64 << 10;

/// Reads the next response that is not an interim one (1xx). `to_head` tells that it answers a HEAD request, `ended`
/// that nothing comes after `bytes`.
pub fn read(bytes: &[u8], to_head: bool, ended: bool) -> Read {
    let mut skipped = 0;
    loop {
        match read_one(&bytes[skipped..], to_head, ended) {
            Read::Whole(response) if (100..200).contains(&response.status) => skipped += response.length,
            Read::Whole(response) => return Read::Whole(Response { length: skipped + response.length, ..response }),
            Read::Bad(at, why) => return Read::Bad(skipped + at, why),
            Read::Begun => return Read::Begun,
        }
    }
}

fn read_one(bytes: &[u8], to_head: bool, ended: bool) -> Read {
    let mut lines = Lines { bytes, at: 0 };
    let status = match lines.next() {
        Line::Whole(start, line) => match status(line) {
            Ok(status) => status,
            Err((at, why)) => return Read::Bad(start + at, why),
        },
        Line::Bad(at, why) => return Read::Bad(at, why),
        Line::Begun => return begun_well(bytes),
    };
    let mut fields = BTreeMap::new();
    loop {
        match lines.next() {
            Line::Whole(_, b"") => break,
            Line::Whole(start, line) => match field(line) {
                Ok((name, value)) => add(&mut fields, name, value),
                Err((at, why)) => return Read::Bad(start + at, why),
            },
            Line::Bad(at, why) => return Read::Bad(at, why),
            Line::Begun if bytes.len() > LONGEST_HEAD => return Read::Bad(LONGEST_HEAD, "the head does not end"),
            Line::Begun => return Read::Begun,
        }
    }
    content(status, fields, lines.at, bytes, to_head, ended)
}

/// Lines that end in CRLF (RFC 9112, 2.2).
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
}

enum Line<'b> {
    Whole(usize, &'b [u8]),
    Begun,
    Bad(usize, &'static str),
}

impl<'b> Lines<'b> {
    fn next(&mut self) -> Line<'b> {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) if rest[end] == b'\n' => Line::Bad(self.at + end, "a line ends with LF alone, not CRLF"),
            Some(end) => match rest.get(end + 1) {
                Some(b'\n') => {
                    let start = self.at;
                    self.at += end + 2;
                    Line::Whole(start, &rest[..end])
                }
                Some(_) => Line::Bad(self.at + end + 1, "a CR is not followed by LF"),
                None => Line::Begun,
            },
            None => Line::Begun,
        }
    }
}

/// Tells a wrong beginning before its line has ended.
fn begun_well(bytes: &[u8]) -> Read {
    let expected = b"HTTP/1.";
    match bytes.iter().zip(expected).position(|(byte, wanted)| byte != wanted) {
        Some(at) => Read::Bad(at, "a response begins with HTTP/1.1 or HTTP/1.0"),
        None if bytes.len() > LONGEST_HEAD => Read::Bad(LONGEST_HEAD, "the status line does not end"),
        None => Read::Begun,
    }
}

type Fault = (usize, &'static str);

/// `HTTP/1.1 200 OK`; the space after the code is there even if the reason is empty (RFC 9112, 4).
fn status(line: &[u8]) -> Result<u16, Fault> {
    let version = line.first_chunk::<9>().ok_or((line.len(), "the status line ends too early"))?;
    match version {
        b"HTTP/1.1 " | b"HTTP/1.0 " => {}
        _ => return Err((0, "a response begins with HTTP/1.1 or HTTP/1.0 and one space")),
    }
    let code = line.get(9..12).ok_or((line.len(), "the status line ends too early"))?;
    if !code.iter().all(u8::is_ascii_digit) || code[0] == b'0' {
        return Err((9, "the status code has three digits"));
    }
    match line.get(12) {
        Some(b' ') => Ok(code.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))),
        _ => Err((12, "a space follows the status code")),
    }
}

/// `name: value` (RFC 9112, 5): no space before the colon, no folding.
fn field(line: &[u8]) -> Result<(String, String), Fault> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err((0, "a header line begins with a blank: lines are not folded any more"));
    }
    let colon = line.iter().position(|byte| *byte == b':').ok_or((line.len(), "a header line has no colon"))?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if let Some(at) = name.iter().position(|byte| !is_token(*byte)) {
        return Err((at, "a header name holds something that may not stand in it"));
    }
    if name.is_empty() {
        return Err((0, "a header name is empty"));
    }
    if let Some(at) = value.iter().position(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err((colon + 1 + at, "a header value holds a control character"));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((text(name).to_ascii_lowercase(), text(value.trim_ascii())))
}

/// `tchar` of RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn add(fields: &mut BTreeMap<String, String>, name: String, value: String) {
    fields
        .entry(name)
        .and_modify(|all| {
            all.push_str(", ");
            all.push_str(&value);
        })
        .or_insert(value);
}

/// How long the content is (RFC 9112, 6.3).
fn content(status: u16, fields: BTreeMap<String, String>, at: usize, bytes: &[u8], to_head: bool, ended: bool) -> Read {
    let rest = &bytes[at..];
    let whole = |body: &[u8], used: usize, fields| {
        Read::Whole(Response { status, fields, body: body.to_vec(), length: at + used })
    };
    let length = match fields.get("content-length").map(|value| number(value)) {
        Some(None) => return Read::Bad(at, "Content-Length is not one number"),
        Some(length) => length,
        None => None,
    };
    if to_head || status < 200 || matches!(status, 204 | 304) {
        return whole(b"", 0, fields);
    }
    match (fields.get("transfer-encoding").map(|value| value.to_ascii_lowercase()), length) {
        (Some(_), Some(_)) => Read::Bad(at, "both Transfer-Encoding and Content-Length are there"),
        (Some(coding), None) if coding == "chunked" => match chunks(rest) {
            Chunks::Whole(body, used) => whole(&body, used, fields),
            Chunks::Begun => Read::Begun,
            Chunks::Bad(wrong, why) => Read::Bad(at + wrong, why),
        },
        (Some(_), None) => Read::Bad(at, "the transfer coding is not chunked"),
        (None, Some(length)) => match rest.get(..length) {
            Some(body) => whole(body, length, fields),
            None => Read::Begun,
        },
        (None, None) if ended => whole(rest, rest.len(), fields),
        (None, None) => Read::Begun,
    }
}

/// Decimal digits and nothing else: `parse` would take a sign.
fn number(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

enum Chunks {
    Whole(Vec<u8>, usize),
    Begun,
    Bad(usize, &'static str),
}

/// Chunks (RFC 9112, 7.1).
fn chunks(bytes: &[u8]) -> Chunks {
    let mut body = Vec::new();
    let mut lines = Lines { bytes, at: 0 };
    loop {
        let (start, line) = match lines.next() {
            Line::Whole(start, line) => (start, line),
            Line::Begun => return Chunks::Begun,
            Line::Bad(at, why) => return Chunks::Bad(at, why),
        };
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(size) = size.and_then(|text| usize::from_str_radix(text, 16).ok()) else {
            return Chunks::Bad(start, "a chunk size is not a hexadecimal number");
        };
        if size == 0 {
            return trailers(lines, body);
        }
        let Some(chunk) = bytes.get(lines.at..lines.at.saturating_add(size)) else { return Chunks::Begun };
        body.extend_from_slice(chunk);
        lines.at += size;
        match bytes.get(lines.at..lines.at + 2) {
            Some(b"\r\n") => lines.at += 2,
            Some(_) => return Chunks::Bad(lines.at, "a chunk does not end with CRLF"),
            None => return Chunks::Begun,
        }
    }
}

fn trailers(mut lines: Lines, body: Vec<u8>) -> Chunks {
    loop {
        match lines.next() {
            Line::Whole(_, b"") => return Chunks::Whole(body, lines.at),
            Line::Whole(start, line) => {
                if let Err((at, why)) = field(line) {
                    return Chunks::Bad(start + at, why);
                }
            }
            Line::Begun => return Chunks::Begun,
            Line::Bad(at, why) => return Chunks::Bad(at, why),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]

    use rstest::rstest;

    use super::*;

    fn whole(bytes: &str) -> Response {
        match read(bytes.as_bytes(), false, false) {
            Read::Whole(response) => response,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_response_ends_where_its_length_says() {
        let response = whole("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX:  y \r\n\r\nabcHTTP/1.1 ");
        assert_eq!((response.status, response.body.as_slice(), response.length), (200, &b"abc"[..], 49));
        assert_eq!(response.fields["x"], "y");
    }

    #[test]
    fn chunks_are_put_together_and_their_trailers_dropped() {
        let response =
            whole("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: t\r\n\r\n");
        assert_eq!(response.body, b"abc");
    }

    #[test]
    fn an_interim_response_comes_before_the_one_that_counts() {
        let response = whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        assert_eq!((response.status, response.length), (404, 25 + 45));
    }

    #[test]
    fn an_answer_to_head_has_no_body_whatever_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert!(matches!(read(bytes, true, false), Read::Whole(response) if response.body.is_empty()));
        assert_eq!(read(bytes, false, false), Read::Begun);
    }

    #[test]
    fn without_a_length_the_end_of_the_connection_is_the_end() {
        let bytes = b"HTTP/1.0 200 OK\r\n\r\nabc";
        assert_eq!(read(bytes, false, false), Read::Begun);
        assert!(matches!(read(bytes, false, true), Read::Whole(response) if response.body == b"abc"));
    }

    #[rstest]
    #[case::not_http("hello", 0)]
    #[case::lone_lf("HTTP/1.1 200 OK\n", 15)]
    #[case::two_spaces("HTTP/1.1  200 OK\r\n", 9)]
    #[case::no_reason_space("HTTP/1.1 200\r\n", 12)]
    #[case::space_before_colon("HTTP/1.1 200 OK\r\nA : b\r\n", 18)]
    #[case::folded("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", 23)]
    #[case::two_lengths("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 57)]
    #[case::signed_length("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", 39)]
    #[case::chunk_size("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 47)]
    fn what_is_no_response_is_told_at_its_first_wrong_byte(#[case] bytes: &str, #[case] at: usize) {
        assert!(
            matches!(read(bytes.as_bytes(), false, false), Read::Bad(wrong, _) if wrong == at),
            "{:?}",
            read(bytes.as_bytes(), false, false)
        );
    }

    #[test]
    fn the_answer_does_not_depend_on_where_reads_split() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], false, false), Read::Begun, "after {end} bytes");
        }
    }
}
