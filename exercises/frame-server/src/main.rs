//! A server that answers each frame `[u32 n][n bytes]` with a frame of its upper-case form and `ok`.
//!
//! Done for you: the arguments, the exit codes and the loops.
//! Yours: the listener, reading and writing a frame, the answer, and the end of a connection.

use std::env;
use std::io::{self, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: frame-server <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("frame-server: {addr}: {err}");
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
        // A failed accept concerns one client only; the next one may be fine.
        let Ok((stream, _peer)) = listener.accept() else {
            continue;
        };
        // EOF, a reset, a length over MAX: each of them ends this client and nothing else.
        let _ = answer_frames(&stream);
        let _ = close_in_order(&stream);
    }
}

fn answer_frames(stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let body = read_frame(&mut reader)?;
        write_frame(stream, &answer(body))?;
    }
}

/// Binds the address and listens. An error here ends the program: `main` reports it.
///
/// 绑定地址并监听；出错时把错误返回给 `main`。
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    todo!("listen on {addr}")
}

/// Reads one frame and returns its body: exactly four bytes (the length, `u32`, big-endian), then
/// exactly that many. A length over 1,048,576 is an error *before* anything is allocated for it;
/// EOF anywhere is an error too.
///
/// 先读满 4 字节的长度，检查上限，再读满正文。
fn read_frame(reader: &mut BufReader<&TcpStream>) -> io::Result<Vec<u8>> {
    todo!("read a frame from {reader:?}")
}

/// The answer to a body: `a` to `z` become `A` to `Z`, all other bytes stay, and `ok` follows.
///
/// 只改 ASCII 小写字母，末尾加 `ok`。
fn answer(body: Vec<u8>) -> Vec<u8> {
    todo!("answer {} bytes", body.len())
}

/// Sends the length of the body and the body, best in one write. `&TcpStream` is a `Write`, too.
///
/// 发送长度和正文（最好合成一次写）。
fn write_frame(stream: &TcpStream, body: &[u8]) -> io::Result<()> {
    todo!("send a frame of {} bytes to {stream:?}", body.len())
}

/// Ends the connection so that the client reads all answers and then EOF, never a reset:
/// shut down the writing side first, then read and drop what the client still sends, until it
/// ends too. Do not wait for ever: a read timeout and a deadline of about a second bound it.
///
/// 有序关闭：先关闭写方向，再把对方还在发送的数据读完丢弃（要有时间上限）。
fn close_in_order(stream: &TcpStream) -> io::Result<()> {
    todo!("end {stream:?} in order")
}
