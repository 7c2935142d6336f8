//! What lies beside the store and is as private as what is in it: files that the program can do without, each written and read as
//! a whole. Sealed under the master key like credentials; in no backup, and not sealed again when that key is changed: what then
//! does not open is missed by nobody for long.

use signin::{dice::Dice, secret::SecretBytes};

use crate::ledger::Ledger;

/// So that nothing of a row opens as a file, nor the other way round.
fn place(name: &str) -> String {
    format!("aside {name}")
}

impl Ledger {
    /// Seals what is to lie under this name; `None` where the cipher refuses to.
    pub fn seal_aside(&self, name: &str, clear: &SecretBytes, dice: &mut dyn Dice) -> Option<Vec<u8>> {
        self.holdings.masters.seal(&place(name), clear, dice)
    }

    /// Opens what lay under this name; `None` where it is not, bit for bit, what was sealed for it.
    pub fn open_aside(&self, name: &str, sealed: &[u8]) -> Option<SecretBytes> {
        self.holdings.masters.open(&place(name), sealed).ok()
    }
}
