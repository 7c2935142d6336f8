//! Whoever asks from many places: addresses of the loopback network, one after the other, and a UDP socket that sends
//! from each of them.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt, sockopt};

const DATAGRAM_BYTES_MAX: usize = 4096;
const BUFFER_BYTES: usize = 8 << 20;

/// The address of this number within a population: 127.P.x.y and beyond, never the calm 127.0.0.1.
pub(crate) fn address(population: u8, number: u32) -> Ipv4Addr {
    let base = u32::from_be_bytes([127, population, 0, 1]);
    // What is too much for the network begins again.
    let room = u32::from_be_bytes([127, 255, 255, 0]) - base;
    Ipv4Addr::from_bits(base + number % room)
}

/// Lets this program have as many connections as the system allows it.
pub(crate) fn raise_descriptors() -> anyhow::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// A UDP socket that may send from every loopback address.
pub(crate) struct ManySources {
    socket: UdpSocket,
    server: SockaddrIn,
    buffer: Vec<u8>,
}

impl ManySources {
    pub(crate) fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let SocketAddr::V4(server) = server else { bail!("{server} is not an IPv4 address") };
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("cannot open a UDP socket")?;
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &BUFFER_BYTES)?;
        }
        Ok(Self { socket, server: server.into(), buffer: vec![0; DATAGRAM_BYTES_MAX] })
    }

    pub(crate) fn port(&self) -> anyhow::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Sends a datagram that comes from this address.
    pub(crate) fn send(&self, from: Ipv4Addr, bytes: &[u8]) -> anyhow::Result<()> {
        let source = in_addr { s_addr: u32::from_ne_bytes(from.octets()) };
        let info = in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: in_addr { s_addr: 0 } };
        let control = [ControlMessage::Ipv4PacketInfo(&info)];
        let slices = [IoSlice::new(bytes)];
        loop {
            let fd = self.socket.as_raw_fd();
            match sendmsg(fd, &slices, &control, MsgFlags::empty(), Some(&self.server)) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR | Errno::EAGAIN | Errno::ENOBUFS) => {}
                Err(problem) => return Err(problem).with_context(|| format!("cannot send from {from}")),
            }
        }
    }

    /// The next datagram that has come, without waiting.
    pub(crate) fn receive(&mut self) -> anyhow::Result<Option<&[u8]>> {
        let fd = self.socket.as_raw_fd();
        let mut slices = [IoSliceMut::new(&mut self.buffer)];
        let length = match recvmsg::<()>(fd, &mut slices, None, MsgFlags::MSG_DONTWAIT) {
            Ok(message) => message.bytes,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(problem) => return Err(problem).context("cannot receive"),
        };
        Ok(self.buffer.get(..length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_many_and_none_is_the_calm_one() {
        let first = (0..100_000).map(|number| address(1, number)).collect::<std::collections::HashSet<_>>();
        assert_eq!(first.len(), 100_000);
        assert!(!first.contains(&Ipv4Addr::LOCALHOST));
        assert!(address(200, u32::MAX).is_loopback());
    }
}
