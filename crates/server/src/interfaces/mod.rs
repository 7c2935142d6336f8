//! The login interfaces. `signin::interface` has the table of them; where each is heard is in `listen/listener.rs`.
//!
//! An interface turns what it hears into an `Attempt`, hands it to the flow, and says the `Verdict` in its own words.
//! It decides nothing. Pages are interfaces too: theirs are in `web/`.

pub mod sip;
