//! The dice: the one place that asks the operating system for chance. Everybody else is handed it.

use signin::dice::Dice;
use zeroize::Zeroize;

/// The operating system's dice: for keys, tokens and everything that is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDice;

impl Dice for OsDice {
    #[expect(clippy::disallowed_methods, reason = "this is the file that rolls the dice")]
    fn fill(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without chance there are no keys and no tokens, and to go on would mean to hand out zeros. It does
            // not happen on a machine that has started.
            tracing::error!("the operating system gives no random bytes; stopping");
            std::process::abort();
        }
    }
}

/// Bytes fetched from the operating system at once where many are needed.
const HANDFUL: usize = 4096;
/// Bytes fetched at once where few are needed but many hold dice: one handful for each connection.
const PINCH: usize = 128;

/// The operating system's dice by the handful, one for each thread: for nonces, where a call to the system
/// each would cost more than the rest of the answer.
#[derive(Debug)]
pub struct HandfulOfDice {
    bytes: Box<[u8]>,
    used: usize,
}

impl HandfulOfDice {
    /// Dice for a thread that rolls all the time. The first handful is fetched when they are first rolled.
    pub fn of_thread() -> Self {
        Self { bytes: vec![0; HANDFUL].into(), used: HANDFUL }
    }

    /// Dice for a connection, of which there are many and each rolls now and then.
    pub fn of_connection() -> Self {
        Self { bytes: vec![0; PINCH].into(), used: PINCH }
    }
}

impl Dice for HandfulOfDice {
    fn fill(&mut self, bytes: &mut [u8]) {
        if bytes.len() > self.bytes.len() {
            return OsDice.fill(bytes);
        }
        if self.used + bytes.len() > self.bytes.len() {
            OsDice.fill(&mut self.bytes);
            self.used = 0;
        }
        if let Some(fresh) = self.bytes.get_mut(self.used..self.used + bytes.len()) {
            bytes.copy_from_slice(fresh);
            // What was given out is nobody else's any more.
            fresh.zeroize();
        }
        self.used += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use signin::dice::roll;

    use super::*;

    #[test]
    fn a_handful_never_gives_the_same_bytes_twice() {
        for mut dice in [HandfulOfDice::of_thread(), HandfulOfDice::of_connection()] {
            let rolls: HashSet<[u8; 8]> = (0..5000).map(|_| roll(&mut dice)).collect();
            assert_eq!(rolls.len(), 5000);
            assert!(!rolls.contains(&[0; 8]));
        }
    }

    #[test]
    fn more_than_a_handful_comes_straight_from_the_system() {
        let mut many = vec![0; HANDFUL * 2];
        HandfulOfDice::of_thread().fill(&mut many);
        assert!(many.iter().filter(|byte| **byte == 0).count() < 200);
    }
}
