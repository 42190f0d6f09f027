//! Socket tables by `NETLINK_SOCK_DIAG` (sock_diag(7)): who listens, what is queued, what is still on its way.
//!
//! An exact look-up takes a few microseconds and does not disturb the sockets; walking `/proc/net/tcp` takes
//! milliseconds.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType};

use crate::course::step::Transport;

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
pub(super) const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_HEADER: usize = 16;
const DIAG_MSG: usize = 72;
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_SKMEMINFO: u16 = 7;
/// RMEM_ALLOC, WMEM_ALLOC, WMEM_QUEUED, OPTMEM, BACKLOG
const SK_MEMINFO_HELD: [usize; 5] = [0, 2, 5, 6, 7];
const SK_MEMINFO_DROPS: usize = 8;

/// States of `tcp_states.h`, as sock_diag numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpState {
    /// 1
    Established,
    /// 2
    SynSent,
    /// 3
    SynRecv,
    /// 4
    FinWait1,
    /// 5
    FinWait2,
    /// 6
    TimeWait,
    /// 7
    Close,
    /// 8
    CloseWait,
    /// 9
    LastAck,
    /// 10
    Listen,
    /// 11
    Closing,
    /// A number that this list does not know.
    Unknown,
}

impl TcpState {
    fn from_number(number: u8) -> TcpState {
        match number {
            1 => TcpState::Established,
            2 => TcpState::SynSent,
            3 | 12 => TcpState::SynRecv,
            4 => TcpState::FinWait1,
            5 => TcpState::FinWait2,
            6 => TcpState::TimeWait,
            7 => TcpState::Close,
            8 => TcpState::CloseWait,
            9 => TcpState::LastAck,
            10 => TcpState::Listen,
            11 => TcpState::Closing,
            _ => TcpState::Unknown,
        }
    }

    /// The name that ss(8) and RFC 9293 use.
    pub fn name(self) -> &'static str {
        match self {
            TcpState::Established => "ESTABLISHED",
            TcpState::SynSent => "SYN_SENT",
            TcpState::SynRecv => "SYN_RECV",
            TcpState::FinWait1 => "FIN_WAIT1",
            TcpState::FinWait2 => "FIN_WAIT2",
            TcpState::TimeWait => "TIME_WAIT",
            TcpState::Close => "CLOSE",
            TcpState::CloseWait => "CLOSE_WAIT",
            TcpState::LastAck => "LAST_ACK",
            TcpState::Listen => "LISTEN",
            TcpState::Closing => "CLOSING",
            TcpState::Unknown => "?",
        }
    }
}

/// One row of a socket table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRow {
    /// The state; UDP sockets are `Close` (unconnected) or `Established`.
    pub state: TcpState,
    /// Its own address.
    pub local: SocketAddr,
    /// The other end's address; port 0 if there is none.
    pub peer: SocketAddr,
    /// Bytes received and not read; of a listener: connections not accepted; of UDP: memory of unread datagrams.
    pub unread: u32,
    /// Bytes sent and not acknowledged; of a listener: its backlog.
    pub unacked: u32,
    /// The inode of the socket; 0 if no process owns it: not accepted yet, or closed.
    pub inode: u32,
    /// Datagrams dropped because the receive buffer was full.
    pub drops: u32,
    /// Bytes of memory that its buffers take.
    pub memory: u64,
    /// What TCP_INFO tells; of UDP sockets, sockets in TIME_WAIT and in rows of whole tables nothing.
    pub tcp: Option<TcpCounts>,
}

/// Counters of one direction each, from `struct tcp_info` (linux/tcp.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpCounts {
    /// Payload bytes received in order, and 1 more for a FIN.
    pub received: u64,
    /// Payload bytes sent, each counted once.
    pub sent: u64,
    /// Payload bytes that the program wrote and the kernel has not sent.
    pub not_sent: u32,
}

/// A netlink socket to the socket tables of the network namespace in which it was opened.
#[derive(Debug)]
pub struct Diag {
    netlink: OwnedFd,
}

impl Diag {
    /// Opens the tables of this thread's network namespace. Errors where the system lacks sock_diag or forbids it.
    pub fn open() -> io::Result<Diag> {
        let netlink = socket::socket(
            AddressFamily::Netlink,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkSockDiag,
        )?;
        Ok(Diag { netlink })
    }

    /// The row of exactly this TCP connection as seen from `local`, or `None`.
    pub fn connection(&self, local: SocketAddr, peer: SocketAddr) -> io::Result<Option<SocketRow>> {
        self.exact(libc::IPPROTO_TCP as u8, local, peer)
    }

