//! tcp-client: sends each line of stdin and prints the reply line. The lesson
//! is README.md (README.zh.md in Chinese); fill in the functions with `todo!`.

// You will also want `Read` and `Write` of `std::io`.
use std::env;
use std::io::{self, BufRead, BufReader};
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
    // is the beginning of the next one. `get_mut` gives the socket itself.
    let mut server = BufReader::new(connect(address)?);
    // `split`, not `lines`: a line need not be UTF-8, and its `\r` stays.
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.is_empty() {
            break;
        }
        send(server.get_mut(), &line)?;
        print(&read_reply(&mut server)?)?;
    }
    Ok(())
}

/// 1. Connect to the server.
///    连接服务器。
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    todo!("connect to {address}")
}

/// 2. Send the line and a `\n`, all of it.
///    把整行和一个 \n 全部发出去。
fn send(server: &mut TcpStream, line: &[u8]) -> io::Result<()> {
    todo!("send {line:?} and a newline to {server:?}")
}

/// 3. Read one reply up to its `\n`, however many reads that takes, and return
///    it. A reply that ends early, or is longer than MAX_REPLY, is an error.
///    读到 \n 为止；对方提前结束则返回错误。
fn read_reply(server: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    todo!("read one line of up to {MAX_REPLY} bytes from {server:?}")
}

/// 4. Write the reply and its `\n` to stdout, visible at once.
///    把回复和 \n 写到标准输出，并立即可见。
fn print(reply: &[u8]) -> io::Result<()> {
    todo!("write {reply:?} to stdout and flush")
}
