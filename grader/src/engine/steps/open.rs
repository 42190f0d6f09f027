//! Clients that we play: connections of every kind to the program.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, UnixAddr, setsockopt, sockopt};

use super::files;
use super::serve::{DATAGRAM_ROOM, datagrams};
use crate::course::cause::Symptom;
use crate::course::step::{Connect, Transport};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::stream::{Carrier, Stream};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::VoidKind;
use crate::kernel::diag::TcpState;

/// Plays a client.
pub fn connect(world: &mut World, connect: &Connect) -> Outcome {
    let name = world.name(&connect.name)?;
    let to = connect.to.as_ref().map(|to| world.bytes(to)).transpose()?;
    if connect.over == Transport::Unix {
        return connect_unix(world, &name, &to.unwrap_or_default());
    }
    let address = address(world, to)?;
    if connect.waits {
        return connect_waiting(world, &name, address);
    }
    let stream = match connect.over {
        Transport::Udp => connected_udp(address)?,
        Transport::Tcp | Transport::Unix => match connected_tcp(world, address, connect.unread)? {
            Some(stream) => stream,
            None => {
                world.note("refused", Some(&name), None, address.to_string());
                let finding = Finding::new(Symptom::Refused).on(&name).with("wanted_address", address);
                world.settle()?;
                return Err(world.ended_or(finding, false).into());
            }
        },
    };
    if let Some(ours) = stream.local() {
        world.values.set_stream(&name, ours);
    }
    world.streams.insert(name.clone(), stream);
    world.stir();
    world.note("connect", Some(&name), None, address.to_string());
    Ok(())
}

/// The address that a text stands for, or the check's.
fn address(world: &World, text: Option<Vec<u8>>) -> Outcome<SocketAddr> {
    let Some(text) = text else { return Ok(world.address) };
    let text = String::from_utf8_lossy(&text);
    text.parse().map_err(|_| Stop::void(VoidKind::Lost, format!("`{text}` is no address")))
}

fn connect_unix(world: &mut World, name: &str, path: &[u8]) -> Outcome {
    let shown = String::from_utf8_lossy(path).into_owned();
    let waited = world.wait(Patience::UntilQuiet, |world| match connected_unix(files::place(world, path)?) {
        Ok(socket) => Ok(Some(Ok(socket))),
        // The accept queue is full.
        Err(nix::Error::EAGAIN) => Ok(None),
        Err(error) => Ok(Some(Err(error))),
    })?;
    match waited {
        Waited::There(Ok(socket)) => {
            world.streams.insert(name.to_owned(), Stream::new(Carrier::Unix(socket), None));
            world.stir();
            world.note("connect", Some(name), None, shown);
            Ok(())
        }
        Waited::There(Err(error)) => {
            world.note("refused", Some(name), None, format!("{shown}: {error}"));
            let finding = Finding::new(Symptom::Refused).on(name).with("wanted_address", shown);
            world.settle()?;
            Err(world.ended_or(finding, false).into())
        }
        Waited::Never | Waited::Late => {
            let finding = Finding::new(Symptom::Refused).on(name).with("wanted_address", shown);
            let finding = finding.with("about", "queue").with("detail", "the accept queue is full");
            Err(world.ended_or(finding, matches!(waited, Waited::Late)).into())
        }
    }
}

/// A connection, at once or not at all: a blocking connect(2) would wait for room in the accept queue. It goes to the
/// socket that was found at `place`: a link there could lead to one of the machine's.
fn connected_unix(place: io::Result<OwnedFd>) -> nix::Result<UnixStream> {
    let place = place.map_err(|error| nix::Error::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    let path = format!("/proc/self/fd/{}", place.as_raw_fd());
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    socket::connect(socket.as_raw_fd(), &UnixAddr::new(path.as_str())?)?;
    Ok(UnixStream::from(socket))
}

/// Begins a connection that must not come about: the accept queue is full, and its kernel drops the SYN.
fn connect_waiting(world: &mut World, name: &str, address: SocketAddr) -> Outcome {
    // What the program accepts, it has accepted now.
    world.settle()?;
    let refused = || Finding::new(Symptom::Refused).on(name).with("wanted_address", address);
    let socket = begin_tcp(address, None)?.ok_or_else(refused)?;
    let ours = TcpStream::from(socket.try_clone()?).local_addr()?;
    let state = world.diag.connection(ours, address)?.map(|row| row.state);
    world.held.push(socket);
    world.note("connect", Some(name), None, state.map_or("no socket", TcpState::name));
    match state {
        Some(TcpState::SynSent) => Ok(()),
        _ => {
            let finding = Finding::new(Symptom::Extra).on(name).with("about", "queue");
            Err(finding.with("detail", "the accept queue has room for one connection more").into())
        }
    }
}

fn connected_udp(address: SocketAddr) -> Outcome<Stream> {
    if let SocketAddr::V4(v4) = address
        && (v4.ip().is_broadcast() || v4.ip().octets() == [127, 255, 255, 255])
    {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_broadcast(true)?;
        return datagrams(socket, Some(address));
    }
    let socket = UdpSocket::bind(SocketAddr::new(address.ip(), 0))?;
    socket.connect(address)?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::RcvBuf, &DATAGRAM_ROOM)?;
    let ends = (socket.local_addr()?, address);
    Ok(Stream::new(Carrier::Udp(socket), Some(ends)))
}

/// A connection, or `None` if it is refused. The handshake does not need the program: its kernel does it.
fn connected_tcp(world: &mut World, address: SocketAddr, unread: Option<usize>) -> Outcome<Option<Stream>> {
    let Some(socket) = begin_tcp(address, unread)? else { return Ok(None) };
    let stream = TcpStream::from(socket);
    let (ours, theirs) = (stream.local_addr()?, address);
    let waited = world.wait(Patience::UntilDeadline, |_| match stream.take_error()? {
        Some(error) => Ok(Some(Err(error))),
        None => Ok(stream.peer_addr().is_ok().then_some(Ok(()))),
    })?;
    match waited {
        Waited::There(Ok(())) => {}
        Waited::There(Err(_)) => return Ok(None),
        Waited::Never | Waited::Late => {
            return Err(Finding::new(Symptom::Timeout).with("wanted_address", theirs).into());
        }
    }
    stream.set_nodelay(true)?;
    Ok(Some(Stream { unread: unread.is_some(), ..Stream::new(Carrier::Tcp(stream), Some((ours, theirs))) }))
}

/// Sends a SYN; `None` if it is refused at once.
fn begin_tcp(address: SocketAddr, unread: Option<usize>) -> Outcome<Option<OwnedFd>> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    if let Some(bytes) = unread {
        setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
    }
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(nix::Error::EINPROGRESS) => Ok(Some(socket)),
        Err(nix::Error::ECONNREFUSED) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
