//! A server that tells each client what its connection's socket looks like from our side.
//!
//! Done for you: the arguments, the exit codes and the loops over the clients.
//! Yours: the two listeners, the report, and the end of a connection.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

fn main() -> ExitCode {
    let Some(place) = parse_args() else {
        eprintln!("usage: socket-info tcp4|tcp6 <ip> <port> | unix <path>");
        return ExitCode::from(2);
    };
    let result = match &place {
        Place::Tcp(addr) => serve_tcp(*addr),
        Place::Unix(path) => serve_unix(path),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("socket-info: {err}");
            ExitCode::FAILURE
        }
    }
}

fn parse_args() -> Option<Place> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let text = |i: usize| args.get(i)?.to_str();
    match text(0)? {
        "tcp4" => {
            let ip: Ipv4Addr = text(1)?.parse().ok()?;
            Some(Place::Tcp((ip, text(2)?.parse().ok()?).into()))
        }
        "tcp6" => {
            let ip: Ipv6Addr = text(1)?.parse().ok()?;
            Some(Place::Tcp((ip, text(2)?.parse().ok()?).into()))
        }
        "unix" => Some(Place::Unix(args.get(1).filter(|p| !p.is_empty())?.into())),
        _ => None,
    }
}

fn serve_tcp(addr: SocketAddr) -> io::Result<()> {
    let listener = listen_tcp(addr)?;
    announce(listener.local_addr()?.to_string().as_bytes())?;
    let family = if addr.is_ipv4() { "AF_INET" } else { "AF_INET6" };
    loop {
        // accept gives the peer's address; `peer_addr()` fails once the client has reset.
        let Ok((mut stream, peer)) = listener.accept() else {
            continue;
        };
        let Ok(local) = stream.local_addr() else {
            continue;
        };
        let (local, peer) = (local.to_string(), peer.to_string());
        // Whatever goes wrong between us and this client ends with this client.
        let _ = answer(&listener, &mut stream, family, local.as_bytes(), peer.as_bytes());
    }
}

fn serve_unix(path: &Path) -> io::Result<()> {
    let listener = listen_unix(path)?;
    let local = path.as_os_str().as_bytes().to_vec();
    announce(&local)?;
    loop {
        let Ok((mut stream, peer)) = listener.accept() else {
            continue;
        };
        let peer = peer.as_pathname().map_or(b"unnamed".to_vec(), |path| path.as_os_str().as_bytes().to_vec());
        let _ = answer(&listener, &mut stream, "AF_UNIX", &local, &peer);
    }
}

fn announce(local: &[u8]) -> io::Result<()> {
    // The newline flushes stdout, so the line is visible at once, even in a pipe.
    io::stdout().write_all(&[b"listening ", local, b"\n"].concat())
}

fn answer<C>(listener: &impl AsFd, conn: &mut C, family: &str, local: &[u8], peer: &[u8]) -> io::Result<()>
where
    C: Read + Write + AsFd + AsRawFd,
{
    let report = describe(listener, conn, family, local, peer)?;
    conn.write_all(&report)?;
    close_in_order(conn)
}

/// Binds the address and listens, with SO_REUSEADDR (does std set it?).
///
/// 绑定地址并监听，监听套接字要设置 SO_REUSEADDR。
fn listen_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    todo!("listen on {addr}")
}

/// Binds the path and listens. A socket file that an earlier run left there is removed first.
/// Anything else at the path must stay as it is, and is an error.
///
/// 绑定路径并监听；旧的套接字文件先删除，其他文件绝不能动。
fn listen_unix(path: &Path) -> io::Result<UnixListener> {
    todo!("listen on {}", path.display())
}

/// Sets SO_RCVBUF of the connection to 65536, then asks the kernel, and writes the seven lines:
/// family, type, local, peer, fd, reuseaddr (of the listener), rcvbuf (as it is now).
/// `setsockopt`, `getsockopt` and `sockopt` are in `nix::sys::socket`.
///
/// 设置接收缓冲区，再向内核查询，按顺序写出七行。
fn describe<C: AsFd + AsRawFd>(
    listener: &impl AsFd,
    conn: &C,
    family: &str,
    local: &[u8],
    peer: &[u8],
) -> io::Result<Vec<u8>> {
    let (listener, conn) = (listener.as_fd(), conn.as_fd());
    todo!("describe {conn:?} of {listener:?}: {family} {local:?} {peer:?}")
}

/// Ends the connection so that the client reads the report and then EOF, never a reset: shut
/// down the writing side first, then read and drop what the client still sends, until it ends
/// too. Do not wait for ever: SO_RCVTIMEO and a deadline of about a second bound it.
///
/// 有序关闭：先关闭写方向，再把对方还在发送的数据读完丢弃（要有时间上限）。
fn close_in_order<C: Read + AsFd + AsRawFd>(conn: &mut C) -> io::Result<()> {
    todo!("end descriptor {} in order", conn.as_raw_fd())
}
