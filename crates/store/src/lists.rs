//! Lists: what pages show of the ledger, a page at a time.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{Arc, atomic},
};

use hashbrown::HashMap;
use signin::{
    account::{Account, RoleKind},
    digest::DigestAlgorithm,
    extension::Extension,
    ident::{AccountId, DomainId, ExtensionId, Number},
    lockout::{Tally, TallyKey},
    registration::{Binding, Quarantined, Registration, Transport},
    session::Session,
    timestamp::Timestamp,
};

use crate::{ledger::Ledger, needle::Needle};

/// The longest address and port: 39 characters of IPv6, a scope of ten digits, brackets, a colon and five digits.
const ADDRESS_BYTES_MAX: usize = 64;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: usize,
}

impl<T> Page<T> {
    /// The same with what `found` makes of each item; those that are gone meanwhile are left out.
    pub(crate) fn map<U>(self, found: impl FnMut(T) -> Option<U>) -> Page<U> {
        Page { items: self.items.into_iter().filter_map(found).collect(), total: self.total }
    }
}

/// Which accounts are wanted.
#[derive(Clone, Debug, Default)]
pub struct AccountQuery {
    /// Service users or users; both without it.
    pub kind: Option<RoleKind>,
    /// Of one organisation; of all without it.
    pub domain: Option<DomainId>,
    /// Part of the name, the full name or the extension number; everything when empty.
    pub search: String,
    /// In which order.
    pub sort: AccountSort,
    /// The other way round.
    pub descending: bool,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// The orders of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountSort {
    /// By name.
    #[default]
    Name,
    /// By full name, then name.
    FullName,
    /// By extension number; those without one last.
    Number,
    /// By last sign-in; those without one first.
    SignedInAt,
}

/// Which extensions are wanted.
#[derive(Clone, Debug, Default)]
pub struct ExtensionQuery {
    /// Of one organisation; of all without it.
    pub domain: Option<DomainId>,
    /// Part of the number, or of the user's name or full name; everything when empty.
    pub search: String,
    /// In which order.
    pub sort: ExtensionSort,
    /// The other way round.
    pub descending: bool,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// The orders of extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtensionSort {
    /// By number: shorter ones first.
    #[default]
    Number,
    /// By the user's name; those without one last.
    User,
}

/// Which registrations are wanted.
#[derive(Clone, Debug, Default)]
pub struct RegistrationQuery {
    /// Of one organisation; of all without it.
    pub domain: Option<DomainId>,
    /// Part of the number, of a phone's address or of what it calls itself, or the name of a hash or a transport; everything
    /// when empty.
    pub search: String,
    /// In which order.
    pub sort: RegistrationSort,
    /// The other way round.
    pub descending: bool,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
    /// Bindings that have ended by now are left out.
    pub now: Timestamp,
}

/// The orders of registrations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationSort {
    /// By extension number.
    #[default]
    Number,
    /// By the moment the newest phone came.
    Since,
    /// By the moment the first binding ends.
    ExpiresAt,
}

/// What the registered phones are, for the status page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneKinds {
    /// What they call themselves, and how many do.
    pub agents: Vec<(Arc<str>, usize)>,
    /// By which hash they prove themselves.
    pub algorithms: Vec<(DigestAlgorithm, usize)>,
    /// How they come.
    pub transports: Vec<(Transport, usize)>,
}

/// Everything counted, for the home page and the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Accounts of both kinds.
    pub accounts: usize,
    /// Those that are users.
    pub users: usize,
    /// Extensions.
    pub extensions: usize,
    /// Domains.
    pub domains: usize,
    /// Credentials that are set.
    pub credentials: usize,
    /// Extensions with a phone.
    pub registrations: usize,
    /// Phones.
    pub bindings: usize,
    /// Signed-in sessions that were not swept away yet.
    pub sessions: usize,
    /// Phones that show a secret which was replaced.
    pub stale_phones: usize,
    /// Counts that hold a lock, ended ones not swept away yet among them.
    pub locks: usize,
    /// Counts.
    pub tallies: usize,
    /// Remembered challenges.
    pub nonces: usize,
    /// Entries of the quarantine list.
    pub quarantine: usize,
    /// Rows of the audit.
    pub audit_rows: u64,
    /// Audit rows lost because the disk was out of order for too long.
    pub audit_lost: u64,
    /// Changes that memory has and the disk has not yet.
    pub behind: usize,
    /// Commits asked for since the start.
    pub commits: u64,
    /// Transactions since the start: many commits share one.
    pub transactions: u64,
    /// Whether the last write succeeded.
    pub is_healthy: bool,
}

