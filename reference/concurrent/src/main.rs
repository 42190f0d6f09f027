//! Answers frames for many clients at once: `[u32 n][n bytes]` becomes a frame of `UPPER(bytes)ok`.
//!
//! The idea: a thread for each connection. One that is silent, stopped inside a frame, or deaf to its
//! answers then blocks only its own thread.

use std::env;
use std::io::{self, BufReader, Error, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const MAX: u32 = 1_048_576;
/// A thread here needs little; the default of 2 MiB would be 200 MiB of address space for 100 clients.
const STACK: usize = 128 * 1024;
/// How long to wait before accepting again when the system has run out of descriptors or threads.
const PAUSE: Duration = Duration::from_millis(50);
/// How much, and how long, a client that broke the rules may still send before the connection is closed.
const LEFTOVER_MAX: u64 = 1_048_576;
const LEFTOVER_WAIT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let Some(address) = parse() else {
        eprintln!("usage: concurrent <ip> <port>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address) {
        eprintln!("concurrent: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse() -> Option<SocketAddr> {
    let mut arguments = env::args_os().skip(1);
    let ip = arguments.next()?.to_str()?.parse().ok()?;
    let port = arguments.next()?.to_str()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn serve(address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(start) {
            eprintln!("concurrent: client lost: {error}");
            // With no descriptor free, `accept` fails again at once: without a pause this would spin.
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Serves the client in a thread of its own. `thread::spawn` panics when there is none to be had; the
/// builder returns an error.
fn start(stream: TcpStream) -> io::Result<()> {
    thread::Builder::new().stack_size(STACK).spawn(move || {
        if let Err(error) = talk(&stream) {
            eprintln!("concurrent: client lost: {error}");
        }
    })?;
    Ok(())
}

fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    // The end of the stream, a frame that is cut short and one that is too long end the loop alike.
    while let Ok(mut bytes) = read_frame(&mut reader) {
        bytes.make_ascii_uppercase();
        bytes.extend(b"ok");
        let length = bytes.len() as u32;
        stream.write_all(&[&length.to_be_bytes(), &bytes[..]].concat())?;
    }
    hang_up(stream)
}

fn read_frame(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX {
        return Err(Error::new(ErrorKind::InvalidData, "frame too long"));
    }
    // The length is a stranger's claim, so the memory grows with what comes and not with the claim: a
    // hundred clients that stop behind their headers would else hold 100 MiB.
    let mut bytes = Vec::new();
    reader.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Err(Error::from(ErrorKind::UnexpectedEof));
    }
    Ok(bytes)
}

/// Ends the connection so that all answers arrive: a close with unread bytes in the queue would be a
/// reset, and a reset may overtake what was sent before it.
fn hang_up(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LEFTOVER_WAIT))?;
    io::copy(&mut stream.take(LEFTOVER_MAX), &mut io::sink())?;
    Ok(())
}
