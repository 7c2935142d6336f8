//! What an answer copies from its request, and what makes it part of something: read once a message, however often it is asked
//! for.

use std::net::{IpAddr, SocketAddr};

use super::{Host, Via};

/// A part of a header's value: first byte, and the one behind the last.
pub(crate) type Span = (u32, u32);

/// Where a part of a value stands in it.
pub(crate) fn span_of(value: &[u8], part: &[u8]) -> Option<Span> {
    let start = part.as_ptr().addr().checked_sub(value.as_ptr().addr())?;
    let end = start.checked_add(part.len()).filter(|end| *end <= value.len())?;
    // A message has at most 64 KiB: everything fits.
    Some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}

/// That part of a value.
pub(crate) fn part(value: &[u8], (start, end): Span) -> &[u8] {
    value.get(start as usize..end as usize).unwrap_or_default()
}

/// The top Via, To and From of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading {
    /// `None` where the top Via cannot be read.
    pub(crate) via: Option<TopVia>,
    /// The tag of To, if it has one; `None` where To cannot be read.
    pub(crate) to: Option<Option<Span>>,
    /// The same of From; `None` also where it has not been read.
    pub(crate) from: Option<Option<Span>>,
}

impl Heading {
    /// The To can be read and has no tag.
    pub(crate) fn wants_tag(&self) -> bool {
        self.to == Some(None)
    }
}

/// What stands where in the top Via.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopVia {
    pub(crate) end: u32,
    pub(crate) rport: Option<Span>,
    pub(crate) received: Option<Span>,
    branch: Option<Span>,
    is_branch_unique: bool,
    /// Of the sent-by host, where that is no address.
    name: Span,
    address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
}

impl TopVia {
    /// Of what was read of this value.
    pub(crate) fn of(value: &[u8], via: &Via<'_>) -> Option<Self> {
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
            branch: via.branch.and_then(|branch| span_of(value, branch)),
            is_branch_unique: via.is_branch_unique(),
            name: match via.host {
                Host::Name(name) => span_of(value, name)?,
                Host::Address(_) => (0, 0),
            },
            address: via.host.address(),
            port: via.port,
        })
    }

    /// The branch, in the value of the Via.
    pub(crate) fn branch<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        self.branch.map(|branch| part(value, branch))
    }

    /// The same, where it promises to be unique.
    pub(crate) fn unique_branch<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        self.branch(value).filter(|_| self.is_branch_unique)
    }

    /// The sent-by host.
    pub(crate) fn host<'a>(&self, value: &'a [u8]) -> Host<'a> {
        self.address.map_or(Host::Name(part(value, self.name)), Host::Address)
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
