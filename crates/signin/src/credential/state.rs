//! The state of a credential as an administrator sees it: set or not, ended, weak by today's rules, when it was used last
//! and where. Never the secret, and never which rule it breaks: that would tell half of it.

use std::net::IpAddr;

use super::{CredentialFacts, CredentialKind, KINDS, Owner, OwnerKind};
use crate::{
    account::{Account, RoleKind},
    extension::Extension,
    ident::AccountId,
    interface::LoginInterface,
    lockout::TallyKey,
    records::Records,
    timestamp::{Seconds, Timestamp},
};

/// A secret that was not used for this long may well be given up.
pub const UNUSED_AFTER: Seconds = Seconds::days(90);

/// What is known of one credential of somebody, set or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialState {
    /// Whose.
    pub owner: Owner,
    /// Which kind.
    pub kind: CredentialKind,
    /// What may be told about it; `None` = not set.
    pub facts: Option<CredentialFacts>,
    /// Whether it ended by itself.
    pub has_ended: bool,
    /// Whether it breaks today's rules; `None` = nobody can tell: it was set before that was noted.
    pub is_weak: Option<bool>,
    /// The last time it was right.
    pub used: Option<LastUse>,
}

/// When a credential was right the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// When, as exactly as it is known.
    pub at: Moment,
    /// Where.
    pub from: Option<IpAddr>,
    /// By which interface.
    pub by: LoginInterface,
}

/// A moment that may be known by its day alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A phone that showed it is registered at this moment.
    Now,
    /// Then.
    At(Timestamp),
    /// Some time in the day that began then (UTC).
    OnDay(Timestamp),
}

impl CredentialState {
    /// One credential of a user, an extension or a service user.
    pub fn of(records: &dyn Records, owner: Owner, kind: CredentialKind, now: Timestamp) -> Self {
        let state = Self::told(records, owner, kind, now);
        Self { is_weak: records.is_weak(owner, kind), ..state }
    }

    /// The same without a look at the secret itself: what costs nothing, for going through many.
    pub fn told(records: &dyn Records, owner: Owner, kind: CredentialKind, now: Timestamp) -> Self {
        let facts = records.credential(owner, kind);
        let has_ended = facts.and_then(|facts| facts.expires_at).is_some_and(|end| now >= end);
        let used = facts.and_then(|facts| last_use(records, owner, kind, facts, now));
        Self { owner, kind, facts, has_ended, is_weak: None, used }
    }

    /// Whether it is set, and nobody has used it for [`UNUSED_AFTER`].
    pub fn is_unused(&self, now: Timestamp) -> bool {
        let Some(facts) = self.facts else { return false };
        let used = self.used.map_or(Timestamp::EPOCH, |used| match used.at {
            Moment::Now => now,
            Moment::At(at) => at,
            Moment::OnDay(day) => day.after(Seconds::days(1)),
        });
        now >= facts.set_at.max(used).after(UNUSED_AFTER)
    }
}

/// Every credential that a user can have, in the order of [`KINDS`]: their own, and that of their extension.
pub fn owners_of(account: &Account) -> Vec<(Owner, CredentialKind)> {
    let owner = |belongs_to| match (belongs_to, account.kind()) {
        (OwnerKind::ServiceUser, RoleKind::ServiceUser) | (OwnerKind::User, RoleKind::User) => {
            Some(Owner::Account(account.id))
        }
        (OwnerKind::Extension, RoleKind::User) => account.extension().map(Owner::Extension),
        (OwnerKind::ServiceUser | OwnerKind::User | OwnerKind::Extension | OwnerKind::Domain, _) => None,
    };
    KINDS.iter().filter_map(|row| Some((owner(row.belongs_to)?, row.kind))).collect()
}

