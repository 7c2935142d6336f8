//! Challenges: nonces that carry their own time and proof, so that nothing is remembered of the unanswered.
//!
//! A nonce is 16 bytes in 22 characters: 4 bytes of seconds, 4 of a count, 8 of a keyed hash (SipHash-2-4) over both, the
//! domain and the address that asked. So whoever forges the sender of a datagram never holds a nonce that is good there: a
//! challenge is also the proof that somebody can be answered. The count makes each another one: by chance, two of ten
//! thousand phones behind one address would now and then hold the same in the same second, and the second to answer would
//! seem to repeat the first. What *is* remembered is which counts of an answered
//! nonce were used ([`NonceUse`]), so that no answer works twice. Kept short on purpose: with a short `cnonce` a digest
//! answer fits two MD5 blocks.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use data_encoding::BASE64URL_NOPAD;
use siphasher::sip::SipHasher24;
use subtle::ConstantTimeEq;

use crate::{
    dice::{Dice, roll},
    ident::DomainId,
    lockout::network,
    timestamp::{Seconds, Timestamp},
};

/// Characters of a nonce.
pub const NONCE_LEN: usize = 22;

/// A nonce of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce {
    text: [u8; NONCE_LEN],
    tag: [u8; 8],
    issued: u32,
    count: u32,
    until: Timestamp,
}

/// When a nonce was made: later ones are greater. But for one second in 2^32 challenges, in which the count goes around:
/// what is made in the rest of that second passes for earlier, and its phones are asked once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NonceOrder {
    issued: u32,
    count: u32,
}

impl NonceOrder {
    /// That of the last nonce before the second of this moment.
    pub fn before(moment: Timestamp) -> Self {
        Self { issued: seconds(moment).saturating_sub(1), count: u32::MAX }
    }

    /// Whether it was made after the other.
    pub fn is_after(self, other: Self) -> bool {
        self > other
    }
}

/// Makes and recognises nonces. The key is made at each start: a nonce from before is stale, and no use of it
/// can be forgotten.
pub struct Challenger {
    mac: SipHasher24,
    count: AtomicU32,
    lifetime: Seconds,
}

/// What a nonce turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Ours, and young enough.
    Fresh(Nonce),
    /// Not ours, too old, or damaged: to be answered with a new one and `stale=true`.
    Stale,
}

impl Nonce {
    /// The characters, as they stand in a header.
    pub const fn as_bytes(&self) -> &[u8; NONCE_LEN] {
        &self.text
    }

    /// What tells it from others: nobody but us can choose it.
    pub const fn id(&self) -> u64 {
        u64::from_be_bytes(self.tag)
    }

    /// When it was made, in seconds; grows with each that is made.
    pub const fn issued(&self) -> u32 {
        self.issued
    }

    /// Its place among all.
    pub const fn order(&self) -> NonceOrder {
        NonceOrder { issued: self.issued, count: self.count }
    }

    /// From when on no answer to it is taken.
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

impl Challenger {
    /// A challenger with a fresh key, whose nonces live for `lifetime`.
    pub fn new(lifetime: Seconds, dice: &mut dyn Dice) -> Self {
        let mac = SipHasher24::new_with_key(&roll(dice));
        Self { mac, count: AtomicU32::new(u32::from_be_bytes(roll(dice))), lifetime }
    }

    /// A new nonce for whoever is at `address`.
    pub fn nonce(&self, domain: DomainId, address: IpAddr, now: Timestamp) -> Nonce {
        let issued = seconds(now);
        let [a, b, c, d] = issued.to_be_bytes();
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let [e, f, g, h] = count.to_be_bytes();
        let tag = self.tag(domain, address, [a, b, c, d, e, f, g, h]);
        let [i, j, k, l, m, n, o, p] = tag;
        let mut text = [0; NONCE_LEN];
        BASE64URL_NOPAD.encode_mut(&[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p], &mut text);
        Nonce { text, tag, issued, count, until: self.end(now) }
    }

