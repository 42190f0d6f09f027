//! A server that chooses the length of its listen queue and lets it fill before it accepts.
//!
//! The idea: the kernel finishes handshakes alone. Clients connect, and even
//! send, while the program sleeps; `accept` only takes a finished connection
//! from the queue, oldest first, and the backlog bounds that queue.

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket, sockopt,
};
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const MAX_LINE: u64 = 65_536;
/// How long we wait for the client's end after our own.
const LINGER: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let Some((addr, backlog)) = parse_args() else {
        eprintln!("usage: backlog <ip> <port> <backlog: 0 to 100>");
        return ExitCode::from(2);
    };
    match run(addr, backlog) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("backlog: {addr}: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<(SocketAddr, u8)> {
    // `env::args` panics on an argument that is not UTF-8; here it is only a bad address.
    let mut args = env::args_os().skip(1).map_while(|arg| arg.into_string().ok());
    let ip: IpAddr = args.next()?.parse().ok()?;
    let port: u16 = args.next()?.parse().ok()?;
    let backlog: u8 = args.next()?.parse().ok()?;
    (backlog <= 100).then_some((SocketAddr::new(ip, port), backlog))
}

fn run(addr: SocketAddr, backlog: u8) -> io::Result<()> {
    let listener = listen_with(addr, backlog)?;
    // The user opens the door with one line; a stdin that has ended opens it too.
    let _ = io::stdin().lock().skip_until(b'\n');
    let mut served: u64 = 0;
    loop {
        // A failed accept concerns one client only; the next one may be fine.
        let Ok((stream, _peer)) = listener.accept() else {
            continue;
        };
        served += 1;
        // Whatever goes wrong between us and this client ends with this client.
        let _ = serve(&stream, served);
    }
}

/// What `TcpListener::bind` does, call by call, but with our own backlog instead of 128.
fn listen_with(addr: SocketAddr, backlog: u8) -> io::Result<TcpListener> {
    let family = match addr {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    // Before bind, or it has no effect on bind.
    setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    bind(fd.as_raw_fd(), &SockaddrStorage::from(addr))?;
    listen(&fd, Backlog::new(backlog)?)?;
    Ok(TcpListener::from(fd))
}

fn serve(stream: &TcpStream, n: u64) -> io::Result<()> {
    if let Some(line) = read_line(&mut BufReader::new(stream))? {
        let answer = [format!("{n} ").as_bytes(), &line, b"\n"].concat();
        (&mut &*stream).write_all(&answer)?;
    }
    close_in_order(stream)
}

/// The next line without its `\n`; `None` if the client ends first or the line is too long.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

/// Sends our FIN, then reads what the client still sends, so that it finds EOF after the answer:
/// closing a socket with unread bytes sends RST, and a reset can destroy the answer.
fn close_in_order(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LINGER))?;
    let end = Instant::now() + LINGER;
    let mut dropped = [0; 16 * 1024];
    while Instant::now() < end && stream.read(&mut dropped)? > 0 {}
    Ok(())
}
