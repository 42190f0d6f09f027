//! A server that prints each line it gets as text and answers with a line of Chinese.
//!
//! The idea: the network carries bytes, and text is what a *whole* message
//! means. A character may be cut anywhere between two reads, so decode lines,
//! never chunks, and have an answer for bytes that are no text at all.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const ANSWER: &str = "来,确认下眼神\n";
const MAX_LINE: u64 = 65_536;
/// How long we wait for the client's end after our own.
const LINGER: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: utf8-lines <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("utf8-lines: {addr}: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<SocketAddr> {
    // `env::args` panics on an argument that is not UTF-8; here it is only a bad address.
    let mut args = env::args_os().skip(1).map_while(|arg| arg.into_string().ok());
    let ip: IpAddr = args.next()?.parse().ok()?;
    let port: u16 = args.next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn serve(addr: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    loop {
        // accept gives the peer's address; `peer_addr()` fails once the client has reset.
        let Ok((stream, peer)) = listener.accept() else {
            continue;
        };
        // Whatever goes wrong between us and this client ends with this client.
        let _ = answer_lines(&stream, peer);
        let _ = close_in_order(&stream);
    }
}

fn answer_lines(mut stream: &TcpStream, peer: SocketAddr) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(line) = read_line(&mut reader)? {
        // The newline flushes stdout, so the line is visible at once, even in a pipe.
        writeln!(io::stdout(), "{peer} {}", String::from_utf8_lossy(&line))?;
        stream.write_all(ANSWER.as_bytes())?;
    }
    Ok(())
}

/// The next line without its `\n`; `None` at EOF (half a line is dropped) or if it is too long.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// Sends our FIN, then reads what the client still sends, so that it finds EOF after the answers:
/// closing a socket with unread bytes sends RST, and a reset can destroy the answers.
fn close_in_order(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER))?;
    let end = Instant::now() + LINGER;
    let mut dropped = [0; 16 * 1024];
    while Instant::now() < end && stream.read(&mut dropped)? > 0 {}
    Ok(())
}
