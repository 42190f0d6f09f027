//! What lies in the buffers of sockets: memory of the kernel's, which is in no process and so in no sum of theirs.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use super::diag::{Diag, NLM_F_DUMP, SocketRow, attributes, memory, request};
use super::procfs;

/// `struct unix_diag_msg` (linux/unix_diag.h).
const UNIX_DIAG_MSG: usize = 16;
const UNIX_DIAG_MEMINFO: u16 = 5;
const UDIAG_SHOW_MEMINFO: u32 = 0x20;

/// The most bytes of pages that stand behind one byte of a packet's own memory: 17 pages (MAX_SKB_FRAGS) behind some 800
/// bytes. Measured: 83.
const MOST_BEHIND: u64 = 100;

/// The same of a Unix socket, where every such byte is a packet of some 800 bytes by itself.
const BEHIND_UNIX: u64 = 6;

/// About what a socket takes with nothing in it, in bytes.
const SOCKET: u64 = 4096;

/// Memory of all TCP and UDP sockets of the machine, in bytes, told at once: at least that of those in any network
/// namespace. To count these takes milliseconds, since the kernel walks its whole table for it.
pub fn of_the_machine() -> Option<u64> {
    let table = procfs::read("/proc/thread-self/net/sockstat").ok()?;
    let page = rustix::param::page_size() as u64;
    table
        .lines()
        .filter(|line| line.starts_with("TCP:") || line.starts_with("UDP:"))
        .map(|line| Some(number(line, "mem")? * page + number(line, "inuse")? * SOCKET))
        .sum()
}

/// The number behind `name` in a line like `TCP: inuse 3 orphan 0 tw 0 alloc 4 mem 17`.
fn number(line: &str, name: &str) -> Option<u64> {
    line.split_whitespace().skip_while(|word| *word != name).nth(1)?.parse().ok()
}

impl Diag {
    /// Bytes in the buffers of all TCP and UDP sockets of the network namespace, without those with these ends (their
    /// own address, the other's).
    pub fn in_inet_buffers(&self, without: &BTreeSet<(SocketAddr, SocketAddr)>) -> io::Result<u64> {
        let mut sum = 0;
        for protocol in [libc::IPPROTO_TCP, libc::IPPROTO_UDP] {
            let rows = self.all(protocol as u8, !0)?;
            let counted = rows.iter().filter(|row| !without.contains(&(row.local, row.peer)));
            let behind = |row: &SocketRow| if protocol == libc::IPPROTO_TCP { pages_behind(row) } else { 0 };
            sum += counted.map(|row| SOCKET + row.memory + behind(row)).sum::<u64>();
        }
        Ok(sum)
    }

    /// Bytes in the buffers of all Unix sockets of the network namespace, those that no process has open (they wait in
    /// another one to be received, unix(7)) included. They are counted where they come from.
    pub fn in_unix_buffers(&self) -> io::Result<u64> {
        let mut sum = 0;
        self.dump(&request(NLM_F_DUMP, &unix_request()), |body| {
            let attributes = body.get(UNIX_DIAG_MSG..).map(attributes).into_iter().flatten();
            let buffers = attributes.filter(|(kind, _)| *kind == UNIX_DIAG_MEMINFO).map(|(_, value)| memory(value));
            sum += SOCKET + BEHIND_UNIX * buffers.sum::<u64>();
        })?;
        Ok(sum)
    }
}

/// The most memory, in bytes, that a TCP socket may hold beyond what it counts. Of a page of which a byte was sent by
/// sendfile(2) it holds the whole, and counts the byte, though the file may have let go of the page since. There are no
/// more such pages than bytes, and a packet names few of them. In UDP sockets every such byte is a packet by itself, so
/// that they hold at most some five times what they count, which is let be.
fn pages_behind(row: &SocketRow) -> u64 {
    let bytes = u64::from(row.unread) + u64::from(row.unacked);
    let packets = row.memory.saturating_sub(bytes);
    (bytes * rustix::param::page_size() as u64).min(packets * MOST_BEHIND)
}

/// `struct unix_diag_req` for all sockets in all states.
fn unix_request() -> Vec<u8> {
    let mut bytes = vec![libc::AF_UNIX as u8, 0, 0, 0];
    for word in [!0, 0, UDIAG_SHOW_MEMINFO, !0, !0] {
        bytes.extend(u32::to_ne_bytes(word));
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Much more than other tests have in their buffers at the same time.
    const MUCH: u64 = 100_000;

    #[test]
    fn a_line_of_sockstat_is_read() {
        assert_eq!(number("TCP: inuse 3 orphan 0 tw 0 alloc 4 mem 17", "mem"), Some(17));
        assert_eq!(number("UDP: inuse 2 mem 5 more 6", "inuse"), Some(2));
        assert_eq!(number("RAW: inuse 0", "mem"), None);
        assert!(of_the_machine().is_some());
    }

    #[test]
    fn what_nobody_has_read_is_counted_but_for_the_ends_that_are_left_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.send_to(&[0; 30_000], udp.local_addr().unwrap()).unwrap();
        client.set_nonblocking(true).unwrap();
        while client.write(&[0; 65_536]).is_ok() {}
        let (ours, theirs) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        let diag = Diag::open().unwrap();
        let rows = diag.all(libc::IPPROTO_TCP as u8, !0).unwrap();
        let held = |local| rows.iter().find(|row| row.local == local && row.peer.port() != 0).unwrap().memory;
        assert!(held(ours) + held(theirs) > MUCH);
        let rows = diag.all(libc::IPPROTO_UDP as u8, !0).unwrap();
        assert!(rows.iter().find(|row| row.local == udp.local_addr().unwrap()).unwrap().memory > 30_000);
        let all = diag.in_inet_buffers(&BTreeSet::new()).unwrap();
        let rest = diag.in_inet_buffers(&BTreeSet::from([(ours, theirs), (theirs, ours)])).unwrap();
        assert!(all > MUCH && rest < all);
    }

    #[test]
    fn bytes_between_unix_sockets_are_counted() {
        let (mut one, _other) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        while one.write(&[0; 65_536]).is_ok() {}
        assert!(Diag::open().unwrap().in_unix_buffers().unwrap() > MUCH);
    }
}
