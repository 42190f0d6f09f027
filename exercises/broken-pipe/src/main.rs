//! A server that sends a line at every interval until a write fails, and never reads.
//!
//! Done for you: the arguments, the exit codes and the loop over the clients.
//! Yours: the listener, the ticking, and the name of the error that ends it.

use std::env;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let Some((addr, interval)) = parse_args() else {
        eprintln!("usage: broken-pipe <ip> <port> <interval_ms: 1 to 60000>");
        return ExitCode::from(2);
    };
    match serve(addr, interval) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("broken-pipe: {addr}: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<(SocketAddr, Duration)> {
    // `env::args` panics on an argument that is not UTF-8; here it is only a bad address.
    let mut args = env::args_os().skip(1).map_while(|arg| arg.into_string().ok());
    let ip: IpAddr = args.next()?.parse().ok()?;
    let port: u16 = args.next()?.parse().ok()?;
    let ms: u64 = args.next()?.parse().ok()?;
    let interval = (1..=60_000).contains(&ms).then(|| Duration::from_millis(ms))?;
    Some((SocketAddr::new(ip, port), interval))
}

fn serve(addr: SocketAddr, interval: Duration) -> io::Result<()> {
    let listener = listen(addr)?;
    loop {
        // A failed accept concerns one client only; the next one may be fine.
        let Ok((stream, _peer)) = listener.accept() else {
            continue;
        };
        let (ticks, err) = tick_until_error(stream, interval);
        // The newline flushes stdout, so the line is visible at once, even in a pipe.
        writeln!(io::stdout(), "{ticks} {}", name(&err))?;
    }
}

/// Binds the address and listens. An error here ends the program: `main` reports it.
///
/// 绑定地址并监听；出错时把错误返回给 `main`。
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    todo!("listen on {addr}")
}

/// Sends `tick 1\n` at once, then `tick 2\n`, `tick 3\n`, … one every interval, until a write
/// fails. Returns how many ticks were written without an error, and the error.
///
/// 立即发送第一个 tick，之后每隔 `interval` 发一个，直到写失败。
fn tick_until_error(stream: TcpStream, interval: Duration) -> (u64, io::Error) {
    todo!("send a tick every {interval:?} to {stream:?}")
}

/// `"BrokenPipe"` or `"ConnectionReset"`, from the error's kind.
///
/// 根据 `err.kind()` 返回错误种类的名字。
fn name(err: &io::Error) -> &'static str {
    todo!("name the kind of {err}")
}
