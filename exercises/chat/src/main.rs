//! chat: two people take turns, over TCP or over UDP; the one who dialed speaks first.
//!
//! The arguments and the taking of turns are ready. What is missing is the meeting, the sending
//! and the receiving: the places marked `todo!`. The lesson beside this file has every rule.

use std::env;
use std::io::{self, BufRead, BufReader, StdinLock, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
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
        ("tcp", "listen") => listen_tcp(address).map(over_tcp),
        ("tcp", _) => dial_tcp(address).map(over_tcp),
        ("udp", "listen") => listen_udp(address).map(over_udp),
        _ => dial_udp(address).map(over_udp),
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

fn over_tcp(stream: TcpStream) -> Peer {
    Peer::Tcp(BufReader::new(stream))
}

fn over_udp((socket, peer): (UdpSocket, SocketAddr)) -> Peer {
    Peer::Udp(socket, peer)
}

fn listen_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    // 监听并接受一个连接。
    todo!("listen on {address} and accept one connection")
}

fn dial_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    // 连接对方。
    todo!("connect to {address}")
}

/// The socket and the address of the one who sent the first datagram.
fn listen_udp(address: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    // The first datagram tells who the peer is, but it is also the first message: do not lose it
    // (see `peek_from`). Only a connected UDP socket hears that a port is refused.
    // 第一个数据报既告诉你对方是谁，又是第一条消息，不能丢（peek_from）；再 connect 才能得知端口被拒。
    todo!("bind {address}, wait for the first sender, connect to him")
}

fn dial_udp(address: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    // 绑定同一地址族的任意端口，再 connect。
    todo!("bind a socket to any port, connect it to {address}")
}

fn chat(mut peer: Peer, dialed: bool) -> io::Result<()> {
    let mut keyboard = io::stdin().lock();
    let end = take_turns(&mut peer, &mut keyboard, dialed);
    if let Peer::Tcp(stream) = peer {
        leave(stream.into_inner());
    }
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
    match peer {
        Peer::Tcp(stream) => send_line(stream.get_mut(), &line)?,
        Peer::Udp(socket, _) => send_datagram(socket, &line)?,
    }
    Ok(!is_quit(&line))
}

/// One message is printed; `false` if it ended the chat.
fn hear(peer: &mut Peer) -> io::Result<bool> {
    let mut message = match peer {
        Peer::Tcp(stream) => receive_line(stream)?,
        Peer::Udp(socket, peer) => receive_datagram(socket, *peer)?,
    };
    if is_quit(&message) {
        return Ok(false);
    }
    message.push(b'\n');
    io::stdout().write_all(&message)?;
    io::stdout().flush()?;
    Ok(true)
}

fn is_quit(message: &[u8]) -> bool {
    // `q` or `Q`, with white space around it or not; `quiet` is a message like any other.
    // 去掉两端空白后恰好是 q 或 Q 才算退出。
    todo!("does {message:?} end the chat?")
}

fn send_line(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    // 整行发出，再加上换行符。
    todo!("send {message:?} and a line feed through {stream:?}")
}

/// The next line without its `\n`; an error if the peer is gone or the line is too long.
fn receive_line(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    // One read is not one message. At the end of the stream an unfinished line is no message.
    // 一次 read 不等于一条消息；对方关闭时，没有换行符的残余不是消息，应返回错误。
    todo!("read from {stream:?} up to a line feed, {MAX_LINE} bytes at most")
}

/// Ends the connection so that the peer still reads our last message.
fn leave(stream: TcpStream) {
    // Closing with unread bytes makes the kernel send a reset: first shut down the sending side,
    // then read and drop what has come already, without waiting for more.
    // 先关闭发送方向（半关闭），再读掉已经到达的数据，否则 close 会变成 RST。
    todo!("leave {stream:?}")
}

fn send_datagram(socket: &UdpSocket, message: &[u8]) -> io::Result<()> {
    // 一条消息就是一个数据报，不加换行符。
    todo!("send {message:?} through {socket:?}")
}

/// The next datagram from the peer.
fn receive_datagram(socket: &UdpSocket, peer: SocketAddr) -> io::Result<Vec<u8>> {
    // What strangers sent before `connect` is still in the queue: look at the sender.
    // connect 之前陌生人发来的数据报还在队列里，要检查来源地址。
    todo!("receive from {peer} through {socket:?}, {MAX_DATAGRAM} bytes at most")
}
