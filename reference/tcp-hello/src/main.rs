//! tcp-hello: a server that greets one client and ends.
//!
//! The one idea: a server has two sockets. The listening one only waits for
//! connections; `accept` hands out a new one, and the talk happens there.

use std::env;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

/// No client sends more than this before it is greeted.
const MAX_REQUEST: usize = 512;

fn main() -> ExitCode {
    let Some(address) = parse_arguments() else {
        eprintln!("usage: tcp-hello <ip> <port>");
        return ExitCode::from(2);
    };
    match run(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp-hello: {address}: {error}");
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
    let (client, peer) = listener.accept()?;
    // A client that vanishes has spoilt its own greeting only: this program
    // has done its part, and ends well.
    if let Err(error) = greet(client) {
        eprintln!("tcp-hello: {peer}: {error}");
    }
    Ok(())
}

fn greet(mut client: TcpStream) -> io::Result<()> {
    // Room for all that a client may send: closing a socket that still holds
    // unread bytes sends a reset, and the reset may overtake the greeting.
    let mut request = [0; MAX_REQUEST];
    if client.read(&mut request)? > 0 {
        client.write_all(b"hello")?;
    }
    Ok(())
    // `client` is dropped here, and dropping closes: the peer reads EOF.
}
