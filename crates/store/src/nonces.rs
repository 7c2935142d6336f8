//! Nonces: which counts of a digest challenge were used, so that no answer works twice.

use signin::{
    challenge::{NONCE_LEN, Nonce, NonceUse},
    timestamp::{Seconds, Timestamp},
};

use crate::shards::{SHARDS, Shards};

/// For how long uses are remembered, from the first one. No challenge may live longer than this.
pub const NONCE_LIFETIME_MAX: Seconds = Seconds(3600);
/// Most nonces that are remembered; about 150 MB. Only right answers are, so nobody fills it by guessing.
pub const NONCES_MAX: usize = 2_000_000;

pub(crate) struct Nonces {
    uses: Shards<[u8; NONCE_LEN], (NonceUse, Timestamp)>,
    shard_max: usize,
}

impl Nonces {
    pub(crate) fn new(nonces_max: usize) -> Self {
        Self { uses: Shards::new(), shard_max: nonces_max.div_ceil(SHARDS) }
    }

    /// Uses a count of a nonce; `false` when it was used before. Where there is no room to remember it, it was
    /// used before: a new challenge costs less than a replay.
    pub(crate) fn take(&self, nonce: &Nonce, count: u32, now: Timestamp) -> bool {
        let mut shard = self.uses.shard(nonce.as_bytes());
        if let Some((uses, _)) = shard.get_mut(nonce.as_bytes()) {
            return uses.take(count);
        }
        if shard.len() >= self.shard_max {
            return false;
        }
        let mut uses = NonceUse::default();
        let is_new = uses.take(count);
        shard.insert(*nonce.as_bytes(), (uses, now));
        is_new
    }

    pub(crate) fn sweep(&self, now: Timestamp) {
        self.uses.retain(|_, (_, since)| now < since.after(NONCE_LIFETIME_MAX));
    }

    pub(crate) fn len(&self) -> usize {
        self.uses.len()
    }
}

#[cfg(test)]
mod tests {
    use signin::{challenge::Challenger, dice::SeededDice, ident::DomainId};

    use super::*;

    #[test]
    fn where_no_use_can_be_remembered_none_is_allowed() {
        let now = Timestamp(1_800_000_000_000);
        let nonces = Nonces::new(SHARDS * 4);
        let challenger = Challenger::new(Seconds(600), &mut SeededDice(1));
        let mut dice = SeededDice(2);
        let mut taken = Vec::new();
        for _ in 0..2000 {
            let nonce = challenger.nonce(DomainId::FIRST, now, &mut dice);
            if nonces.take(&nonce, 1, now) {
                taken.push(nonce);
            }
        }
        assert_eq!(nonces.len(), SHARDS * 4);
        assert_eq!(taken.len(), nonces.len());
        assert!(taken.iter().all(|nonce| !nonces.take(nonce, 1, now) && nonces.take(nonce, 2, now)));
    }
}
