//! udp-echo: answers each datagram with its beginning in upper case.
//!
//! The one idea: one `recv_from` returns exactly one datagram. It never holds
//! a part of another one, it may be empty, and what does not fit into the
//! buffer is gone.

use std::env;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::ExitCode;

/// No UDP datagram is longer: its length field has 16 bits.
const MAX_DATAGRAM: usize = 65_535;
/// The largest payload of a UDP datagram in one IPv4 packet.
const MAX_PAYLOAD: usize = 65_507;

fn main() -> ExitCode {
    let Some((address, bufsize)) = parse_arguments() else {
        eprintln!("usage: udp-echo <ip> <port> <bufsize 1..65507>");
        return ExitCode::from(2);
    };
    match run(address, bufsize) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("udp-echo: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_arguments() -> Option<(SocketAddr, usize)> {
    // `env::args` would panic on an argument that is not UTF-8.
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let bufsize = words.next()?.parse().ok()?;
    (1..=MAX_PAYLOAD).contains(&bufsize).then_some((SocketAddr::new(ip, port), bufsize))
}

fn run(address: SocketAddr, bufsize: usize) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    // Room for the largest datagram: with a buffer of `bufsize` bytes the
    // kernel would cut a longer one without a word, and `len` stay unknown.
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let (len, sender) = socket.recv_from(&mut buffer)?;
        let kept = len.min(bufsize);
        let answer = &mut buffer[..kept];
        answer.make_ascii_uppercase();
        // An answer that cannot be sent concerns its addressee only.
        if let Err(error) = socket.send_to(answer, sender) {
            eprintln!("udp-echo: {sender}: {error}");
        }
        // Not `println!`, which panics when nobody reads stdout any more.
        writeln!(io::stdout(), "{sender} len={len} kept={kept}")?;
    }
}
