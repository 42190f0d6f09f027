//! A server that sends a line at every interval until a write fails, and never reads.
//!
//! The idea: a writer learns late that its peer is gone. After a close the
//! first write still succeeds, because it is what provokes the peer's RST;
//! only the next one fails, with `BrokenPipe`. After a reset the very next
//! write fails, with `ConnectionReset`.

use std::env;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
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
    let listener = TcpListener::bind(addr)?;
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

/// How many ticks were written, and the error that ended it.
fn tick_until_error(mut stream: TcpStream, interval: Duration) -> (u64, io::Error) {
    let mut ticks = 0;
    loop {
        // One string, so that one tick is one write; `write!` on the stream would make three.
        let line = format!("tick {}\n", ticks + 1);
        if let Err(err) = stream.write_all(line.as_bytes()) {
            return (ticks, err);
        }
        ticks += 1;
        thread::sleep(interval);
    }
}

/// Linux has two words for "the peer is gone": EPIPE and ECONNRESET.
fn name(err: &io::Error) -> &'static str {
    match err.kind() {
        ErrorKind::BrokenPipe => "BrokenPipe",
        // Rarer losses (a cable pulled, a timeout) also end the connection without a close.
        _ => "ConnectionReset",
    }
}