    /// The socket that would get a SYN or datagram sent to `address`: bound to it or to the wildcard address.
    pub fn receiver(&self, over: Transport, address: SocketAddr) -> io::Result<Option<SocketRow>> {
        let nobody = SocketAddr::new(unspecified(address), 0);
        match over {
            Transport::Tcp => {
                Ok(self.exact(libc::IPPROTO_TCP as u8, address, nobody)?.filter(|row| row.state == TcpState::Listen))
            }
            // Look-ups of UDP sockets take source and destination the other way round (net/ipv4/udp_diag.c).
            Transport::Udp => self.exact(libc::IPPROTO_UDP as u8, nobody, address),
            Transport::Unix => Ok(None),
        }
    }

    /// All listening TCP sockets, or all UDP sockets, of both families.
    pub fn receivers(&self, over: Transport) -> io::Result<Vec<SocketRow>> {
        let (protocol, states) = match over {
            Transport::Tcp => (libc::IPPROTO_TCP as u8, 1 << 10),
            Transport::Udp => (libc::IPPROTO_UDP as u8, !0),
            Transport::Unix => return Ok(Vec::new()),
        };
        self.all(protocol, states)
    }

    /// All sockets of a protocol in these states, of both families.
    pub(super) fn all(&self, protocol: u8, states: u32) -> io::Result<Vec<SocketRow>> {
        let mut rows = Vec::new();
        for family in [libc::AF_INET as u8, libc::AF_INET6 as u8] {
            let body = inet_request(family, protocol, states, None);
            self.dump(&request(NLM_F_DUMP, &body), |body| rows.extend(row(body)))?;
        }
        Ok(rows)
    }

    fn exact(&self, protocol: u8, src: SocketAddr, dst: SocketAddr) -> io::Result<Option<SocketRow>> {
        let family = if src.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 } as u8;
        let request = request(0, &inet_request(family, protocol, !0, Some((src, dst))));
        socket::send(self.netlink.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut buffer = [0; 4096];
        let length = socket::recv(self.netlink.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        match messages(&buffer[..length]).next() {
            Some((SOCK_DIAG_BY_FAMILY, body)) => Ok(row(body)),
            Some((NLMSG_ERROR, body)) => match -i32_at(body, 0) {
                libc::ENOENT => Ok(None),
                errno => Err(io::Error::from_raw_os_error(errno)),
            },
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "an answer of sock_diag could not be read")),
        }
    }

    /// Asks for a table and gives each of its rows to `take`.
    pub(super) fn dump(&self, request: &[u8], mut take: impl FnMut(&[u8])) -> io::Result<()> {
        socket::send(self.netlink.as_raw_fd(), request, MsgFlags::empty())?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = socket::recv(self.netlink.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
            for (kind, body) in messages(&buffer[..length]) {
                match kind {
                    NLMSG_DONE => return Ok(()),
                    NLMSG_ERROR => return Err(io::Error::from_raw_os_error(-i32_at(body, 0))),
                    _ => take(body),
                }
            }
        }
    }
}

