//! Download files by name, verify each one, and save it under a name of your own.
//! 下载客户端：校验每个文件，并用自己决定的名字保存。框架已给出，套接字部分由你完成。
//!
//! The lesson beside this file (README.md, README.zh.md) has the whole contract.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HEADER_MAX: u32 = 65_536;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let Some((address, dir)) = parse(&arguments) else {
        eprintln!("usage: file-client <ip> <port> <dir>");
        return ExitCode::from(2);
    };
    if let Err(error) = talk(address, dir) {
        eprintln!("file-client: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[OsString]) -> Option<(SocketAddr, &Path)> {
    let [ip, port, dir, ..] = arguments else {
        return None;
    };
    let address = SocketAddr::new(ip.to_str()?.parse().ok()?, port.to_str()?.parse().ok()?);
    Some((address, Path::new(dir)))
}

fn talk(address: SocketAddr, dir: &Path) -> io::Result<()> {
    let stream = connect(address, dir)?;
    // One reader for the whole connection: what it holds beyond a reply belongs to the next reply.
    let mut server = BufReader::new(&stream);
    for name in io::stdin().lock().split(b'\n') {
        let name = name?;
        if name == b"q" || name == b"Q" {
            break;
        }
        let mut verdict = match target(&name, dir) {
            Some(target) => fetch(&mut server, &name, &target)?,
            None => refuse(&name),
        };
        verdict.push(b'\n');
        io::stdout().write_all(&verdict)?;
    }
    Ok(())
}

fn connect(address: SocketAddr, dir: &Path) -> io::Result<TcpStream> {
    // Return an error if `dir` is not a folder, else a connection to the server.
    // 若 `dir` 不是目录则返回错误，否则连接服务器。
    todo!("connect to {address} for {}", dir.display())
}

fn target(name: &[u8], dir: &Path) -> Option<PathBuf> {
    // Return `dir` joined with the last part of the name; `None` if that part is empty, `.` or `..`.
    // 返回 `dir` 加上名字的最后一段；若该段为空、`.` 或 `..` 则返回 `None`。
    todo!("find the last part of {name:?} in {}", dir.display())
}

fn refuse(name: &[u8]) -> Vec<u8> {
    // Return the line for an empty input, or `ERR <name> bad name`. The name stays bytes.
    // 返回空输入的提示行，或 `ERR <name> bad name`；名字始终按字节处理。
    todo!("refuse {name:?}")
}

fn fetch(server: &mut BufReader<&TcpStream>, name: &[u8], target: &Path) -> io::Result<Vec<u8>> {
    // Send the name and `\n`. Read `[u32 h]`, check it, read the JSON. Read exactly file_data_len bytes into a
    // hidden file beside `target`; rename it only if the md5 is right, else remove it.
    // Return `OK …`, `BAD …` or `ERR …`; a broken reply is an `Err`.
    // 发送文件名，读头部和数据到隐藏文件；md5 正确才改名为 `target`，否则删除。应答损坏时返回 `Err`。
    todo!("fetch {name:?} from {server:?} to {target:?}, header at most {HEADER_MAX}")
}
