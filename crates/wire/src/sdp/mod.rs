//! SDP: which sound goes where (RFC 8866), and how the two ends of a call agree on it (RFC 3264).
//!
//! Sans-io, and for one stream of sound: G.711, and keys as telephone events (RFC 4733).
//!
//! 1. [`Offer::parse`] reads what a phone offers; [`Offer::agree`] says what would become of it, the phone's address
//!    among it; [`Offer::answer`] writes the answer.
//! 2. Where a phone asks for an offer, [`Local::write_offer`] or [`Local::write_offer_again`] makes it, and
//!    [`Answer::parse`] and [`Answer::agree`] read what comes back.
//!
//! ```
//! use wire::sdp::{Direction, Local, Offer};
//!
//! let offer = Offer::parse(b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
//!     m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n").unwrap();
//! let address = "192.0.2.9".parse().unwrap();
//! let local = Local { address, port: 6000, session_id: 7, version: 1, direction: Direction::SendRecv };
//! let mut out = Vec::new();
//! let agreed = offer.answer(&local, &mut out).unwrap();
//! assert_eq!(agreed.remote, "192.0.2.1:4000".parse().unwrap());
//! assert!(out.ends_with(b"m=audio 6000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
//!     a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"));
//! ```
//!
//! # What it deliberately does not do
//!
//! ICE, DTLS, SRTP, RTCP, bundles, bandwidths, multicast, and host names: nobody is asked for an address. It is lenient
//! where nothing can be misunderstood: lines in any order, without their CR, attributes nobody knows, parameters that
//! cannot be read.

mod agreed;
mod answer;
mod description;
mod direction;
mod events;
mod local;
mod malformed;
mod media;
mod offer;

pub use agreed::{Agreed, NotAcceptable};
pub use answer::Answer;
pub use description::{DESCRIPTION_MAX, LINES_MAX, MEDIA_MAX};
pub use direction::Direction;
pub use events::Events;
pub use local::Local;
pub use malformed::{Malformed, Rule};
pub use media::FORMATS_MAX;
pub use offer::Offer;
