//! tcp-client: sends each line of stdin and prints the reply line.
//!
//! The one idea: a reply is over when its `\n` has come, not when one `read`
//! has returned. It may take many reads, and one read may hold several replies.

use std::env;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::ExitCode;

/// The longest reply, its `\n` not counted.
const MAX_REPLY: u64 = 1_048_576;

fn main() -> ExitCode {
    let Some(address) = parse_arguments() else {
        eprintln!("usage: tcp-client <ip> <port>");
        return ExitCode::from(2);
    };
    match run(address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp-client: {address}: {error}");
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
    // One reader for the whole connection: what it has read beyond this reply
    // is the beginning of the next one.
    let mut server = BufReader::new(TcpStream::connect(address)?);
    // `split`, not `lines`: a line need not be UTF-8, and its `\r` stays.
    for line in io::stdin().lock().split(b'\n') {
        let mut line = line?;
        if line.is_empty() {
            break;
        }
        line.push(b'\n');
        server.get_mut().write_all(&line)?;
        print(&read_reply(&mut server)?)?;
    }
    Ok(())
}

/// The next reply with its `\n`. A reply that ends early is an error, so that
/// no part of it is printed.
fn read_reply(server: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    server.take(MAX_REPLY + 1).read_until(b'\n', &mut reply)?;
    match reply.last() {
        Some(b'\n') => Ok(reply),
        _ => Err(io::Error::new(ErrorKind::UnexpectedEof, "no whole reply line came")),
    }
}

fn print(reply: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(reply)?;
    stdout.flush()
}
