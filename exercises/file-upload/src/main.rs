//! Upload a file over TCP: `serve` stores what `send` brings. The frame is here, the sockets are yours.
//! 上传文件：框架已给出，套接字部分由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;

const HEADER_MAX: u32 = 65_536;
const FILE_MAX: u64 = 67_108_864;
/// How much a server drops after an answer before it closes.
const LEFTOVER_MAX: u64 = 1_048_576;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((mode, address, path)) = parse(&arguments) else {
        eprintln!("usage: file-upload serve <ip> <port> <dir> | send <ip> <port> <path>");
        return ExitCode::from(2);
    };
    let outcome = match mode {
        Mode::Serve => serve(address, path),
        Mode::Send => send(address, path),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("file-upload: {error}");
        ExitCode::FAILURE
    })
}

enum Mode {
    Serve,
    Send,
}

fn parse(arguments: &[OsString]) -> Option<(Mode, SocketAddr, &Path)> {
    let [mode, ip, port, path, ..] = arguments else {
        return None;
    };
    let mode = match mode.to_str()? {
        "serve" => Mode::Serve,
        "send" => Mode::Send,
        _ => return None,
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((mode, address, Path::new(path)))
}

fn serve(address: SocketAddr, dir: &Path) -> io::Result<ExitCode> {
    let listener = listen(address, dir)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| answer(&stream, dir)) {
            eprintln!("file-upload: client lost: {error}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn listen(address: SocketAddr, dir: &Path) -> io::Result<TcpListener> {
    // Return an error if `dir` is not a folder, else a socket that listens on `address`.
    // 若 `dir` 不是目录则返回错误，否则返回在 `address` 上监听的套接字。
    todo!("listen on {address} for {}", dir.display())
}

fn answer(mut stream: &TcpStream, dir: &Path) -> io::Result<()> {
    // An error, of the client or of the disk, becomes an `ERR` line.
    let reply = match receive(stream, dir) {
        Ok((size, md5)) => format!("OK {size} {md5}\n"),
        Err(error) => format!("ERR {error}\n"),
    };
    stream.write_all(reply.as_bytes())?;
    hang_up(stream)
}

fn receive(stream: &TcpStream, dir: &Path) -> io::Result<(u64, String)> {
    let (name, size) = read_header(stream)?;
    store(stream, dir, &name, size)
}

fn read_header(stream: &TcpStream) -> io::Result<(String, u64)> {
    // Read the u32 length, check it, read that many bytes, parse the JSON; check the name and the size.
    // 先读 4 字节长度并检查，再读满这么多字节，解析 JSON；检查文件名和大小。
    todo!("read a header of at most {HEADER_MAX} bytes from {stream:?}; a file has at most {FILE_MAX}")
}

fn store(stream: &TcpStream, dir: &Path, name: &str, size: u64) -> io::Result<(u64, String)> {
    // Read exactly `size` bytes into a hidden file, rename it to `name`; remove it if anything fails.
    // Return the size and the md5 in lower-case hex.
    // 把恰好 `size` 字节读入隐藏文件，成功后改名为 `name`，失败则删除；返回大小和小写十六进制 md5。
    todo!("store {size} bytes from {stream:?} as {}/{name}", dir.display())
}

fn hang_up(stream: &TcpStream) -> io::Result<()> {
    // Shut down the sending side, then read and drop what still comes, with a limit in bytes and in time.
    // 先关闭发送方向，再读取并丢弃剩余数据；字节数和时间都要有上限。
    todo!("drop at most {LEFTOVER_MAX} bytes from {stream:?}")
}

fn send(address: SocketAddr, path: &Path) -> io::Result<ExitCode> {
    let stream = connect(address)?;
    let wanted = upload(&stream, path)?;
    let reply = read_reply(&stream)?;
    io::stdout().write_all(&reply)?;
    Ok(if reply == wanted.as_bytes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    // Connect to the server.
    // 连接服务器。
    todo!("connect to {address}")
}

fn upload(stream: &TcpStream, path: &Path) -> io::Result<String> {
    // Send the header and the file; return the reply line that would be right: `OK <size> <md5>\n`.
    // A failed write is no reason to skip the reply: the server may have refused early.
    // 发送头部和文件，返回期望的应答行；写失败时也要去读应答，因为服务器可能提前拒绝了。
    todo!("send {} over {stream:?}", path.display())
}

fn read_reply(stream: &TcpStream) -> io::Result<Vec<u8>> {
    // Read one line with its `\n`; an end before that is an error.
    // 读一整行（含 `\n`）；若在此之前连接结束则是错误。
    todo!("read a line from {stream:?}")
}
