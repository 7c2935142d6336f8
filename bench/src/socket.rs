//! A UDP socket that sends and receives datagrams by the batch.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt};

/// Datagrams per system call.
pub(crate) const BATCH: usize = 64;
const DATAGRAM_BYTES_MAX: usize = 2048;
const BUFFER_BYTES: usize = 8 << 20;

/// A batch of datagrams with their senders or receivers.
pub(crate) struct Batch {
    datagrams: Vec<Vec<u8>>,
    peers: Vec<Option<SockaddrIn>>,
    filled: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { datagrams: vec![vec![0; DATAGRAM_BYTES_MAX]; BATCH], peers: vec![None; BATCH], filled: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == BATCH
    }

    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// The place of one more datagram to this peer, if there is room.
    pub(crate) fn add(&mut self, peer: Option<SockaddrIn>) -> Option<&mut Vec<u8>> {
        let at = self.filled;
        let place = self.datagrams.get_mut(at)?;
        *self.peers.get_mut(at)? = peer;
        self.filled += 1;
        place.clear();
        Some(place)
    }

    pub(crate) fn datagrams(&self) -> impl Iterator<Item = &[u8]> {
        self.datagrams.iter().take(self.filled).map(Vec::as_slice)
    }
}

/// A socket on a free loopback port.
pub(crate) struct Socket {
    socket: UdpSocket,
    /// Not shared: `sendmmsg` leaves pointers to its addresses behind, and `recvmmsg` would write to them.
    sending: MultiHeaders<SockaddrIn>,
    receiving: MultiHeaders<SockaddrIn>,
    connected: bool,
}

impl Socket {
    /// `peer`: the only one to talk with, or anybody.
    pub(crate) fn open(peer: Option<SocketAddr>) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a UDP socket")?;
        // More than the system's limit where we may, as much as it allows where not.
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &BUFFER_BYTES)?;
        }
        if setsockopt(&socket, sockopt::SndBufForce, &BUFFER_BYTES).is_err() {
            setsockopt(&socket, sockopt::SndBuf, &BUFFER_BYTES)?;
        }
        if let Some(peer) = peer {
            socket.connect(peer)?;
        }
        Ok(Self {
            socket,
            sending: MultiHeaders::preallocate(BATCH, None),
            receiving: MultiHeaders::preallocate(BATCH, None),
            connected: peer.is_some(),
        })
    }

    pub(crate) fn port(&self) -> anyhow::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Talks with another peer from now on.
    pub(crate) fn connect(&mut self, peer: SocketAddr) -> anyhow::Result<()> {
        self.connected = true;
        Ok(self.socket.connect(peer)?)
    }

    /// Sends the whole batch.
    pub(crate) fn send(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let mut sent = 0;
        while sent < batch.filled {
            let slices: Vec<[IoSlice<'_>; 1]> =
                batch.datagrams().skip(sent).map(|datagram| [IoSlice::new(datagram)]).collect();
            let peers: Vec<Option<SockaddrIn>> = if self.connected {
                vec![None; slices.len()]
            } else {
                batch.peers.iter().take(batch.filled).skip(sent).copied().collect()
            };
            let descriptor = self.socket.as_raw_fd();
            match sendmmsg(descriptor, &mut self.sending, &slices, peers, [], MsgFlags::empty()) {
                Ok(done) => sent += done.count(),
                Err(Errno::EINTR | Errno::EAGAIN | Errno::ENOBUFS | Errno::ECONNREFUSED) => {}
                Err(problem) => return Err(problem).context("cannot send"),
            }
        }
        Ok(())
    }

    /// Waits for a datagram, then receives what has come.
    pub(crate) fn await_datagrams(&mut self, batch: &mut Batch) -> anyhow::Result<bool> {
        self.receive_with(batch, MsgFlags::MSG_WAITFORONE)
    }

    /// Receives what has come, without waiting. Whether anything has.
    pub(crate) fn receive(&mut self, batch: &mut Batch) -> anyhow::Result<bool> {
        self.receive_with(batch, MsgFlags::MSG_DONTWAIT)
    }

    fn receive_with(&mut self, batch: &mut Batch, flags: MsgFlags) -> anyhow::Result<bool> {
        batch.filled = 0;
        for datagram in &mut batch.datagrams {
            datagram.resize(DATAGRAM_BYTES_MAX, 0);
        }
        let mut lengths = [0; BATCH];
        let mut count = 0;
        {
            let mut slices: Vec<[IoSliceMut<'_>; 1]> =
                batch.datagrams.iter_mut().map(|datagram| [IoSliceMut::new(datagram)]).collect();
            let received =
                match recvmmsg(self.socket.as_raw_fd(), &mut self.receiving, &mut slices, flags, None) {
                    Ok(received) => received,
                    Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => return Ok(false),
                    Err(problem) => return Err(problem).context("cannot receive"),
                };
            for ((message, length), peer) in received.zip(&mut lengths).zip(&mut batch.peers) {
                *length = message.bytes;
                *peer = message.address;
                count += 1;
            }
        }
        for (datagram, length) in batch.datagrams.iter_mut().zip(lengths).take(count) {
            datagram.truncate(length);
        }
        batch.filled = count;
        Ok(count > 0)
    }
}
