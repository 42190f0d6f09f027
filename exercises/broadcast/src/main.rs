//! broadcast: `send` calls to a whole network at once, and every `recv` that hears it answers.
//!
//! The arguments and the order of things are ready. What is missing is the work with the
//! sockets: the places marked `todo!`. The lesson beside this file has every rule for them.

use std::env;
use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

const ANSWER: &str = "I am here";
/// No datagram is longer, so a buffer of this size cuts none.
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
    answer_all(&socket, port)
}

fn bind_shared(port: u16) -> io::Result<UdpSocket> {
    // `UdpSocket::bind` cannot share a port: SO_REUSEADDR counts only before bind. Make the socket
    // with nix (socket, setsockopt, bind) and turn its descriptor into a UdpSocket with `from`.
    // 用 nix 依次调用 socket、setsockopt(ReuseAddr)、bind，再转换成 UdpSocket。
    todo!("bind 0.0.0.0:{port} with SO_REUSEADDR")
}

fn answer_all(socket: &UdpSocket, port: u16) -> io::Result<()> {
    // For each datagram: its text on a line of stdout, and ANSWER to its sender. Think of what
    // happens when the sender is a receiver like you, on the same port.
    // 每个数据报：打印一行并回答；想一想对方也是同一端口上的接收者时会怎样（广播风暴）。
    todo!("answer {ANSWER:?} on port {port} through {socket:?}, read up to {MAX_DATAGRAM} bytes")
}

fn send(target: SocketAddrV4, count: u64, interval: Duration) -> io::Result<()> {
    let socket = open()?;
    for number in 1..=count {
        call(&socket, target, number)?;
        print_replies(&socket, interval)?;
    }
    Ok(())
}

fn open() -> io::Result<UdpSocket> {
    // Any local address, any free port, and the right to send to a broadcast address.
    // 任意本地地址和端口；还要打开发送广播的权限（SO_BROADCAST）。
    todo!("make the sending socket")
}

fn call(socket: &UdpSocket, target: SocketAddrV4, number: u64) -> io::Result<()> {
    // One datagram, and no line feed in it.
    // 一个数据报，内容不带换行符。
    todo!("send `hello {number}` through {socket:?} to {target}")
}

fn print_replies(socket: &UdpSocket, interval: Duration) -> io::Result<()> {
    // `<ip:port> <text>` on a line for each reply, at once, until the interval is over: however
    // many replies come, and also if none does.
    // 在这段时间内每来一个回复就立刻打印一行；到时间就返回，不管来了多少。
    todo!("print for {interval:?} what comes to {socket:?}")
}
