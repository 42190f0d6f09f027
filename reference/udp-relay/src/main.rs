//! udp-relay: passes each datagram on to everybody else who has ever sent one.
//!
//! The idea: UDP has no connections, so "who is here" is the server's own memory, learned from
//! the sender's address of each datagram, and one socket speaks to all of them.

use std::collections::HashSet;
use std::env;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;

const MAX_DATAGRAM: usize = 65_535;

fn main() -> ExitCode {
    let Some(address) = arguments() else {
        eprintln!("usage: udp-relay <ip> <port>");
        return ExitCode::from(2);
    };
    match UdpSocket::bind(address) {
        Ok(socket) => relay(&socket),
        Err(error) => {
            eprintln!("udp-relay: cannot bind {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<SocketAddr> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn relay(socket: &UdpSocket) -> ! {
    let mut members = HashSet::new();
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        // An error here concerns one datagram, not the relay.
        let Ok((length, sender)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        if length == 0 {
            members.remove(&sender);
        } else {
            members.insert(sender);
            forward(socket, &buffer[..length], sender, &members);
        }
    }
}

fn forward(socket: &UdpSocket, message: &[u8], sender: SocketAddr, members: &HashSet<SocketAddr>) {
    for member in members.iter().filter(|member| **member != sender) {
        // One member who cannot be reached must not cost the others their copy.
        if let Err(error) = socket.send_to(message, member) {
            eprintln!("udp-relay: {member}: {error}");
        }
    }
}
