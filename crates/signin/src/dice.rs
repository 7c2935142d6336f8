//! Chance, as an argument: the server rolls real dice, tests roll seeded ones.

/// A source of unpredictable bytes.
pub trait Dice {
    /// Fills the whole of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// `N` fresh bytes.
pub fn roll<const N: usize>(dice: &mut dyn Dice) -> [u8; N] {
    let mut bytes = [0; N];
    dice.fill(&mut bytes);
    bytes
}

/// A number below `bound` without bias (`bound` 1 to 256); rejection sampling over single bytes.
pub fn below(dice: &mut dyn Dice, bound: u16) -> u8 {
    let bound = bound.clamp(1, 256);
    let fair = 256 - 256 % bound;
    // The bound on rounds is never reached by real dice: each round misses with less than one half.
    for _ in 0..256 {
        let [byte] = roll::<1>(dice);
        if u16::from(byte) < fair {
            return (u16::from(byte) % bound).try_into().unwrap_or(0);
        }
    }
    0
}

/// Dice for tests: the same seed rolls the same bytes (a SplitMix64 sequence). Never for secrets.
#[derive(Clone, Debug)]
pub struct SeededDice(pub u64);

impl Dice for SeededDice {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            [*byte, ..] = (word ^ (word >> 31)).to_le_bytes();
        }
    }
}
