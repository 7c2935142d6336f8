//! What a phone offers, and the answer to it (RFC 3264 §6).

use super::description::Description;
use super::{Agreed, Direction, Local, Malformed, NotAcceptable};

/// An offer.
#[derive(Clone, Debug)]
pub struct Offer<'a>(Description<'a>);

impl<'a> Offer<'a> {
    /// Reads a body of `application/sdp`.
    ///
    /// # Errors
    /// It is no description.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Description::parse(bytes).map(Self)
    }

    /// What an answer would agree on; `wish` is the most that we want.
    ///
    /// # Errors
    /// Nothing that is offered can be taken.
    pub fn agree(&self, wish: Direction) -> Result<Agreed, NotAcceptable> {
        self.0.agree(wish)
    }

    /// Clears `out` and writes the answer: the first codec of the offer that we have, telephone events if there are
    /// any, and nothing else that is offered.
    ///
    /// # Errors
    /// Nothing that is offered can be taken; `out` is empty.
    pub fn answer(&self, local: &Local, out: &mut Vec<u8>) -> Result<Agreed, NotAcceptable> {
        out.clear();
        let agreed = self.0.agree(local.direction)?;
        if agreed.direction.sends() && agreed.remote.is_ipv4() != local.address.to_canonical().is_ipv4() {
            return Err(NotAcceptable::Address);
        }
        local.begin(self.0.timing, out);
        local.medias(&self.0.medias, self.0.chosen().ok(), agreed.direction, false, out);
        Ok(agreed)
    }
}
