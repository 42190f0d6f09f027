//! Messages that carry descriptors from one of our processes to another (unix(7), SCM_RIGHTS).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// The most descriptors that a message can carry (`SCM_MAX_FD`, unix(7)).
const MOST: usize = 253;

/// Sends `bytes`, of which there must be some, with `fds`. On a stream socket fewer bytes may go than there are: returns
/// how many.
pub(super) fn send(to: impl AsFd, bytes: &[u8], fds: &[BorrowedFd]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    if fds.len() > MOST || (!fds.is_empty() && !rights.push(SendAncillaryMessage::ScmRights(fds))) {
        return Err(io::Error::other(format!("{} descriptors are more than a message can carry", fds.len())));
    }
    Ok(sendmsg(to, &[IoSlice::new(bytes)], &mut rights, SendFlags::NOSIGNAL)?)
}

/// Receives into `bytes`; returns how many there are, none at the end, and the descriptors that came with them.
pub(super) fn receive(from: impl AsFd, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let got = loop {
        match recvmsg(&from, &mut [IoSliceMut::new(bytes)], &mut rights, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other?,
        }
    };
    let fds = rights.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    });
    Ok((got.bytes, fds.flatten().collect()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_arrives_with_its_bytes() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (read, mut write) = io::pipe().unwrap();
        assert_eq!(send(&ours, b"here", &[read.as_fd()]).unwrap(), 4);
        drop((ours, read));
        let mut bytes = [0; 8];
        let (length, fds) = receive(&theirs, &mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"here");
        write.write_all(b"x").unwrap();
        drop(write);
        let mut text = String::new();
        let [fd] = <[OwnedFd; 1]>::try_from(fds).unwrap();
        io::PipeReader::from(fd).read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        assert_eq!(receive(&theirs, &mut bytes).unwrap().0, 0);
    }

    #[test]
    fn too_many_are_an_error() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let error = send(&ours, b"x", &[ours.as_fd(); MOST + 1]).unwrap_err();
        assert!(error.to_string().contains("254"), "{error}");
    }
}
