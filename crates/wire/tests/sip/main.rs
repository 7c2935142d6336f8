//! SIP from the outside: vectors of the RFCs, and what a server does with the codec.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on should say where"
)]

mod contacts;
mod conversation;
mod dates;
mod digest;
mod edges;
mod forwarding;
mod framing;
mod properties;
mod registrar;
mod relay;
mod stun;
mod vectors;
