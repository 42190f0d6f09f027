//! tcp-echo: answers each line with itself in upper case and `ok`.
//!
//! The one idea: TCP carries bytes, not messages. How much one `read` returns
//! says nothing; the `\n` alone says where a message ends.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The longest line, its `\n` not counted.
const MAX_LINE: u64 = 65_536;

fn main() -> ExitCode {
    let Some(address) = parse_arguments() else {
        eprintln!("usage: tcp-echo <ip> <port>");
        return ExitCode::from(2);
    };
    match run(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp-echo: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_arguments() -> Option<SocketAddr> {
    // `env::args` would panic on an argument that is not UTF-8.
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn run(address: SocketAddr) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    for client in listener.incoming() {
        // What goes wrong with one client ends that connection, not the server.
        if let Err(error) = client.and_then(|client| serve(&client)) {
            eprintln!("tcp-echo: {error}");
        }
    }
    Ok(())
}

fn serve(mut client: &TcpStream) -> io::Result<()> {
    let mut requests = BufReader::new(client);
    while let Some(mut line) = read_line(&mut requests)? {
        line.make_ascii_uppercase();
        line.extend(b"ok\n");
        // One write for the whole answer: small writes wait for each other
        // (Nagle's algorithm).
        client.write_all(&line)?;
    }
    hang_up(client)
}

/// The next line without its `\n`, or `None` at EOF or when it is too long.
fn read_line(requests: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    // The limit comes first: otherwise one client could fill the memory.
    requests.take(MAX_LINE + 1).read_until(b'\n', &mut line)?;
    Ok(line.pop_if(|&mut last| last == b'\n').map(|_| line))
}

/// Sends FIN, then reads what still comes: closing a socket that holds unread
/// bytes sends a reset, and the reset may destroy answers that are under way.
fn hang_up(mut client: &TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    // Not for ever: the next client waits.
    let patience = Instant::now() + Duration::from_secs(2);
    while Instant::now() < patience && client.read(&mut [0; 4096])? > 0 {}
    Ok(())
}
