//! Sessions: signed-in browsers and programs. The token is known to its holder alone; a hash is kept.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    dice::{Dice, roll},
    ident::AccountId,
    interface::LoginInterface,
    lockout::CLOCK_SPARE,
    policy::SessionRules,
    secret::Secret,
    timestamp::Timestamp,
};

/// Names a session without opening it: the hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SessionId([u8; 32]);

/// A signed-in session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The hash of its token.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// By which interface it was opened.
    pub interface: LoginInterface,
    /// From where.
    pub address: IpAddr,
    /// By what program.
    pub agent: Box<str>,
    /// Since when.
    pub opened_at: Timestamp,
    /// The last request.
    pub used_at: Timestamp,
}

impl SessionId {
    /// Makes a token of 192 bits and the id that is kept of it.
    pub fn issue(dice: &mut dyn Dice) -> (Self, Secret) {
        let token = BASE64URL_NOPAD.encode(&roll::<24>(dice));
        (Self::of(&token), Secret::new(token))
    }

    /// The id of a token that somebody shows.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The bytes, for a store's key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        BASE64URL_NOPAD.encode(&id.0)
    }
}

impl TryFrom<String> for SessionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| "not a session id")?;
        bytes.try_into().map(Self).map_err(|_| "not a session id")
    }
}

impl Session {
    /// Whether it still counts at `now`: neither unused for too long nor too old, nor used in a future that the clock has
    /// been set back from.
    pub fn is_open(&self, rules: &SessionRules, now: Timestamp) -> bool {
        now < self.used_at.after(rules.idle)
            && now < self.opened_at.after(rules.absolute)
            && self.used_at <= now.after(CLOCK_SPARE)
    }
}
