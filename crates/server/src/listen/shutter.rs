//! The shutter before a listener: whoever comes again and again although there is no room gets no answer for a while.
//!
//! To accept a connection and close it costs more than to ask for one, so an address that does nothing else keeps
//! everybody behind it waiting. Once it has been refused [`REFUSED_MAX`] times within a second, the system itself drops
//! what it asks with (its SYN) for the next second, before that costs anything: a program on the other side hears nothing
//! and tries again by and by, as TCP does. Connections that stand are not touched, and other addresses are not either.
//!
//! It is a filter (BPF) on the listening socket. Where a system takes none, connections are closed as before.

use std::{collections::HashMap, future::pending, net::IpAddr, os::fd::AsFd, time::Duration};

use signin::lockout::network;
use socket2::{SockFilter, SockRef};
use tokio::time::{Instant, sleep_until};

/// So many times an address is refused within a [`SPAN`] before it gets no answer.
const REFUSED_MAX: u32 = 32;
/// How long it gets none, and how long its refusals are remembered.
const SPAN: Duration = Duration::from_secs(1);
/// Most addresses that get no answer at the same time, or whose refusals are remembered.
const ADDRESSES_MAX: usize = 64;

/// Of one listening socket.
#[derive(Debug)]
pub(super) struct Shutter {
    refused: HashMap<IpAddr, u32>,
    /// Since when it has been counted.
    counted_since: Instant,
    /// Who gets no answer, and until when.
    shut: HashMap<IpAddr, Instant>,
    /// The system has refused a filter.
    is_useless: bool,
}

impl Shutter {
    pub(super) fn new() -> Self {
        Self {
            refused: HashMap::new(),
            counted_since: Instant::now(),
            shut: HashMap::new(),
            is_useless: false,
        }
    }

    /// A connection from `peer` was refused.
    pub(super) fn refuse(&mut self, peer: IpAddr, listener: &impl AsFd) {
        if self.count(network(peer), Instant::now()) {
            self.apply(listener);
        }
    }

    /// Answers those again whose time is over, as soon as there is somebody; never without.
    pub(super) async fn open(&mut self, listener: &impl AsFd) {
        let Some(first) = self.shut.values().min() else { return pending().await };
        sleep_until(*first).await;
        let now = Instant::now();
        self.shut.retain(|_, until| now < *until);
        self.apply(listener);
    }

    /// Counts a refusal; whether this address is to get no answer from now on.
    fn count(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.is_useless {
            return false;
        }
        if now >= self.counted_since + SPAN {
            self.refused.clear();
            self.counted_since = now;
        }
        if self.refused.len() >= ADDRESSES_MAX && !self.refused.contains_key(&address) {
            return false;
        }
        let times = self.refused.entry(address).or_default();
        *times += 1;
        let is_due = *times >= REFUSED_MAX
            && self.shut.len() < ADDRESSES_MAX
            // What came before it was shut is in the queue still.
            && !self.shut.contains_key(&address);
        if is_due {
            *times = 0;
            self.shut.insert(address, now + SPAN);
        }
        is_due
    }

    fn apply(&mut self, listener: &impl AsFd) {
        let socket = SockRef::from(listener);
        let done = if self.shut.is_empty() {
            socket.detach_filter()
        } else {
            socket.attach_filter(&filter(self.shut.keys().copied()))
        };
        if let Err(error) = done {
            tracing::warn!(%error, "connections in excess are closed one by one: the system takes no filter");
            // The one before may be there still.
            let _none = socket.detach_filter();
            self.shut.clear();
            self.is_useless = true;
        }
    }
}

/// Load a byte or a word, mask it, go on if it equals (or skip), end: as `linux/bpf_common.h` has them.
const LOAD_BYTE: u16 = 0x30;
const LOAD_WORD: u16 = 0x20;
const AND: u16 = 0x54;
const IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
/// Counted from the beginning of the IP header (`SKF_NET_OFF`), not of TCP's.
const IP: u32 = 0xfff0_0000;
/// Where TCP's flags are, and those that tell who asks for a connection.
const FLAGS_AT: u32 = 13;
const SYN: u32 = 0x02;
const SYN_OR_ACK: u32 = 0x12;
const SOURCE_V4_AT: u32 = IP + 12;
const SOURCE_V6_AT: u32 = IP + 8;
/// What becomes of the packet: so many bytes of it are let through.
const ALL: u32 = u32::MAX;
const NOTHING: u32 = 0;

