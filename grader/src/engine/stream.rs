//! One stream of bytes or datagrams between the grader and the program, by its name in the check.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::course::step::Ending;

/// Bytes that are kept of one stream; a program that sends more is not read any further.
pub const MOST_KEPT: usize = 64 << 20;

/// Datagrams that are kept of one, likewise.
const MOST_DATAGRAMS: usize = 4096;

/// What carries a stream.
#[derive(Debug)]
pub enum Carrier {
    /// A connection.
    Tcp(TcpStream),
    /// A connected UDP socket.
    Udp(UdpSocket),
    /// A UDP socket that answers whoever sent last.
    UdpServer(UdpSocket, Option<SocketAddr>),
    /// A UDP socket that sends to one address and takes answers from anybody.
    UdpTo(UdpSocket, SocketAddr),
    /// A Unix connection.
    Unix(UnixStream),
    /// The program's standard input, as long as we hold it open.
    Input(Option<File>),
    /// The program's standard output or error.
    Output(File),
}

/// A stream.
#[derive(Debug)]
pub struct Stream {
    /// What carries it.
    pub carrier: Carrier,
    /// Both ends of a connection: ours, the program's.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// Bytes that came and that no step has taken.
    pub inbox: Vec<u8>,
    /// Datagrams that came and that no step has taken.
    pub datagrams: VecDeque<Vec<u8>>,
    /// How the program ended it, once it has.
    pub ended: Option<Ending>,
    /// We have closed it for writing.
    pub half_closed: bool,
    /// It is never read.
    pub unread: bool,
    /// Bytes that the program does not take yet; they follow as soon as it does.
    pub outbox: Vec<u8>,
    /// Bytes that the kernel took from us.
    pub sent: u64,
    /// Bytes that came.
    pub received: u64,
    /// What was sent last, for messages.
    pub last_sent: Vec<u8>,
}

/// What one attempt to read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Got {
    /// Nothing now.
    Nothing,
    /// Bytes, or a datagram.
    Bytes(Vec<u8>),
    /// The end.
    End(Ending),
    /// The other side's port is closed (ECONNREFUSED on UDP).
    Refused,
}

impl Stream {
    /// A new stream.
    pub fn new(carrier: Carrier, ends: Option<(SocketAddr, SocketAddr)>) -> Stream {
        Stream {
            carrier,
            ends,
            inbox: Vec::new(),
            datagrams: VecDeque::new(),
            ended: None,
            half_closed: false,
            unread: false,
            outbox: Vec::new(),
            sent: 0,
            received: 0,
            last_sent: Vec::new(),
        }
    }

    /// The address of our end, if it is a socket with one of its own.
    pub fn local(&self) -> Option<SocketAddr> {
        match &self.carrier {
            Carrier::UdpTo(socket, _) => socket.local_addr().ok(),
            _ => self.ends.map(|(ours, _)| ours),
        }
    }

    /// True if it carries datagrams.
    pub fn is_datagrams(&self) -> bool {
        matches!(self.carrier, Carrier::Udp(_) | Carrier::UdpServer(..) | Carrier::UdpTo(..))
    }

    /// The descriptor to wait on for something to read; none if nothing can come or nothing is wanted.
    pub fn readable(&self) -> Option<BorrowedFd<'_>> {
        if self.ended.is_some() || self.unread || self.is_full() {
            return None;
        }
        match &self.carrier {
            Carrier::Input(_) => None,
            carrier => descriptor(carrier),
        }
    }

    fn is_full(&self) -> bool {
        self.inbox.len() > MOST_KEPT || self.datagrams.len() >= MOST_DATAGRAMS
    }

    /// The descriptor to wait on for room to write.
    pub fn writable(&self) -> Option<BorrowedFd<'_>> {
        descriptor(&self.carrier)
    }

    /// True if the kernel would take bytes now, or tell of an error.
    pub fn can_write(&self) -> bool {
        let Some(fd) = self.writable() else { return true };
        let mut fds = [PollFd::new(fd, PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Reads once, without waiting.
    pub fn read(&mut self) -> Got {
        let mut buffer = [0; 64 * 1024];
        let result = match &mut self.carrier {
            Carrier::Tcp(socket) => socket.read(&mut buffer),
            Carrier::Unix(socket) => socket.read(&mut buffer),
            Carrier::Output(pipe) => pipe.read(&mut buffer),
            Carrier::Udp(socket) => return datagram(socket.recv(&mut buffer), &buffer),
            Carrier::UdpTo(socket, _) => {
                return datagram(socket.recv_from(&mut buffer).map(|(length, _)| length), &buffer);
            }
            Carrier::UdpServer(socket, last) => {
                let result = socket.recv_from(&mut buffer).map(|(length, from)| {
                    *last = Some(from);
                    length
                });
                return datagram(result, &buffer);
            }
            Carrier::Input(_) => return Got::Nothing,
        };
        match result {
            Ok(0) => Got::End(Ending::Fin),
            Ok(length) => Got::Bytes(buffer[..length].to_vec()),
            Err(error) if would_wait(&error) => Got::Nothing,
            Err(_) => Got::End(Ending::Rst),
        }
    }

    /// Writes once, without waiting: how many bytes were taken. Errors tell that the other side is gone.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let result = match &mut self.carrier {
            Carrier::Tcp(socket) => socket.write(bytes),
            Carrier::Unix(socket) => socket.write(bytes),
            Carrier::Udp(socket) => socket.send(bytes),
            Carrier::UdpTo(socket, to) => socket.send_to(bytes, *to),
            Carrier::UdpServer(socket, Some(to)) => socket.send_to(bytes, *to),
            Carrier::Input(Some(pipe)) => pipe.write(bytes),
            Carrier::UdpServer(_, None) | Carrier::Input(None) | Carrier::Output(_) => {
                Err(io::ErrorKind::NotConnected.into())
            }
        };
        match result {
            Ok(length) => {
                self.sent += length as u64;
                Ok(Some(length))
            }
            Err(error) if would_wait(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Stream {
    /// Sends what the outbox holds, as far as it is taken. True if anything went.
    pub fn flush(&mut self) -> bool {
        let mut gone = 0;
        while gone < self.outbox.len() {
            let rest = std::mem::take(&mut self.outbox);
            let result = self.write(&rest[gone..]);
            self.outbox = rest;
            match result {
                Ok(Some(taken)) => gone += taken,
                Ok(None) => break,
                // The program is gone; what is left will never be taken.
                Err(_) => gone = self.outbox.len(),
            }
        }
        self.outbox.drain(..gone);
        gone > 0
    }
}

fn descriptor(carrier: &Carrier) -> Option<BorrowedFd<'_>> {
    match carrier {
        Carrier::Tcp(socket) => Some(socket.as_fd()),
        Carrier::Unix(socket) => Some(socket.as_fd()),
        Carrier::Udp(socket) | Carrier::UdpServer(socket, _) | Carrier::UdpTo(socket, _) => Some(socket.as_fd()),
        Carrier::Input(pipe) => pipe.as_ref().map(AsFd::as_fd),
        Carrier::Output(pipe) => Some(pipe.as_fd()),
    }
}

fn datagram(result: io::Result<usize>, buffer: &[u8]) -> Got {
    match result {
        Ok(length) => Got::Bytes(buffer[..length].to_vec()),
        Err(error) if would_wait(&error) => Got::Nothing,
        Err(_) => Got::Refused,
    }
}

fn would_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
