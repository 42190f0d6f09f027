//! tcp-hello: a server that greets one client and ends. The lesson is README.md
//! (README.zh.md in Chinese); fill in the three functions with `todo!`.

// You will also want `use std::io::{Read, Write};`.
use std::env;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

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
    let listener = listen(address)?;
    let client = accept(&listener)?;
    // A client that vanishes is no failure of this program.
    if let Err(error) = greet(client) {
        eprintln!("tcp-hello: {error}");
    }
    Ok(())
}

/// 1. Make a listening socket on exactly this address. From here on clients
///    can connect: the kernel keeps them waiting in a queue.
///    在给定的地址上建立监听套接字。
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    todo!("bind a listening socket to {address}")
}

/// 2. Wait for one client. `accept` returns a *new* socket for it, and the
///    address of the other end.
///    等待一个客户端：accept 返回一个新的套接字。
fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    todo!("accept one connection from {listener:?}")
}

/// 3. Wait for the client's first bytes (at most 512 are sent), then send the
///    five bytes `hello`. A client that ends without sending gets nothing.
///    收到第一批字节后发送 hello；对方什么都没发就结束，则什么也不发。
fn greet(client: TcpStream) -> io::Result<()> {
    todo!("read from {client:?}, then write `hello`")
}
