//! The dice: the one place that asks the operating system for chance. Everybody else is handed it.

use signin::dice::Dice;

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
