//! A server that tells each client what its connection's socket looks like from our side.
//!
//! The idea: a socket is a kernel object behind a file descriptor. It has a
//! family, a type, two addresses and options; some are ours to set, and what
//! the kernel made of them is only known by asking again.

use nix::sys::socket::{Shutdown, getsockopt, setsockopt, shutdown, sockopt};
use nix::sys::time::TimeVal;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long we wait for the client's end after our own.
const LINGER: Duration = Duration::from_secs(1);

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
    // std sets SO_REUSEADDR on TCP listeners by itself.
    let listener = TcpListener::bind(addr)?;
    // Asked of the socket: with port 0 only the kernel knows the port.
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
    remove_stale_socket(path)?;
    let listener = UnixListener::bind(path)?;
    let local = path.as_os_str().as_bytes().to_vec();
    announce(&local)?;
    loop {
        let Ok((mut stream, peer)) = listener.accept() else {
            continue;
        };
        // A client rarely binds a path of its own: it needs no name to be answered.
        let peer = peer.as_pathname().map_or(b"unnamed".to_vec(), |path| path.as_os_str().as_bytes().to_vec());
        let _ = answer(&listener, &mut stream, "AF_UNIX", &local, &peer);
    }
}

/// The file outlives the socket, and bind refuses any path that exists. Only a socket where nobody
/// listens any more is ours to remove; anything else makes bind fail, as it should.
fn remove_stale_socket(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    let refused = |err: io::Error| err.kind() == ErrorKind::ConnectionRefused;
    if is_socket && UnixStream::connect(path).is_err_and(refused) {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn announce(local: &[u8]) -> io::Result<()> {
    // The newline flushes stdout, so the line is visible at once, even in a pipe.
    io::stdout().write_all(&[b"listening ", local, b"\n"].concat())
}

/// Addresses are bytes here, because a path need not be UTF-8.
fn answer<C>(listener: &impl AsFd, conn: &mut C, family: &str, local: &[u8], peer: &[u8]) -> io::Result<()>
where
    C: Read + Write + AsFd + AsRawFd,
{
    setsockopt(conn, sockopt::RcvBuf, &65_536)?;
    let report = describe(listener, conn, family, local, peer)?;
    conn.write_all(&report)?;
    close_in_order(conn)
}

fn describe<C: AsFd + AsRawFd>(
    listener: &impl AsFd,
    conn: &C,
    family: &str,
    local: &[u8],
    peer: &[u8],
) -> io::Result<Vec<u8>> {
    let mut report = format!("family={family}\ntype=SOCK_STREAM\nlocal=").into_bytes();
    report.extend_from_slice(local);
    report.extend_from_slice(b"\npeer=");
    report.extend_from_slice(peer);
    let fd = conn.as_raw_fd();
    let reuseaddr = u8::from(getsockopt(listener, sockopt::ReuseAddr)?);
    // Linux doubles what was asked for, to pay for its own bookkeeping.
    let rcvbuf = getsockopt(conn, sockopt::RcvBuf)?;
    writeln!(report, "\nfd={fd}\nreuseaddr={reuseaddr}\nrcvbuf={rcvbuf}")?;
    Ok(report)
}

/// Sends our end, then reads what the client still sends, so that it finds EOF after the report:
/// closing a socket with unread bytes resets the connection.
fn close_in_order<C: Read + AsFd + AsRawFd>(conn: &mut C) -> io::Result<()> {
    shutdown(conn.as_raw_fd(), Shutdown::Write)?;
    setsockopt(conn, sockopt::ReceiveTimeout, &TimeVal::new(1, 0))?;
    let end = Instant::now() + LINGER;
    let mut dropped = [0; 16 * 1024];
    while Instant::now() < end && conn.read(&mut dropped)? > 0 {}
    Ok(())
}
