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
            Proof::Plain(_) | Proof::Bearer(_) | Proof::Digits(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Account, Condition, Role},
        challenge::Challenger,
        dice::SeededDice,
        digest::{DigestAlgorithm, DigestProof, response},
        ident::DomainId,
        lockout::Standing,
        policy::AgeRules,
        secret::Secret,
        timestamp::Seconds,
    };

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn facts(expires_at: Option<Timestamp>) -> CredentialFacts {
        CredentialFacts { set_at: NOW, expires_at, used_at: None }
    }

    fn user(condition: Condition, expires_at: Option<Timestamp>) -> Account {
        Account {
            id: AccountId(7),
            version: 1,
            domain: DomainId::FIRST,
            name: "Ann".into(),
            full_name: "".into(),
            role: Role::User { extension: None },
            condition,
            created_at: NOW,
            enabled_at: NOW,
            expires_at,
        }
    }

    /// Whether the right answer and a wrong one open.
    fn opens(shortcut: &Shortcut, now: Timestamp) -> (bool, bool) {
        let address = "192.0.2.7".parse().unwrap();
        let nonce = Challenger::new(Seconds(60), &mut SeededDice(1)).nonce(DomainId::FIRST, address, NOW);
        let of = |code| {
            let proof = DigestProof {
                algorithm: DigestAlgorithm::Md5,
                nonce: nonce.as_bytes(),
                nonce_count: 1.into(),
                cnonce: b"c",
                method: b"REGISTER",
                uri: b"sip:x",
                response: b"",
                request_hash: None,
            };
            let answer = response(&DigestKeys::derive("201", "x", code), &proof);
            let proof = DigestProof { response: answer.as_bytes(), ..proof };
            shortcut.opens(&Proof::Digest(nonce, proof), now)
        };
        assert!(!shortcut.opens(&Proof::Plain(&Secret::new("472839")), now), "a plain secret never does");
        (of("472839"), of("472838"))
    }

    #[test]
    fn the_short_way_opens_as_long_as_the_account_and_the_secret_are_good() {
        let keys = Verifier::Digest(DigestKeys::derive("201", "x", "472839"));
        let later = NOW.after(Seconds(60));
        for (account, expires_at, end) in [
            (None, None, None),
            (Some(user(Condition::Enabled, None)), None, None),
            (Some(user(Condition::ForceNewPassword, None)), None, None),
            (Some(user(Condition::Enabled, Some(later))), None, Some(later)),
            (Some(user(Condition::Enabled, None)), Some(later), Some(later)),
        ] {
            let shortcut = Shortcut::derive(account.as_ref(), &keys, &facts(expires_at)).unwrap();
            assert_eq!(shortcut.account, account.map(|account| account.id));
            assert_eq!(opens(&shortcut, NOW), (true, false));
            let at_the_end = end.map(|end| opens(&shortcut, end));
            assert!(at_the_end.is_none_or(|opened| opened == (false, false)));
        }
        let disabled = user(Condition::Disabled, None);
        assert!(Shortcut::derive(Some(&disabled), &keys, &facts(None)).is_none());
        assert!(Shortcut::derive(None, &Verifier::Unset, &facts(None)).is_none());
    }

    #[test]
    fn a_phone_is_let_in_the_short_way_for_as_long_as_the_status_of_its_user_says() {
        let later = NOW.after(Seconds(60));
        for condition in [Condition::Enabled, Condition::ForceNewPassword, Condition::Disabled] {
            for expires_at in [None, Some(later)] {
                let account = user(condition, expires_at);
                for now in [NOW, later] {
                    let status =
                        account.status(Standing::Open, &Default::default(), None, &AgeRules::default(), now);
                    let is_let_in = account.admits_phones_until().is_some_and(|until| now < until);
                    assert_eq!(is_let_in, status.admits(), "{condition:?} {expires_at:?}");
                }
            }
        }
        let administrator =
            Account { role: Role::ServiceUser { groups: Box::default() }, ..user(Condition::Enabled, None) };
        assert_eq!(administrator.admits_phones_until(), None);
    }
}
