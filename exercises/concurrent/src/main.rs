//! Answer the frames of many clients at the same time. The frame is here, the sockets are yours.
//! 并发帧服务器：框架已给出，套接字部分由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

const MAX: u32 = 1_048_576;

fn main() -> ExitCode {
    let Some(address) = parse() else {
        eprintln!("usage: concurrent <ip> <port>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address) {
        eprintln!("concurrent: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse() -> Option<SocketAddr> {
    let mut arguments = env::args_os().skip(1);
    let ip = arguments.next()?.to_str()?.parse().ok()?;
    let port = arguments.next()?.to_str()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn serve(address: SocketAddr) -> io::Result<()> {
    let listener = listen(address)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(start) {
            eprintln!("concurrent: client lost: {error}");
            // What happens here when no descriptor is free and `accept` fails again and again?
        }
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    // Return a socket that listens on `address`.
    // 返回在 `address` 上监听的套接字。
    todo!("listen on {address}")
}

fn start(stream: TcpStream) -> io::Result<()> {
    // Start a thread that owns `stream` and runs a loop: read a whole frame, answer it, until the client ends or
    // announces more than MAX bytes. Then end the connection in an orderly way. Return at once.
    // Write a function for each of these: read a frame, write a frame, hang up.
    // 启动一个拥有 `stream` 的线程：循环读一帧、答一帧，直到对方结束或声明的长度超过 MAX，最后有序关闭。
    todo!("serve {stream:?} in a thread; a frame has at most {MAX} bytes")
}
