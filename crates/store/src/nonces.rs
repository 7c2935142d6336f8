//! Nonces: which counts of a digest challenge were used, so that no answer works twice.
//!
//! ```text
//!   first use ─▶ young ──the old ones have ended, or no room──▶ old ──likewise──▶ gone
//! ```
//! A line with one phone keeps its own ([`LineNonces`]): the latest nonce that was answered there, and from when on older
//! ones are not taken any more. Where several phones share a line, their nonces are kept here, all together.
//!
//! Uses are kept until their nonce has ended. Where more phones come than there is room for, the old generation goes
//! early, and with it the right to answer any nonce that was made as early as one in it: those phones are challenged
//! once more. So a flood shortens the life of nonces, and neither opens a way for replays nor turns anybody away.

use hashbrown::HashMap;
use parking_lot::Mutex;
use signin::{
    challenge::{Nonce, NonceOrder, NonceUse},
    timestamp::{Seconds, Timestamp},
};

use crate::shards::SHARDS;

/// No challenge may live longer than this.
pub const NONCE_LIFETIME_MAX: Seconds = Seconds(3600);
/// Most nonces that are remembered; about 100 MB.
pub const NONCES_MAX: usize = 2_000_000;

pub(crate) struct Nonces {
    parts: Box<[Mutex<Part>]>,
    generation_max: usize,
}

/// The nonces of one line.
#[derive(Default)]
pub(crate) struct LineNonces {
    /// The latest one that its only phone answered.
    id: u64,
    uses: NonceUse,
    order: NonceOrder,
    /// Up to here none is taken that is not the latest: it may have been used.
    floor: NonceOrder,
    /// Up to here some may be kept with all the others.
    shared: NonceOrder,
}

impl LineNonces {
    /// Of a line that is made at this moment: what was answered at another of its name works here no more.
    pub(crate) fn since(moment: Timestamp) -> Self {
        Self { floor: NonceOrder::before(moment), ..Self::default() }
    }

    /// Uses a count of a nonce; `false` when it was used before, or may have been.
    pub(crate) fn take(
        &mut self,
        nonce: &Nonce,
        count: u32,
        is_shared: bool,
        all: &Nonces,
        now: Timestamp,
    ) -> bool {
        let order = nonce.order();
        if order == self.order && nonce.id() == self.id {
            return self.uses.take(count);
        }
        if !order.is_after(self.floor) {
            return false;
        }
        // An older one than the latest, and not used yet: another phone was asked at the same time.
        if is_shared || !order.is_after(self.shared) || self.order.is_after(order) {
            self.shared = self.shared.max(order);
            return all.take(nonce, count, now);
        }
        self.floor = self.floor.max(self.order);
        (self.id, self.order, self.uses) = (nonce.id(), order, NonceUse::default());
        self.uses.take(count)
    }
}

#[derive(Default)]
struct Part {
    young: Generation,
    old: Generation,
    /// Of nonces made up to this second, those that are not here may have been used.
    forgotten: Option<u32>,
}

#[derive(Default)]
struct Generation {
    // The keys are out of a keyed hash of ours: nobody can choose them.
    uses: HashMap<u64, NonceUse>,
    issued_max: u32,
    until_max: Timestamp,
}

impl Nonces {
    pub(crate) fn new(nonces_max: usize) -> Self {
        let generation_max = (nonces_max / SHARDS / 2).max(1);
        Self { parts: (0..SHARDS).map(|_| Mutex::default()).collect(), generation_max }
    }

    /// Uses a count of a nonce; `false` when it was used before, or may have been.
    pub(crate) fn take(&self, nonce: &Nonce, count: u32, now: Timestamp) -> bool {
        let part = usize::try_from(nonce.id() % SHARDS as u64).unwrap_or(0);
        self.parts.get(part).is_some_and(|part| part.lock().take(nonce, count, now, self.generation_max))
    }

    /// Drops what has ended.
    pub(crate) fn sweep(&self, now: Timestamp) {
        for part in &self.parts {
            part.lock().age(now);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|part| part.lock())
            .map(|part| part.young.uses.len() + part.old.uses.len())
            .sum()
    }
}

impl Part {
    fn take(&mut self, nonce: &Nonce, count: u32, now: Timestamp, generation_max: usize) -> bool {
        let id = nonce.id();
        if let Some(uses) = self.young.uses.get_mut(&id).or_else(|| self.old.uses.get_mut(&id)) {
            return uses.take(count);
        }
        self.age(now);
        if self.young.uses.len() >= generation_max {
            self.forgotten = self.forgotten.max((!self.old.uses.is_empty()).then_some(self.old.issued_max));
            self.old = std::mem::take(&mut self.young);
        }
        if self.forgotten.is_some_and(|forgotten| nonce.issued() <= forgotten) {
            return false;
        }
        let mut uses = NonceUse::default();
        let is_new = uses.take(count);
        self.young.uses.insert(id, uses);
        self.young.issued_max = self.young.issued_max.max(nonce.issued());
        self.young.until_max = self.young.until_max.max(nonce.until());
        is_new
    }

