//! The count and the lock: one tally for each thing that can be guessed at, kept before anything is checked.
//!
//! ```text
//!            begin (counted in flight)
//!   Open ───────────────────────────▶ checked ──right──▶ Open (count cleared, or this attempt returned)
//!     ▲                                  │
//!     │ window over                      ╰──wrong──▶ failures + 1 ──limit──▶ Locked ──time or reset──▶ Open
//!     │
//!   Full: failures and attempts in flight together reach the limit; refused unchecked, nothing is locked
//! ```
//! An attempt takes its place in the count before its secret is looked at, so however many arrive at once,
//! no more than the limit are ever checked. Only checked failures lock.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    account::Account,
    credential::CredentialKind,
    extension::Extension,
    ident::{DomainId, FoldedName},
    interface::CountScope,
    place::Lane,
    policy::{DOUBLING_MAX, Lock, LockRule},
    timestamp::{Seconds, Timestamp},
};

/// The name under which the guesses at a domain's system password are counted.
pub const SYSTEM: &str = "system";

/// How far ahead of the clock a moment may be before it comes from the future.
pub(crate) const CLOCK_SPARE: Seconds = Seconds(60);

/// What is counted: a scope, and the name that was *claimed* in it. Names nobody has are counted the same. Where a name
/// is known (see [`crate::place`]) its failures are counted apart, in a lane of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TallyKey {
    /// Which rule applies.
    pub scope: CountScope,
    /// The organisation; the first domain for addresses, which are counted across all.
    pub domain: DomainId,
    /// The claimed name or number, or the address.
    pub name: FoldedName,
    /// The lane; everybody's, but where the name is known.
    #[serde(default, skip_serializing_if = "Lane::is_open")]
    pub lane: Lane,
}

impl TallyKey {
    /// The count of everybody.
    pub const fn open(scope: CountScope, domain: DomainId, name: FoldedName) -> Self {
        Self { scope, domain, name, lane: Lane::Open }
    }

    /// The count of an address.
    pub fn address(address: IpAddr) -> Self {
        Self::open(CountScope::Address, DomainId::FIRST, FoldedName::of_network(network(address)))
    }

    /// The count of an extension.
    pub fn extension(extension: &Extension) -> Self {
        let name = FoldedName::of(extension.number.as_str());
        Self::open(CountScope::Extension, extension.domain, name)
    }

    /// The count of one kind of credential of an account.
    pub fn credential(kind: CredentialKind, account: &Account) -> Self {
        let name = account.folded_name();
        Self::open(CountScope::Credential(kind), account.domain, name)
    }

    /// The count of one kind of credential that is shown with a number: of a code that is typed at phones, of the password of a
    /// user who signs in by their extension. Somebody may have the number or nobody.
    pub fn numbered(kind: CredentialKind, extension: &Extension) -> Self {
        let name = FoldedName::of(extension.number.as_str());
        Self::open(CountScope::Credential(kind), extension.domain, name)
    }

    /// The counts of all that is shown with a number, but of what phones register with.
    pub fn all_numbered(extension: &Extension) -> [Self; 4] {
        [
            CredentialKind::UserPassword,
            CredentialKind::LoginCode,
            CredentialKind::VoicemailCode,
            CredentialKind::PortalPasscode,
        ]
        .map(|kind| Self::numbered(kind, extension))
    }

    /// The count of the system password of a domain.
    pub fn system_password(domain: DomainId) -> Self {
        Self::open(CountScope::Credential(CredentialKind::SystemPassword), domain, FoldedName::of(SYSTEM))
    }

    /// Whether this is a domain's own. What counts across all domains is nobody's.
    pub fn is_within(&self, domain: DomainId) -> bool {
        let is_of_all = matches!(self.scope, CountScope::Address | CountScope::ApiToken | CountScope::Link);
        !is_of_all && self.domain == domain
    }

    /// Whether this is the count of the same name, in whatever lane.
    pub fn is_beside(&self, other: &Self) -> bool {
        (self.scope, self.domain, &self.name) == (other.scope, other.domain, &other.name)
    }

