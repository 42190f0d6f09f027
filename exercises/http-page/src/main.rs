//! An HTTP server with one page. The frame is here, the sockets and the grammar are yours.
//! 只有一个页面的 HTTP 服务器：框架已给出，套接字和语法部分由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;

const HEAD_MAX: usize = 16 * 1024;
/// How much a server drops after an answer before it closes.
const LEFTOVER_MAX: u64 = 1_048_576;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, file)) = parse(&arguments) else {
        eprintln!("usage: http-page <ip> <port> <file>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, file) {
        eprintln!("http-page: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, file, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(file)))
}

fn serve(address: SocketAddr, file: &Path) -> io::Result<()> {
    let listener = listen(address, file)?;
    for stream in listener.incoming() {
        // One client after another will pass. A thread for each, as in `concurrent`, suits browsers better.
        if let Err(error) = stream.and_then(|stream| talk(&stream, file)) {
            eprintln!("http-page: client lost: {error}");
        }
    }
    Ok(())
}

fn listen(address: SocketAddr, file: &Path) -> io::Result<TcpListener> {
    // Return an error if `file` does not exist, else a socket that listens on `address`.
    // 若 `file` 不存在则返回错误，否则返回在 `address` 上监听的套接字。
    todo!("listen on {address} for {}", file.display())
}

fn talk(mut stream: &TcpStream, file: &Path) -> io::Result<()> {
    let Some(head) = read_head(stream)? else {
        return Ok(());
    };
    stream.write_all(&answer(&head, file))?;
    hang_up(stream)
}

fn read_head(stream: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    // Read until the empty line (CRLF CRLF) or until there is more than HEAD_MAX; `None` if the client ends first.
    // 一直读到空行 (CRLF CRLF) 或超过 HEAD_MAX；若对方先结束则返回 `None`。
    todo!("read a head of at most {HEAD_MAX} bytes from {stream:?}")
}

fn answer(head: &[u8], file: &Path) -> Vec<u8> {
    // Judge the request line, the version, each header and Host; choose the status; build the whole answer with
    // Content-Type, Content-Length and Connection: close. HEAD gets no body.
    // 检查请求行、版本、每个首部和 Host，选定状态码，拼出完整响应；HEAD 不带正文。
    todo!("answer {head:?} with {}", file.display())
}

fn hang_up(stream: &TcpStream) -> io::Result<()> {
    // Shut down the sending side, then read and drop what still comes, with a limit in bytes and in time.
    // 先关闭发送方向，再读取并丢弃剩余数据；字节数和时间都要有上限。
    todo!("drop at most {LEFTOVER_MAX} bytes from {stream:?}")
}