/// Lets everything through but what asks for a connection from one of these networks. A listener hears IPv4 or IPv6,
/// never both, and so are they.
fn filter(networks: impl Iterator<Item = IpAddr>) -> Vec<SockFilter> {
    let step = |what, then, or_else, value| SockFilter::new(what, then, or_else, value);
    let mut steps = vec![
        step(LOAD_BYTE, 0, 0, FLAGS_AT),
        step(AND, 0, 0, SYN_OR_ACK),
        step(IF_EQUAL, 1, 0, SYN),
        step(RETURN, 0, 0, ALL),
    ];
    for network in networks {
        match network {
            IpAddr::V4(address) => steps.extend([
                step(LOAD_WORD, 0, 0, SOURCE_V4_AT),
                step(IF_EQUAL, 0, 1, address.to_bits()),
                step(RETURN, 0, 0, NOTHING),
            ]),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                let word = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
                steps.extend([
                    step(LOAD_WORD, 0, 0, SOURCE_V6_AT),
                    step(IF_EQUAL, 0, 3, word(a, b)),
                    step(LOAD_WORD, 0, 0, SOURCE_V6_AT + 4),
                    step(IF_EQUAL, 0, 1, word(c, d)),
                    step(RETURN, 0, 0, NOTHING),
                ]);
            }
        }
    }
    steps.push(step(RETURN, 0, 0, ALL));
    steps
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::{
        net::{TcpListener, TcpSocket, TcpStream},
        time::timeout,
    };

    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    async fn listener(address: &str) -> TcpListener {
        TcpListener::bind((at(address), 0)).await.expect("bound")
    }

    async fn connect(from: &str, to: SocketAddr) -> Option<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.expect("a socket");
        socket.bind((at(from), 0).into()).expect("bound");
        timeout(Duration::from_millis(300), socket.connect(to)).await.ok()?.ok()
    }

    fn refuse_too_often(shutter: &mut Shutter, peer: IpAddr, listener: &TcpListener) {
        (0..REFUSED_MAX).for_each(|_| shutter.refuse(peer, listener));
    }

    #[tokio::test]
    async fn whoever_is_refused_too_often_gets_no_answer_for_a_second_and_everybody_else_does() {
        let listener = listener("127.0.0.1").await;
        let to = listener.local_addr().expect("bound");
        let standing = connect("127.4.0.1", to).await.expect("connected");
        let (accepted, _) = listener.accept().await.expect("accepted");
        let mut shutter = Shutter::new();
        refuse_too_often(&mut shutter, at("127.4.0.1"), &listener);
        assert!(connect("127.4.0.1", to).await.is_none(), "no answer");
        assert!(connect("127.4.0.2", to).await.is_some() && connect("127.0.0.1", to).await.is_some());
        standing.try_write(b"x").expect("sent");
        timeout(Duration::from_secs(1), accepted.readable())
            .await
            .expect("what stands, stands")
            .expect("readable");
        timeout(SPAN * 2, shutter.open(&listener)).await.expect("in time");
        assert!(connect("127.4.0.1", to).await.is_some(), "answered again");
        assert!(timeout(SPAN * 2, shutter.open(&listener)).await.is_err(), "nobody is left");
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_one_address() {
        let listener = listener("::1").await;
        let to = listener.local_addr().expect("bound");
        let mut shutter = Shutter::new();
        refuse_too_often(&mut shutter, at("2001:db8::1"), &listener);
        refuse_too_often(&mut shutter, at("0:0:0:1::1"), &listener);
        assert!(connect("::1", to).await.is_some(), "another network");
        refuse_too_often(&mut shutter, at("::7"), &listener);
        assert!(connect("::1", to).await.is_none(), "the same network");
    }

    #[tokio::test]
    async fn refusals_now_and_then_shut_nobody_out_and_what_is_remembered_is_bounded() {
        let mut shutter = Shutter::new();
        let start = Instant::now();
        for second in 0..100 {
            for _ in 1..REFUSED_MAX {
                assert!(!shutter.count(at("192.0.2.1"), start + SPAN * second));
            }
        }
        let now = start + SPAN * 100;
        for n in 0..1000 {
            let address = IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n));
            (0..=REFUSED_MAX).for_each(|_| {
                shutter.count(address, now);
            });
        }
        assert_eq!((shutter.refused.len(), shutter.shut.len()), (ADDRESSES_MAX, ADDRESSES_MAX));
        assert!(filter(shutter.shut.keys().copied()).len() < 4096, "as long as the system takes");
    }
}