fn unspecified(like: SocketAddr) -> IpAddr {
    match like {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// `struct nlmsghdr` with `body` behind it.
pub(super) fn request(flags: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(NLMSG_HEADER + body.len());
    bytes.extend(((NLMSG_HEADER + body.len()) as u32).to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | flags).to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(body);
    bytes
}

/// `struct inet_diag_req_v2` (linux/inet_diag.h).
fn inet_request(family: u8, protocol: u8, states: u32, ends: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    // TCP_INFO is long, and of whole tables nobody reads it.
    let info = u8::from(ends.is_some()) << (INET_DIAG_INFO - 1);
    let extensions = info | 1 << (INET_DIAG_SKMEMINFO - 1);
    let mut bytes = vec![family, protocol, extensions, 0];
    bytes.extend(states.to_ne_bytes());
    match ends {
        Some((src, dst)) => {
            bytes.extend(src.port().to_be_bytes());
            bytes.extend(dst.port().to_be_bytes());
            bytes.extend(address_bytes(src));
            bytes.extend(address_bytes(dst));
        }
        None => bytes.extend([0; 36]),
    }
    bytes.extend([0; 4]);
    bytes.extend([0xff; 8]); // INET_DIAG_NOCOOKIE
    bytes
}

fn address_bytes(address: SocketAddr) -> [u8; 16] {
    match address.ip() {
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The netlink messages in `bytes`: the type and the body of each.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = (bytes.len() >= NLMSG_HEADER).then(|| u32_at(bytes, 0) as usize)?;
        let body = bytes.get(NLMSG_HEADER..length)?;
        let kind = u16_at(bytes, 4);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

/// `struct inet_diag_msg` and the attributes behind it.
fn row(body: &[u8]) -> Option<SocketRow> {
    let fixed = body.get(..DIAG_MSG)?;
    let address = |at: usize, port: usize| {
        let ip = match fixed[0] as i32 {
            libc::AF_INET => IpAddr::from([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]),
            _ => IpAddr::from(<[u8; 16]>::try_from(&fixed[at..at + 16]).unwrap_or_default()),
        };
        SocketAddr::new(ip.to_canonical(), u16::from_be_bytes([fixed[port], fixed[port + 1]]))
    };
    let mut row = SocketRow {
        state: TcpState::from_number(fixed[1]),
        local: address(8, 4),
        peer: address(24, 6),
        unread: u32_at(fixed, 56),
        unacked: u32_at(fixed, 60),
        inode: u32_at(fixed, 68),
        drops: 0,
        memory: 0,
        tcp: None,
    };
    for (kind, value) in attributes(&body[DIAG_MSG..]) {
        match kind {
            INET_DIAG_INFO if row.state != TcpState::Listen => row.tcp = tcp_counts(value),
            INET_DIAG_SKMEMINFO if value.len() >= 4 * (SK_MEMINFO_DROPS + 1) => {
                row.drops = u32_at(value, 4 * SK_MEMINFO_DROPS);
                row.memory = memory(value);
            }
            _ => {}
        }
    }
    Some(row)
}

/// What the buffers of a socket take, by its SKMEMINFO (sock_diag(7)): received and not read, on its way, sent and not
/// acknowledged, options, and waiting for the socket's lock.
pub(super) fn memory(info: &[u8]) -> u64 {
    let fields = info.chunks_exact(4).map(|field| u64::from(u32_at(field, 0))).enumerate();
    fields.filter(|(number, _)| SK_MEMINFO_HELD.contains(number)).map(|(_, bytes)| bytes).sum()
}

pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = (bytes.len() >= 4).then(|| u16_at(bytes, 0) as usize)?;
        let value = bytes.get(4..length)?;
        let kind = u16_at(bytes, 2);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Fields of `struct tcp_info` by their offsets, which are part of the kernel's ABI and only ever grow at the end.
fn tcp_counts(info: &[u8]) -> Option<TcpCounts> {
    (info.len() >= 216).then(|| TcpCounts {
        received: u64_at(info, 128),
        sent: u64_at(info, 200).saturating_sub(u64_at(info, 208)),
        not_sent: u32_at(info, 144),
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    bytes.get(at..at + 4).map_or(-libc::EIO, |_| u32_at(bytes, at) as i32)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    #[test]
    fn a_listener_is_seen_with_its_backlog_and_what_waits_in_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let diag = Diag::open().unwrap();
        assert_eq!(diag.receiver(Transport::Tcp, address).unwrap().unwrap().unread, 0);
        let _client = TcpStream::connect(address).unwrap();
        let row = diag.receiver(Transport::Tcp, address).unwrap().unwrap();
        assert_eq!((row.unread, row.unacked, row.local), (1, 128, address));
    }

    #[test]
    fn bytes_are_counted_before_and_after_they_are_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"hello").unwrap();
        let diag = Diag::open().unwrap();
        let row = diag.connection(address, client.local_addr().unwrap()).unwrap().unwrap();
        assert_eq!((row.inode, row.unread, row.tcp.unwrap().received), (0, 5, 5));
        let own = diag.connection(client.local_addr().unwrap(), address).unwrap().unwrap();
        assert_eq!(own.tcp.unwrap().sent, 5);
        let (_server, _) = listener.accept().unwrap();
        assert_ne!(diag.connection(address, client.local_addr().unwrap()).unwrap().unwrap().inode, 0);
    }

    #[test]
    fn a_udp_socket_is_seen_with_what_it_has_not_read() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let diag = Diag::open().unwrap();
        assert_eq!(diag.receiver(Transport::Udp, address).unwrap().unwrap().unread, 0);
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", address).unwrap();
        assert!(diag.receiver(Transport::Udp, address).unwrap().unwrap().unread > 0);
    }

    #[test]
    fn nobody_is_found_where_nobody_listens() {
        let diag = Diag::open().unwrap();
        let address = "[::1]:9".parse().unwrap();
        assert_eq!(diag.receiver(Transport::Tcp, address).unwrap(), None);
        assert_eq!(diag.receiver(Transport::Udp, address).unwrap(), None);
    }
}