impl Ledger {
    /// Accounts, a page of them.
    pub fn accounts(&self, query: &AccountQuery) -> Page<Arc<Account>> {
        let needle = Needle::of(&query.search);
        let is_found = |id: &AccountId| self.finds(query, &needle, *id);
        let order = self.holdings.account_order.read();
        if query.sort == AccountSort::Name {
            let page = paged(order.iter().copied(), is_found, query.descending, query.offset, query.limit);
            return page.map(|id| self.holdings.account(id));
        }
        // Names alone until the page is known: of a million, a hundred are shown.
        let ids: Vec<AccountId> = order.iter().copied().filter(is_found).collect();
        drop(order);
        let full_name_of = |id: AccountId| {
            self.holdings.peek_account(id, |found| found.map(|account| account.full_name.to_lowercase()))
        };
        let number_of = |id: AccountId| {
            let number = self.number_of(id);
            (number.is_none(), number.map_or(0, |number| number.as_bytes().len()), number)
        };
        let page = match query.sort {
            AccountSort::Name => by(ids, |_| (), query.descending, query.offset, query.limit),
            AccountSort::FullName => by(ids, full_name_of, query.descending, query.offset, query.limit),
            AccountSort::Number => by(ids, number_of, query.descending, query.offset, query.limit),
            AccountSort::SignedInAt => {
                let signed_in_at = |id| self.holdings.activity(id).signed_in_at;
                by(ids, signed_in_at, query.descending, query.offset, query.limit)
            }
        };
        page.map(|id| self.holdings.account(id))
    }

    /// All accounts that a query finds, whatever page of them it asks for, by name.
    pub fn account_ids(&self, query: &AccountQuery) -> Vec<AccountId> {
        let needle = Needle::of(&query.search);
        let order = self.holdings.account_order.read();
        order.iter().copied().filter(|id| self.finds(query, &needle, *id)).collect()
    }

    fn finds(&self, query: &AccountQuery, needle: &Needle, id: AccountId) -> bool {
        let is_wanted = |account: &Account| {
            query.kind.is_none_or(|kind| account.kind() == kind)
                && query.domain.is_none_or(|domain| account.domain == domain)
                && (needle.is_empty() || self.account_says(account, needle))
        };
        self.holdings.peek_account(id, |found| found.is_some_and(is_wanted))
    }

    /// Extensions, a page of them.
    pub fn extensions(&self, query: &ExtensionQuery) -> Page<Arc<Extension>> {
        let needle = Needle::of(&query.search);
        let is_user_called =
            |user| self.holdings.peek_account(user, |user| user.is_some_and(|user| is_called(user, &needle)));
        let is_wanted = |extension: &Extension| {
            query.domain.is_none_or(|domain| extension.domain == domain)
                && (needle.is_empty()
                    || needle.is_in(extension.number.as_str())
                    || extension.user.is_some_and(is_user_called))
        };
        let is_found =
            |id: &ExtensionId| self.holdings.peek_extension(*id, |found| found.is_some_and(is_wanted));
        let order = self.holdings.extension_order.read();
        let page = match query.sort {
            ExtensionSort::Number => {
                paged(order.iter().copied(), is_found, query.descending, query.offset, query.limit)
            }
            ExtensionSort::User => {
                let ids: Vec<ExtensionId> = order.iter().copied().filter(is_found).collect();
                drop(order);
                let user_of = |id| {
                    let user = self.holdings.peek_extension(id, |found| found?.user);
                    let name = user.and_then(|user| {
                        self.holdings.peek_account(user, |user| user.map(Account::folded_name))
                    });
                    (name.is_none(), name)
                };
                by(ids, user_of, query.descending, query.offset, query.limit)
            }
        };
        page.map(|id| self.holdings.extension(id))
    }

    /// Extensions with phones, a page of them; only bindings that are still in force.
    pub fn registrations(&self, query: &RegistrationQuery) -> Page<Arc<Registration>> {
        let needle = Needle::of(&query.search);
        let is_live = |binding: &&Binding| query.now < binding.expires_at;
        let mut found: Vec<(Timestamp, usize, Number, ExtensionId)> = Vec::new();
        self.holdings.each_registration(|id, bindings| {
            let Some((domain, number)) = self.holdings.line_of(id) else { return };
            let mut live = bindings.iter().filter(is_live).peekable();
            if live.peek().is_none() || query.domain.is_some_and(|wanted| domain != wanted) {
                return;
            }
            let is_found = needle.is_empty()
                || needle.is_in(number.as_str())
                || live.clone().any(|binding| phone_says(binding, &needle));
            if is_found {
                let first = match query.sort {
                    RegistrationSort::Number => None,
                    RegistrationSort::Since => live.map(|binding| binding.since).max(),
                    RegistrationSort::ExpiresAt => live.map(|binding| binding.expires_at).min(),
                };
                found.push((first.unwrap_or_default(), number.as_bytes().len(), number, id));
            }
        });
        let page = window(found, query.descending, query.offset, query.limit);
        page.map(|(.., id)| {
            let mut registration = self.holdings.registration(id)?;
            if !registration.bindings.iter().all(|binding| is_live(&binding)) {
                let bindings = registration.bindings.iter().filter(is_live).cloned().collect();
                registration = Arc::new(Registration { extension: id, bindings });
            }
            (!registration.bindings.is_empty()).then_some(registration)
        })
    }