    /// Whatever ended is dropped, and nothing is forgotten by it.
    fn age(&mut self, now: Timestamp) {
        if now >= self.old.until_max {
            self.old = std::mem::take(&mut self.young);
        }
        if now >= self.old.until_max {
            self.old = Generation::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use signin::{
        challenge::Challenger,
        dice::{SeededDice, roll},
        ident::DomainId,
    };

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LIFETIME: Seconds = Seconds(300);

    fn made(count: usize, now: Timestamp, seed: u64) -> Vec<Nonce> {
        let challenger = Challenger::new(LIFETIME, &mut SeededDice(seed));
        let address = "192.0.2.7".parse().unwrap();
        (0..count).map(|_| challenger.nonce(DomainId::FIRST, address, now)).collect()
    }

    #[test]
    fn no_answer_works_twice_on_a_line_whether_one_phone_has_it_or_many() {
        let all = Nonces::new(SHARDS * 100);
        let mut line = LineNonces::default();
        let mut dice = SeededDice(11);
        let made = made(40, NOW, 4);
        let mut used = std::collections::HashSet::new();
        let mut taken = 0;
        for step in 0..20_000 {
            let [which, count, shared] = roll::<3>(&mut dice);
            // Phones answer what is new, and now and then what is not.
            let which = (step / 500 + usize::from(which % 4)).saturating_sub(1).min(made.len() - 1);
            let (nonce, count) = (&made[which], u32::from(count % 4) + 1);
            let is_taken = line.take(nonce, count, shared % 3 == 0, &all, NOW);
            assert!(!is_taken || used.insert((nonce.id(), count)), "used twice");
            taken += u32::from(is_taken);
        }
        assert!(taken > 40);
    }

    #[test]
    fn a_new_nonce_always_works_on_a_line_of_one_and_the_old_one_no_more() {
        let all = Nonces::new(SHARDS);
        let mut line = LineNonces::default();
        let made = made(100, NOW, 5);
        for (at, nonce) in made.iter().enumerate() {
            assert!(line.take(nonce, 1, false, &all, NOW) && line.take(nonce, 2, false, &all, NOW));
            assert!(made.iter().take(at).all(|old| !line.take(old, 3, false, &all, NOW)));
        }
        assert_eq!(all.len(), 0);
    }

    #[test]
    fn what_was_answered_before_a_line_was_made_works_there_no_more() {
        let all = Nonces::new(SHARDS);
        for seed in 0..64 {
            let mut line = LineNonces::since(NOW);
            let earlier = made(2, Timestamp(NOW.0 - 1), seed);
            assert!(earlier.iter().all(|nonce| !line.take(nonce, 1, false, &all, NOW)), "{seed}");
            assert!(made(2, NOW, seed).iter().all(|nonce| line.take(nonce, 1, false, &all, NOW)), "{seed}");
        }
    }

    #[test]
    fn a_use_is_remembered_until_its_nonce_has_ended() {
        let nonces = Nonces::new(SHARDS * 100);
        let made = made(500, NOW, 2);
        assert!(made.iter().all(|nonce| nonces.take(nonce, 1, NOW)));
        nonces.sweep(NOW.after(Seconds(1)));
        nonces.sweep(NOW.after(LIFETIME));
        assert!(made.iter().all(|nonce| !nonces.take(nonce, 1, NOW) && nonces.take(nonce, 2, NOW)));
        nonces.sweep(NOW.after(Seconds(LIFETIME.0 + 1)));
        nonces.sweep(NOW.after(Seconds(LIFETIME.0 + 1)));
        assert_eq!(nonces.len(), 0);
    }

    #[test]
    fn a_flood_ends_old_nonces_early_and_nobody_new_is_turned_away() {
        let nonces = Nonces::new(SHARDS * 32);
        let mut first_uses = Vec::new();
        for second in 0..200 {
            let now = NOW.after(Seconds(second));
            for nonce in made(SHARDS, now, 100 + u64::from(second)) {
                assert!(nonces.take(&nonce, 1, now), "a new nonce works, in second {second}");
                first_uses.push(nonce);
            }
        }
        assert!(nonces.len() <= SHARDS * 32, "{}", nonces.len());
        let now = NOW.after(Seconds(200));
        assert!(first_uses.iter().all(|nonce| !nonces.take(nonce, 1, now)), "no answer works twice");
        let unused = made(10, NOW, 3);
        assert!(unused.iter().all(|nonce| !nonces.take(nonce, 1, now)), "who comes too late asks once more");
    }
}
