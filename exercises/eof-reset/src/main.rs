//! A server that reads each connection to its end and prints how it ended.
//!
//! Done for you: the arguments, the exit codes and the loop over the clients.
//! Yours: the listener, and the reading that tells a close from a reset.

use std::env;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(addr) = parse_args() else {
        eprintln!("usage: eof-reset <ip> <port>");
        return ExitCode::from(2);
    };
    match serve(addr) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("eof-reset: {addr}: {err}");
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
        let (bytes, end) = read_to_its_end(stream);
        // The newline flushes stdout, so the line is visible at once, even in a pipe.
        writeln!(io::stdout(), "{bytes} {end}")?;
    }
}

/// Binds the address and listens. An error here ends the program: `main` reports it.
///
/// 绑定地址并监听；出错时把错误返回给 `main`。
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    todo!("listen on {addr}")
}

/// Reads until the connection ends and answers nothing. Returns how many bytes came, and
/// `"closed"` or `"reset"`.
///
/// `read` has three kinds of result: `Ok(0)`, `Ok(n)` and `Err`. Decide what each of them
/// means here. One error is no end at all: `ErrorKind::Interrupted`.
///
/// 一直读到连接结束，统计字节数；分清正常关闭（`Ok(0)`）与复位（`Err`）。
fn read_to_its_end(stream: TcpStream) -> (u64, &'static str) {
    todo!("read {stream:?} to its end")
}
