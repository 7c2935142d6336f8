//! Whoever forges the sender of a datagram gains nothing by it: no answer to somebody who has not proven to be there is
//! larger than twice what was asked. Over the vectors of `wire`, each cut off everywhere, and requests made up here.

use std::{net::SocketAddr, sync::Arc};

use server::interfaces::sip::{Answerer, Received, Said, SipInterface};
use signin::registration::Transport;

use crate::{house::House, vectors};

/// How often larger than the request an answer may be.
const MOST: usize = 2;
const FILES: [(&str, &str); 7] = [
    ("field", include_str!("../../../wire/vectors/sip/field.txt")),
    ("rfc3261", include_str!("../../../wire/vectors/sip/rfc3261.txt")),
    ("rfc3327", include_str!("../../../wire/vectors/sip/rfc3327.txt")),
    ("rfc4475", include_str!("../../../wire/vectors/sip/rfc4475.txt")),
    ("rfc5118", include_str!("../../../wire/vectors/sip/rfc5118.txt")),
    ("rfc5626", include_str!("../../../wire/vectors/sip/rfc5626.txt")),
    ("rfc6665", include_str!("../../../wire/vectors/sip/rfc6665.txt")),
];
const METHODS: [&str; 15] = [
    "REGISTER",
    "OPTIONS",
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "PUBLISH",
    "REFER",
    "INFO",
    "PRACK",
    "UPDATE",
    "NONSENSE",
];
/// Headers that make an answer longer, or refused in another way.
const HEADERS: [&str; 8] = [
    "",
    "Require: a, b, c, d, e, f, g, h, i, j\r\n",
    "Proxy-Require: everything\r\n",
    "Max-Forwards: 0\r\n",
    "Expires: 1\r\nContact: <sip:1@127.0.0.1>\r\n",
    "Authorization: Digest username=\"1\", realm=\"test.example\", nonce=\"x\", uri=\"sip:a\", response=\"00\"\r\n",
    "User-Agent: x\r\n",
    "Content-Length: 70000\r\n",
];

/// What has been asked and answered.
struct Stranger {
    answerer: Answerer,
    house: House,
    peer: SocketAddr,
    answered: usize,
}

impl Stranger {
    async fn of(house: House) -> Self {
        let sip = SipInterface::new(Arc::clone(&house.system));
        let peer = "192.0.2.7:5060".parse().expect("an address");
        Self { answerer: Answerer::new(&sip, Transport::Udp), house, peer, answered: 0 }
    }

    /// The length of the answer to a datagram.
    async fn asks(&mut self, bytes: &[u8]) -> usize {
        let mut out = Vec::new();
        let received = Received { bytes, peer: self.peer, now: self.house.system.clock.now() };
        let length = match self.answerer.datagram(received, &mut out) {
            Said::Nothing => return 0,
            Said::Answer { .. } => out.len(),
            Said::Later(later) => later.wait(&self.house.system).await.0.len(),
        };
        self.answered += 1;
        length
    }

    async fn is_answered_within(&mut self, what: &str, bytes: &[u8]) {
        let length = self.asks(bytes).await;
        assert!(
            length <= bytes.len() * MOST,
            "{what}: {length} bytes for {}:\n{}",
            bytes.len(),
            String::from_utf8_lossy(bytes)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_vector_whole_or_cut_off_anywhere_is_answered_by_more_than_twice_its_length() {
    let mut stranger = Stranger::of(House::start().await.ignited().await).await;
    for (name, _, bytes) in FILES.iter().flat_map(|(file, text)| vectors::messages(file, text)) {
        for end in 0..=bytes.len() {
            stranger.is_answered_within(&name, &bytes[..end]).await;
        }
    }
    assert!(stranger.answered > 1000, "only {} were answered at all", stranger.answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_of_any_method_is_answered_by_more_than_twice_its_length() {
    let mut stranger = Stranger::of(House::start().await.ignited().await).await;
    for method in METHODS {
        for header in HEADERS {
            for filling in 0..64 {
                // From as short as can be to an ordinary one, in the short forms of the names and in the long ones.
                let (via, from, to, id) =
                    if filling % 2 == 0 { ("v", "f", "t", "i") } else { ("Via", "From", "To", "Call-ID") };
                let padding = "x".repeat(filling * 8);
                let request = format!(
                    "{method} sip:a SIP/2.0\r\n{via}:SIP/2.0/UDP 1;branch=z9hG4bK{filling}\r\n{from}:<sip:a>;tag=1\r\n\
                     {to}:<sip:a>\r\n{id}:{padding}1\r\nCSeq:1 {method}\r\n{header}\r\n"
                );
                stranger.is_answered_within(method, request.as_bytes()).await;
            }
        }
    }
    assert!(stranger.answered > 5000, "only {} were answered at all", stranger.answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_for_ones_own_address_is_answered_by_no_more_than_twice_its_length() {
    let mut stranger = Stranger::of(House::start().await).await;
    // RFC 8489 section 5: a binding request is a header of 20 bytes, and nothing shorter is one.
    let question = b"\x00\x01\x00\x00\x21\x12\xa4\x42twelve bytes";
    stranger.is_answered_within("STUN over IPv4", question).await;
    stranger.peer = "[2001:db8::7]:5060".parse().expect("an address");
    assert!(stranger.answered == 1, "it is answered");
    // An IPv6 address takes 24 bytes, and there is room for 20 beside the header: nothing is said.
    stranger.peer = "[2001:db8::7]:5060".parse().expect("an address");
    stranger.is_answered_within("STUN over IPv6", question).await;
}
