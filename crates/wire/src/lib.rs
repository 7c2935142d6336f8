//! Bytes: decoders, encoders and protocol state machines, one folder a protocol. No I/O, no clock, no dice.

pub mod keypad;
pub mod rtp;
pub mod sip;
pub mod syslog;
