//! A server that reads each connection to its end and prints how it ended.
//!
//! The idea: a connection can end in two ways, and `read` tells them apart.
//! `Ok(0)` is a close (the peer's FIN: it has nothing more to say), and an
//! error is a reset (the peer's RST: it will not even listen any more).

use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: eof-reset <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("eof-reset: {addr}: {err}");
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
        let (bytes, end) = read_to_its_end(stream);
        // The newline flushes stdout, so the line is visible at once, even in a pipe.
        writeln!(io::stdout(), "{bytes} {end}")?;
    }
}

/// How many bytes came, and what came after the last one.
fn read_to_its_end(mut stream: TcpStream) -> (u64, &'static str) {
    let mut chunk = [0; 16 * 1024];
    let mut bytes = 0;
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return (bytes, "closed"),
            Ok(n) => bytes += n as u64,
            // A signal woke us; the connection has not ended.
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(_) => return (bytes, "reset"),
        }
    }
}