    /// What is counted, in words.
    pub fn in_words(&self) -> String {
        let (scope, name) = (self.scope.title(), self.name.as_str());
        if self.scope == CountScope::Credential(CredentialKind::SystemPassword) {
            return scope.into();
        }
        match self.lane {
            Lane::Open => format!("{scope} {name}"),
            Lane::Network(network) => format!("{scope} {name} at {network}"),
            Lane::Device(_) => format!("{scope} {name} in a known browser"),
        }
    }
}

/// An IPv4 address that came in through an IPv6 socket is an IPv4 address.
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What counts as one address: an IPv6 host owns its whole /64, of which the first address stands for all.
pub fn network(address: IpAddr) -> IpAddr {
    match canonical(address) {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whether `address` is in one of the networks.
pub fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    let address = canonical(address);
    networks.iter().any(|network| network.contains(&address))
}

/// Where the failures of a count came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// There are none.
    #[default]
    Nowhere,
    /// All from one network address (see [`network`]).
    One(IpAddr),
    /// From several, or nobody knows.
    Several,
}

/// One count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Checked failures in the present window.
    pub failures: u16,
    /// Attempts being checked at this moment; gone after a restart, when nobody is waiting for them.
    #[serde(skip)]
    pub in_flight: u16,
    /// When the present window began: the first failure.
    pub window_at: Timestamp,
    /// The last checked failure.
    pub failed_at: Timestamp,
    /// Where they came from.
    #[serde(default)]
    pub origin: Origin,
    /// How many locks in a row, for doubling and for the permanent one.
    pub locks: u8,
    /// Locked until this moment.
    pub locked_until: Option<Timestamp>,
    /// Locked until an administrator resets it.
    pub is_permanent: bool,
}

/// What a count says about one more attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It may be checked.
    Open,
    /// As many as may fail are being checked right now; try again in a moment.
    Full,
    /// Refused, whatever it shows.
    Locked {
        /// When the lock ends; `None` = when an administrator resets it.
        until: Option<Timestamp>,
    },
}

impl Standing {
    /// This one, or where nothing is against it the other.
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::Open => other,
            Self::Full | Self::Locked { .. } => self,
        }
    }
}

impl Tally {
    /// What the count says at `now`, without changing it.
    pub fn standing(&self, rule: &LockRule, now: Timestamp) -> Standing {
        if self.is_permanent {
            return Standing::Locked { until: None };
        }
        if let Some(until) = self.locked_until.filter(|until| now < *until) {
            return Standing::Locked { until: Some(until) };
        }
        let (failures, failures_max) = (self.live_failures(rule, now), u16::from(rule.failures_max));
        if failures_max == 0 || !rule.lock.keeps_out() {
            return Standing::Open;
        }
        // The failure that reached the limit has locked; so the limit was another one then. What is true is said: how
        // long it takes until they are forgotten.
        if failures >= failures_max {
            return Standing::Locked { until: Some(self.window_at.after(rule.window)) };
        }
        let counted = failures.saturating_add(self.in_flight);
        if counted >= failures_max { Standing::Full } else { Standing::Open }
    }

    /// Takes a place in the count for one attempt, if there is one.
    pub fn begin(&mut self, rule: &LockRule, now: Timestamp) -> Standing {
        let standing = self.standing(rule, now);
        if standing == Standing::Open {
            self.in_flight = self.in_flight.saturating_add(1);
        }
        standing
    }

    /// The attempt that began was wrong. `from` is where it came from, where that is known. Returns the lock if this
    /// failure set one.
    pub fn fail(&mut self, rule: &LockRule, from: Option<IpAddr>, now: Timestamp) -> Option<Standing> {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.live_failures(rule, now) == 0 {
            self.failures = 0;
            self.window_at = now;
            self.origin = Origin::Nowhere;
        }
        self.origin = match (self.origin, from.map(network)) {
            (Origin::Nowhere, Some(from)) => Origin::One(from),
            (Origin::One(before), Some(from)) if before == from => Origin::One(from),
            (Origin::Nowhere | Origin::One(_) | Origin::Several, _) => Origin::Several,
        };
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        if rule.failures_max == 0 || self.failures < u16::from(rule.failures_max) {
            return None;
        }
        self.lock(rule, now)
    }

