//! Credentials: what is kept of a secret, one file a kind.
//!
//! A kind has one row in [`KINDS`] and one file that knows how to make its payload from a chosen secret and
//! how to read a [`Verifier`] back out of it. The store keeps every payload sealed and never looks inside,
//! so a new kind needs no migration.

pub mod blocklist;
mod digits;
mod login_code;
mod password;
mod phone_password;
mod portal_passcode;
mod rule;
mod service_password;
pub mod state;
mod system_password;
mod traits;
pub mod trouble;
mod user_password;
mod voicemail_code;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use self::password::verify as hash_password_matches;
pub use self::{
    password::{MEMORY_KIB, hash as hash_password, key_of},
    rule::{Broken, CLASSES, Range, SECRET_RULES, SecretRule, judge},
    traits::{Mark, TRAITS_LEN, Traits},
};
use crate::{
    api_token::TokenHash,
    dice::Dice,
    digest::DigestKeys,
    ident::{AccountId, DomainId, ExtensionId},
    interface::LoginInterface,
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
    /// A user's code for the mailbox.
    VoicemailCode,
    /// A user's code for signing in to another's phone.
    PortalPasscode,
    /// The system's password for what phones do at it.
    SystemPassword,
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
    /// Whose it can be.
    pub belongs_to: OwnerKind,
    /// Whether it is made of digits alone.
    pub is_digits: bool,
    /// Which of the settings' rules apply.
    pub rules: fn(&Settings) -> &SecretRules,
    /// The same, to be changed. None: they are as they are.
    pub rules_mut: Option<fn(&mut Settings) -> &mut SecretRules>,
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
    /// A domain: the system, where there is one.
    Domain,
}

/// Every kind of credential.
pub const KINDS: [KindRow; 7] = [
    service_password::ROW,
    user_password::ROW,
    login_code::ROW,
    phone_password::ROW,
    voicemail_code::ROW,
    portal_passcode::ROW,
    system_password::ROW,
];

