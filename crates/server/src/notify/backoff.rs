//! How long to wait before something is tried again: twice as long each time, up to a limit, and never all at once.

use std::time::Duration;

use signin::dice::{Dice, roll};

/// After the first failure, at the most.
pub const FIRST: Duration = Duration::from_secs(1);
/// After many, at the most.
pub const MOST: Duration = Duration::from_secs(300);

/// The time to wait after so many failures in a row: between half of the step and the whole of it.
pub fn after(failures: u64, dice: &mut dyn Dice) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let step = FIRST.saturating_mul(1 << doublings).min(MOST);
    let half = step / 2;
    half + half.mul_f64(f64::from(u16::from_be_bytes(roll(dice))) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    #[test]
    fn it_waits_longer_each_time_up_to_a_limit_and_never_the_same() {
        let mut dice = SeededDice(7);
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (u64::MAX, 300)] {
            for _ in 0..100 {
                let wait = after(failures, &mut dice);
                let most = Duration::from_secs(most);
                assert!((most / 2..=most).contains(&wait), "{failures}: {wait:?}");
            }
        }
        assert_ne!(after(5, &mut dice), after(5, &mut dice));
    }
}
