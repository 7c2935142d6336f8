//! Nonces: which counts of a digest challenge were used, so that no answer works twice.
//!
//! ```text
//!   first use ─▶ young ──the old ones have ended, or no room──▶ old ──likewise──▶ gone
//! ```
//! Uses are kept until their nonce has ended. Where more phones come than there is room for, the old generation goes
//! early, and with it the right to answer any nonce that was made as early as one in it: those phones are challenged
//! once more. So a flood shortens the life of nonces, and neither opens a way for replays nor turns anybody away.

use hashbrown::HashMap;
use parking_lot::Mutex;
use signin::{
    challenge::{Nonce, NonceUse},
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
    use signin::{challenge::Challenger, dice::SeededDice, ident::DomainId};

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const LIFETIME: Seconds = Seconds(300);

    fn made(count: usize, now: Timestamp, seed: u64) -> Vec<Nonce> {
        let challenger = Challenger::new(LIFETIME, &mut SeededDice(seed));
        let address = "192.0.2.7".parse().unwrap();
        (0..count).map(|_| challenger.nonce(DomainId::FIRST, address, now)).collect()
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
