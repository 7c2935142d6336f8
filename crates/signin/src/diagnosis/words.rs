//! The words of a diagnosis: each cause in one plain sentence, and what to do beyond pressing the button.

use super::{Cause, Lock, Sighting};
use crate::{
    credential::CredentialKind,
    ident::AccountId,
    interface::CountScope,
    lockout::{Origin, Tally},
    place::Lane,
    records::Records,
    timestamp::Timestamp,
};

impl Cause {
    /// In one plain sentence. `tell` writes a moment for people.
    pub fn in_words(
        &self,
        records: &dyn Records,
        tell: &dyn Fn(Timestamp) -> String,
        now: Timestamp,
    ) -> String {
        let account =
            |id: &AccountId| records.account(*id).map_or_else(String::new, |found| found.name.to_string());
        match self {
            Self::AddressLocked(lock) => format!(
                "The address {} is blacklisted {}, because of {} over all interfaces.",
                lock.key.name.as_str(),
                until(lock.until, now),
                failures(&lock.tally)
            ),
            Self::Locked(lock) => locked_in_words(lock, now),
            Self::UnknownName(typed) => format!("Nobody has the name or number “{typed}”."),
            Self::NoSecret { kind, .. } => format!("No {} is set.", kind.row().title.to_lowercase()),
            Self::SecretEnded { kind, at, .. } => {
                format!("The {} ended on {}.", kind.row().title.to_lowercase(), tell(*at))
            }
            Self::Disabled(id, _) => format!("The account {} is disabled.", account(id)),
            Self::Expired(id, _, at) => match at {
                Some(at) => {
                    format!("The account {} has expired: its last moment was {}.", account(id), tell(*at))
                }
                None => format!("The account {} has expired.", account(id)),
            },
            Self::Idle(id, _) => format!("The account {} was not used for too long.", account(id)),
            Self::SessionLimit(id, most) => {
                format!("{} has {most} sessions open, and no more are allowed.", account(id))
            }
            Self::NoExtension(id) => {
                format!("{} has no extension, and so no phone can register.", account(id))
            }
            Self::OldSecret { kind, phone, replaced_at, .. } => format!(
                "The phone at {} showed a {} that was replaced on {}.",
                phone.in_words(),
                kind.row().title.to_lowercase(),
                tell(*replaced_at)
            ),
            Self::WrongSecret { kind, by, .. } => {
                let who = if *kind == CredentialKind::ServicePassword { "Somebody" } else { "The phone" };
                format!(
                    "{who} at {} showed a wrong {} on {}.",
                    by.in_words(),
                    kind.row().title.to_lowercase(),
                    tell(by.at)
                )
            }
            Self::OnlyMd5(_, phone) => {
                format!("MD5 is not allowed, and the phone at {} knows no other.", phone.in_words())
            }
            Self::PushedOut { phone, by, .. } => format!(
                "The phone at {} was pushed out on {} by another phone of the same extension, at {by}.",
                phone.in_words(),
                tell(phone.at)
            ),
        }
    }

    /// What to do, beyond pressing the button.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::AddressLocked(_) => {
                "If it is your own office, some phone there has a wrong secret: find it below before lifting the lock, or \
                 the lock comes back."
            }
            Self::Locked(_) => {
                "The right secret is refused too until the lock ends or is lifted. Phones and browsers where it was shown \
                 before go on working."
            }
            Self::UnknownName(_) => "Look for a typing mistake, in the phone as well.",
            Self::NoSecret { .. } => "Nothing opens it until one is set.",
            Self::SecretEnded { .. } => "It opens nothing any more. A new one does.",
            Self::Disabled(..) => "Nothing works, no sign-in and no registration, until it is enabled.",
            Self::Expired(..) | Self::Idle(..) => "Enabling it by hand sets its dates and counts back.",
            Self::SessionLimit(..) => "Signing out elsewhere makes room, and so does ending a session here.",
            Self::NoExtension(_) => "Name one on the user's page; it is created if it does not exist yet.",
            Self::OldSecret { .. } => {
                "It locks nobody out. Type the present code into the phone; if nobody knows it any more, set a new one. If \
                 you do not know the phone, forget the old code."
            }
            Self::WrongSecret { .. } => {
                "Type the present one again. If nobody knows it any more, set a new one: it is shown once."
            }
            Self::OnlyMd5(..) => "Update the phone, or allow MD5 until it is replaced.",
            Self::PushedOut { .. } => {
                "The extension has as many phones as are allowed. Often the one that went is an old one that is still \
                 plugged in."
            }
        }
    }
}

impl Sighting {
    /// "192.0.2.7 (Yealink SIP-T46U)".
    fn in_words(&self) -> String {
        if self.agent.is_empty() {
            self.address.to_string()
        } else {
            format!("{} ({})", self.address, self.agent)
        }
    }
}

fn locked_in_words(lock: &Lock, now: Timestamp) -> String {
    let name = lock.key.name.as_str();
    let (until, failures) = (until(lock.until, now), failures(&lock.tally));
    match (lock.key.scope, lock.key.lane) {
        (CountScope::Extension, Lane::Open) => {
            format!("The extension {name} is blacklisted {until}, because of {failures}.")
        }
        (CountScope::Extension, Lane::Network(place)) => {
            format!("The extension {name} is locked at {place} {until}, because of {failures}.")
        }
        (scope, _) => {
            format!(
                "The {} of {name} is locked {until}, because of {failures}.",
                scope.title().to_lowercase()
            )
        }
    }
}

fn until(until: Option<Timestamp>, now: Timestamp) -> String {
    match until.map(|until| now.seconds_until(until)) {
        None => "until somebody lifts the lock".into(),
        Some(seconds @ 0..=90) => format!("for {seconds} more seconds"),
        Some(seconds @ 91..7200) => format!("for {} more minutes", seconds.div_ceil(60)),
        Some(seconds) => format!("for {} more hours", seconds.div_ceil(3600)),
    }
}

fn failures(tally: &Tally) -> String {
    let count = if tally.failures == 1 { "1 failure".into() } else { format!("{} failures", tally.failures) };
    match tally.origin {
        Origin::One(address) => format!("{count} from {address}"),
        Origin::Several => format!("{count} from several addresses"),
        Origin::Nowhere => count,
    }
}