    /// What the phones are that are registered at `now`.
    pub fn phone_kinds(&self, now: Timestamp) -> PhoneKinds {
        // Texts are shared: a look at where one lies costs less than one at what it says.
        let mut agents: HashMap<usize, (Arc<str>, usize)> = HashMap::new();
        let mut algorithms = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5].map(|one| (one, 0));
        let mut transports = Transport::ALL.map(|one| (one, 0));
        self.holdings.each_registration(|_, bindings| {
            for binding in bindings.iter().filter(|binding| now < binding.expires_at) {
                let place = Arc::as_ptr(&binding.agent).cast::<u8>().addr();
                agents.entry(place).or_insert_with(|| (Arc::clone(&binding.agent), 0)).1 += 1;
                algorithms.iter_mut().filter(|(one, _)| *one == binding.algorithm).for_each(|(_, n)| *n += 1);
                transports.iter_mut().filter(|(one, _)| *one == binding.transport).for_each(|(_, n)| *n += 1);
            }
        });
        PhoneKinds {
            agents: agents.into_values().collect(),
            algorithms: algorithms.into(),
            transports: transports.into(),
        }
    }

    /// What is locked at `now`, the last failure first.
    pub fn locks(&self, now: Timestamp) -> Vec<(TallyKey, Tally)> {
        let mut locks = self.holdings.counts.locked(&self.holdings.settings.load(), now);
        locks.sort_unstable_by(|one, other| {
            other.1.failed_at.cmp(&one.1.failed_at).then_with(|| one.0.cmp(&other.0))
        });
        locks
    }

    /// Signed-in sessions, the newest first; some may have ended since the last sweep.
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        let mut sessions = Vec::new();
        self.holdings.sessions.each(|_, session| sessions.push(Arc::clone(session)));
        sessions.sort_unstable_by(|one: &Arc<Session>, other| {
            other.opened_at.cmp(&one.opened_at).then_with(|| one.id.cmp(&other.id))
        });
        sessions
    }

    /// Phones that were pushed out, the last one first.
    pub fn quarantine(&self) -> Vec<Quarantined> {
        self.holdings.quarantine.read().iter().rev().map(|(_, entry)| (**entry).clone()).collect()
    }

    /// Everything counted.
    pub fn figures(&self) -> Figures {
        let (mut users, mut registrations, mut bindings) = (0, 0, 0);
        self.holdings.each_account(|account| users += usize::from(account.kind() == RoleKind::User));
        self.holdings.each_registration(|_, those| {
            registrations += 1;
            bindings += those.len();
        });
        Figures {
            accounts: self.holdings.accounts_len(),
            users,
            extensions: self.holdings.extensions_len(),
            domains: self.holdings.domains.load().by_id.len(),
            credentials: self.holdings.credentials.len(),
            registrations,
            bindings,
            sessions: self.holdings.sessions.len(),
            stale_phones: self.holdings.stale.len(),
            locks: self.holdings.counts.locks_held(),
            tallies: self.holdings.counts.len(),
            nonces: self.holdings.nonces.len(),
            quarantine: self.holdings.quarantine.read().len(),
            audit_rows: self.pulse.audit_rows.load(atomic::Ordering::Relaxed),
            audit_lost: self.behind.audit_lost(),
            behind: self.behind.len(),
            commits: self.pulse.commits.load(atomic::Ordering::Relaxed),
            transactions: self.pulse.transactions.load(atomic::Ordering::Relaxed),
            is_healthy: self.is_healthy(),
        }
    }

    fn number_of(&self, id: AccountId) -> Option<Number> {
        let (_, number) = self.holdings.line_of(self.holdings.extension_of(id)?)?;
        Some(number)
    }

    pub(crate) fn account_says(&self, account: &Account, needle: &Needle) -> bool {
        let number = || account.extension().and_then(|id| self.holdings.line_of(id));
        is_called(account, needle) || number().is_some_and(|(_, number)| needle.is_in(number.as_str()))
    }
}

