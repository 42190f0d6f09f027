//! A client that sends each line of stdin as a frame `[u32 n][n bytes]` and prints the frame that answers.
//!
//! The idea: a client trusts the server as little as a server trusts a client.
//! It checks the length, reads exactly that much, and prints a reply only
//! when it is whole; what comes after it belongs to the next reply.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::ExitCode;

/// The longest message (1 MiB) and the server's `ok`.
const MAX_REPLY: u32 = 1_048_576 + 2;

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: frame-client <ip> <port>");
        return ExitCode::from(2);
    };
    match talk(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("frame-client: {addr}: {err}");
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

fn talk(addr: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    // One reader for the whole connection: it keeps what came after a reply for the next one.
    let mut replies = BufReader::new(stream.try_clone()?);
    // Lines are bytes; `lines()` would fail on those that are not UTF-8.
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line == b"q" || line == b"Q" {
            break;
        }
        write_frame(&mut stream, &line)?;
        let mut reply = read_frame(&mut replies)?;
        reply.push(b'\n');
        // The newline flushes stdout, so the reply is visible at once, even in a pipe.
        io::stdout().write_all(&reply)?;
    }
    Ok(())
}

fn write_frame(writer: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let n = u32::try_from(body.len()).map_err(io::Error::other)?;
    // One write for both: a header on its own would make the body wait for its acknowledgement.
    writer.write_all(&[&n.to_be_bytes(), body].concat())
}

fn read_frame(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    reader.read_exact(&mut header)?;
    let n = u32::from_be_bytes(header);
    // Checked before anything is allocated: these four bytes are a stranger's.
    if n > MAX_REPLY {
        return Err(io::Error::other(format!("a reply of {n} bytes is too long")));
    }
    let mut body = vec![0; n as usize];
    reader.read_exact(&mut body)?;
    Ok(body)
}
