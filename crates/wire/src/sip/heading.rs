//! What an answer copies from its request, and what it must know of it: read once a message, however often it is asked for.

use std::net::{IpAddr, SocketAddr};

use super::Via;

/// A part of a header's value: first byte, and the one behind the last.
pub(crate) type Span = (u32, u32);

/// The top Via and the To of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading {
    /// `None` where the top Via cannot be read.
    pub(crate) via: Option<TopVia>,
    /// The To can be read and has no tag.
    pub(crate) wants_tag: bool,
}

/// What stands where in the top Via.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopVia {
    pub(crate) end: u32,
    pub(crate) rport: Option<Span>,
    pub(crate) received: Option<Span>,
    address: Option<IpAddr>,
    port: Option<u16>,
}

impl TopVia {
    pub(crate) fn of(via: &Via<'_>) -> Option<Self> {
        // A message has at most 64 KiB: everything fits.
        let number = |place: usize| u32::try_from(place).ok();
        let span = |span: &Option<std::ops::Range<usize>>| match span {
            Some(span) => Some(Some((number(span.start)?, number(span.end)?))),
            None => Some(None),
        };
        Some(Self {
            end: number(via.end)?,
            rport: span(&via.rport_span)?,
            received: span(&via.received_span)?,
            address: via.host.address(),
            port: via.port,
        })
    }

    /// Whether the answer says where the request came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub(crate) fn wants_received(&self, from: IpAddr) -> bool {
        self.rport.is_some() || self.address != Some(from)
    }

    /// Where the answer goes over UDP, see [`Request::answer_to`](super::Request::answer_to).
    pub(crate) fn answer_to(&self, peer: SocketAddr) -> SocketAddr {
        // As it is but for the port: a link-local address means nothing without its scope.
        let mut to = peer;
        if self.rport.is_none() {
            to.set_port(self.port.unwrap_or(5060));
        }
        to
    }
}
