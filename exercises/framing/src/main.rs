//! framing: three ways to find messages in a byte stream. The lesson is
//! README.md (README.zh.md in Chinese); fill in the functions with `todo!`.

// You will also want `Read` and `Write` of `std::io`.
use std::env;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

/// The longest line, its `\n` not counted, and the largest fixed block.
const MAX_LINE: usize = 65_536;
/// The longest message that follows a length header.
const MAX: usize = 1_048_576;

#[derive(Clone, Copy)]
enum Framing {
    Line,
    Fixed(usize),
    Len,
}

impl Framing {
    fn parse(word: &str) -> Option<Framing> {
        match word.split_once(':') {
            None if word == "line" => Some(Framing::Line),
            None if word == "len" => Some(Framing::Len),
            Some(("fixed", size)) => {
                let size = size.parse().ok()?;
                (1..=MAX_LINE).contains(&size).then_some(Framing::Fixed(size))
            }
            _ => None,
        }
    }

    /// 1. The length of the first message in the buffer, and the bytes that it
    ///    takes there with its `\n` or header; `None` if it is not whole yet.
    ///    缓冲区里第一条消息的长度，以及它连同 \n 或头部占用的字节数；不完整则返回 None。
    fn first_message(self, buffer: &[u8]) -> Option<(usize, usize)> {
        match self {
            Framing::Line => todo!("look for a newline in {} bytes", buffer.len()),
            Framing::Fixed(size) => todo!("are there {size} bytes?"),
            Framing::Len => todo!("is there a header, and are there as many bytes as it says?"),
        }
    }

    /// 2. Is the first message, whole or not, longer than a line (MAX_LINE) or
    ///    a message with a header (MAX) may be? Do not wait until it is whole.
    ///    第一条消息是否超过上限？不要等到收完才检查。
    fn is_too_long(self, buffer: &[u8]) -> bool {
        todo!("compare with {MAX_LINE} or {MAX}: {buffer:?}")
    }
}

fn main() -> ExitCode {
    let Some((address, framing)) = parse_arguments() else {
        eprintln!("usage: framing <ip> <port> line|fixed:<N>|len");
        return ExitCode::from(2);
    };
    match run(address, framing) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framing: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_arguments() -> Option<(SocketAddr, Framing)> {
    // `env::args` would panic on an argument that is not UTF-8.
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let framing = Framing::parse(&words.next()?)?;
    Some((SocketAddr::new(ip, port), framing))
}

fn run(address: SocketAddr, framing: Framing) -> io::Result<()> {
    let listener = listen(address)?;
    for client in listener.incoming() {
        // What goes wrong with one client ends that connection, not the server.
        if let Err(error) = client.and_then(|client| serve(&client, framing)) {
            eprintln!("framing: {error}");
        }
    }
    Ok(())
}

/// The loop that all framings share.
fn serve(client: &TcpStream, framing: Framing) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut messages = 0;
    loop {
        if framing.is_too_long(&buffer) {
            return hang_up(client);
        }
        if let Some((length, size)) = framing.first_message(&buffer) {
            buffer.drain(..size);
            messages += 1;
            send(client, &format!("{messages} {length}\n"))?;
        } else if receive(client, &mut buffer)? == 0 {
            send(client, &format!("total={messages} rest={}\n", buffer.len()))?;
            return hang_up(client);
        }
    }
}

/// 3. Make a listening socket on exactly this address.
///    在给定的地址上建立监听套接字。
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    todo!("bind a listening socket to {address}")
}

/// 4. Read once and append what came to the buffer. Return the number of bytes:
///    0 means EOF. (`Read` and `Write` also work on a `mut client: &TcpStream`.)
///    读一次，把收到的字节追加到缓冲区，返回字节数；0 表示对方已发完。
fn receive(client: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    todo!("read from {client:?} to the end of {buffer:?}")
}

/// 5. Send the whole text.
///    把整段文本发出去。
fn send(client: &TcpStream, text: &str) -> io::Result<()> {
    todo!("send {text:?} to {client:?}")
}

/// 6. End the connection in good order: the client must read every answer, then
///    EOF. Unread bytes in the socket would turn the close into a reset.
///    有序地结束连接：先发 FIN，再读完剩余的字节，避免变成 RST。
fn hang_up(client: &TcpStream) -> io::Result<()> {
    todo!("shut down the sending side of {client:?}, then read the rest")
}
