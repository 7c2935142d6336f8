//! The short way: a phone that is right and has nothing against it.
//!
//! Nearly every registration is one of these. What they need is derived ahead, when an account, an extension or a secret
//! changes, and lies in one place. The short way only ever says yes, and only where [`decide`](crate::decide::decide)
//! would accept with no effect; everything else goes the long way and is decided there.

use crate::{
    account::Account,
    attempt::Proof,
    credential::{CredentialFacts, Verifier},
    digest::{self, DigestKeys},
    ident::AccountId,
    timestamp::Timestamp,
};

/// What opens a phone's registration when nothing is unusual.
#[derive(Clone, PartialEq, Eq)]
pub struct Shortcut {
    /// The user of the extension, if there is one.
    pub account: Option<AccountId>,
    keys: DigestKeys,
    /// Up to here account and secret are good.
    until: Timestamp,
}

impl Shortcut {
    /// What is derived for an extension; `None` where there is no short way. The credential is the one that counts for
    /// phones, and the account that of the extension's user.
    pub fn derive(account: Option<&Account>, verifier: &Verifier, facts: &CredentialFacts) -> Option<Self> {
        let Verifier::Digest(keys) = verifier else { return None };
        let account_until = account.map_or(Some(Timestamp::MAX), Account::admits_phones_until)?;
        let until = account_until.min(facts.expires_at.unwrap_or(Timestamp::MAX));
        Some(Self { account: account.map(|account| account.id), keys: keys.clone(), until })
    }

    /// Whether the proof is right, and everything else is as well.
    pub fn opens(&self, proof: &Proof<'_>, now: Timestamp) -> bool {
        match proof {
            Proof::Digest(_, proof) => digest::verify(&self.keys, proof) && now < self.until,
            Proof::Plain(_) => false,
        }
    }
}
