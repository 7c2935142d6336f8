//! Flows: the ways on which phones can be sent to now (RFC 5626 section 3.1): sockets for datagrams, and connections that
//! phones have opened. We open none ourselves: a phone behind a NAT is reached by the way it came, or not at all.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::Arc,
};

use bytes::Bytes;
use foldhash::quality::RandomState;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use signin::registration::Transport;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Messages that may wait for one connection; a phone that takes none for so long is not there.
const WAITING_MAX: usize = 64;
/// Addresses of phones for which it is remembered which of ours faces them.
const FACING_MAX: usize = 4096;
/// Pieces of the table of connections that are locked apart.
const SHARDS: usize = 64;

/// A way to one phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// How it travels.
    pub transport: Transport,
    /// The other end.
    pub peer: SocketAddr,
}

/// A message on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub to: Flow,
    /// All of it.
    pub bytes: Bytes,
}

/// All ways there are.
#[derive(Debug)]
pub struct Flows {
    datagrams: RwLock<Vec<Datagrams>>,
    streams: Box<[Mutex<HashMap<Flow, StreamEnd>>]>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Datagrams {
    local: SocketAddr,
    socket: Arc<UdpSocket>,
    /// How phones reach it, where it listens at one address.
    sent_by: Option<Arc<str>>,
    /// The same for each phone, where it listens at all of them.
    facing: Mutex<HashMap<IpAddr, Arc<str>>>,
}

#[derive(Debug)]
struct StreamEnd {
    sent_by: Arc<str>,
    sender: Sender<Bytes>,
}

/// A connection's place in the table, for as long as it is kept.
#[derive(Debug)]
pub struct StreamPlace {
    flows: Arc<Flows>,
    flow: Flow,
    sender: Sender<Bytes>,
    /// What others send to the phone at the other end.
    pub outgoing: Receiver<Bytes>,
}

impl Flow {
    /// Whether nothing gets lost on it.
    pub const fn is_reliable(&self) -> bool {
        !matches!(self.transport, Transport::Udp)
    }
}

impl Flows {
    /// None yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            datagrams: RwLock::default(),
            streams: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::default(),
        })
    }

    /// Phones are reached through this socket from now on.
    pub fn add_datagrams(&self, local: SocketAddr, socket: &Arc<UdpSocket>) {
        let mut all = self.datagrams.write();
        // One of those that share an address will do.
        if all.iter().any(|known| known.local == local) {
            return;
        }
        let sent_by = (!local.ip().is_unspecified()).then(|| local.to_string().into());
        all.push(Datagrams { local, socket: Arc::clone(socket), sent_by, facing: Mutex::default() });
    }

    /// A phone has opened a connection, and can be sent to as long as the place is kept.
    pub fn add_stream(self: &Arc<Self>, flow: Flow, local: SocketAddr) -> StreamPlace {
        let (sender, outgoing) = channel(WAITING_MAX);
        let end = StreamEnd { sent_by: local.to_string().into(), sender: sender.clone() };
        if let Some(shard) = self.shard(&flow) {
            shard.lock().insert(flow, end);
        }
        StreamPlace { flows: Arc::clone(self), flow, sender, outgoing }
    }

    /// Host and port at which the phone at the other end reaches us; `None` where there is no such way any more.
    pub fn sent_by(&self, flow: &Flow) -> Option<Arc<str>> {
        match flow.transport {
            Transport::Udp => {
                let all = self.datagrams.read();
                all.iter().find(|one| one.local.is_ipv4() == flow.peer.is_ipv4())?.sent_by(flow.peer)
            }
            Transport::Tcp | Transport::Tls | Transport::Wss => {
                self.shard(flow)?.lock().get(flow).map(|end| Arc::clone(&end.sent_by))
            }
        }
    }

    /// Sends, and does not wait. What cannot be sent is lost as datagrams are; `false` where it is known to be.
    pub fn send(&self, outgoing: &Outgoing) -> bool {
        let Outgoing { to, bytes } = outgoing;
        match to.transport {
            Transport::Udp => {
                let all = self.datagrams.read();
                let Some(one) = all.iter().find(|one| one.local.is_ipv4() == to.peer.is_ipv4()) else {
                    return false;
                };
                let socket = socket2::SockRef::from(&*one.socket);
                socket.send_to_with_flags(bytes, &to.peer.into(), nix::libc::MSG_DONTWAIT).is_ok()
            }
            Transport::Tcp | Transport::Tls | Transport::Wss => {
                let Some(shard) = self.shard(to) else { return false };
                let sender = shard.lock().get(to).map(|end| end.sender.clone());
                sender.is_some_and(|sender| sender.try_send(bytes.clone()).is_ok())
            }
        }
    }

    fn shard(&self, flow: &Flow) -> Option<&Mutex<HashMap<Flow, StreamEnd>>> {
        use std::hash::BuildHasher as _;
        let hash = usize::try_from(self.hasher.hash_one(flow) % SHARDS as u64).unwrap_or(0);
        self.streams.get(hash)
    }
}

