//! Rehearsal: whom a change of rules would touch, found by the code that would judge them.

use super::{Admin, Problem, settings::check};
use crate::{
    account::{Account, RoleKind, Status},
    credential::{About, CredentialKind, KINDS, Owner, OwnerKind, judge},
    extension::Extension,
    lockout::{Standing, TallyKey},
    policy::Settings,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};

/// Most that are named; the others are counted.
pub const NAMED_MAX: usize = 200;

/// Somebody whom a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Who.
    pub owner: Owner,
    /// Name or number.
    pub name: Box<str>,
    /// Service user, user; `None` for an extension.
    pub role: Option<RoleKind>,
    /// Why, in words.
    pub why: String,
    /// It is the one who asks.
    pub is_oneself: bool,
}

/// Those whom a change touches in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TouchedList {
    /// The first of them.
    pub named: Vec<Touched>,
    /// How many there are.
    pub total: u64,
}

impl TouchedList {
    fn push(&mut self, touched: Touched) {
        self.total = self.total.saturating_add(1);
        if self.named.len() < NAMED_MAX {
            self.named.push(touched);
        }
    }
}

/// What would come of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// Who must choose another secret, or be given one.
    pub must_change: TouchedList,
    /// Who would be locked.
    pub locked: TouchedList,
    /// Passwords of which nobody knows what they are like: set by a version that did not note it.
    pub unknown: u64,
}

impl Rehearsal {
    /// Whether anybody is touched.
    pub const fn touches_anybody(&self) -> bool {
        self.must_change.total > 0 || self.locked.total > 0
    }

    /// How many, for whoever has seen it and says so.
    pub const fn total(&self) -> u64 {
        self.must_change.total.saturating_add(self.locked.total)
    }
}

impl Admin<'_> {
    /// Works out whom these settings would touch who are not touched now. Changes nothing.
    ///
    /// # Errors
    /// No right, or figures out of their range: they could not be put in force.
    pub fn rehearse(&self, wanted: &Settings) -> Result<Rehearsal, Problem> {
        self.require(Right::SecurityWrite)?;
        check(wanted)?;
        let present = self.records.settings();
        let mut found = Rehearsal::default();
        for id in self.records.account_ids() {
            if let Some(account) = self.records.account(id) {
                self.rehearse_account(&account, &present, wanted, &mut found);
            }
        }
        for id in self.records.extension_ids() {
            if let Some(extension) = self.records.extension(id) {
                self.rehearse_extension(&extension, &present, wanted, &mut found);
            }
        }
        Ok(found)
    }

    fn rehearse_account(
        &self,
        account: &Account,
        present: &Settings,
        wanted: &Settings,
        found: &mut Rehearsal,
    ) {
        let owner = Owner::Account(account.id);
        let touched = |why: String| Touched {
            owner,
            name: account.name.as_str().into(),
            role: Some(account.kind()),
            why,
            is_oneself: self.by.account == Some(account.id),
        };
        let before = self.records.status_under(present, account, self.now);
        let after = self.records.status_under(wanted, account, self.now);
        if before.admits() && !after.admits() {
            found.locked.push(touched(after.title().into()));
        }
        let kind = account.kind().password();
        if !before.wants_new_secret() && after.wants_new_secret() {
            let why = if after == Status::LockedPasswordExpired {
                after.title().to_owned()
            } else {
                self.broken(owner, kind, &About::default(), wanted).unwrap_or_default()
            };
            found.must_change.push(touched(why));
        }
        let is_set = self.records.credential(owner, kind).is_some();
        let is_known = self.records.traits(owner, kind, &About::default()).is_some();
        let rules = kind.row().rules;
        found.unknown += u64::from(is_set && !is_known && rules(present) != rules(wanted));
        if account.kind() == RoleKind::User {
            let extension = account.extension().and_then(|id| self.records.extension(id));
            let about = About {
                name: &account.name,
                full_name: &account.full_name,
                number: extension.as_ref().map_or("", |extension| extension.number.as_str()),
                ..About::default()
            };
            for row in KINDS.iter().filter(|row| row.belongs_to == OwnerKind::User && row.is_digits) {
                if let Some(why) = self.newly_broken(owner, row.kind, &about, present, wanted) {
                    found.must_change.push(touched(why));
                }
            }
        }
    }

    fn rehearse_extension(
        &self,
        extension: &Extension,
        present: &Settings,
        wanted: &Settings,
        found: &mut Rehearsal,
    ) {
        let owner = Owner::Extension(extension.id);
        let number = extension.number.as_str();
        let touched =
            |why: String| Touched { owner, name: number.into(), role: None, why, is_oneself: false };
        let about = About { number, ..About::default() };
        if let Some(why) = self.newly_broken(owner, CredentialKind::PhonePassword, &about, present, wanted) {
            found.must_change.push(touched(why));
        }
        // The count of one that has a user is in the user's state.
        let tally = self.records.tally(&TallyKey::extension(extension));
        let is_locked = |settings: &Settings| {
            matches!(tally.standing(&settings.extension_lock, self.now), Standing::Locked { .. })
        };
        if extension.user.is_none() && !is_locked(present) && is_locked(wanted) {
            found.locked.push(touched("Blacklisted extension".into()));
        }
    }

    fn newly_broken(
        &self,
        owner: Owner,
        kind: CredentialKind,
        about: &About<'_>,
        present: &Settings,
        wanted: &Settings,
    ) -> Option<String> {
        let rules = kind.row().rules;
        if rules(present) == rules(wanted) {
            return None;
        }
        let title = kind.row().title;
        let facts = self.records.credential(owner, kind)?;
        let is_old = |settings| is_too_old(settings, kind, facts.set_at, self.now);
        if !is_old(present) && is_old(wanted) {
            return Some(format!("{title}: too old"));
        }
        match self.broken(owner, kind, about, present) {
            Some(_) => None,
            None => self.broken(owner, kind, about, wanted),
        }
    }

    /// The rule that a kept secret breaks, if it is known what it is like.
    fn broken(
        &self,
        owner: Owner,
        kind: CredentialKind,
        about: &About<'_>,
        settings: &Settings,
    ) -> Option<String> {
        let traits = self.records.traits(owner, kind, about)?;
        let rules = (kind.row().rules)(settings);
        // Nobody knows any more who set it, so it is judged as the milder one.
        let broken = judge(kind, &traits, rules, settings.administrators_exempt).err()?;
        Some(format!("{}: {}", kind.row().title, broken.says))
    }
}

/// Whether a code that people type has to be replaced by now.
pub fn is_too_old(settings: &Settings, kind: CredentialKind, set_at: Timestamp, now: Timestamp) -> bool {
    let period = (kind.row().rules)(settings).period;
    period.0 > 0 && now >= set_at.after(period)
}
