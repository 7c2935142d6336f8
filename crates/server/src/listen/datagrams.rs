//! Datagrams in batches: one call to the system reads or sends many (recvmmsg, sendmmsg), into buffers that are used
//! again and again. One wake-up for many datagrams is what saves at low load; on a network card so does the batch.

use std::{
    io::{IoSlice, IoSliceMut},
    net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket},
    ops::Range,
    os::fd::AsRawFd as _,
};

use bytes::Bytes;
use nix::{
    errno::Errno,
    sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg},
};

/// Datagrams that are read or sent by one call.
pub(super) const BATCH: usize = 64;
/// Bytes of a datagram: as many as there can be (RFC 3261 section 18.1.1: they must be handled).
const DATAGRAM_MAX: usize = 65_535;
/// From one datagram's place to the next. Pages that nothing long ever came to are never touched and cost nothing; the
/// odd cache lines keep the beginnings, which is where all work is, from falling into the same sets of the cache.
const STRIDE: usize = (64 << 10) + 832;
/// Bytes that an answer's buffer keeps between two uses.
const ANSWER_KEPT: usize = 8 << 10;

/// Room for datagrams on their way in and out; one a thread.
pub(super) struct Batch {
    space: Vec<u8>,
    arrived: [Option<(usize, SocketAddr)>; BATCH],
    incoming: MultiHeaders<SockaddrStorage>,
    outgoing: MultiHeaders<SockaddrStorage>,
    answers: [Vec<u8>; BATCH],
    addresses: [Option<SockaddrStorage>; BATCH],
    waiting: usize,
    /// What goes to others because of what came: as many as there are, each shared with whoever may send it again.
    to_others: Vec<(Bytes, Option<SockaddrStorage>)>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            space: vec![0; BATCH * STRIDE],
            arrived: [None; BATCH],
            incoming: MultiHeaders::preallocate(BATCH, None),
            outgoing: MultiHeaders::preallocate(BATCH, None),
            answers: std::array::from_fn(|_| Vec::with_capacity(ANSWER_KEPT)),
            addresses: [None; BATCH],
            waiting: 0,
            to_others: Vec::new(),
        }
    }

    /// Waits for datagrams, as long as the socket's own patience, and reads as many as there are. How many.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> Result<usize, Errno> {
        self.arrived = [None; BATCH];
        let mut spaces =
            self.space.chunks_exact_mut(STRIDE).filter_map(|place| place.get_mut(..DATAGRAM_MAX));
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(spaces.next().unwrap_or_default())]);
        let fd = socket.as_raw_fd();
        let results = recvmmsg(fd, &mut self.incoming, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?;
        let mut count = 0;
        for (place, message) in self.arrived.iter_mut().zip(results) {
            // One that was cut short is not what was sent: it is left out.
            let is_whole = !message.flags.contains(MsgFlags::MSG_TRUNC);
            *place = message
                .address
                .as_ref()
                .and_then(plain)
                .filter(|_| is_whole)
                .map(|peer| (message.bytes, peer));
            count += 1;
        }
        Ok(count)
    }

    /// The datagrams in these places.
    pub(super) fn look(&self, places: Range<usize>) -> impl Iterator<Item = &[u8]> {
        arrived(&self.space, &self.arrived, places).map(|(bytes, _)| bytes)
    }

    /// Hands each datagram in these places to `answer`, with a buffer for what is to be sent, which says where to, and a list
    /// for what goes to others.
    pub(super) fn each(
        &mut self,
        places: Range<usize>,
        mut answer: impl FnMut(&[u8], SocketAddr, &mut Vec<u8>, &mut ToOthers<'_>) -> Option<SocketAddr>,
    ) {
        for (bytes, peer) in arrived(&self.space, &self.arrived, places) {
            let Some(out) = self.answers.get_mut(self.waiting) else { return };
            out.clear();
            let mut others = ToOthers(&mut self.to_others);
            if let (Some(to), Some(address)) =
                (answer(bytes, peer, out, &mut others), self.addresses.get_mut(self.waiting))
            {
                *address = Some(to.into());
                self.waiting += 1;
            }
        }
    }

    /// Sends what is waiting to be sent. What cannot be sent is lost, as datagrams are: the phone asks again.
    pub(super) fn send(&mut self, socket: &UdpSocket) {
        let fd = socket.as_raw_fd();
        let mut sent = 0;
        while sent < self.waiting {
            let answers = self.answers.get(sent..self.waiting).unwrap_or_default();
            let addresses = self.addresses.get(sent..self.waiting).unwrap_or_default();
            let slices: [[IoSlice<'_>; 1]; BATCH] = std::array::from_fn(|position| {
                [IoSlice::new(answers.get(position).map_or(&[][..], Vec::as_slice))]
            });
            let slices = slices.iter().take(answers.len());
            match sendmmsg(fd, &mut self.outgoing, slices, addresses, [], MsgFlags::empty()) {
                Ok(results) => sent += results.count().max(1),
                // This one cannot be sent (a port nobody can have, a network that is gone); the others may.
                Err(_) => sent += 1,
            }
        }
        for answer in self.answers.iter_mut().take(self.waiting) {
            if answer.capacity() > ANSWER_KEPT {
                *answer = Vec::with_capacity(ANSWER_KEPT);
            }
        }
        self.waiting = 0;
        let mut rest = self.to_others.as_slice();
        while !rest.is_empty() {
            let now = rest.get(..rest.len().min(BATCH)).unwrap_or_default();
            let slices: [[IoSlice<'_>; 1]; BATCH] = std::array::from_fn(|position| {
                [IoSlice::new(now.get(position).map_or(&[][..], |(bytes, _)| bytes))]
            });
            let addresses: [Option<SockaddrStorage>; BATCH] =
                std::array::from_fn(|position| now.get(position).and_then(|(_, address)| *address));
            let slices = slices.iter().take(now.len());
            let addresses = addresses.get(..now.len()).unwrap_or_default();
            let sent = match sendmmsg(fd, &mut self.outgoing, slices, addresses, [], MsgFlags::empty()) {
                Ok(results) => results.count().max(1),
                Err(_) => 1,
            };
            rest = rest.get(sent..).unwrap_or_default();
        }
        self.to_others.clear();
        self.to_others.shrink_to(BATCH);
    }
}

/// What goes to others because of what came.
pub(super) struct ToOthers<'b>(&'b mut Vec<(Bytes, Option<SockaddrStorage>)>);

impl ToOthers<'_> {
    pub(super) fn push(&mut self, bytes: Bytes, to: SocketAddr) {
        self.0.push((bytes, Some(to.into())));
    }
}

/// What arrived in these places, and from where.
fn arrived<'a>(
    space: &'a [u8],
    arrived: &'a [Option<(usize, SocketAddr)>],
    places: Range<usize>,
) -> impl Iterator<Item = (&'a [u8], SocketAddr)> {
    let spaces = space.chunks_exact(STRIDE).skip(places.start);
    let arrived = arrived.get(places).unwrap_or_default();
    spaces.zip(arrived).filter_map(|(space, arrived)| {
        let (length, peer) = (*arrived)?;
        Some((space.get(..length).unwrap_or_default(), peer))
    })
}

fn plain(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into()))
}
