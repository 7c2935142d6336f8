//! API tokens: what a program shows in place of a name and a password. Each belongs to a service user, may a part of what
//! its owner may, and ends by itself. A hash is kept; the token is shown once, when it is made.
//!
//! ```text
//! hsk_0a1b2c3d_Zm9yIHRoaXMgb25lIGV5ZSBvbmx5IQ…
//!     ╰──id──╯ ╰─ 192 bits of chance, base64url ─╯
//! ```
//! The id finds the token and opens nothing, so it may stand in the audit and in lists.

use std::net::IpAddr;

use compact_str::CompactString;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    dice::{Dice, roll},
    ident::{AccountId, TokenId},
    lockout::network,
    rights::Right,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

/// Most tokens of one service user.
pub const TOKENS_EACH_MAX: usize = 16;
/// Most tokens: as many as all service users together may have.
pub const TOKENS_MAX: usize =
    crate::rights::SERVICE_USERS_MAX * TOKENS_EACH_MAX * crate::extension::DOMAINS_MAX;
/// The longest that a token is good for.
pub const LIFETIME_MAX: Seconds = Seconds::days(365);
/// How long it is good for where nobody says: a forgotten one ends within a quarter, and a year of work with it costs
/// three replacements, not fifty.
pub const LIFETIME_DEFAULT: Seconds = Seconds::days(90);
/// A token that goes on being used at one place is noted, and told of in the audit, once in this time.
pub const NOTED_EVERY: Seconds = Seconds::minutes(60);
/// Begins every token, so that people and scanners know one when they see it.
pub const PREFIX: &str = "hsk_";

const ID_LEN: usize = 8;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Never changes.
    pub id: TokenId,
    /// Counts the notes of its use; nothing else of a token changes.
    pub version: u32,
    /// Whose.
    pub account: AccountId,
    /// For people: "Nightly export". Unique among the owner's.
    pub name: CompactString,
    /// What it may do as far as its owner may, each once, in the order of the matrix.
    pub scopes: Box<[Right]>,
    /// When it was made.
    pub made_at: Timestamp,
    /// It opens nothing from this moment on.
    pub expires_at: Timestamp,
    /// Of its secret part.
    pub hash: TokenHash,
    /// The last use that was noted.
    pub used: Option<TokenUse>,
}

/// A use of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// When.
    pub at: Timestamp,
    /// Where from.
    pub from: IpAddr,
}

/// What is kept of a token's secret part. A single hash will do: nobody guesses 192 bits, however fast.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of this secret part.
    pub fn of(secret: &Secret) -> Self {
        Self(Sha256::digest(secret.reveal().as_bytes()).into())
    }

    /// Nobody's.
    pub const fn decoy(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether it is of this one, in constant time.
    pub fn matches(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        BASE64URL_NOPAD.encode(&hash.0)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| "not a token's hash")?;
        bytes.try_into().map(Self).map_err(|_| "not a token's hash")
    }
}

impl TokenId {
    /// As it stands in a token.
    pub fn in_token(self) -> String {
        format!("{:08x}", self.0)
    }

    /// Reads what [`in_token`](Self::in_token) writes.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == ID_LEN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u32::from_str_radix(text, 16).ok().filter(|_| fits).map(Self)
    }
}

/// Makes the secret part of a token, and the token as its holder is shown it.
pub fn issue(id: TokenId, dice: &mut dyn Dice) -> (TokenHash, Secret) {
    let secret = BASE64URL_NOPAD.encode(&roll::<24>(dice));
    let token = Secret::new(format!("{PREFIX}{}_{secret}", id.in_token()));
    (TokenHash::of(&Secret::new(secret)), token)
}

/// The id and the secret part of what somebody shows; `None` where it is no token at all. What is not quite one has an id
/// that nobody has, so that it is counted like any other wrong one.
pub fn read(shown: &str) -> Option<(&str, Secret)> {
    let rest = shown.strip_prefix(PREFIX)?;
    let (id, secret) = rest.split_once('_').unwrap_or(("", rest));
    let id = if TokenId::parse(id).is_some() { id } else { "" };
    Some((id, Secret::new(secret)))
}

impl ApiToken {
    /// The use of it to be noted, where it is the first in a while or at another place.
    pub fn used_now(&self, from: IpAddr, now: Timestamp) -> Option<Self> {
        let is_noted = self.used.is_some_and(|used| {
            network(used.from) == network(from) && used.at <= now && now < used.at.after(NOTED_EVERY)
        });
        if is_noted {
            return None;
        }
        let version = self.version.saturating_add(1);
        Some(Self { version, used: Some(TokenUse { at: now, from }), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn a_token_is_read_as_it_was_written_and_its_hash_knows_it() {
        let (hash, token) = issue(TokenId(0x0a1b_2c3d), &mut SeededDice(1));
        assert_eq!(token.reveal().len(), 4 + 8 + 1 + 32);
        let (id, secret) = read(token.reveal()).unwrap();
        assert_eq!(TokenId::parse(id), Some(TokenId(0x0a1b_2c3d)));
        assert!(hash.matches(&secret));
        assert!(!hash.matches(&Secret::new("")) && !hash.matches(&token));
        let kept: TokenHash = serde_json::from_value(serde_json::to_value(hash).unwrap()).unwrap();
        assert_eq!(kept, hash);
        assert_eq!(format!("{hash:?}"), "TokenHash(…)");
    }

    #[test]
    fn what_is_not_quite_a_token_is_one_that_nobody_has() {
        for shown in ["hsk_", "hsk_x", "hsk_0a1b2c3_x", "hsk_0A1B2C3D_x", "hsk_+a1b2c3d_x", "hsk__x"] {
            assert_eq!(read(shown).map(|(id, _)| id), Some(""), "{shown}");
        }
        assert!(read("0a1b2c3d_x").is_none());
    }

    #[test]
    fn a_use_is_noted_once_in_a_while_and_at_each_other_place() {
        let now = Timestamp(1_800_000_000_000);
        let (hash, _) = issue(TokenId(1), &mut SeededDice(1));
        let token = ApiToken {
            id: TokenId(1),
            version: 1,
            account: AccountId(1),
            name: "x".into(),
            scopes: Box::default(),
            made_at: now,
            expires_at: now.after(LIFETIME_DEFAULT),
            hash,
            used: None,
        };
        let [here, there] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let used = token.used_now(here, now).unwrap();
        assert_eq!((used.version, used.used), (2, Some(TokenUse { at: now, from: here })));
        assert_eq!(used.used_now(here, now.after(Seconds(3599))), None);
        assert!(used.used_now(there, now).is_some());
        assert!(used.used_now(here, now.after(NOTED_EVERY)).is_some());
        assert!(used.used_now(here, Timestamp(now.0 - 1)).is_some(), "the clock was set back");
    }
}
