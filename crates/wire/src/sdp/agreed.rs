//! What two ends agree on, or why they do not.

use std::net::SocketAddr;

use super::Events;
use crate::rtp::Codec;

/// How much sound is in a packet where nobody says (RFC 3551 §4.2).
pub(super) const PTIME_MS: u8 = 20;
/// How much a receiver has to take at most (RFC 3551 §4.2).
pub(super) const PTIME_MAX_MS: u8 = 200;

/// What is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The codec, both ways.
    pub codec: Codec,
    /// The payload type that stands for it.
    pub payload_type: u8,
    /// The payload type of telephone events, if the other end has them.
    pub event_payload_type: Option<u8>,
    /// Which of them the other end takes.
    pub events: Option<Events>,
    /// Where the other end listens; an address of zeros where it does not, and then `direction` does not send.
    pub remote: SocketAddr,
    /// Seen from here.
    pub direction: super::Direction,
    /// How much sound the other end would like in a packet, 1 to 200 ms.
    pub ptime_ms: u8,
}

/// Why there is no agreement; the one that came nearest is the greatest. For 488 (RFC 3261 §21.4.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotAcceptable {
    /// No sound, or none that is wanted.
    #[error("no audio")]
    NoAudio,
    /// Sound by another protocol than RTP in the clear.
    #[error("no plain RTP")]
    Transport,
    /// Neither PCMU nor PCMA.
    #[error("no common codec")]
    Codec,
    /// No address, a name, multicast, or an address of another family than ours.
    #[error("no usable address")]
    Address,
}

impl NotAcceptable {
    /// The code and the text of a Warning (RFC 3261 §20.43).
    #[must_use]
    pub const fn warning(self) -> (u16, &'static str) {
        match self {
            Self::NoAudio => (304, "Media type not available"),
            Self::Transport => (302, "Incompatible transport protocol"),
            Self::Codec => (305, "Incompatible media format"),
            Self::Address => (301, "Incompatible network address formats"),
        }
    }
}