impl Datagrams {
    fn sent_by(&self, peer: SocketAddr) -> Option<Arc<str>> {
        if let Some(sent_by) = &self.sent_by {
            return Some(Arc::clone(sent_by));
        }
        let mut facing = self.facing.lock();
        if let Some(sent_by) = facing.get(&peer.ip()) {
            return Some(Arc::clone(sent_by));
        }
        if facing.len() >= FACING_MAX {
            facing.clear();
        }
        // The system is asked by which address it would send there; nothing is sent.
        let unbound = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let probe = UdpSocket::bind(unbound).ok()?;
        probe.connect(peer).ok()?;
        let ours = SocketAddr::new(probe.local_addr().ok()?.ip(), self.local.port());
        let sent_by: Arc<str> = ours.to_string().into();
        facing.insert(peer.ip(), Arc::clone(&sent_by));
        Some(sent_by)
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let Some(shard) = self.flows.shard(&self.flow) else { return };
        let mut streams = shard.lock();
        // The same address may have connected again meanwhile.
        if streams.get(&self.flow).is_some_and(|end| end.sender.same_channel(&self.sender)) {
            streams.remove(&self.flow);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(port: u16) -> Flow {
        Flow { transport: Transport::Tcp, peer: ([192, 0, 2, 7], port).into() }
    }

    #[tokio::test]
    async fn a_phone_is_reached_by_the_connection_it_opened_until_that_has_gone() {
        let flows = Flows::new();
        let to = flow(1000);
        let hello = Outgoing { to, bytes: Bytes::from_static(b"hello") };
        assert!(!flows.send(&hello));
        let mut first = flows.add_stream(to, ([192, 0, 2, 1], 5060).into());
        assert!(flows.send(&hello));
        assert_eq!(first.outgoing.recv().await.as_deref(), Some(&b"hello"[..]));
        assert_eq!(flows.sent_by(&to).as_deref(), Some("192.0.2.1:5060"));
        // The same address again, before the first connection's end was noticed.
        let second = flows.add_stream(to, ([192, 0, 2, 1], 5060).into());
        drop(first);
        assert!(flows.send(&hello), "the second one stays");
        drop(second);
        assert!(!flows.send(&hello));
        assert_eq!(flows.sent_by(&to), None);
    }

    #[test]
    fn a_phone_that_takes_nothing_does_not_hold_up_whoever_sends() {
        let flows = Flows::new();
        let place = flows.add_stream(flow(1), ([192, 0, 2, 1], 5060).into());
        let hello = Outgoing { to: flow(1), bytes: Bytes::from_static(b"hello") };
        let taken = (0..WAITING_MAX + 10).filter(|_| flows.send(&hello)).count();
        assert_eq!(taken, WAITING_MAX);
        drop(place);
    }

    #[test]
    fn where_we_listen_everywhere_a_phone_is_told_the_address_that_faces_it() {
        let flows = Flows::new();
        let socket = Arc::new(UdpSocket::bind("0.0.0.0:0").expect("a socket"));
        let local = socket.local_addr().expect("an address");
        flows.add_datagrams(local, &socket);
        let to = Flow { transport: Transport::Udp, peer: ([127, 0, 0, 1], 9).into() };
        let expected = format!("127.0.0.1:{}", local.port());
        assert_eq!(flows.sent_by(&to).as_deref(), Some(&*expected));
        let other_family = Flow { transport: Transport::Udp, peer: "[::1]:9".parse().expect("an address") };
        assert_eq!(flows.sent_by(&other_family), None);
        assert!(!flows.send(&Outgoing { to: other_family, bytes: Bytes::from_static(b"x") }));
    }
}
