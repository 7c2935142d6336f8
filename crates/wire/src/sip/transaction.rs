//! Which requests are one transaction (RFC 3261 §17.2.3): for recognising retransmissions over UDP.

use super::{Host, Malformed, Request};

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
        let fields = &request.fields;
        let via = fields.via()?;
        let method = match request.method.as_bytes() {
            b"ACK" => b"INVITE",
            other => other,
        };
        if via.is_branch_unique()
            && let Some(branch) = via.branch
        {
            return Ok(Self::Branch { branch, host: via.host, port: via.port, method });
        }
        Ok(Self::Legacy {
            uri: request.uri_raw,
            from_tag: fields.from()?.tag.unwrap_or_default(),
            to_tag: fields.to()?.tag.unwrap_or_default(),
            call_id: fields.call_id()?,
            cseq: fields.cseq()?.number,
            method,
            host: via.host,
            port: via.port,
        })
    }
}
