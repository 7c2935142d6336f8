//! Links that are good for one thing, once: to choose a new password, or to show that mail arrives at an address. Each is known
//! by 192 bits of chance, of which a hash is kept with the account's profile; a new one of the same kind takes its place.
//!
//! ```text
//! made ──▶ mailed ──▶ opened (any number of times, nothing changes) ──▶ used: gone
//!            ╰── its time is over, the password changed, another took its place: opens nothing
//! ```

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{
    api_token::TokenHash,
    dice::{Dice, roll},
    ident::AccountId,
    secret::Secret,
    timestamp::{Seconds, Timestamp},
};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// To choose a new password: asked for by whoever forgot theirs, and mailed.
    Recovery,
    /// To choose a new password: made by an administrator, and handed over.
    HandOver,
    /// To show that mail arrives.
    Address,
}

/// What is kept of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it is for.
    pub kind: LinkKind,
    /// Of its secret.
    pub hash: TokenHash,
    /// When it was made.
    pub made_at: Timestamp,
    /// It opens nothing from this moment on.
    pub ends_at: Timestamp,
    /// When the password was set that was in force then: a link that sets one is good for that one's place alone.
    pub password_set_at: Option<Timestamp>,
}

/// What stands in an address: whose link it is, what for, and the secret.
#[derive(Clone, Debug)]
pub struct LinkName {
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub kind: LinkKind,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Recovery, Self::HandOver, Self::Address];

    /// For how long one is good.
    pub const fn lifetime(self) -> Seconds {
        match self {
            Self::Recovery => Seconds::minutes(30),
            Self::HandOver => Seconds::days(3),
            Self::Address => Seconds::days(1),
        }
    }

    /// Whether it sets a password.
    pub const fn sets_password(self) -> bool {
        match self {
            Self::Recovery | Self::HandOver => true,
            Self::Address => false,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Recovery => 'r',
            Self::HandOver => 'h',
            Self::Address => 'a',
        }
    }

    /// In words, for the audit.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Recovery => "recovery link",
            Self::HandOver => "hand-over link",
            Self::Address => "link to confirm an address",
        }
    }
}

impl Link {
    /// Makes one, and its secret.
    pub fn issue(
        kind: LinkKind,
        password_set_at: Option<Timestamp>,
        now: Timestamp,
        dice: &mut dyn Dice,
    ) -> (Self, Secret) {
        let secret = Secret::new(BASE64URL_NOPAD.encode(&roll::<24>(dice)));
        let hash = TokenHash::of(&secret);
        let ends_at = now.after(kind.lifetime());
        (Self { kind, hash, made_at: now, ends_at, password_set_at }, secret)
    }

    /// Whether it may still open something, where this password is in force.
    pub fn is_good(&self, password_set_at: Option<Timestamp>, now: Timestamp) -> bool {
        now < self.ends_at && (!self.kind.sets_password() || self.password_set_at == password_set_at)
    }
}

impl LinkName {
    /// The last part of an address: `r17-` and the secret.
    pub fn with(&self, secret: &Secret) -> Secret {
        Secret::new(format!("{}-{}", self.as_text(), secret.reveal()))
    }

    /// Without the secret: what the audit may say.
    pub fn as_text(&self) -> String {
        format!("{}{}", self.kind.letter(), self.account)
    }

    /// Reads it; `None` = it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let letter = chars.next()?;
        let kind = LinkKind::ALL.into_iter().find(|kind| kind.letter() == letter)?;
        let digits = chars.as_str();
        let fits = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let account = digits.parse().ok().filter(|_| fits).map(AccountId)?;
        Some(Self { account, kind })
    }

    /// Takes an address apart: the name, and the secret. What is no link has an empty name, which nobody has.
    pub fn split(text: &str) -> (&str, Secret) {
        match text.split_once('-') {
            Some((name, secret)) if name.len() <= 11 && secret.len() <= 64 => (name, Secret::new(secret)),
            _ => ("", Secret::new("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn a_link_is_read_as_it_is_written_and_nothing_else_is_one() {
        let (_, secret) = Link::issue(LinkKind::Recovery, None, Timestamp(0), &mut SeededDice(1));
        assert_eq!(secret.reveal().len(), 32, "192 bits");
        for kind in LinkKind::ALL {
            let name = LinkName { account: AccountId(17), kind };
            let whole = name.with(&secret);
            let (text, shown) = LinkName::split(whole.reveal());
            let read = LinkName::parse(text).unwrap();
            assert_eq!((read.account, read.kind), (AccountId(17), kind));
            assert!(shown.matches(&secret));
        }
        for wrong in ["", "r", "x17", "17", "r-17", "r 17", "r+17", "r99999999999", "R17", "r17x", "é1"] {
            assert!(LinkName::parse(wrong).is_none(), "{wrong:?}");
        }
        for wrong in ["", "-", "r17", &format!("r17-{}", "x".repeat(65)), "r17171717171717-x"] {
            let (name, secret) = LinkName::split(wrong);
            assert!(LinkName::parse(name).is_none() && secret.is_empty(), "{wrong:?}");
        }
    }

    #[test]
    fn a_link_ends_with_its_time_and_with_the_password_it_was_made_for() {
        let (set, later) = (Some(Timestamp(5)), Some(Timestamp(6)));
        let (link, _) = Link::issue(LinkKind::Recovery, set, Timestamp(10), &mut SeededDice(1));
        let end = Timestamp(10).after(Seconds::minutes(30));
        assert!(link.is_good(set, Timestamp(10)) && link.is_good(set, Timestamp(end.0 - 1)));
        assert!(
            !link.is_good(set, end)
                && !link.is_good(later, Timestamp(11))
                && !link.is_good(None, Timestamp(11))
        );
        let (link, _) = Link::issue(LinkKind::Address, set, Timestamp(10), &mut SeededDice(1));
        assert!(
            link.is_good(later, Timestamp(11)),
            "whose address it is has nothing to do with the password"
        );
    }
}
