//! Serve the files of one folder: a line names a file, a JSON header and the bytes answer it.
//! 下载服务器：一行是一个文件名，应答是 JSON 头部加文件内容。框架已给出，套接字部分由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;

const LINE_MAX: u64 = 65_536;
/// How much a server drops after its last answer before it closes.
const LEFTOVER_MAX: u64 = 1_048_576;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, root)) = parse(&arguments) else {
        eprintln!("usage: file-server <ip> <port> <root>");
        return ExitCode::from(2);
    };
    if let Err(error) = serve(address, root) {
        eprintln!("file-server: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, root, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(root)))
}

fn serve(address: SocketAddr, root: &Path) -> io::Result<()> {
    let listener = listen(address, root)?;
    for stream in listener.incoming() {
        if let Err(error) = stream.and_then(|stream| talk(&stream, root)) {
            eprintln!("file-server: client lost: {error}");
        }
    }
    Ok(())
}

fn listen(address: SocketAddr, root: &Path) -> io::Result<TcpListener> {
    // Return an error if `root` is not a folder, else a socket that listens on `address`.
    // 若 `root` 不是目录则返回错误，否则返回在 `address` 上监听的套接字。
    todo!("listen on {address} for {}", root.display())
}

fn talk(stream: &TcpStream, root: &Path) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(line) = read_line(&mut reader)? {
        match open(root, &line) {
            Ok((name, file)) => send_file(stream, &name, file)?,
            Err(error) => send_error(stream, &error)?,
        }
    }
    hang_up(stream)
}

fn read_line(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Vec<u8>>> {
    // Return the next line without its `\n`; `None` at the end of the stream or when the line is too long.
    // 返回下一行（不含 `\n`）；到达流末尾或行过长时返回 `None`。
    todo!("read a line of at most {LINE_MAX} bytes from {reader:?}")
}

fn open(root: &Path, line: &[u8]) -> io::Result<(String, File)> {
    // Prove that the name is UTF-8, relative, without `..`, and that no symlink leads out of `root`; open it.
    // 确认文件名是 UTF-8、相对路径、不含 `..`，且符号链接不会离开 `root`，然后打开。
    todo!("open {line:?} under {}", root.display())
}

fn send_file(stream: &TcpStream, name: &str, file: File) -> io::Result<()> {
    // Send `[u32 h][JSON with name, md5, file_data_len]` and exactly file_data_len bytes.
    // 发送 `[u32 h][JSON: name, md5, file_data_len]`，然后恰好 file_data_len 字节的数据。
    todo!("send {file:?} as {name} over {stream:?}")
}

fn send_error(stream: &TcpStream, error: &io::Error) -> io::Result<()> {
    // Send `[u32 h][JSON with error]` and no data; the text is one line.
    // 发送 `[u32 h][JSON: error]`，不带数据；错误文本只占一行。
    todo!("send {error} over {stream:?}")
}

fn hang_up(stream: &TcpStream) -> io::Result<()> {
    // Shut down the sending side, then read and drop what still comes, with a limit in bytes and in time.
    // 先关闭发送方向，再读取并丢弃剩余数据；字节数和时间都要有上限。
    todo!("drop at most {LEFTOVER_MAX} bytes from {stream:?}")
}
