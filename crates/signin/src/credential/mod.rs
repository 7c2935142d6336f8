//! Credentials: what is kept of a secret, one file a kind.
//!
//! A kind has one row in [`KINDS`] and one file that knows how to make its payload from a chosen secret and
//! how to read a [`Verifier`] back out of it. The store keeps every payload sealed and never looks inside,
//! so a new kind needs no migration.

mod digits;
mod login_code;
mod password;
mod phone_password;
mod service_password;
mod user_password;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::digits::{Broken as BrokenCode, check as check_code};
pub(crate) use self::password::verify as hash_password_matches;
pub use self::password::{
    Broken as BrokenPassword, MEMORY_KIB, check as check_password, hash as hash_password,
};
use crate::{
    api_token::TokenHash,
    dice::Dice,
    digest::DigestKeys,
    ident::{AccountId, DomainId, ExtensionId},
    policy::{SecretRules, Settings},
    secret::{Secret, SecretBytes},
    timestamp::Timestamp,
};

/// The kinds of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A service user's password.
    ServicePassword,
    /// A user's password for portal and applications ("web access password").
    UserPassword,
    /// A user's code for phones.
    LoginCode,
    /// An extension's own password; used for registration in place of the login code when set.
    PhonePassword,
}

/// What is fixed about a kind.
#[derive(Clone, Copy, Debug)]
pub struct KindRow {
    /// Which one.
    pub kind: CredentialKind,
    /// Stable name in the audit, the command and exports.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Whether it belongs to an account or an extension.
    pub belongs_to: OwnerKind,
    /// Whether it is made of digits alone.
    pub is_digits: bool,
    /// Which of the settings' rules apply.
    pub rules: fn(&Settings) -> &SecretRules,
}

/// Whose a credential can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerKind {
    /// A service user.
    ServiceUser,
    /// A user.
    User,
    /// An extension.
    Extension,
}

/// Every kind of credential.
pub const KINDS: [KindRow; 4] =
    [service_password::ROW, user_password::ROW, login_code::ROW, phone_password::ROW];

impl CredentialKind {
    /// Its row.
    pub const fn row(self) -> &'static KindRow {
        let [service_password, user_password, login_code, phone_password] = &KINDS;
        match self {
            Self::ServicePassword => service_password,
            Self::UserPassword => user_password,
            Self::LoginCode => login_code,
            Self::PhonePassword => phone_password,
        }
    }
}

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// An account's.
    Account(AccountId),
    /// An extension's.
    Extension(ExtensionId),
}

/// One kept credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub owner: Owner,
    /// Which kind.
    pub kind: CredentialKind,
    /// Kept bytes: a version byte, then what the kind's file wrote. Sealed wherever they rest.
    pub payload: SecretBytes,
    /// What may be told about it.
    pub facts: CredentialFacts,
}

/// What may be told about a credential: never the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialFacts {
    /// When it was chosen.
    pub set_at: Timestamp,
    /// It opens nothing from this moment on.
    pub expires_at: Option<Timestamp>,
    /// The last time it was right.
    pub used_at: Option<Timestamp>,
}

/// What a verifier needs to know besides the payload.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The name that a digest is made for: the extension number. Empty where there is none.
    pub username: &'a str,
    /// The digest realm of the domain.
    pub realm: &'a str,
    /// The domain itself.
    pub domain: DomainId,
}

/// What a proof is held against, ready for use.
#[derive(Clone, PartialEq, Eq)]
pub enum Verifier {
    /// An Argon2id hash in PHC form.
    Argon2(Box<str>),
    /// The keys of a digest.
    Digest(DigestKeys),
    /// The hash of an API token's secret part.
    Token(TokenHash),
    /// Nothing: an unset, expired or unreadable credential opens nothing, ever.
    Unset,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argon2(_) => "Argon2(…)",
            Self::Digest(_) => "Digest(…)",
            Self::Token(_) => "Token(…)",
            Self::Unset => "Unset",
        })
    }
}

/// Makes the payload of a kind from a secret that already satisfies its rules. Costs a hash for passwords.
pub fn payload(kind: CredentialKind, secret: &Secret, dice: &mut dyn Dice) -> SecretBytes {
    match kind {
        CredentialKind::ServicePassword => service_password::payload(secret, dice),
        CredentialKind::UserPassword => user_password::payload(secret, dice),
        CredentialKind::LoginCode => login_code::payload(secret),
        CredentialKind::PhonePassword => phone_password::payload(secret),
    }
}

/// Reads the verifier out of a payload; anything unreadable or empty is [`Verifier::Unset`].
pub fn verifier(kind: CredentialKind, payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    match kind {
        CredentialKind::ServicePassword => service_password::verifier(payload),
        CredentialKind::UserPassword => user_password::verifier(payload),
        CredentialKind::LoginCode => login_code::verifier(payload, binding),
        CredentialKind::PhonePassword => phone_password::verifier(payload, binding),
    }
}

