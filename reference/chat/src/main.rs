//! chat: two people take turns, over TCP or over UDP; the one who dialed speaks first.
//!
//! The idea: both ends follow one rule about whose turn it is, so they never wait for each other
//! at the same time. TCP needs a mark at the end of a message; UDP keeps messages whole but does
//! not say who may speak or whether anybody is there.

use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, StdinLock, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitCode;

const MAX_LINE: u64 = 65_536;
const MAX_DATAGRAM: usize = 65_535;

enum Peer {
    Tcp(BufReader<TcpStream>),
    Udp(UdpSocket, SocketAddr),
}

fn main() -> ExitCode {
    let Some((transport, side, address)) = arguments() else {
        eprintln!("usage: chat tcp|udp listen|dial <ip> <port>");
        return ExitCode::from(2);
    };
    let peer = match (transport.as_str(), side.as_str()) {
        ("tcp", "listen") => listen_tcp(address),
        ("tcp", _) => TcpStream::connect(address).map(over_tcp),
        ("udp", "listen") => listen_udp(address),
        _ => dial_udp(address),
    };
    match peer.and_then(|peer| chat(peer, side == "dial")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<(String, String, SocketAddr)> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let transport = words.next().filter(|word| word == "tcp" || word == "udp")?;
    let side = words.next().filter(|word| word == "listen" || word == "dial")?;
    let ip = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some((transport, side, SocketAddr::new(ip, port)))
}

fn listen_tcp(address: SocketAddr) -> io::Result<Peer> {
    let (stream, _) = TcpListener::bind(address)?.accept()?;
    Ok(over_tcp(stream))
}

fn over_tcp(stream: TcpStream) -> Peer {
    Peer::Tcp(BufReader::new(stream))
}

fn listen_udp(address: SocketAddr) -> io::Result<Peer> {
    let socket = UdpSocket::bind(address)?;
    // Peeking tells who it is and leaves the message in the queue for the first turn.
    let (_, peer) = socket.peek_from(&mut [0])?;
    over_udp(socket, peer)
}

fn dial_udp(address: SocketAddr) -> io::Result<Peer> {
    let socket = match address {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?,
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?,
    };
    over_udp(socket, address)
}

/// Only a connected socket hears that the peer's port is refused.
fn over_udp(socket: UdpSocket, peer: SocketAddr) -> io::Result<Peer> {
    socket.connect(peer)?;
    Ok(Peer::Udp(socket, peer))
}

fn chat(mut peer: Peer, dialed: bool) -> io::Result<()> {
    let mut keyboard = io::stdin().lock();
    let end = take_turns(&mut peer, &mut keyboard, dialed);
    peer.leave();
    end
}

fn take_turns(peer: &mut Peer, keyboard: &mut StdinLock, dialed: bool) -> io::Result<()> {
    if dialed && !speak(peer, keyboard)? {
        return Ok(());
    }
    while hear(peer)? && speak(peer, keyboard)? {}
    Ok(())
}

/// One typed line goes out; `false` if it ended the chat.
fn speak(peer: &mut Peer, keyboard: &mut StdinLock) -> io::Result<bool> {
    let mut line = Vec::new();
    if keyboard.read_until(b'\n', &mut line)? == 0 {
        line.push(b'q');
    }
    line.pop_if(|last| *last == b'\n');
    peer.send(&line)?;
    Ok(!is_quit(&line))
}

/// One message is printed; `false` if it ended the chat.
fn hear(peer: &mut Peer) -> io::Result<bool> {
    let mut message = peer.receive()?;
    if is_quit(&message) {
        return Ok(false);
    }
    message.push(b'\n');
    io::stdout().write_all(&message)?;
    io::stdout().flush()?;
    Ok(true)
}

fn is_quit(message: &[u8]) -> bool {
    matches!(message.trim_ascii(), b"q" | b"Q")
}

impl Peer {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Peer::Tcp(stream) => stream.get_mut().write_all(&[message, b"\n"].concat()),
            Peer::Udp(socket, _) => socket.send(message).map(drop),
        }
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Peer::Tcp(stream) => receive_line(stream),
            Peer::Udp(socket, peer) => receive_datagram(socket, *peer),
        }
    }

    /// Closing with unread bytes makes the kernel send a reset, and a reset can overtake our last
    /// message. So what the peer said out of turn is read and dropped first.
    fn leave(self) {
        let Peer::Tcp(stream) = self else { return };
        let stream = stream.into_inner();
        // The peer may be gone already; then there is nothing left to be polite about.
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.set_nonblocking(true);
        let _ = io::copy(&mut stream.take(1 << 20), &mut io::sink());
    }
}

fn receive_line(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        Some(_) if line.len() as u64 == MAX_LINE => Err(io::Error::other("the line is too long")),
        _ => Err(io::Error::new(ErrorKind::UnexpectedEof, "the peer is gone")),
    }
}

/// Before `connect` anybody could send to this socket, and what came then is still in its queue.
fn receive_datagram(socket: &UdpSocket, peer: SocketAddr) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let (length, sender) = socket.recv_from(&mut buffer)?;
        if sender == peer {
            buffer.truncate(length);
            return Ok(buffer);
        }
    }
}
