//! A server that prints each line it gets as text and answers with a line of Chinese.
//!
//! Done for you: the arguments, the exit codes and the loop over the clients.
//! Yours: the listener, cutting the stream into lines, the text of a line, and the end.

use std::env;
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

const ANSWER: &str = "来,确认下眼神\n";

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: utf8-lines <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("utf8-lines: {addr}: {err}");
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

fn serve(addr: SocketAddr) -> io::Result<()> {
    let listener = listen(addr)?;
    loop {
        // accept gives the peer's address; `peer_addr()` fails once the client has reset.
        let Ok((stream, peer)) = listener.accept() else {
            continue;
        };
        // Whatever goes wrong between us and this client ends with this client.
        let _ = answer_lines(&stream, peer);
        let _ = close_in_order(&stream);
    }
}

fn answer_lines(mut stream: &TcpStream, peer: SocketAddr) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(line) = read_line(&mut reader)? {
        // The newline flushes stdout, so the line is visible at once, even in a pipe.
        writeln!(io::stdout(), "{peer} {}", text(&line))?;
        stream.write_all(ANSWER.as_bytes())?;
    }
    Ok(())
}

/// Binds the address and listens. An error here ends the program: `main` reports it.
///
/// 绑定地址并监听；出错时把错误返回给 `main`。
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    todo!("listen on {addr}")
}

/// The next whole line as bytes, without its `\n`. `None` at EOF (half a line is dropped), or as
/// soon as a line is longer than 65,536 bytes: `BufRead::read_until` alone has no limit.
///
/// 读出一整行字节（不含 `\n`）；到达 EOF 或行过长时返回 `None`。
fn read_line(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Vec<u8>>> {
    todo!("read a line from {reader:?}")
}

/// The line as text. Bytes that are not UTF-8 become U+FFFD; nothing else changes.
///
/// 把整行字节解码为文本，非法的 UTF-8 换成 U+FFFD。
fn text(line: &[u8]) -> String {
    todo!("decode {} bytes", line.len())
}

/// Ends the connection so that the client reads all answers and then EOF, never a reset:
/// shut down the writing side first, then read and drop what the client still sends, until it
/// ends too. Do not wait for ever: a read timeout and a deadline of about a second bound it.
///
/// 有序关闭：先关闭写方向，再把对方还在发送的数据读完丢弃（要有时间上限）。
fn close_in_order(stream: &TcpStream) -> io::Result<()> {
    todo!("end {stream:?} in order")
}
