//! Which requests are one transaction (RFC 3261 §17.2.3), and how long one lasts (§17.1.1.1).

use super::{Host, Malformed, Request};

/// The timers, in milliseconds (RFC 3261 table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// A round trip, generously.
    pub t1: u64,
    /// The longest wait between two sendings of the same, but for an INVITE.
    pub t2: u64,
    /// How long a message may stay in the network.
    pub t4: u64,
    /// How long whoever sent an INVITE may hear nothing (§17.2.1).
    pub trying: u64,
    /// How long a phone may ring (§16.6 step 11: more than three minutes).
    pub c: u64,
}

impl Times {
    /// As the RFC has them.
    pub const STANDARD: Self = Self { t1: 500, t2: 4_000, t4: 5_000, trying: 200, c: 181_000 };

    /// When whoever hears nothing gives up: timers B, D, F, H, J, and L and M of RFC 6026.
    #[must_use]
    pub const fn give_up(&self) -> u64 {
        64 * self.t1
    }
}

/// The key of a server transaction; equal for a request and its retransmissions. Hash it with a keyed hasher: its
/// bytes are the peer's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionKey<'a> {
    /// The branch promises to be unique.
    Branch {
        /// The top Via's branch.
        branch: &'a [u8],
        /// The top Via's sent-by host.
        host: Host<'a>,
        /// The top Via's sent-by port.
        port: Option<u16>,
        /// The method; for ACK that of INVITE.
        method: &'a [u8],
    },
    /// A client of RFC 2543, whose branch promises nothing: all that identifies the request.
    Legacy {
        /// The Request-URI.
        uri: &'a [u8],
        /// The tag of From.
        from_tag: &'a [u8],
        /// The tag of To.
        to_tag: &'a [u8],
        /// Call-ID.
        call_id: &'a [u8],
        /// The number of CSeq.
        cseq: u32,
        /// The method; for ACK that of INVITE.
        method: &'a [u8],
        /// The top Via's sent-by host.
        host: Host<'a>,
        /// The top Via's sent-by port.
        port: Option<u16>,
    },
}

impl<'a> TransactionKey<'a> {
    /// The key of a request.
    ///
    /// # Errors
    /// A header it is made of is missing or malformed.
    pub fn of(request: &Request<'a>) -> Result<Self, Malformed> {
        let method = match request.method.as_bytes() {
            b"ACK" => b"INVITE",
            other => other,
        };
        Self::with_method(request, method)
    }

    /// The key of the INVITE that a CANCEL or an ACK is about (§9.2, §17.2.3).
    ///
    /// # Errors
    /// A header it is made of is missing or malformed.
    pub fn of_invite(request: &Request<'a>) -> Result<Self, Malformed> {
        Self::with_method(request, b"INVITE")
    }

    fn with_method(request: &Request<'a>, method: &'a [u8]) -> Result<Self, Malformed> {
        let fields = &request.fields;
        let (value, via) = fields.top_via()?;
        let (host, port) = (via.host(value), via.port);
        if let Some(branch) = via.unique_branch(value) {
            return Ok(Self::Branch { branch, host, port, method });
        }
        Ok(Self::Legacy {
            uri: request.uri_raw,
            from_tag: fields.from()?.tag.unwrap_or_default(),
            to_tag: fields.to()?.tag.unwrap_or_default(),
            call_id: fields.call_id()?,
            cseq: fields.cseq()?.number,
            method,
            host,
            port,
        })
    }
}
