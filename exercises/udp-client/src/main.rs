//! udp-client: sends each typed line as one datagram and prints the answer.
//!
//! Arguments, keyboard and output are ready. What is missing is the work with the socket: the
//! places marked `todo!`. The lesson beside this file has every rule that they must keep.

use std::env;
use std::io::{self, BufRead, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

const SENDS: u32 = 3;
/// No datagram is longer, so a buffer of this size cuts none.
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
    let socket = open(server)?;
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let reply = ask(&socket, server, &line, timeout);
        output.write_all(reply.as_deref().unwrap_or(b"TIMEOUT"))?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    // Bind a UDP socket to port 0 ("any free port") of the unspecified address of the server's
    // family: 0.0.0.0 or [::]. Will you connect it to the server?
    // 绑定到与服务器同一地址族的任意地址和 0 号端口；想一想要不要再调用 connect。
    todo!("make a UDP socket that can reach {server}")
}

/// The server's reply to one line, or `None` if no send was answered.
fn ask(socket: &UdpSocket, server: SocketAddr, line: &[u8], timeout: Duration) -> Option<Vec<u8>> {
    // Send the line up to SENDS times. After each send wait until the timeout is over for a
    // datagram that comes from exactly this server and equals the upper-case line. Ignore all
    // others; they must not make the wait longer, so fix the moment of its end beforehand.
    // 最多发送 SENDS 次；每次发送前先定好截止时刻，收到无关的数据报不能延长等待。
    todo!(
        "send {line:?} to {server} through {socket:?} up to {SENDS} times, \
         wait {timeout:?} for each, read into {MAX_DATAGRAM} bytes"
    )
}
