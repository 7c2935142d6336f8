//! SDP from the outside: offers of the RFCs and of phones, and what is answered.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod limits;
mod own;
mod properties;
#[path = "../vector/mod.rs"]
mod vector;
mod vectors;