    /// What the audit is told where the limit is reached and nobody is kept out: once, by the failure that reached it.
    pub fn noted(&self, rule: &LockRule) -> Option<Standing> {
        let is_limit = rule.failures_max > 0 && self.failures == u16::from(rule.failures_max);
        (rule.lock == Lock::LogOnly && is_limit).then_some(Standing::Open)
    }

    /// Somebody failed who took no place here: whoever is where they are known is counted there, and this count only
    /// learns of it. A lock that is in force grows no longer by it.
    pub fn hear_of(&mut self, rule: &LockRule, from: IpAddr, now: Timestamp) -> Option<Standing> {
        if matches!(self.standing(rule, now), Standing::Locked { .. }) {
            return None;
        }
        self.in_flight = self.in_flight.saturating_add(1);
        self.fail(rule, Some(from), now)
    }

    /// The attempt that began was right: the failures that came from the same place are forgiven, and nobody else's.
    /// Or a phone that refreshes would hand out guesses to whoever guesses its code from elsewhere.
    pub fn succeed(&mut self, from: IpAddr) {
        self.give_back();
        if self.origin == Origin::One(network(from)) {
            *self = Self { in_flight: self.in_flight, ..Self::default() };
        }
    }

    /// The attempt that began was no failure, but says nothing about the others in this count: an address
    /// that many share is not cleared by the one who signs in.
    pub fn give_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Takes a count that comes from the future back to `now`: the clock was set back while nobody ran, and a lock must
    /// last no longer for it. Whether it was one.
    pub fn take_back(&mut self, now: Timestamp) -> bool {
        if self.failed_at <= now.after(CLOCK_SPARE) {
            return false;
        }
        let ahead = self.failed_at.0.saturating_sub(now.0);
        let back = |at: Timestamp| Timestamp(at.0.saturating_sub(ahead));
        self.failed_at = now;
        self.window_at = back(self.window_at);
        self.locked_until = self.locked_until.map(back);
        true
    }

    /// Whether it holds nothing but places of attempts in flight.
    pub fn is_empty(&self) -> bool {
        *self == Self { in_flight: self.in_flight, ..Self::default() }
    }

    /// Whether nothing is lost by forgetting it.
    pub fn is_idle(&self, rule: &LockRule, now: Timestamp) -> bool {
        self.in_flight == 0
            && !self.is_permanent
            && self.locked_until.is_none_or(|until| now >= until.after(DOUBLING_MAX))
            && self.live_failures(rule, now) == 0
    }

    fn doubled(&self, first: Seconds) -> Seconds {
        let doublings = u32::from(self.locks.saturating_sub(1)).min(16);
        Seconds(first.0.saturating_mul(1 << doublings).min(DOUBLING_MAX.0))
    }

    fn lock(&mut self, rule: &LockRule, now: Timestamp) -> Option<Standing> {
        if rule.lock.keeps_out() {
            self.locks = self.locks.saturating_add(1);
        }
        let length = match rule.lock {
            Lock::Nothing | Lock::LogOnly => return None,
            Lock::Temporary(length) => length,
            Lock::Doubling(first) => self.doubled(first),
            Lock::DoublingThenPermanent { first, permanent_at } if self.locks < permanent_at => {
                self.doubled(first)
            }
            Lock::TemporaryThenPermanent { temporary, permanent_at } if self.locks < permanent_at => {
                temporary
            }
            Lock::TemporaryThenPermanent { .. } | Lock::DoublingThenPermanent { .. } | Lock::Permanent => {
                self.is_permanent = true;
                return Some(Standing::Locked { until: None });
            }
        };
        let until = now.after(length);
        self.locked_until = Some(until);
        // The number stays for those who look at the lock; after it, a new window begins.
        self.window_at = Timestamp::EPOCH;
        Some(Standing::Locked { until: Some(until) })
    }

    fn live_failures(&self, rule: &LockRule, now: Timestamp) -> u16 {
        if now >= self.window_at.after(rule.window) { 0 } else { self.failures }
    }
}
