//! Passwords: their rules, and their Argon2id hash (OWASP's parameters: 19 MiB, 2 passes, 1 lane).

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use subtle::ConstantTimeEq;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::About;
use crate::{
    dice::{Dice, below, roll},
    policy::SecretRules,
    secret::{Secret, SecretBytes},
};

/// Memory of one hash, in KiB.
pub const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// The rule that a password broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// Too short.
    #[error("Use at least {0} characters.")]
    TooShort(u8),
    /// Too long.
    #[error("Use at most {0} characters.")]
    TooLong(u8),
    /// The own name.
    #[error("Do not use the account's name or number as the password, even in part of a short one.")]
    OwnName,
    /// One of the most common ones.
    #[error("This is one of the passwords that are tried first. Choose another.")]
    Common,
}

/// The passwords that are tried first, as they stand after folding case and dropping trailing digits and marks.
const COMMON: [&str; 40] = [
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "letmein",
    "welcome",
    "welcometo",
    "administrator",
    "admin",
    "changeme",
    "changethis",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "superman",
    "trustno",
    "sunshine",
    "princess",
    "whatever",
    "businesspartner",
    "hookswitch",
    "telephone",
    "securitypwd",
    "default",
    "secret",
    "master",
    "correcthorsebatterystaple",
    "abc",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "passwordpassword",
    "adminadmin",
    "test",
];

/// Checks a chosen password.
///
/// # Errors
/// The first rule it breaks.
pub fn check(password: &Secret, about: &About<'_>, rules: &SecretRules) -> Result<(), Broken> {
    let length = password.reveal().chars().count();
    if length < usize::from(rules.length_min.max(1)) {
        return Err(Broken::TooShort(rules.length_min.max(1)));
    }
    if length > usize::from(rules.length_max) {
        return Err(Broken::TooLong(rules.length_max));
    }
    if rules.refuse_common {
        let folded: String = password.reveal().nfkc().flat_map(char::to_lowercase).collect();
        let stem = folded.trim_end_matches(|c: char| !c.is_alphabetic());
        let name = about.name.to_lowercase();
        let is_own = [name.as_str(), about.number].into_iter().any(|own| {
            // A name inside a long phrase harms nobody; one that is most of the password does.
            own.chars().count() >= 3 && folded.contains(own) && own.chars().count() * 2 > length
        });
        if is_own {
            return Err(Broken::OwnName);
        }
        if stem.is_empty() || COMMON.contains(&stem) || has_few_characters(&folded) {
            return Err(Broken::Common);
        }
    }
    Ok(())
}

/// aaaaaaaaaaaaaaa, abababababababa: long, and yet nothing.
fn has_few_characters(text: &str) -> bool {
    let mut seen: Vec<char> = text.chars().take(256).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() < 4
}

pub(super) fn in_words(rules: &SecretRules) -> Vec<String> {
    let mut words =
        vec![format!("{} to {} characters, of any kind", rules.length_min.max(1), rules.length_max)];
    if rules.refuse_common {
        words.push("not the account's name, and none of the passwords that are tried first".into());
    }
    words
}

/// 24 characters that nobody mistakes for one another on a slip of paper.
pub(super) fn generate(rules: &SecretRules, dice: &mut dyn Dice) -> Secret {
    const LETTERS: &[u8; 54] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ234567";
    let length = 24_u8.clamp(rules.length_min, rules.length_max.max(rules.length_min));
    let bound = u16::try_from(LETTERS.len()).unwrap_or(1);
    let letter = |_| LETTERS.get(usize::from(below(dice, bound))).copied().map_or('x', char::from);
    Secret::new((0..length).map(letter).collect::<String>())
}

/// The memory of hashes, kept from one to the next: as many pieces as were ever computed at the same time, which the
/// caller bounds. To fetch 19 MiB anew each time costs a tenth of the hash, and the allocator keeps what each thread
/// that ever hashed gave back: gigabytes, in a flood.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
/// Pieces that are kept: more threads than this hash at no time.
const MEMORY_MAX: usize = 1024;

/// Computes the hash. An error means impossible parameters, and these are constants.
fn derive(password: &Secret, salt: &[u8], hashed: &mut [u8; HASH_LEN]) -> Result<(), argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_LEN))?;
    let blocks = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = kept().pop().unwrap_or_default();
    memory.resize(blocks, Block::new());
    let password = normal(password);
    let derived =
        argon2.hash_password_into_with_memory(password.reveal().as_bytes(), salt, hashed, &mut memory);
    let mut kept = kept();
    kept.push(memory);
    kept.truncate(MEMORY_MAX);
    derived
}

