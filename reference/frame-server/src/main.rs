//! A server that answers each frame `[u32 n][n bytes]` with a frame of its upper-case form and `ok`.
//!
//! The idea: a stream has no messages, so the sender says the length first.
//! The receiver reads exactly four bytes, then exactly as many as they say,
//! and believes no length before it has checked it.

use std::env;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const MAX: u32 = 1_048_576;
/// How long we wait for the client's end after our own.
const LINGER: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: frame-server <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("frame-server: {addr}: {err}");
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
        // A failed accept concerns one client only; the next one may be fine.
        let Ok((stream, _peer)) = listener.accept() else {
            continue;
        };
        // EOF, a reset, a length over MAX: each of them ends this client and nothing else.
        let _ = answer_frames(&stream);
        let _ = close_in_order(&stream);
    }
}

fn answer_frames(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut body = read_frame(&mut reader)?;
        body.make_ascii_uppercase();
        body.extend_from_slice(b"ok");
        write_frame(&mut stream, &body)?;
    }
}

fn read_frame(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    reader.read_exact(&mut header)?;
    let n = u32::from_be_bytes(header);
    // Checked before anything is allocated: these four bytes are a stranger's.
    if n > MAX {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; n as usize];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn write_frame(writer: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let n = u32::try_from(body.len()).map_err(io::Error::other)?;
    // One write for both: a header on its own would make the body wait for its acknowledgement.
    writer.write_all(&[&n.to_be_bytes(), body].concat())
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
