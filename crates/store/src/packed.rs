//! Packed: a count as it lies in memory. In a flood there are as many as may be, so a count and its name take 80 bytes
//! together, and not 120.

use std::{
    hash::{Hash, Hasher},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use hashbrown::Equivalent;
use signin::{
    ident::{DomainId, FoldedName},
    interface::CountScope,
    lockout::{Origin, Tally, TallyKey},
    place::Lane,
    timestamp::Timestamp,
};

/// The key of a count. Most lanes are everybody's, so the others are boxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    name: FoldedName,
    lane: Option<Box<Lane>>,
    domain: DomainId,
    pub(crate) scope: CountScope,
}

impl Key {
    /// As it is called elsewhere.
    pub(crate) fn unpacked(&self) -> TallyKey {
        TallyKey { scope: self.scope, domain: self.domain, name: self.name.clone(), lane: self.lane() }
    }

    fn lane(&self) -> Lane {
        self.lane.as_deref().copied().unwrap_or_default()
    }
}

impl From<&TallyKey> for Key {
    fn from(key: &TallyKey) -> Self {
        let lane = (!key.lane.is_open()).then(|| Box::new(key.lane));
        Self { name: key.name.clone(), lane, domain: key.domain, scope: key.scope }
    }
}

/// As that of a [`TallyKey`], which it is looked for by.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scope.hash(state);
        self.domain.hash(state);
        self.name.hash(state);
        self.lane().hash(state);
    }
}

impl Equivalent<Key> for TallyKey {
    fn equivalent(&self, key: &Key) -> bool {
        (&self.name, self.scope, self.domain) == (&key.name, key.scope, key.domain) && self.lane == key.lane()
    }
}

/// A tally, whether a row stands for it, and the print of the last wrong proof.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The print of the last wrong proof; 0 for none.
    pub(crate) refused: u64,
    window_at: Moment,
    failed_at: Moment,
    /// [`Moment::NEVER`] for no lock.
    locked_until: Moment,
    failures: u16,
    in_flight: u16,
    locks: u8,
    /// The address of an [`Origin::One`]: of IPv4, or the network of an IPv6 address.
    address: [u8; 8],
    flags: u8,
}

/// A row stands for it.
const KEPT: u8 = 1;
/// It is locked until an administrator resets it.
const PERMANENT: u8 = 2;
/// Its [`Origin`]; nowhere without any of them.
const SEVERAL: u8 = 4;
const ONE_V4: u8 = 8;
const ONE_V6: u8 = 16;

/// A timestamp of 48 bits: enough until the year 10889.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment([u8; 6]);

impl Moment {
    const NEVER: Self = Self([0xff; 6]);
    const LAST: u64 = (1 << 48) - 2;

    fn of(at: Timestamp) -> Self {
        let [_, _, bytes @ ..] = at.0.min(Self::LAST).to_be_bytes();
        Self(bytes)
    }

    const fn at(self) -> Timestamp {
        let Self([a, b, c, d, e, f]) = self;
        Timestamp(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self::of(&Tally::default())
    }
}

impl Entry {
    /// A tally without a row.
    pub(crate) fn of(tally: &Tally) -> Self {
        let (origin, address) = match tally.origin {
            Origin::Nowhere => (0, [0; 8]),
            Origin::Several => (SEVERAL, [0; 8]),
            Origin::One(IpAddr::V4(address)) => {
                let [a, b, c, d] = address.octets();
                (ONE_V4, [a, b, c, d, 0, 0, 0, 0])
            }
            // A network: the rest is zeros.
            Origin::One(IpAddr::V6(address)) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                (ONE_V6, [a, b, c, d, e, f, g, h])
            }
        };
        Self {
            refused: 0,
            window_at: Moment::of(tally.window_at),
            failed_at: Moment::of(tally.failed_at),
            locked_until: tally.locked_until.map_or(Moment::NEVER, Moment::of),
            failures: tally.failures,
            in_flight: tally.in_flight,
            locks: tally.locks,
            address,
            flags: origin | if tally.is_permanent { PERMANENT } else { 0 },
        }
    }

