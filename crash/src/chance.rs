//! Chance from a seed: the same seed, the same round.

use signin::dice::{Dice, SeededDice, roll};

/// Seeded dice that are asked for numbers.
pub(crate) struct Chance(SeededDice);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededDice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Below `bound`; zero when that is zero. The bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let [number] = [u64::from_be_bytes(roll(&mut self.0))];
        usize::try_from(number.checked_rem(bound as u64).unwrap_or(0)).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// Dice of one's own.
    pub(crate) fn dice(&mut self) -> Box<dyn Dice + Send> {
        Box::new(SeededDice(u64::from_be_bytes(roll(&mut self.0))))
    }
}