fn is_called(account: &Account, needle: &Needle) -> bool {
    // Folding changes of an ASCII name its case alone, which does not count here.
    let has_name = if account.name.is_ascii() {
        needle.is_in(&account.name)
    } else {
        needle.is_in(account.folded_name().as_str())
    };
    has_name || needle.is_in(&account.full_name)
}

fn phone_says(binding: &Binding, needle: &Needle) -> bool {
    needle.is_in(&binding.agent)
        || needle.is_in(&binding.contact)
        || (is_of_address(needle) && is_from(binding.source, needle))
        || binding.algorithm.token().eq_ignore_ascii_case(needle.as_str())
        || binding.transport.name() == needle.as_str()
}

/// Whether it lies in an address, which is written nowhere but on the stack.
fn is_from(source: SocketAddr, needle: &Needle) -> bool {
    let mut text = [0; ADDRESS_BYTES_MAX];
    let mut rest = text.as_mut_slice();
    let is_written = write!(rest, "{source}").is_ok();
    let length = ADDRESS_BYTES_MAX.saturating_sub(rest.len());
    let written = text.get(..length).and_then(|text| std::str::from_utf8(text).ok());
    is_written && written.is_some_and(|text| needle.is_in(text))
}

/// Whether it could be a part of an address, which it takes time to write. Nothing in one is longer than its port.
fn is_of_address(needle: &Needle) -> bool {
    let mut parts = needle.as_str().split(['.', ':', '[', ']']);
    parts.all(|part| part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A page of an ordered list, without holding on to more than the page.
pub(crate) fn paged<T>(
    items: impl DoubleEndedIterator<Item = T>,
    is_found: impl Fn(&T) -> bool,
    descending: bool,
    offset: usize,
    limit: usize,
) -> Page<T> {
    let mut page = Page { items: Vec::new(), total: 0 };
    let mut take = |item: T| {
        if is_found(&item) {
            if page.total >= offset && page.items.len() < limit {
                page.items.push(item);
            }
            page.total += 1;
        }
    };
    if descending {
        items.rev().for_each(&mut take);
    } else {
        items.for_each(&mut take);
    }
    page
}

/// A page of what is ordered by a key; of those with the same key, the ones before come first.
fn by<T, K: Ord>(
    items: Vec<T>,
    key: impl Fn(T) -> K,
    descending: bool,
    offset: usize,
    limit: usize,
) -> Page<T>
where
    T: Copy + Ord,
{
    let keyed = items.into_iter().enumerate().map(|(rank, item)| (key(item), rank, item)).collect();
    window(keyed, descending, offset, limit).map(|(.., item)| Some(item))
}

/// A page out of what is in no order yet. Only the page itself is put in order: of the others it is enough to know on which
/// side of it they are.
fn window<T: Ord>(mut items: Vec<T>, descending: bool, offset: usize, limit: usize) -> Page<T> {
    let total = items.len();
    let (skipped, reached) = (offset.min(total), offset.saturating_add(limit).min(total));
    let (from, to) = if descending { (total - reached, total - skipped) } else { (skipped, reached) };
    if from >= to {
        return Page { items: Vec::new(), total };
    }
    if to < total {
        items.select_nth_unstable(to);
        items.truncate(to);
    }
    if from > 0 {
        items.select_nth_unstable(from);
    }
    let mut shown = items.split_off(from);
    shown.sort_unstable();
    if descending {
        shown.reverse();
    }
    Page { items: shown, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_what_sorting_everything_shows_there() {
        let items: Vec<u32> = (0..200_u32).map(|number| number.wrapping_mul(7919) % 101).collect();
        let mut sorted = items.clone();
        sorted.sort_unstable();
        for descending in [false, true] {
            for (offset, limit) in
                [(0, 50), (0, 0), (7, 1), (150, 50), (150, 51), (199, 9), (200, 5), (usize::MAX, 5)]
            {
                let page = window(items.clone(), descending, offset, limit);
                let mut expected = sorted.clone();
                if descending {
                    expected.reverse();
                }
                let expected: Vec<u32> = expected.into_iter().skip(offset).take(limit).collect();
                assert_eq!((page.items, page.total), (expected, 200), "{descending} {offset} {limit}");
            }
        }
    }

    #[test]
    fn those_with_the_same_key_stay_as_they_were_and_turn_with_the_list() {
        let page = |descending| by((0..10).collect(), |number: u32| number % 2, descending, 3, 4).items;
        assert_eq!((page(false), page(true)), (vec![6, 8, 1, 3], vec![3, 1, 8, 6]));
    }
}