    /// What the nonce of an answer from `address` turns out to be at `now`.
    pub fn recognise(&self, domain: DomainId, address: IpAddr, shown: &[u8], now: Timestamp) -> Freshness {
        let Ok(text) = <[u8; NONCE_LEN]>::try_from(shown) else { return Freshness::Stale };
        let mut bytes = [0; 18];
        let Ok(16) = BASE64URL_NOPAD.decode_mut(&text, bytes.get_mut(..16).unwrap_or_default()) else {
            return Freshness::Stale;
        };
        let [a, b, c, d, e, f, g, h, tag @ ..] = bytes;
        let tag = tag.first_chunk::<8>().copied().unwrap_or_default();
        let expected = self.tag(domain, address, [a, b, c, d, e, f, g, h]);
        let issued = u32::from_be_bytes([a, b, c, d]);
        let age = i64::from(seconds(now)) - i64::from(issued);
        // A clock that was set back a little must not turn phones away.
        let is_young = (-5..=i64::from(self.lifetime.0)).contains(&age);
        if bool::from(expected.ct_eq(&tag)) && is_young {
            let issued_at = Timestamp(now.0.saturating_sub(u64::try_from(age).unwrap_or(0) * 1000));
            let count = u32::from_be_bytes([e, f, g, h]);
            Freshness::Fresh(Nonce { text, tag, issued, count, until: self.end(issued_at) })
        } else {
            Freshness::Stale
        }
    }

    /// The second after the last one in which an answer is taken.
    fn end(&self, issued_at: Timestamp) -> Timestamp {
        Timestamp((issued_at.as_secs() + u64::from(self.lifetime.0) + 1) * 1000)
    }

