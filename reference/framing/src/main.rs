//! framing: three ways to find messages in a byte stream.
//!
//! The one idea: all framings share one loop. Bytes collect in a buffer; while
//! a whole message lies at its front, cut it off; the rest waits for more. A
//! framing only has to say where the first message ends.

use std::env;
use std::io::{self, BufWriter, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The longest line, its `\n` not counted, and the largest fixed block.
const MAX_LINE: usize = 65_536;
/// The longest message that follows a length header.
const MAX: usize = 1_048_576;
const HEADER: usize = 4;

#[derive(Clone, Copy)]
enum Framing {
    Line,
    Fixed(usize),
    Len,
}

impl Framing {
    fn parse(word: &str) -> Option<Framing> {
        match word.split_once(':') {
            None if word == "line" => Some(Framing::Line),
            None if word == "len" => Some(Framing::Len),
            Some(("fixed", size)) => {
                let size = size.parse().ok()?;
                (1..=MAX_LINE).contains(&size).then_some(Framing::Fixed(size))
            }
            _ => None,
        }
    }

    /// The length of the first message, and the bytes that it takes in the
    /// buffer with its `\n` or header. For a message that is not whole yet,
    /// these are the least that they can become.
    fn first_message(self, buffer: &[u8]) -> (usize, usize) {
        match self {
            Framing::Line => {
                let end = buffer.iter().position(|&byte| byte == b'\n');
                let length = end.unwrap_or(buffer.len());
                (length, length + 1)
            }
            Framing::Fixed(size) => (size, size),
            Framing::Len => {
                let header = buffer.first_chunk::<HEADER>();
                let length = header.map_or(0, |header| u32::from_be_bytes(*header) as usize);
                (length, HEADER + length)
            }
        }
    }

    fn limit(self) -> usize {
        match self {
            Framing::Line | Framing::Fixed(_) => MAX_LINE,
            Framing::Len => MAX,
        }
    }
}

fn main() -> ExitCode {
    let Some((address, framing)) = parse_arguments() else {
        eprintln!("usage: framing <ip> <port> line|fixed:<N>|len");
        return ExitCode::from(2);
    };
    match run(address, framing) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framing: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_arguments() -> Option<(SocketAddr, Framing)> {
    // `env::args` would panic on an argument that is not UTF-8.
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let framing = Framing::parse(&words.next()?)?;
    Some((SocketAddr::new(ip, port), framing))
}

fn run(address: SocketAddr, framing: Framing) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    for client in listener.incoming() {
        // What goes wrong with one client ends that connection, not the server.
        if let Err(error) = client.and_then(|client| serve(&client, framing)) {
            eprintln!("framing: {error}");
        }
    }
    Ok(())
}

fn serve(client: &TcpStream, framing: Framing) -> io::Result<()> {
    let mut answers = BufWriter::new(client);
    if let Some(total) = answer_messages(client, &mut answers, framing)? {
        writeln!(answers, "{total}")?;
    }
    answers.flush()?;
    hang_up(client)
}

/// Answers until EOF and returns the closing line, or `None` when a message is
/// too long.
fn answer_messages(mut client: &TcpStream, answers: &mut impl Write, framing: Framing) -> io::Result<Option<String>> {
    let mut buffer = Vec::new();
    let mut messages = 0;
    loop {
        let (length, size) = framing.first_message(&buffer);
        if length > framing.limit() {
            // Checked before the bytes are collected: a header of four bytes
            // must not make this program collect 4 GiB.
            return Ok(None);
        }
        if size <= buffer.len() {
            buffer.drain(..size);
            messages += 1;
            writeln!(answers, "{messages} {length}")?;
            continue;
        }
        // Flush before waiting: the client may wait for these answers.
        answers.flush()?;
        if receive(&mut client, &mut buffer)? == 0 {
            return Ok(Some(format!("total={messages} rest={}", buffer.len())));
        }
    }
}

/// Appends what one `read` returns: any number of bytes, 0 only at EOF.
fn receive(client: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 4096];
    let count = client.read(&mut chunk)?;
    buffer.extend(&chunk[..count]);
    Ok(count)
}

/// Sends FIN, then reads what still comes: closing a socket that holds unread
/// bytes sends a reset, and the reset may destroy answers that are under way.
fn hang_up(mut client: &TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    // Not for ever: the next client waits.
    let patience = Instant::now() + Duration::from_secs(2);
    while Instant::now() < patience && client.read(&mut [0; 4096])? > 0 {}
    Ok(())
}