/// Whether `secret` is the one that is kept already. Costs a hash for passwords. For those who set secrets and leave
/// alone what is as wanted; whoever signs in goes through [`crate::decide`], where it is counted first.
pub fn is_kept(secret: &Secret, verifier: &Verifier, payload: Option<&SecretBytes>) -> bool {
    match (verifier, payload.and_then(text_of)) {
        (Verifier::Argon2(phc), _) => password::verify(secret, phc),
        (Verifier::Digest(_) | Verifier::Token(_) | Verifier::Unset, Some(kept)) => {
            !secret.is_empty() && Secret::new(kept).matches(secret)
        }
        (Verifier::Digest(_) | Verifier::Token(_) | Verifier::Unset, None) => false,
    }
}

/// Checks a chosen secret against the rules of its kind.
///
/// # Errors
/// The rule that was broken, in words for the person who chose.
pub fn check(
    kind: CredentialKind,
    secret: &Secret,
    about: &About<'_>,
    settings: &Settings,
) -> Result<(), String> {
    let row = kind.row();
    let rules = (row.rules)(settings);
    if row.is_digits {
        check_code(secret, about, rules).map_err(|broken| broken.to_string())
    } else {
        check_password(secret, about, rules).map_err(|broken| broken.to_string())
    }
}

/// The rules of a kind in words, one a line, to stand beside the field.
pub fn rules_in_words(kind: CredentialKind, settings: &Settings) -> Vec<String> {
    let row = kind.row();
    let rules = (row.rules)(settings);
    if row.is_digits { digits::in_words(rules) } else { password::in_words(rules) }
}

/// A secret made by chance that satisfies the rules of its kind.
pub fn generate(kind: CredentialKind, about: &About<'_>, settings: &Settings, dice: &mut dyn Dice) -> Secret {
    match kind {
        CredentialKind::LoginCode => digits::generate(about, &settings.login_code, dice),
        CredentialKind::ServicePassword | CredentialKind::UserPassword | CredentialKind::PhonePassword => {
            password::generate((kind.row().rules)(settings), dice)
        }
    }
}

/// What a secret must not resemble.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The account's name.
    pub name: &'a str,
    /// The extension number.
    pub number: &'a str,
    /// Whether the pattern rules are waived: a code that an administrator sets, where that is allowed.
    pub patterns_waived: bool,
}

/// The first version of every payload here.
const VERSION_1: u8 = 1;

fn versioned(text: &str) -> SecretBytes {
    let mut bytes = Vec::with_capacity(1 + text.len());
    bytes.push(VERSION_1);
    bytes.extend_from_slice(text.as_bytes());
    SecretBytes::new(bytes)
}

/// The secret in a payload of this version. One without a single visible character (zeros, spaces) is none: nobody chose
/// it, whatever wrote it there.
fn text_of(payload: &SecretBytes) -> Option<&str> {
    let Some((&VERSION_1, text)) = payload.reveal().split_first() else { return None };
    let is_visible = |c: char| !c.is_control() && !c.is_whitespace();
    std::str::from_utf8(text).ok().filter(|text| text.contains(is_visible))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::SeededDice;

    #[test]
    fn a_secret_is_recognised_as_the_one_that_is_kept_and_no_other_is() {
        let binding = Binding { username: "201", realm: "test.example", domain: DomainId::FIRST };
        for kind in KINDS.map(|row| row.kind) {
            let kept = payload(kind, &Secret::new("48213"), &mut SeededDice(1));
            let verifier = verifier(kind, &kept, &binding);
            assert!(is_kept(&Secret::new("48213"), &verifier, Some(&kept)), "{kind:?}");
            for other in ["", "4821", "48214"] {
                assert!(!is_kept(&Secret::new(other), &verifier, Some(&kept)), "{kind:?}");
            }
        }
        let code = Secret::new("48213");
        let kept = payload(CredentialKind::LoginCode, &code, &mut SeededDice(1));
        assert!(is_kept(&code, &Verifier::Unset, Some(&kept)), "the code of a user who has no extension yet");
        assert!(!is_kept(&code, &Verifier::Unset, None), "nothing is kept");
        assert!(!is_kept(&code, &Verifier::Unset, Some(&SecretBytes::new(Vec::new()))), "it is unreadable");
    }

    #[test]
    fn a_verifier_is_never_printed() {
        let hash = Verifier::Argon2("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into());
        let keys = Verifier::Digest(DigestKeys::derive("201", "test.example", "48213"));
        let printed = [hash, keys, Verifier::Unset].map(|verifier| format!("{verifier:?}"));
        assert_eq!(printed, ["Argon2(…)", "Digest(…)", "Unset"]);
    }
}
