//! Sockets of ours: played clients, played servers, and addresses that are only held.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, setsockopt, sockopt};

use crate::course::cause::Symptom;
use crate::course::step::{Accept, Connect, Listen, Occupy, Transport};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::stream::{Carrier, Stream};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;

/// Room for datagrams that the program sends before we read: the kernel allows at most rmem_max.
const DATAGRAM_ROOM: usize = 1 << 20;

/// Takes the check's address.
pub fn occupy(world: &mut World, occupy: &Occupy) -> Outcome {
    let holder: OwnedFd = match occupy.over {
        Transport::Tcp => TcpListener::bind(world.address)?.into(),
        Transport::Udp => UdpSocket::bind(world.address)?.into(),
    };
    world.held.push(holder);
    world.note("occupy", None, None, world.address.to_string());
    Ok(())
}

/// Plays a server at a port that the kernel picks.
pub fn listen(world: &mut World, listen: &Listen) -> Outcome {
    let name = world.name(&listen.name)?;
    let any_port = SocketAddr::new(world.address.ip(), 0);
    let address = match listen.over {
        Transport::Tcp => {
            let listener = TcpListener::bind(any_port)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            world.listeners.insert(name.clone(), listener);
            address
        }
        Transport::Udp => {
            let socket = UdpSocket::bind(any_port)?;
            socket.set_nonblocking(true)?;
            setsockopt(&socket, sockopt::RcvBuf, &DATAGRAM_ROOM)?;
            let address = socket.local_addr()?;
            world.streams.insert(name.clone(), Stream::new(Carrier::UdpServer(socket, None), None));
            address
        }
    };
    world.plays_server = true;
    world.address = address;
    world.values.set_address(address);
    world.note("listen", Some(&name), None, address.to_string());
    Ok(())
}

/// Plays a client.
pub fn connect(world: &mut World, connect: &Connect) -> Outcome {
    let name = world.name(&connect.name)?;
    let stream = match connect.over {
        Transport::Udp => connected_udp(world.address)?,
        Transport::Tcp => match connected_tcp(world, connect.unread)? {
            Some(stream) => stream,
            None => {
                world.note("refused", Some(&name), None, world.address.to_string());
                let finding = Finding::new(Symptom::Refused).on(&name).with("wanted_address", world.address);
                world.settle()?;
                return Err(world.ended_or(finding, false).into());
            }
        },
    };
    if let Some((ours, _)) = stream.ends {
        world.values.set_stream(&name, ours);
    }
    world.streams.insert(name.clone(), stream);
    world.stir();
    world.note("connect", Some(&name), None, world.address.to_string());
    Ok(())
}

fn connected_udp(address: SocketAddr) -> Outcome<Stream> {
    let socket = UdpSocket::bind(SocketAddr::new(address.ip(), 0))?;
    socket.connect(address)?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::RcvBuf, &DATAGRAM_ROOM)?;
    let ends = (socket.local_addr()?, address);
    Ok(Stream::new(Carrier::Udp(socket), Some(ends)))
}

/// A connection, or `None` if it is refused. The handshake does not need the program: its kernel does it.
fn connected_tcp(world: &mut World, unread: Option<usize>) -> Outcome<Option<Stream>> {
    let family = if world.address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket::socket(family, SockType::Stream, flags, None)?;
    if let Some(bytes) = unread {
        setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
    }
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(world.address)) {
        Ok(()) | Err(nix::Error::EINPROGRESS) => {}
        Err(nix::Error::ECONNREFUSED) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let stream = TcpStream::from(socket);
    let (ours, theirs) = (stream.local_addr()?, world.address);
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

/// Takes the connection that the program makes to a played server.
pub fn accept(world: &mut World, accept: &Accept) -> Outcome {
    let (from, name) = (world.name(&accept.from)?, world.name(&accept.name)?);
    let waited = world.wait(Patience::UntilQuiet, |world| {
        let Some(listener) = world.listeners.get(&from) else { return Ok(None) };
        match listener.accept() {
            Ok((socket, peer)) => Ok(Some((socket, peer))),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    })?;
    let Waited::There((socket, peer)) = waited else {
        let finding = Finding::new(Symptom::NoConnection).on(&from).with("wanted_address", world.address);
        return Err(world.ended_or(finding, waited_late(&waited)).into());
    };
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    let ends = (socket.local_addr()?, peer);
    world.streams.insert(name.clone(), Stream::new(Carrier::Tcp(socket), Some(ends)));
    world.values.set_stream(&name, peer);
    world.stir();
    world.note("accept", Some(&name), None, format!("from {peer}"));
    world.pump(Duration::ZERO).map(drop)
}

fn waited_late<T>(waited: &Waited<T>) -> bool {
    matches!(waited, Waited::Late)
}
