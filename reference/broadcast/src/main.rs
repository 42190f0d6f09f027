//! broadcast: `send` calls to a whole network at once, and every `recv` that hears it answers.
//!
//! The idea: one datagram to the broadcast address reaches every socket on that port. The sender
//! must ask for that right (SO_BROADCAST); receivers share the port (SO_REUSEADDR, before bind).

use std::env;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket, sockopt::ReuseAddr};

const ANSWER: &str = "I am here";
const MAX_DATAGRAM: usize = 65_535;

enum Role {
    Receive { port: u16 },
    Send { target: SocketAddrV4, count: u64, interval: Duration },
}

fn main() -> ExitCode {
    let Some(role) = arguments() else {
        eprintln!("usage: broadcast recv <port>");
        eprintln!("       broadcast send <ipv4> <port> <n 1-1000> <interval_ms 1-60000>");
        return ExitCode::from(2);
    };
    let end = match role {
        Role::Receive { port } => receive(port),
        Role::Send { target, count, interval } => send(target, count, interval),
    };
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("broadcast: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<Role> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let role = words.next()?;
    let words: Vec<String> = words.collect();
    match (role.as_str(), words.as_slice()) {
        ("recv", [port, ..]) => Some(Role::Receive { port: port.parse().ok()? }),
        ("send", [ip, port, count, interval, ..]) => Some(Role::Send {
            target: SocketAddrV4::new(ip.parse().ok()?, port.parse().ok()?),
            count: number(count, 1_000)?,
            interval: Duration::from_millis(number(interval, 60_000)?),
        }),
        _ => None,
    }
}

fn number(word: &str, max: u64) -> Option<u64> {
    word.parse().ok().filter(|value| (1..=max).contains(value))
}

fn receive(port: u16) -> io::Result<()> {
    let socket = bind_shared(port)?;
    let mut output = io::stdout().lock();
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        // An error here concerns one datagram, not the receiver.
        let Ok((length, sender)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..length]);
        writeln!(output, "{text}")?;
        // From our own port comes the answer of another receiver (or ours, sent back): to answer
        // an answer would go on for ever.
        let echo = sender.port() == port && text == ANSWER;
        if !echo && let Err(error) = socket.send_to(ANSWER.as_bytes(), sender) {
            eprintln!("broadcast: {sender}: {error}");
        }
    }
}

/// `UdpSocket::bind` cannot do this: the option counts only if it is set before bind.
fn bind_shared(port: u16) -> io::Result<UdpSocket> {
    let descriptor = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&descriptor, ReuseAddr, &true)?;
    let everywhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
    bind(descriptor.as_raw_fd(), &SockaddrIn::from(everywhere))?;
    Ok(UdpSocket::from(descriptor))
}

fn send(target: SocketAddrV4, count: u64, interval: Duration) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_broadcast(true)?;
    for number in 1..=count {
        let text = format!("hello {number}");
        socket.send_to(text.as_bytes(), SocketAddr::V4(target))?;
        print_replies(&socket, interval)?;
    }
    Ok(())
}

/// Nobody knows how many will answer, so time ends the wait and not a count.
fn print_replies(socket: &UdpSocket, interval: Duration) -> io::Result<()> {
    let deadline = Instant::now() + interval;
    let mut output = io::stdout().lock();
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        socket.set_read_timeout(Some(left))?;
        // An error is the end of the waiting time, or a call interrupted: the clock decides.
        if let Ok((length, sender)) = socket.recv_from(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            writeln!(output, "{sender} {text}")?;
        }
    }
}
