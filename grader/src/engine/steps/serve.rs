//! Servers that we play, the connections that come to them, and addresses that are only held.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, setsockopt, sockopt};
use nix::unistd::{Uid, fchown};

use crate::course::cause::Symptom;
use crate::course::step::{Accept, Listen, Occupy, Transport};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::stream::{Carrier, Stream};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;

/// Room for datagrams that the program sends before we read: the kernel allows at most rmem_max.
pub const DATAGRAM_ROOM: usize = 1 << 20;

/// Takes the check's address.
pub fn occupy(world: &mut World, occupy: &Occupy) -> Outcome {
    world.move_to_fresh_port()?;
    let holder: OwnedFd = match occupy.over {
        Transport::Tcp => TcpListener::bind(world.address)?.into(),
        Transport::Udp | Transport::Unix => UdpSocket::bind(world.address)?.into(),
    };
    world.held.push(holder);
    world.note("occupy", None, None, world.address.to_string());
    Ok(())
}

/// Plays a server at a port that the kernel picks.
pub fn listen(world: &mut World, listen: &Listen) -> Outcome {
    let name = world.name(&listen.name)?;
    if listen.shared {
        return listen_shared(world, &name);
    }
    let any_port = SocketAddr::new(world.address.ip(), 0);
    let address = match listen.over {
        Transport::Tcp => {
            let listener = TcpListener::bind(any_port)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            world.listeners.insert(name.clone(), listener);
            address
        }
        Transport::Udp | Transport::Unix => {
            let socket = UdpSocket::bind(any_port)?;
            let address = socket.local_addr()?;
            world.streams.insert(name.clone(), datagrams(socket, None)?);
            address
        }
    };
    // `{ip}` and `{port}` are the first played server's: that is the one that the program is told of.
    if !world.plays_server {
        world.plays_server = true;
        world.address = address;
        world.values.set_address(address);
    }
    world.values.set_stream(&name, address);
    world.note("listen", Some(&name), None, address.to_string());
    Ok(())
}

/// A UDP socket that takes datagrams from anybody and answers whoever sent last, or always `to`.
pub fn datagrams(socket: UdpSocket, to: Option<SocketAddr>) -> Outcome<Stream> {
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::RcvBuf, &DATAGRAM_ROOM)?;
    let carrier = match to {
        Some(to) => Carrier::UdpTo(socket, to),
        None => Carrier::UdpServer(socket, None),
    };
    Ok(Stream::new(carrier, None))
}

/// A receiver of broadcasts: bound to the wildcard address and the check's port, beside others that are.
fn listen_shared(world: &mut World, name: &str) -> Outcome {
    let socket = socket::socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    setsockopt(&socket, sockopt::ReusePort, &true)?;
    let address = SocketAddr::from(([0, 0, 0, 0], world.address.port()));
    // SO_REUSEPORT lets only sockets of one user share a port (socket(7)), so this one becomes the program's.
    world.users.iter().find(|uid| fchown(&socket, Some(Uid::from_raw(**uid)), None).is_ok());
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    world.streams.insert(name.to_owned(), datagrams(UdpSocket::from(socket), None)?);
    world.values.set_stream(name, address);
    // The program's port stays this one from here on.
    world.plays_server = true;
    world.note("listen", Some(name), None, address.to_string());
    Ok(())
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
