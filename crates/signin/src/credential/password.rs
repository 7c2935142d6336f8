//! Passwords made by chance, and the Argon2id hash (OWASP's parameters: 19 MiB, 2 passes, 1 lane).

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    dice::{Dice, below, roll},
    policy::{Complexity, SecretRules},
    secret::{Secret, SecretBytes},
};

/// Memory of one hash, in KiB.
pub const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;

/// 24 characters that nobody mistakes for one another on a slip of paper.
pub(super) fn throw(rules: &SecretRules, dice: &mut dyn Dice) -> Secret {
    const SMALL: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
    const CAPITALS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    const DIGITS: &[u8] = b"234567";
    const OTHERS: &[u8] = b"-+=._";
    const ANY: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ234567";
    let length = usize::from(24_u8.clamp(rules.length_min, rules.length_max.max(rules.length_min)));
    let others = u8::from(rules.complexity == Complexity::High).max(rules.other_min);
    let asked_for =
        [(SMALL, rules.lower_min), (CAPITALS, rules.upper_min), (DIGITS, rules.digits_min), (OTHERS, others)];
    // What is asked for comes last: the rest is as free as ever.
    let asked_for: Vec<&[u8]> = asked_for
        .into_iter()
        .flat_map(|(letters, fewest)| std::iter::repeat_n(letters, usize::from(fewest)))
        .take(length)
        .collect();
    let free = std::iter::repeat_n(ANY, length.saturating_sub(asked_for.len()));
    let mut letter = |letters: &[u8]| {
        let bound = u16::try_from(letters.len()).unwrap_or(1);
        letters.get(usize::from(below(dice, bound))).copied().map_or('x', char::from)
    };
    Secret::new(free.chain(asked_for).map(&mut letter).collect::<String>())
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
    use crate::dice::SeededDice;

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
}
