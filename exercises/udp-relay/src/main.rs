//! udp-relay: passes each datagram on to everybody else who has ever sent one.
//!
//! The arguments are ready. What is missing is the socket and the memory of who is here: the
//! places marked `todo!`. The lesson beside this file has every rule that they must keep.

use std::env;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;

/// No datagram is longer, so a buffer of this size cuts none.
const MAX_DATAGRAM: usize = 65_535;

fn main() -> ExitCode {
    let Some(address) = arguments() else {
        eprintln!("usage: udp-relay <ip> <port>");
        return ExitCode::from(2);
    };
    match open(address) {
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

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    // 绑定（bind）即可，UDP 没有 listen 和 accept。
    todo!("bind a UDP socket to {address}")
}

fn relay(socket: &UdpSocket) -> ! {
    // For ever: receive a datagram and its sender's address.
    // Empty: forget that address. Else: remember it, and send the same bytes to every *other*
    // address you remember. An error with one datagram or one member must not stop the rest.
    // 循环：收数据报；空的表示离开，否则记住发送者，并把原样字节转发给其他所有成员；出错不退出。
    todo!("relay what comes to {socket:?}, up to {MAX_DATAGRAM} bytes at a time")
}
