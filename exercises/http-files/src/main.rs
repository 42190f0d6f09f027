//! An HTTP/1.1 server for a folder, with connections that stay open. The frame is here, the rest is yours.
//! 保持连接的 HTTP/1.1 文件服务器：框架已给出，其余由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract. Put the parts into modules of
//! their own when this file grows: reading requests, finding files.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How much a server drops after its last answer before it closes.
const LEFTOVER_MAX: u64 = 1_048_576;

struct Request {
    method: String,
    target: String,
    keep_alive: bool,
    body: Vec<u8>,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, root, idle)) = parse(&arguments) else {
        eprintln!("usage: http-files <ip> <port> <root> <idle_ms: 1 to 60000>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, root, idle) {
        eprintln!("http-files: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path, Duration)> {
    let [ip, port, root, idle, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    let idle = idle.to_str()?.parse().ok().filter(|ms| (1..=60_000).contains(ms))?;
    Some((address, Path::new(root), Duration::from_millis(idle)))
}

fn serve(address: SocketAddr, root: &Path, idle: Duration) -> io::Result<()> {
    let listener = listen(address, root)?;
    let root: Arc<Path> = root.into();
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| start(stream, root.clone(), idle)) {
            eprintln!("http-files: client lost: {error}");
            thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

fn listen(address: SocketAddr, root: &Path) -> io::Result<TcpListener> {
    // Return an error if `root` is not a folder, else a socket that listens on `address`.
    // 若 `root` 不是目录则返回错误，否则返回在 `address` 上监听的套接字。
    todo!("listen on {address} for {}", root.display())
}

fn start(stream: TcpStream, root: Arc<Path>, idle: Duration) -> io::Result<()> {
    thread::Builder::new().stack_size(128 * 1024).spawn(move || {
        if let Err(error) = talk(&stream, &root, idle) {
            eprintln!("http-files: client lost: {error}");
        }
    })?;
    Ok(())
}

fn talk(mut stream: &TcpStream, root: &Path, idle: Duration) -> io::Result<()> {
    // One reader for the whole connection: it may already hold the next request.
    let mut reader = BufReader::new(stream);
    while wait_for_request(&mut reader, idle)? {
        let request = match read_request(&mut reader)? {
            Ok(request) => request,
            Err(status) => {
                stream.write_all(&refusal(status))?;
                break;
            }
        };
        stream.write_all(&answer(&request, root))?;
        if !request.keep_alive {
            break;
        }
    }
    hang_up(stream)
}

fn wait_for_request(reader: &mut BufReader<&TcpStream>, idle: Duration) -> io::Result<bool> {
    // True once a byte of a request is in the reader; false when the client ends, or after `idle` without a byte.
    // 读缓冲中已有请求的字节时返回 true；对方结束或空闲超过 `idle` 时返回 false。
    todo!("wait {idle:?} for {reader:?}")
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> io::Result<Result<Request, &'static str>> {
    // Read the head, judge it, then read the body to its exact end: by Content-Length or by chunks.
    // `Ok(Err("400 Bad Request"))` and the like are for the client, `Err` means that it is gone.
    // 读取并检查首部，再按 Content-Length 或分块编码把正文恰好读完；内层 Err 是要告诉对方的状态。
    todo!("read a request from {reader:?}")
}

fn refusal(status: &str) -> Vec<u8> {
    // Build an answer with that status, a Content-Length and `Connection: close`.
    // 用该状态码拼出响应，带 Content-Length 和 `Connection: close`。
    todo!("refuse with {status}")
}

fn answer(request: &Request, root: &Path) -> Vec<u8> {
    // GET and HEAD: cut the query, decode once, check, open, name the media type. POST: the body that came.
    // Everything else: 405. Say in `Connection` whether the connection stays open.
    // GET/HEAD：去掉查询串，解码一次，检查，打开，给出媒体类型；POST 原样返回正文；其余 405。
    let Request { method, target, keep_alive, body } = request;
    let length = body.len();
    todo!("answer {method} {target} ({length} bytes, open: {keep_alive}) from {}", root.display())
}

fn hang_up(stream: &TcpStream) -> io::Result<()> {
    // Shut down the sending side, then read and drop what still comes, with a limit in bytes and in time.
    // 先关闭发送方向，再读取并丢弃剩余数据；字节数和时间都要有上限。
    todo!("drop at most {LEFTOVER_MAX} bytes from {stream:?}")
}