/// The count that locks a credential.
pub fn count_of(
    kind: CredentialKind,
    account: Option<&Account>,
    extension: Option<&Extension>,
) -> Option<TallyKey> {
    match kind {
        CredentialKind::ServicePassword | CredentialKind::UserPassword => {
            account.map(|account| TallyKey::credential(kind, account))
        }
        // Whoever types one says a number with it.
        CredentialKind::VoicemailCode | CredentialKind::PortalPasscode => {
            extension.map(|extension| TallyKey::numbered(kind, extension))
        }
        CredentialKind::LoginCode | CredentialKind::PhonePassword => extension.map(TallyKey::extension),
        CredentialKind::SystemPassword => {
            extension.map(|extension| TallyKey::system_password(extension.domain))
        }
    }
}

fn last_use(
    records: &dyn Records,
    owner: Owner,
    kind: CredentialKind,
    facts: CredentialFacts,
    now: Timestamp,
) -> Option<LastUse> {
    let is_of_this_one = |used: &LastUse| match used.at {
        Moment::Now => true,
        Moment::At(at) => at >= facts.set_at,
        // That day may have been the one on which it was set.
        Moment::OnDay(day) => day.after(Seconds::days(1)) > facts.set_at,
    };
    let noted = facts.used_at.map(Moment::At);
    let used = match (kind, owner) {
        (CredentialKind::ServicePassword | CredentialKind::UserPassword, Owner::Account(id)) => {
            signed_in(records, id, kind)
        }
        (CredentialKind::VoicemailCode | CredentialKind::PortalPasscode, Owner::Account(id)) => {
            signed_in(records, id, kind)
        }
        (CredentialKind::LoginCode, Owner::Account(id)) => {
            let extension = records.account(id)?.extension()?;
            let other = Owner::Extension(extension);
            // Where the extension has a password of its own, its phones show that one.
            let is_shown = records.credential(other, CredentialKind::PhonePassword).is_none();
            is_shown
                .then(|| seen_at(records, extension, now))
                .flatten()
                .or_else(|| signed_in(records, id, kind))
        }
        (CredentialKind::PhonePassword, Owner::Extension(id)) => seen_at(records, id, now),
        (
            CredentialKind::ServicePassword
            | CredentialKind::UserPassword
            | CredentialKind::LoginCode
            | CredentialKind::PhonePassword
            | CredentialKind::VoicemailCode
            | CredentialKind::PortalPasscode
            | CredentialKind::SystemPassword,
            Owner::Account(_) | Owner::Extension(_) | Owner::Domain(_),
        ) => None,
    };
    used.filter(is_of_this_one).or_else(|| {
        let by = if kind.row().belongs_to == OwnerKind::ServiceUser {
            LoginInterface::WebManager
        } else {
            LoginInterface::SipRegistration
        };
        noted.map(|at| LastUse { at, from: None, by })
    })
}

/// The last sign-in of an account, if it was with this kind.
fn signed_in(records: &dyn Records, id: AccountId, kind: CredentialKind) -> Option<LastUse> {
    let activity = records.activity(id);
    let by = activity.signed_in_by.unwrap_or(LoginInterface::WebManager);
    let was_with_it = activity.signed_in_by.is_none() || by.row().opens_with.contains(&kind);
    let at = activity.signed_in_at.filter(|_| was_with_it)?;
    Some(LastUse { at: Moment::At(at), from: activity.signed_in_from, by })
}

fn seen_at(records: &dyn Records, extension: crate::ident::ExtensionId, now: Timestamp) -> Option<LastUse> {
    let by = LoginInterface::SipRegistration;
    let registration = records.registration(extension);
    let live = registration.iter().flat_map(|registration| registration.bindings.iter());
    if let Some(binding) = live.filter(|binding| now < binding.expires_at).max_by_key(|binding| binding.since)
    {
        return Some(LastUse { at: Moment::Now, from: Some(binding.source.ip()), by });
    }
    let (from, day) = records.places(extension).latest()?;
    Some(LastUse { at: Moment::OnDay(day), from: Some(from), by })
}
