//! A server that chooses the length of its listen queue and lets it fill before it accepts.
//!
//! Done for you: the arguments, the exit codes and the order of things.
//! Yours: a listener with its own backlog, the wait for stdin, and the service of one client.

use std::env;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some((addr, backlog)) = parse_args() else {
        eprintln!("usage: backlog <ip> <port> <backlog: 0 to 100>");
        return ExitCode::from(2);
    };
    match run(addr, backlog) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("backlog: {addr}: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<(SocketAddr, u8)> {
    // `env::args` panics on an argument that is not UTF-8; here it is only a bad address.
    let mut args = env::args_os().skip(1).map_while(|arg| arg.into_string().ok());
    let ip: IpAddr = args.next()?.parse().ok()?;
    let port: u16 = args.next()?.parse().ok()?;
    let backlog: u8 = args.next()?.parse().ok()?;
    (backlog <= 100).then_some((SocketAddr::new(ip, port), backlog))
}

fn run(addr: SocketAddr, backlog: u8) -> io::Result<()> {
    let listener = listen_with(addr, backlog)?;
    wait_for_the_user();
    let mut served: u64 = 0;
    loop {
        // A failed accept concerns one client only; the next one may be fine.
        let Ok((stream, _peer)) = listener.accept() else {
            continue;
        };
        served += 1;
        // Whatever goes wrong between us and this client ends with this client.
        let _ = serve(&stream, served);
    }
}

/// Makes a listening socket call by call, because `TcpListener::bind` always passes 128 to
/// listen(2). From `nix::sys::socket` you need `socket`, `setsockopt` with
/// `sockopt::ReuseAddr` (before bind), `bind` with a `SockaddrStorage`, and `listen` with a
/// `Backlog`. `TcpListener::from(fd)` makes it a listener of the standard library.
///
/// 依次调用 socket、setsockopt、bind、listen，使用指定的积压队列长度。
fn listen_with(addr: SocketAddr, backlog: u8) -> io::Result<TcpListener> {
    todo!("listen on {addr} with a backlog of {backlog}")
}

/// Returns when stdin has given a whole line, or has ended. Nothing may be accepted before.
///
/// 等标准输入给出一整行（或结束），在此之前不得 accept。
fn wait_for_the_user() {
    todo!("read one line of stdin")
}

/// Reads one line (at most 65,536 bytes before its `\n`), answers `<n> <line>\n` in the same
/// bytes, and closes in order. A client that ends without a line gets no answer.
///
/// To close in order: shut down the writing side, then read and drop what the client still
/// sends, until it ends too or about a second has passed. Closing with unread bytes resets.
///
/// 读一行，回答 `<n> <line>`，然后有序关闭连接。
fn serve(stream: &TcpStream, n: u64) -> io::Result<()> {
    todo!("serve client {n} on {stream:?}")
}
