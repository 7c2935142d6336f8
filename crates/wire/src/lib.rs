//! Bytes: decoders, encoders and protocol state machines, one folder a protocol. No I/O, no clock, no dice.
//!
//! [`sip`] signs phones in and [`sdp`] agrees with them on sound, which goes by [`rtp`]; [`keypad`] is what both bring of
//! their keys. [`websocket`] carries SIP for browsers. [`syslog`] is how events leave the house.

pub mod keypad;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod syslog;
pub mod websocket;