    /// The tally.
    pub(crate) fn tally(&self) -> Tally {
        let [a, b, c, d, ..] = self.address;
        Tally {
            failures: self.failures,
            in_flight: self.in_flight,
            window_at: self.window_at.at(),
            failed_at: self.failed_at.at(),
            origin: match self.flags & (SEVERAL | ONE_V4 | ONE_V6) {
                0 => Origin::Nowhere,
                ONE_V4 => Origin::One(Ipv4Addr::new(a, b, c, d).into()),
                ONE_V6 => {
                    let network = u128::from(u64::from_be_bytes(self.address)) << 64;
                    Origin::One(Ipv6Addr::from_bits(network).into())
                }
                _ => Origin::Several,
            },
            locks: self.locks,
            locked_until: self.locked_until(),
            is_permanent: self.is_permanent(),
        }
    }

    /// Changes the tally; what else there is of it stays.
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut Tally) -> R) -> R {
        let mut tally = self.tally();
        let answer = change(&mut tally);
        let packed = Self::of(&tally);
        *self = Self { refused: self.refused, flags: packed.flags | self.flags & KEPT, ..packed };
        answer
    }

    pub(crate) fn locked_until(&self) -> Option<Timestamp> {
        (self.locked_until != Moment::NEVER).then(|| self.locked_until.at())
    }

    pub(crate) const fn is_permanent(&self) -> bool {
        self.flags & PERMANENT != 0
    }

    pub(crate) const fn in_flight(&self) -> u16 {
        self.in_flight
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.flags & KEPT != 0
    }

    /// A row stands for it from now on.
    pub(crate) const fn keep(&mut self) {
        self.flags |= KEPT;
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use signin::credential::CredentialKind;

    use super::*;

    const ALL: [Origin; 4] = [
        Origin::Nowhere,
        Origin::Several,
        Origin::One(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 255))),
        Origin::One(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 1, 0, 0, 0, 0))),
    ];

    #[test]
    fn a_count_in_a_flood_takes_80_bytes() {
        assert!(size_of::<(Key, Entry)>() <= 80, "{} + {}", size_of::<Key>(), size_of::<Entry>());
    }

    #[test]
    fn nothing_is_lost_by_packing_a_count() {
        for origin in ALL {
            for (locked_until, is_permanent) in
                [(None, false), (Some(Timestamp(0)), true), (Some(Timestamp(9)), false)]
            {
                let tally = Tally {
                    failures: u16::MAX,
                    in_flight: 3,
                    window_at: Timestamp(1_800_000_000_001),
                    failed_at: Timestamp(1_800_000_000_002),
                    origin,
                    locks: u8::MAX,
                    locked_until,
                    is_permanent,
                };
                assert_eq!(Entry::of(&tally).tally(), tally);
                let mut entry = Entry { refused: 7, ..Entry::default() };
                entry.keep();
                entry.change(|before| *before = tally);
                assert!(entry.tally() == tally && entry.refused == 7 && entry.is_kept());
                entry.change(|tally| *tally = Tally::default());
                assert!(entry.tally() == Tally::default() && entry.is_kept() && !entry.is_permanent());
            }
        }
        let far = Tally {
            failed_at: Timestamp(u64::MAX),
            locked_until: Some(Timestamp(u64::MAX)),
            ..Tally::default()
        };
        assert_eq!(Entry::of(&far).locked_until(), Some(Timestamp(Moment::LAST)), "a lock stays one");
    }

    #[test]
    fn a_packed_key_is_found_by_the_one_that_it_was_and_by_no_other() {
        let state = foldhash::quality::RandomState::default();
        let name = |name| FoldedName::of(name);
        let keys = [
            TallyKey::open(CountScope::Extension, DomainId::FIRST, name("201")),
            TallyKey::open(CountScope::Address, DomainId::FIRST, name("201")),
            TallyKey::open(CountScope::Credential(CredentialKind::UserPassword), DomainId(2), name("201")),
            TallyKey {
                lane: Lane::Network(Ipv4Addr::new(192, 0, 2, 1).into()),
                ..TallyKey::open(CountScope::Extension, DomainId::FIRST, name("201"))
            },
        ];
        for key in &keys {
            let packed = Key::from(key);
            assert_eq!(&packed.unpacked(), key);
            assert_eq!(state.hash_one(&packed), state.hash_one(key));
            assert_eq!(keys.iter().filter(|other| (*other).equivalent(&packed)).count(), 1);
        }
    }
}
