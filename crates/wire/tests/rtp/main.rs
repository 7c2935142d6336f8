//! RTP from the outside: vectors, keys of which packets were lost, and sound that comes as it likes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod keys;
mod playout;
mod properties;
#[path = "../vector/mod.rs"]
mod vector;
mod vectors;
