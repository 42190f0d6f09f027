//! A client that sends each line of stdin as a frame `[u32 n][n bytes]` and prints the frame that answers.
//!
//! Done for you: the arguments, the exit codes, and the way from stdin to stdout.
//! Yours: the connection, and writing and reading a frame.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: frame-client <ip> <port>");
        return ExitCode::from(2);
    };
    match talk(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("frame-client: {addr}: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<SocketAddr> {
    // `env::args` panics on an argument that is not UTF-8; here it is only a bad address.
    let mut args = env::args_os().skip(1).map_while(|arg| arg.into_string().ok());
    let ip: IpAddr = args.next()?.parse().ok()?;
    let port: u16 = args.next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn talk(addr: SocketAddr) -> io::Result<()> {
    let stream = connect(addr)?;
    // One reader for the whole connection: it keeps what came after a reply for the next one.
    let mut replies = BufReader::new(&stream);
    // Lines are bytes; `lines()` would fail on those that are not UTF-8.
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line == b"q" || line == b"Q" {
            break;
        }
        write_frame(&stream, &line)?;
        let mut reply = read_frame(&mut replies)?;
        reply.push(b'\n');
        // The newline flushes stdout, so the reply is visible at once, even in a pipe.
        io::stdout().write_all(&reply)?;
    }
    Ok(())
}

/// Connects to the server. An error ends the program: `main` reports it.
///
/// 连接服务器；出错时把错误返回给 `main`。
fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    todo!("connect to {addr}")
}

/// Sends the length of the body (`u32`, big-endian) and the body. `&TcpStream` is a `Write`, too.
///
/// 发送长度和正文。
fn write_frame(stream: &TcpStream, body: &[u8]) -> io::Result<()> {
    todo!("send a frame of {} bytes to {stream:?}", body.len())
}

/// Reads one whole reply and returns its body. A length over 1,048,576 + 2 is an error, *before*
/// anything is allocated for it; so is a server that ends before the reply is whole.
///
/// 读一个完整的回复：先长度，检查上限，再读满正文；中途结束就是错误。
fn read_frame(replies: &mut BufReader<&TcpStream>) -> io::Result<Vec<u8>> {
    todo!("read a reply from {replies:?}")
}