impl CredentialKind {
    /// Its row.
    pub const fn row(self) -> &'static KindRow {
        let [
            service_password,
            user_password,
            login_code,
            phone_password,
            voicemail_code,
            portal_passcode,
            system_password,
        ] = &KINDS;
        match self {
            Self::ServicePassword => service_password,
            Self::UserPassword => user_password,
            Self::LoginCode => login_code,
            Self::PhonePassword => phone_password,
            Self::VoicemailCode => voicemail_code,
            Self::PortalPasscode => portal_passcode,
            Self::SystemPassword => system_password,
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
    /// A domain's.
    Domain(DomainId),
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

/// Makes the payload of a kind from a secret that already satisfies its rules. Costs a hash for passwords, beside which
/// the traits are kept: nobody can tell them by the hash.
pub fn payload(kind: CredentialKind, secret: &Secret, traits: &Traits, dice: &mut dyn Dice) -> SecretBytes {
    match kind {
        CredentialKind::ServicePassword => service_password::payload(secret, traits, dice),
        CredentialKind::UserPassword => user_password::payload(secret, traits, dice),
        CredentialKind::LoginCode => login_code::payload(secret),
        CredentialKind::PhonePassword => phone_password::payload(secret),
        CredentialKind::VoicemailCode => voicemail_code::payload(secret),
        CredentialKind::PortalPasscode => portal_passcode::payload(secret),
        CredentialKind::SystemPassword => system_password::payload(secret),
    }
}

/// What is known of a kept secret: all of it where it can be read, what was noted beside a hash, or nothing, where it
/// was hashed by a version that noted nothing.
pub fn traits(kind: CredentialKind, payload: &SecretBytes, about: &About<'_>) -> Option<Traits> {
    match kind {
        CredentialKind::ServicePassword | CredentialKind::UserPassword => {
            noted(payload).map(|(traits, _)| traits)
        }
        CredentialKind::LoginCode
        | CredentialKind::PhonePassword
        | CredentialKind::VoicemailCode
        | CredentialKind::PortalPasscode
        | CredentialKind::SystemPassword => {
            text_of(payload).map(|text| Traits::of(kind, &Secret::new(text), about))
        }
    }
}

/// The payload of a hash as it is kept among the former ones, where its traits are of no interest.
pub fn hash_payload(phc: &str) -> SecretBytes {
    versioned(phc)
}

/// Reads the verifier out of a payload; anything unreadable or empty is [`Verifier::Unset`].
pub fn verifier(kind: CredentialKind, payload: &SecretBytes, binding: &Binding<'_>) -> Verifier {
    match kind {
        CredentialKind::ServicePassword => service_password::verifier(payload),
        CredentialKind::UserPassword => user_password::verifier(payload),
        CredentialKind::LoginCode => login_code::verifier(payload, binding),
        CredentialKind::PhonePassword => phone_password::verifier(payload, binding),
        CredentialKind::VoicemailCode => voicemail_code::verifier(payload, binding),
        CredentialKind::PortalPasscode => portal_passcode::verifier(payload, binding),
        CredentialKind::SystemPassword => system_password::verifier(payload, binding),
    }
}

/// Whether digits that were typed at a keypad are the code that `keys` were derived from, for the same binding. What is no
/// code takes the same time as one that is wrong.
pub(crate) fn is_typed(
    interface: LoginInterface,
    typed: &Secret,
    keys: &DigestKeys,
    binding: &Binding<'_>,
) -> bool {
    let code = typed.reveal();
    let is_of_system = interface.row().opens_with.contains(&CredentialKind::SystemPassword);
    let shown = if is_of_system { system_password::keys(code, binding) } else { digits::keys(code, binding) };
    shown.matches(keys) & digits::is_code(code)
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

/// Checks a chosen secret against the rules of its kind, but for those about earlier ones.
///
/// # Errors
/// The rule that was broken, in words for the person who chose.
pub fn check(
    kind: CredentialKind,
    secret: &Secret,
    about: &About<'_>,
    settings: &Settings,
) -> Result<(), Broken> {
    let rules = (kind.row().rules)(settings);
    judge(kind, &Traits::of(kind, secret, about), rules, about.patterns_waived)
}

/// Checks what was kept of a secret that was chosen elsewhere: that it can be read, and the rules as far as its traits are known.
///
/// # Errors
/// The rule that was broken, in words for people.
pub fn check_payload(
    kind: CredentialKind,
    payload: &SecretBytes,
    about: &About<'_>,
    settings: &Settings,
) -> Result<(), String> {
    let text = hash_of(payload).ok_or("This secret cannot be read. Choose it anew.")?;
    let is_hashed = matches!(kind, CredentialKind::ServicePassword | CredentialKind::UserPassword);
    if is_hashed && !password::is_ours(text) {
        return Err("This password was not hashed by Hookswitch. Choose it anew.".into());
    }
    let rules = (kind.row().rules)(settings);
    let known = traits(kind, payload, about);
    known
        .map_or(Ok(()), |traits| judge(kind, &traits, rules, about.patterns_waived))
        .map_err(|broken| broken.says)
}

/// The rules of a kind in words, one a line, to stand beside the field.
pub fn rules_in_words(kind: CredentialKind, settings: &Settings) -> Vec<String> {
    let rules = (kind.row().rules)(settings);
    SECRET_RULES.iter().flat_map(|rule| rule.in_words(rules, kind)).collect()
}

/// A secret made by chance that satisfies the rules of its kind.
pub fn generate(kind: CredentialKind, about: &About<'_>, settings: &Settings, dice: &mut dyn Dice) -> Secret {
    let rules = (kind.row().rules)(settings);
    let mut throw =
        || if kind.row().is_digits { digits::throw(rules, dice) } else { password::throw(rules, dice) };
    let mut secret = throw();
    // One throw in thousands is refused; sixty-four in a row are not.
    for _ in 0..64 {
        if judge(kind, &Traits::of(kind, &secret, about), rules, about.patterns_waived).is_ok() {
            break;
        }
        secret = throw();
    }
    secret
}

/// What a secret must not resemble.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The account's name.
    pub name: &'a str,
    /// The owner's name in full.
    pub full_name: &'a str,
    /// The extension number.
    pub number: &'a str,
    /// What the system is called.
    pub system: &'a str,
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

/// A payload whose hash has traits beside it.
const VERSION_2: u8 = 2;

fn with_traits(traits: &Traits, text: &str) -> SecretBytes {
    let mut bytes = Vec::with_capacity(1 + TRAITS_LEN + text.len());
    bytes.push(VERSION_2);
    bytes.extend_from_slice(&traits.to_bytes());
    bytes.extend_from_slice(text.as_bytes());
    SecretBytes::new(bytes)
}

/// What is noted in a payload with traits.
fn noted(payload: &SecretBytes) -> Option<(Traits, &[u8])> {
    let Some((&VERSION_2, rest)) = payload.reveal().split_first() else { return None };
    let (traits, text) = rest.split_first_chunk::<TRAITS_LEN>()?;
    Some((Traits::from_bytes(*traits), text))
}

/// The secret in a payload. One without a single visible character (zeros, spaces) is none: nobody chose
/// it, whatever wrote it there.
fn text_of(payload: &SecretBytes) -> Option<&str> {
    let Some((&VERSION_1, text)) = payload.reveal().split_first() else { return None };
    visible(text)
}

/// The hash in a payload, with traits beside it or without.
fn hash_of(payload: &SecretBytes) -> Option<&str> {
    text_of(payload).or_else(|| visible(noted(payload)?.1))
}

fn visible(text: &[u8]) -> Option<&str> {
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
            let kept = payload(kind, &Secret::new("48213"), &Traits::default(), &mut SeededDice(1));
            let verifier = verifier(kind, &kept, &binding);
            assert!(is_kept(&Secret::new("48213"), &verifier, Some(&kept)), "{kind:?}");
            for other in ["", "4821", "48214"] {
                assert!(!is_kept(&Secret::new(other), &verifier, Some(&kept)), "{kind:?}");
            }
        }
        let code = Secret::new("48213");
        let kept = payload(CredentialKind::LoginCode, &code, &Traits::default(), &mut SeededDice(1));
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
