//! udp-echo: answers each datagram with its beginning in upper case. The lesson
//! is README.md (README.zh.md in Chinese); fill in the functions with `todo!`.

// You will also want `use std::io::Write;`.
use std::env;
use std::io;
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
    let socket = bind(address)?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let (len, sender) = receive(&socket, &mut buffer)?;
        let kept = len.min(bufsize);
        // An answer that cannot be sent concerns its addressee only.
        if let Err(error) = answer(&socket, &mut buffer[..kept], sender) {
            eprintln!("udp-echo: {sender}: {error}");
        }
        report(sender, len, kept)?;
    }
}

/// 1. Make a UDP socket on exactly this address. There is no `listen` and no
///    `accept`: this one socket talks to everybody.
///    建立 UDP 套接字：没有 listen 和 accept，一个套接字和所有人通信。
fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    todo!("bind a UDP socket to {address}")
}

/// 2. Wait for one datagram. Return its length and its sender.
///    等待一个数据报，返回它的长度和发送者的地址。
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    todo!("receive up to {} bytes from {socket:?}", buffer.len())
}

/// 3. Send these bytes back to `sender` as one datagram, `a` to `z` in upper
///    case. An empty datagram is answered too.
///    转成大写后，作为一个数据报发回给发送者；空数据报也要回答。
fn answer(socket: &UdpSocket, bytes: &mut [u8], sender: SocketAddr) -> io::Result<()> {
    todo!("send {bytes:?} in upper case from {socket:?} to {sender}")
}

/// 4. Write the line `<ip:port> len=<len> kept=<kept>` to stdout.
///    在标准输出上写一行。
fn report(sender: SocketAddr, len: usize, kept: usize) -> io::Result<()> {
    todo!("write a line about {sender}, {len} and {kept}")
}