fn kept() -> MutexGuard<'static, Vec<Vec<Block>>> {
    // Taking and giving back break nothing that the next one could find half done.
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hashes a password: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Takes about 15 ms and 19 MiB.
pub fn hash(password: &Secret, dice: &mut dyn Dice) -> String {
    let salt: [u8; SALT_LEN] = roll(dice);
    let mut hashed = [0; HASH_LEN];
    if derive(password, &salt, &mut hashed).is_err() {
        // Only impossible parameters fail, and these are constants; nothing that anybody types matches "*".
        return "*".into();
    }
    format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        BASE64_NOPAD.encode(&salt),
        BASE64_NOPAD.encode(&hashed)
    )
}

/// Whether `password` is the one that was hashed. Costs the same for every answer, unless `phc` is damaged.
pub(crate) fn verify(password: &Secret, phc: &str) -> bool {
    let Some((salt, expected)) = parse(phc) else { return false };
    let mut hashed = [0; HASH_LEN];
    derive(password, &salt, &mut hashed).is_ok()
        && bool::from(hashed.as_slice().ct_eq(&expected))
        && !password.is_empty()
}

/// Whether this is what [`hash`] makes, at its own cost and no other.
pub(super) fn is_ours(phc: &str) -> bool {
    parse(phc).is_some_and(|(salt, _)| salt.len() == SALT_LEN)
}

/// A key out of a passphrase, at the cost of a hash; `None` = there is no passphrase.
pub fn key_of(passphrase: &Secret, salt: &[u8; SALT_LEN]) -> Option<SecretBytes> {
    let mut key = Zeroizing::new([0; HASH_LEN]);
    derive(passphrase, salt, &mut key).ok()?;
    (!passphrase.is_empty()).then(|| SecretBytes::new(key.to_vec()))
}

fn parse(phc: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut parts = phc.split('$');
    let header = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let parameters = format!("m={MEMORY_KIB},t={PASSES},p={LANES}");
    if header != ["", "argon2id", "v=19", parameters.as_str()] {
        return None;
    }
    let salt = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
    let hashed = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
    (hashed.len() == HASH_LEN && parts.next().is_none()).then_some((salt, hashed))
}

/// What a keyboard makes of "é" differs between systems; the hash must not.
fn normal(password: &Secret) -> Secret {
    Secret::new(password.reveal().nfc().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dice::SeededDice, policy::Settings};

    fn verdict(password: &str) -> Result<(), Broken> {
        let about = About { name: "Administrator", number: "", patterns_waived: false };
        check(&Secret::new(password), &about, &Settings::default().service_password)
    }

    #[test]
    fn every_rule_refuses_what_it_names() {
        assert_eq!(verdict(""), Err(Broken::TooShort(15)));
        assert_eq!(verdict("short"), Err(Broken::TooShort(15)));
        assert_eq!(verdict(&"long ".repeat(30)), Err(Broken::TooLong(128)));
        assert_eq!(verdict("administrator-1"), Err(Broken::OwnName));
        assert_eq!(verdict("PasswordPassword"), Err(Broken::Common));
        assert_eq!(verdict("abababababababab"), Err(Broken::Common));
        assert_eq!(verdict("123456789012345"), Err(Broken::Common));
        assert_eq!(verdict("four rather odd words"), Ok(()));
        assert_eq!(verdict("vier größere Wörter 😀"), Ok(()));
    }

    #[test]
    fn a_hash_opens_for_its_password_alone() {
        let phc = hash(&Secret::new("four rather odd words"), &mut SeededDice(7));
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&Secret::new("four rather odd words"), &phc));
        for wrong in ["", "four rather odd word", "Four rather odd words", "four rather odd words "] {
            assert!(!verify(&Secret::new(wrong), &phc), "{wrong:?}");
        }
    }

    #[test]
    fn the_memory_of_one_hash_does_not_show_in_the_next() {
        let of = |password: &str| hash(&Secret::new(password), &mut SeededDice(7));
        let first = of("four rather odd words");
        assert_ne!(of("four other odd words"), first);
        assert_eq!(of("four rather odd words"), first);
    }

    #[test]
    fn an_unreadable_hash_opens_for_nothing() {
        for phc in
            ["", "*", "$argon2id$v=19$m=19456,t=2,p=1$$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"]
        {
            for typed in ["", "*", "x"] {
                assert!(!verify(&Secret::new(typed), phc));
            }
        }
        let of_empty = hash(&Secret::new(""), &mut SeededDice(1));
        assert!(!verify(&Secret::new(""), &of_empty), "the hash of an empty password opens nothing");
    }

    #[test]
    fn composed_and_decomposed_characters_are_the_same_password() {
        let phc = hash(&Secret::new("caf\u{e9} au lait, toujours"), &mut SeededDice(3));
        assert!(verify(&Secret::new("cafe\u{301} au lait, toujours"), &phc));
    }

    #[test]
    fn a_generated_password_satisfies_its_rules() {
        let rules = Settings::default().service_password;
        for seed in 0..500 {
            let made = generate(&rules, &mut SeededDice(seed));
            assert_eq!(check(&made, &About::default(), &rules), Ok(()));
            assert_eq!(made.reveal().len(), 24);
        }
    }
}
