//! udp-client: sends each typed line as one datagram and prints the answer.
//!
//! The idea: UDP promises nothing, so the client brings what it needs itself. It waits with a
//! deadline, sends again when nothing came, and looks at what came before it believes it.

use std::env;
use std::io::{self, BufRead, ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const SENDS: u32 = 3;
/// No datagram is longer, so none is cut: a cut one could look like the right answer.
const MAX_DATAGRAM: usize = 65_535;

fn main() -> ExitCode {
    let Some((server, timeout)) = arguments() else {
        eprintln!("usage: udp-client <ip> <port> <timeout_ms 1-60000>");
        return ExitCode::from(2);
    };
    match run(server, timeout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("udp-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<(SocketAddr, Duration)> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let milliseconds = words.next()?.parse().ok()?;
    if !(1..=60_000).contains(&milliseconds) {
        return None;
    }
    let timeout = Duration::from_millis(milliseconds);
    Some((SocketAddr::new(ip, port), timeout))
}

fn run(server: SocketAddr, timeout: Duration) -> io::Result<()> {
    let socket = connect(server)?;
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let reply = ask(&socket, &line, timeout);
        output.write_all(reply.as_deref().unwrap_or(b"TIMEOUT"))?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

/// A connected UDP socket: the kernel hands over only what comes from exactly this server.
fn connect(server: SocketAddr) -> io::Result<UdpSocket> {
    let socket = match server {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?,
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?,
    };
    socket.connect(server)?;
    Ok(socket)
}

fn ask(socket: &UdpSocket, line: &[u8], timeout: Duration) -> Option<Vec<u8>> {
    let expected = line.to_ascii_uppercase();
    for _ in 0..SENDS {
        // A send that fails is one more lost datagram: the next round makes up for it.
        if socket.send(line).is_ok() && arrives(socket, &expected, timeout) {
            return Some(expected);
        }
    }
    None
}

/// Waits for one certain datagram. The deadline is fixed before the loop, so that a stream of
/// wrong datagrams cannot move it.
fn arrives(socket: &UdpSocket, expected: &[u8], timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // The timeout is refused if it is zero: then the time is up.
        if socket.set_read_timeout(Some(left)).is_err() {
            return false;
        }
        match socket.recv(&mut buffer) {
            Ok(length) if buffer[..length] == *expected => return true,
            // Perhaps the late answer to an earlier line.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // WouldBlock: the time is up. ConnectionRefused: nobody listens there.
            Err(_) => return false,
        }
    }
}
