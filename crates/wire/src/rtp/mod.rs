//! RTP with phones: packets (RFC 3550), the two codecs that every phone has (RFC 3551), keys (RFC 4733), and what turns
//! packets that come as they like into sound that can be kept.
//!
//! Sans-io: who sends and receives, and calls every 20 ms, is elsewhere. First numbers (SSRC, sequence number,
//! timestamp) are arguments, since they are chance (RFC 3550 §5.1).
//!
//! 1. [`Packet::parse`] reads a datagram; by its payload type it is sound or a key.
//! 2. Sound goes into [`Playout::push`], and every 20 ms [`Playout::pop`] gives what is to be heard.
//! 3. Keys go into [`EventReader::push`], and their place among the packets into [`Playout::pass`].
//! 4. [`Sender`] writes what is played to the phone; [`Codec`] is G.711, and [`wav`] how it lies in files.
//!
//! # What it deliberately does not do
//!
//! RTCP, SRTP, mixing, other codecs than G.711, other clocks than 8000 Hz, comfort noise, redundancy (RFC 2198). Whether
//! a packet is from who it should be is for the caller to see by its address.

mod event;
mod g711;
mod packet;
mod playout;
mod sender;
pub mod wav;

pub use event::{Event, EventReader, QUIET_MAX};
pub use g711::Codec;
pub use packet::{Malformed, PACKET_MAX, Packet};
pub use playout::{Arrival, Heard, PACKETS_MAX, PAYLOAD_MAX, Playout};
pub use sender::Sender;

/// Samples in a second: the clock of both codecs and of keys.
pub const CLOCK_RATE: u32 = 8000;
/// Milliseconds in a frame.
pub const FRAME_MS: u32 = 20;
/// Samples in a frame; bytes too, for both codecs have one for each sample.
pub const FRAME: usize = 160;