    fn tag(&self, domain: DomainId, address: IpAddr, head: [u8; 8]) -> [u8; 8] {
        // The same bytes for an address in either form: an IPv4 address is its mapped one.
        let network = match network(address) {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let ([a, b, c, d, e, f, g, h], [i, j, k, l]) = (head, domain.0.to_be_bytes());
        let said = [[a, b, c, d, e, f, g, h, i, j, k, l, 0, 0, 0, 0], network.octets()];
        self.mac.hash(said.as_flattened()).to_be_bytes()
    }
}

/// Seconds since 1970 in the 32 bits of a nonce; wraps in 2106, which costs each phone one more challenge.
fn seconds(now: Timestamp) -> u32 {
    (now.as_secs() & u64::from(u32::MAX)).try_into().unwrap_or(0)
}

/// Which counts of one nonce were used: the highest, and a window of the 64 below it, since datagrams overtake
/// one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonceUse {
    highest: u32,
    window: u64,
}

impl NonceUse {
    /// Uses a count. `false` when it was used before, or is too far behind to tell.
    pub fn take(&mut self, count: u32) -> bool {
        if count == 0 {
            return false;
        }
        if count > self.highest {
            self.window = self.window.checked_shl(count - self.highest).unwrap_or(0);
            self.window |= 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= 64 || self.window & (1 << behind) != 0 {
            return false;
        }
        self.window |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    fn challenger() -> Challenger {
        Challenger::new(Seconds(600), &mut SeededDice(1))
    }

    #[test]
    fn a_nonce_is_recognised_until_it_is_old() {
        let nonce = challenger().nonce(DomainId::FIRST, PHONE, NOW);
        let at = |now| challenger().recognise(DomainId::FIRST, PHONE, nonce.as_bytes(), now);
        assert_eq!(at(NOW), Freshness::Fresh(nonce));
        assert_eq!(at(NOW.after(Seconds(600))), Freshness::Fresh(nonce));
        assert_eq!(nonce.until(), NOW.after(Seconds(601)));
        assert_eq!(at(NOW.after(Seconds(601))), Freshness::Stale);
        assert_eq!(at(Timestamp(NOW.0 - 6000)), Freshness::Stale);
    }

    #[test]
    fn a_nonce_is_good_at_the_address_that_asked_alone() {
        let given = |address: &str, shown_from: &str| {
            let nonce = challenger().nonce(DomainId::FIRST, address.parse().unwrap(), NOW);
            let shown_from = shown_from.parse().unwrap();
            challenger().recognise(DomainId::FIRST, shown_from, nonce.as_bytes(), NOW)
                == Freshness::Fresh(nonce)
        };
        assert!(given("192.0.2.7", "192.0.2.7"));
        assert!(given("192.0.2.7", "::ffff:192.0.2.7"), "the same through an IPv6 socket");
        assert!(!given("192.0.2.7", "192.0.2.8"));
        assert!(given("2001:db8::1", "2001:db8::2"), "a host owns its /64");
        assert!(!given("2001:db8::1", "2001:db8:0:1::1"));
    }

    #[test]
    fn no_two_nonces_are_alike_however_many_are_made_in_a_second() {
        let challenger = challenger();
        let made: std::collections::HashSet<_> =
            (0..200_000).map(|_| challenger.nonce(DomainId::FIRST, PHONE, NOW)).collect();
        assert_eq!(made.len(), 200_000);
    }

    #[test]
    fn a_forged_nonce_is_stale_whatever_bit_is_changed() {
        let nonce = challenger().nonce(DomainId::FIRST, PHONE, NOW);
        for position in 0..NONCE_LEN {
            for bit in 0..8 {
                let mut forged = *nonce.as_bytes();
                forged[position] ^= 1 << bit;
                // The last character carries two bits that decode to nothing; a decoder must refuse them too.
                assert_eq!(challenger().recognise(DomainId::FIRST, PHONE, &forged, NOW), Freshness::Stale);
            }
        }
        assert_eq!(challenger().recognise(DomainId(2), PHONE, nonce.as_bytes(), NOW), Freshness::Stale);
        let other = Challenger::new(Seconds(600), &mut SeededDice(9));
        assert_eq!(other.recognise(DomainId::FIRST, PHONE, nonce.as_bytes(), NOW), Freshness::Stale);
        assert_eq!(challenger().recognise(DomainId::FIRST, PHONE, b"", NOW), Freshness::Stale);
    }

    #[test]
    fn a_nonce_made_later_comes_later() {
        let challenger = challenger();
        let made: Vec<NonceOrder> = (0..100)
            .map(|n| challenger.nonce(DomainId::FIRST, PHONE, NOW.after(Seconds(n / 10))).order())
            .collect();
        for (at, one) in made.iter().enumerate() {
            for (other_at, other) in made.iter().enumerate() {
                assert_eq!(one.is_after(*other), at > other_at);
            }
        }
    }

    #[test]
    fn what_was_made_before_a_second_is_told_from_what_was_made_in_it() {
        let before = NonceOrder::before(NOW);
        // Whatever the count begins with.
        for seed in 0..64 {
            let challenger = Challenger::new(Seconds(600), &mut SeededDice(seed));
            let made = |now| challenger.nonce(DomainId::FIRST, PHONE, now).order();
            assert!(!made(Timestamp(NOW.0 - 1)).is_after(before), "{seed}");
            assert!(made(NOW).is_after(before) && made(Timestamp(NOW.0 + 999)).is_after(before), "{seed}");
        }
    }

    #[test]
    fn no_count_of_a_nonce_works_twice_though_datagrams_overtake() {
        let mut used = NonceUse::default();
        assert!(!used.take(0));
        for count in [1, 2, 5, 4, 3, 70, 69] {
            assert!(used.take(count), "{count}");
        }
        for count in [1, 2, 3, 4, 5, 6, 69, 70] {
            assert!(!used.take(count), "{count}");
        }
        assert!(used.take(u32::MAX));
        assert!(!used.take(u32::MAX - 64));
    }
}
