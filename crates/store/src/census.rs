//! The census of credentials: of every account, and of the system, which are set, ended, weak by today's rules, or used by nobody for long.
//!
//! Whether a secret is weak is seen by opening it, a microsecond or two each: too much to do for a hundred thousand people at
//! every look at a list. So all are looked at once, and lists and pictures go by what was seen then, until something changes.

use signin::{
    account::Account,
    credential::{
        CredentialKind, KINDS, Owner, OwnerKind,
        state::{CredentialState, owners_of},
    },
    ident::AccountId,
    timestamp::{Seconds, Timestamp},
};

use crate::{
    ledger::Ledger,
    lists::{Page, paged},
    needle::Needle,
};

/// Dates pass without a change: a census is good for this long.
const LASTS: Seconds = Seconds(60);

/// What a list of accounts asks of their credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialFilter {
    /// Everybody.
    #[default]
    All,
    /// Breaks the rules of today.
    Weak,
    /// Ended by itself.
    Expired,
    /// Is not set. Without a kind: none is that opens anything to a phone.
    NotSet,
    /// Set, and used by nobody for long (see [`UNUSED_AFTER`](signin::credential::state::UNUSED_AFTER)).
    Unused,
}

/// Which accounts are wanted for the sake of their credentials.
#[derive(Clone, Debug, Default)]
pub struct CredentialQuery {
    /// Part of the name, the full name or the extension number; everything when empty.
    pub search: String,
    /// How a credential must stand.
    pub filter: CredentialFilter,
    /// Which; any without it.
    pub kind: Option<CredentialKind>,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// How the credentials of one kind stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindCensus {
    /// Which.
    pub kind: CredentialKind,
    /// Accounts and domains that could have one.
    pub owners: usize,
    /// Set.
    pub set: usize,
    /// Of them, those that break the rules of today.
    pub weak: usize,
    /// Of them, those that ended.
    pub expired: usize,
    /// Of them, those that nobody has used for long.
    pub unused: usize,
}

/// All of them at one moment.
#[derive(Clone, Debug)]
pub struct Census {
    /// When.
    pub at: Timestamp,
    /// By kind, in the order of the table.
    pub kinds: [KindCensus; KINDS.len()],
    changes: u64,
    /// By name; a set of flags for each kind.
    accounts: Vec<(AccountId, [Flags; KINDS.len()])>,
}

/// How one credential stands. None: the account can have no such one.
type Flags = u8;
const POSSIBLE: Flags = 1;
const SET: Flags = 2;
const WEAK: Flags = 4;
const EXPIRED: Flags = 8;
const UNUSED: Flags = 16;

impl Census {
    /// Whether it still says how things stand.
    pub fn is_current(&self, changes: u64, now: Timestamp) -> bool {
        self.changes == changes && now < self.at.after(LASTS)
    }
}

impl Ledger {
    /// Looks at every credential there is. Takes a quarter of a second for a hundred thousand people: not for a thread that
    /// others wait for.
    pub fn census(&self, now: Timestamp) -> Census {
        let changes = self.changes();
        let ids: Vec<AccountId> = self.holdings.account_order.read().iter().copied().collect();
        let mut kinds =
            KINDS.map(|row| KindCensus { kind: row.kind, owners: 0, set: 0, weak: 0, expired: 0, unused: 0 });
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(account) = self.holdings.account(id) else { continue };
            let flags = self.flags_of(owners_of(&account), now);
            count(&mut kinds, &flags);
            accounts.push((id, flags));
        }
        for id in self.holdings.domains.load().by_id.keys() {
            let of_domain = KINDS.iter().filter(|row| row.belongs_to == OwnerKind::Domain);
            let owned = of_domain.map(|row| (Owner::Domain(*id), row.kind));
            count(&mut kinds, &self.flags_of(owned, now));
        }
        Census { at: now, kinds, changes, accounts }
    }

    fn flags_of(
        &self,
        owned: impl IntoIterator<Item = (Owner, CredentialKind)>,
        now: Timestamp,
    ) -> [Flags; KINDS.len()] {
        let mut flags = [0; KINDS.len()];
        for (owner, kind) in owned {
            let state = CredentialState::of(self, owner, kind, now);
            let place = KINDS.iter().position(|row| row.kind == kind);
            if let Some(flags) = place.and_then(|place| flags.get_mut(place)) {
                let mut note = |is_so: bool, flag: Flags| *flags |= if is_so { flag } else { 0 };
                note(true, POSSIBLE);
                note(state.facts.is_some(), SET);
                note(state.is_weak == Some(true), WEAK);
                note(state.has_ended, EXPIRED);
                note(state.is_unused(now), UNUSED);
            }
        }
        flags
    }

    /// Accounts by how their credentials stood at the census, by name, a page of them.
    pub fn accounts_by_credentials(
        &self,
        census: &Census,
        query: &CredentialQuery,
    ) -> Page<std::sync::Arc<Account>> {
        let needle = Needle::of(&query.search);
        let is_found = |(id, flags): &&(AccountId, [Flags; KINDS.len()])| {
            fits(flags, query.filter, query.kind)
                && self.holdings.peek_account(*id, |account| {
                    account.is_some_and(|account| needle.is_empty() || self.account_says(account, &needle))
                })
        };
        paged(census.accounts.iter(), is_found, false, query.offset, query.limit)
            .map(|(id, _)| self.holdings.account(*id))
    }
}

/// Adds one owner's to the others'.
fn count(kinds: &mut [KindCensus; KINDS.len()], flags: &[Flags; KINDS.len()]) {
    for (count, flags) in kinds.iter_mut().zip(flags) {
        let has = |flag: Flags| usize::from(flags & flag != 0);
        count.owners += has(POSSIBLE);
        count.set += has(SET);
        count.weak += has(WEAK);
        count.expired += has(EXPIRED);
        count.unused += has(UNUSED);
    }
}

/// Whether the credentials of an account are as wanted.
fn fits(flags: &[Flags; KINDS.len()], filter: CredentialFilter, kind: Option<CredentialKind>) -> bool {
    let mut wanted = KINDS.iter().zip(flags).filter(|(row, _)| kind.is_none_or(|kind| row.kind == kind));
    let is_set = |flags: Flags| flags & SET != 0;
    match filter {
        CredentialFilter::All => kind.is_none() || wanted.any(|(_, flags)| flags & POSSIBLE != 0),
        CredentialFilter::Weak => wanted.any(|(_, flags)| flags & WEAK != 0),
        CredentialFilter::Expired => wanted.any(|(_, flags)| flags & EXPIRED != 0),
        CredentialFilter::Unused => wanted.any(|(_, flags)| flags & UNUSED != 0),
        CredentialFilter::NotSet if kind.is_some() => {
            wanted.any(|(_, flags)| flags & POSSIBLE != 0 && !is_set(*flags))
        }
        // Nobody opens everything: whoever can sign in nowhere is meant.
        CredentialFilter::NotSet => !wanted.any(|(row, flags)| is_set(*flags) && opens_something(row.kind)),
    }
}

fn opens_something(kind: CredentialKind) -> bool {
    signin::interface::INTERFACES.iter().any(|row| row.opens_with.contains(&kind))
}
