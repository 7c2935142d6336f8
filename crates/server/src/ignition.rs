//! The ignition code: what a new system asks for before its first passwords may be set.
//!
//! It is made at each start while no service password exists, shown on the console alone, kept in memory alone,
//! and gone when it has been used. 120 bits, written so that it can be read off a screen and typed.

use std::sync::Arc;

use parking_lot::Mutex;
use signin::{
    account::RoleKind,
    admin,
    attempt::{Attempt, Claim, Peer, Proof, Purpose},
    dice::{Dice, roll},
    ident::DomainId,
    interface::LoginInterface,
    secret::Secret,
    verdict::Verdict,
};

use crate::{
    flow::{Done, Refusal},
    system::System,
};

/// The letters of a code: Crockford's base 32, without the letters that look like digits.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code, five bits each.
const LENGTH: usize = 24;
/// Letters between two hyphens.
const GROUP: usize = 4;
/// What is typed beyond this is not looked at.
const TYPED_MAX: usize = 100;
/// The name under which wrong codes are counted; nobody has it.
const NAME: &str = "ignition code";

/// The ignition code, while there is one.
#[derive(Debug, Default)]
pub struct Ignition(Mutex<Option<Secret>>);

impl Ignition {
    /// A system that waits for its ignition, and the code for it.
    pub fn awaited(dice: &mut dyn Dice) -> Self {
        Self(Mutex::new(Some(code(dice))))
    }

    /// A system that has been ignited.
    pub fn done() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether the system still waits for its ignition.
    pub fn is_awaited(&self) -> bool {
        self.0.lock().is_some()
    }

    /// The code, to be shown on the console and nowhere else.
    pub fn code(&self) -> Option<Secret> {
        self.0.lock().clone()
    }

    /// Whether somebody typed the code; hyphens, spaces and case do not matter, and `O` is read as `0`,
    /// `I` and `L` as `1`. Always `false` when no ignition is awaited. Constant time in the code.
    pub fn matches(&self, typed: &str) -> bool {
        let typed = Secret::new(canonical(typed));
        self.0.lock().as_ref().is_some_and(|code| Secret::new(canonical(code.reveal())).matches(&typed))
    }

    /// The system has its passwords: the code is worth nothing from now on.
    pub fn finish(&self) {
        *self.0.lock() = None;
    }
}

impl System {
    /// Whether somebody typed the ignition code. A wrong one is counted and audited like a wrong password of a name
    /// that nobody has, against the address too, and under a lock the right one is refused like any other.
    ///
    /// # Errors
    /// What may be said instead: [`Verdict::Reject`], [`Verdict::Wait`] or [`Verdict::Unavailable`].
    pub async fn check_ignition_code(self: &Arc<Self>, typed: &str, peer: Peer<'_>) -> Result<(), Verdict> {
        let shown = Secret::new(typed);
        let attempt = Attempt {
            interface: LoginInterface::WebManager,
            domain: DomainId::FIRST,
            claim: Claim::Account(RoleKind::ServiceUser, NAME),
            proof: Proof::Plain(&shown),
            purpose: Purpose::Once,
            peer,
        };
        if self.ignition.matches(typed) && !self.ledger.is_locked(&attempt, self.clock.now()) {
            return Ok(());
        }
        Err(self.sign_in(attempt).await)
    }

    /// Gives the system its first passwords; the code is worth nothing from then on. Who asks has shown the code, or
    /// owns the process.
    ///
    /// # Errors
    /// Fields to be corrected, or it has been done already.
    pub async fn ignite(
        self: &Arc<Self>,
        by: &admin::By,
        asked: admin::Ignition,
    ) -> Result<Done<()>, Refusal> {
        let done = self.administer(by, move |admin, dice| admin.ignite(&asked, dice)).await?;
        self.ignition.finish();
        Ok(done)
    }
}

fn code(dice: &mut dyn Dice) -> Secret {
    let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (position, byte) in roll::<LENGTH>(dice).into_iter().enumerate() {
        if position > 0 && position % GROUP == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32: every letter is equally likely.
        text.push(LETTERS.get(usize::from(byte) % LETTERS.len()).map_or('0', |letter| char::from(*letter)));
    }
    Secret::new(text)
}

fn canonical(typed: &str) -> String {
    typed
        .chars()
        .take(TYPED_MAX)
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    #[test]
    fn the_code_is_recognised_however_it_is_typed() {
        let ignition = Ignition::awaited(&mut SeededDice(7));
        let code = ignition.code().expect("awaited").reveal().to_owned();
        assert_eq!(code.len(), LENGTH + LENGTH / GROUP - 1);
        assert!(ignition.matches(&code));
        assert!(ignition.matches(&code.to_lowercase().replace('-', " ")));
        assert!(ignition.matches(&code.replace('0', "o").replace('1', "l")));
    }

    #[test]
    fn anything_else_and_nothing_are_not_the_code() {
        let ignition = Ignition::awaited(&mut SeededDice(7));
        let code = ignition.code().expect("awaited").reveal().to_owned();
        for typed in
            ["", "-", " ", code.get(1..).unwrap_or_default(), &format!("{code}0"), &"0".repeat(1_000_000)]
        {
            assert!(!ignition.matches(typed));
        }
    }

    #[test]
    fn once_ignited_no_code_works() {
        let ignition = Ignition::awaited(&mut SeededDice(7));
        let code = ignition.code().expect("awaited");
        ignition.finish();
        assert!(!ignition.matches(code.reveal()));
        assert!(!Ignition::done().matches(""));
    }
}
