//! What a phone answers to an offer of ours (RFC 3264 §7).

use super::description::Description;
use super::{Agreed, Direction, Malformed, NotAcceptable};

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer<'a>(Description<'a>);

impl<'a> Answer<'a> {
    /// Reads a body of `application/sdp`.
    ///
    /// # Errors
    /// It is no description.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Description::parse(bytes).map(Self)
    }

    /// What is agreed on; `offered` is the direction that we offered. That the phone keeps to the codecs and payload
    /// types of the offer is taken for granted (RFC 3264 §6.1: it should).
    ///
    /// # Errors
    /// The phone takes nothing that we offered.
    pub fn agree(&self, offered: Direction) -> Result<Agreed, NotAcceptable> {
        self.0.agree(offered)
    }
}
