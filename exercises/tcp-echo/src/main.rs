//! tcp-echo: answers each line with itself in upper case and `ok`. The lesson
//! is README.md (README.zh.md in Chinese); fill in the functions with `todo!`.

// You will also want `BufRead`, `BufReader`, `Read` and `Write` of `std::io`.
use std::env;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

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
    let listener = listen(address)?;
    for client in listener.incoming() {
        // What goes wrong with one client ends that connection, not the server.
        if let Err(error) = client.and_then(|client| serve(&client)) {
            eprintln!("tcp-echo: {error}");
        }
    }
    Ok(())
}

/// 1. Make a listening socket on exactly this address.
///    在给定的地址上建立监听套接字。
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    todo!("bind a listening socket to {address}")
}

/// 2. Serve one client until it is done:
///    - collect bytes until a `\n` has come: it may take many reads, and one
///      read may bring several lines, whose rest you must keep;
///    - send the whole line, `a` to `z` in upper case, then `ok` and `\n`;
///    - at EOF (a read of 0 bytes) return: bytes after the last `\n` are dropped;
///    - a line of more than MAX_LINE bytes ends the connection, in good order.
///
///    收到 \n 才算一条完整的消息，剩下的字节要留给下一条；读到 0 字节表示对方已发完。
///
/// A `&TcpStream` can be read and written too: `(&mut client).write_all(…)`
/// works on `mut client: &TcpStream`.
fn serve(client: &TcpStream) -> io::Result<()> {
    todo!("answer each line (up to {MAX_LINE} bytes) of {client:?}")
}
