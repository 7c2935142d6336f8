//! What is the matter with a credential of somebody who cannot get in: what weighs most, if anything does. So that whoever is asked
//! for a new one sees first which one it is about, and whether a new one is what helps.

use super::{CredentialKind, Owner, state::CredentialState};
use crate::{
    account::Account,
    admin::is_too_old,
    extension::Extension,
    lockout::{Standing, Tally, TallyKey},
    records::Records,
    timestamp::Timestamp,
};

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Too many wrong tries: even the right one is refused.
    Locked {
        /// When that ends; `None` = when somebody lifts it.
        until: Option<Timestamp>,
        /// The count.
        tally: Tally,
    },
    /// It ended by itself, or is too old.
    Ended,
    /// Wrong ones were shown of late.
    WrongTries(Tally),
    /// It breaks a rule that is newer: another one is asked for.
    Weak,
}

impl Trouble {
    /// The more it stands in the way, the smaller.
    const fn weight(&self) -> u8 {
        match self {
            Self::Locked { .. } => 0,
            Self::Ended => 1,
            Self::WrongTries(_) => 2,
            Self::Weak => 3,
        }
    }
}

/// The counts that a wrong one goes to: by name, by number, by what registers a phone.
pub fn counts_of(kind: CredentialKind, account: &Account, extension: Option<&Extension>) -> Vec<TallyKey> {
    let numbered = extension.map(|extension| TallyKey::numbered(kind, extension));
    match kind {
        CredentialKind::ServicePassword | CredentialKind::UserPassword => {
            std::iter::once(TallyKey::credential(kind, account)).chain(numbered).collect()
        }
        CredentialKind::LoginCode => numbered.into_iter().chain(extension.map(TallyKey::extension)).collect(),
        CredentialKind::PhonePassword => extension.map(TallyKey::extension).into_iter().collect(),
        CredentialKind::VoicemailCode | CredentialKind::PortalPasscode => numbered.into_iter().collect(),
        CredentialKind::SystemPassword => Vec::new(),
    }
}

/// What is the matter with each of these, what weighs most first; those with which all is well are left out. What is not set opens
/// nothing and is in nobody's way.
pub fn troubles(
    records: &dyn Records,
    account: &Account,
    extension: Option<&Extension>,
    credentials: &[(Owner, CredentialKind)],
    now: Timestamp,
) -> Vec<(CredentialKind, Trouble)> {
    let mut found: Vec<(CredentialKind, Trouble)> = credentials
        .iter()
        .filter_map(|(owner, kind)| {
            let state = CredentialState::of(records, *owner, *kind, now);
            state.facts?;
            trouble(records, account, extension, &state, now).map(|trouble| (*kind, trouble))
        })
        .collect();
    found.sort_by_key(|(_, trouble)| trouble.weight());
    found
}

fn trouble(
    records: &dyn Records,
    account: &Account,
    extension: Option<&Extension>,
    state: &CredentialState,
    now: Timestamp,
) -> Option<Trouble> {
    let settings = records.settings();
    let kind = state.kind;
    let keys = counts_of(kind, account, extension);
    let lanes = keys.iter().flat_map(|key| records.lanes_of(key));
    let tallies: Vec<(TallyKey, Tally)> =
        keys.iter().cloned().chain(lanes).map(|key| (key.clone(), records.tally(&key))).collect();
    let locked =
        tallies.iter().find_map(|(key, tally)| match tally.standing(settings.lock_rule(key.scope), now) {
            Standing::Locked { until } => Some(Trouble::Locked { until, tally: *tally }),
            Standing::Open | Standing::Full => None,
        });
    let is_too_old = |set_at: Timestamp| {
        let is_password = kind == account.kind().password();
        let end = account.password_ends_at(set_at, settings.ages_of(account.kind())).filter(|_| is_password);
        is_too_old(&settings, kind, set_at, now) || end.is_some_and(|end| now >= end)
    };
    let has_ended = state.has_ended || state.facts.is_some_and(|facts| is_too_old(facts.set_at));
    let wrong = tallies
        .iter()
        .filter(|(key, tally)| {
            tally.failures > 0 && now < tally.window_at.after(settings.lock_rule(key.scope).window)
        })
        .max_by_key(|(_, tally)| tally.failed_at)
        .map(|(_, tally)| Trouble::WrongTries(*tally));
    locked
        .or_else(|| has_ended.then_some(Trouble::Ended))
        .or(wrong)
        .or_else(|| (state.is_weak == Some(true)).then_some(Trouble::Weak))
}
