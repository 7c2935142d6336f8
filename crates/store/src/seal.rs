//! Sealing: authenticated encryption (AES-256-GCM) of credentials under a master key that is not in the store.
//!
//! A sealed value is `1 ‖ length of key id ‖ key id ‖ nonce (12) ‖ ciphertext and tag`. Where it rests is part of
//! what is authenticated, so that a value moved to another owner does not open. Nonces are drawn by chance:
//! credentials change rarely enough (far below 2^32 times a key) for that to be safe.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::{BASE64, HEXLOWER};
use signin::{
    dice::{Dice, roll},
    draft::{Sealed, Vault},
    secret::{Secret, SecretBytes},
};
use thiserror::Error;
use zeroize::Zeroizing;

const VERSION_1: u8 = 1;
const KEY_LEN: usize = 32;
const KEY_FILE_WORD: &str = "hookswitch-key-v1";
/// Longest id of a key.
const ID_MAX: usize = 32;
/// Most keys in one file: the present one and those it replaced.
const KEYS_MAX: usize = 16;

/// One master key.
#[derive(Clone)]
struct MasterKey {
    id: Box<str>,
    key: Zeroizing<[u8; KEY_LEN]>,
}

/// The master keys: everything new is sealed under the current one; the older ones still open.
#[derive(Clone)]
pub struct MasterKeys {
    current: MasterKey,
    older: Vec<MasterKey>,
}

/// What is wrong with a key file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} of the key file: {problem}")]
pub struct KeyFileError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it, and what it should be.
    pub problem: &'static str,
}

/// A sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It is no sealed value.
    Malformed,
    /// No key with its id was given.
    UnknownKey,
    /// The key is another one of the same id, or the value was changed or moved.
    Forged,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys({})", self.ids())
    }
}

impl MasterKey {
    fn create(dice: &mut dyn Dice) -> Self {
        let id: [u8; 4] = roll(dice);
        Self { id: HEXLOWER.encode(&id).into_boxed_str(), key: Zeroizing::new(roll(dice)) }
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.key.as_slice()).ok().map(LessSafeKey::new)
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "expected \"hookswitch-key-v1 <id> <base64 of 32 bytes>\"";
        let mut words = line.split_ascii_whitespace();
        let (Some(KEY_FILE_WORD), Some(id), Some(key), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(SHAPE);
        };
        if id.len() > ID_MAX || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err("the id of a key is at most 32 letters, digits and hyphens");
        }
        let bytes = Zeroizing::new(BASE64.decode(key.as_bytes()).map_err(|_| SHAPE)?);
        let key = <[u8; KEY_LEN]>::try_from(bytes.as_slice()).map_err(|_| SHAPE)?;
        Ok(Self { id: id.into(), key: Zeroizing::new(key) })
    }
}

impl MasterKeys {
    /// A new key, and none older.
    pub fn create(dice: &mut dyn Dice) -> Self {
        Self { current: MasterKey::create(dice), older: Vec::new() }
    }

    /// A new current key; those of `self` still open. Write this to the key file, reseal, then write
    /// [`newest`](Self::newest).
    #[must_use]
    pub fn rotate(&self, dice: &mut dyn Dice) -> Self {
        let mut older = vec![self.current.clone()];
        older.extend(self.older.iter().take(KEYS_MAX - 2).cloned());
        Self { current: MasterKey::create(dice), older }
    }

    /// The current key alone.
    #[must_use]
    pub fn newest(&self) -> Self {
        Self { current: self.current.clone(), older: Vec::new() }
    }

    /// Reads a key file: one key a line, the current one first; empty lines and lines with `#` are skipped.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let mut keys = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |problem| KeyFileError { line: position + 1, problem };
            let key = MasterKey::parse(line).map_err(at)?;
            if keys.len() == KEYS_MAX {
                return Err(at("more than 16 keys"));
            }
            if keys.iter().any(|other: &MasterKey| other.id == key.id) {
                return Err(at("a second key with the same id"));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeyFileError { line: 1, problem: "there is no key in it" })?;
        Ok(Self { current, older: keys.collect() })
    }

    /// The text of a key file.
    pub fn to_text(&self) -> Secret {
        let lines: Vec<String> = self
            .all()
            .map(|key| format!("{KEY_FILE_WORD} {} {}\n", key.id, BASE64.encode(key.key.as_slice())))
            .collect();
        Secret::new(lines.concat())
    }

    /// Id of the current key.
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    /// Whether keys are given that were replaced, so that a reseal may have something to do.
    pub fn has_older(&self) -> bool {
        !self.older.is_empty()
    }

    pub(crate) fn ids(&self) -> String {
        self.all().map(|key| &*key.id).collect::<Vec<_>>().join(", ")
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.older)
    }

    /// Seals under the current key, for the place `place` alone.
    pub(crate) fn seal(&self, place: &str, clear: &SecretBytes, dice: &mut dyn Dice) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = roll(dice);
        let id = self.current.id.as_bytes();
        let mut sealed = vec![VERSION_1, u8::try_from(id.len()).ok()?];
        sealed.extend_from_slice(id);
        sealed.extend_from_slice(&nonce);
        let mut text = Zeroizing::new(clear.reveal().to_vec());
        let tag = self
            .current
            .cipher()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                text.as_mut_slice(),
            )
            .ok()?;
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        Some(sealed)
    }

    /// Opens what was sealed for `place`.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretBytes, Unopened> {
        let (id, rest) = split(sealed).ok_or(Unopened::Malformed)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unopened::Malformed)?;
        let key = self.all().find(|key| key.id.as_bytes() == id).ok_or(Unopened::UnknownKey)?;
        let cipher = key.cipher().ok_or(Unopened::Forged)?;
        let mut text = Zeroizing::new(text.to_vec());
        let clear = cipher
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.as_bytes()),
                text.as_mut_slice(),
            )
            .map_err(|_| Unopened::Forged)?;
        Ok(SecretBytes::new(clear.to_vec()))
    }

    /// Whether `sealed` is under the current key.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        split(sealed).is_some_and(|(id, _)| id == self.current.id.as_bytes())
    }
}

impl Vault for MasterKeys {
    fn seal(&self, place: &str, clear: &SecretBytes, dice: &mut dyn Dice) -> Option<Sealed> {
        Self::seal(self, place, clear, dice).map(Sealed::new)
    }

    fn open(&self, place: &str, sealed: &Sealed) -> Option<SecretBytes> {
        Self::open(self, place, sealed.as_bytes()).ok()
    }
}

/// The id of the key that a sealed value needs.
pub(crate) fn key_id(sealed: &[u8]) -> String {
    split(sealed).map_or_else(|| "?".into(), |(id, _)| String::from_utf8_lossy(id).into_owned())
}

fn split(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&VERSION_1, rest) = sealed.split_first()? else { return None };
    let (&length, rest) = rest.split_first()?;
    rest.split_at_checked(usize::from(length))
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    fn clear() -> SecretBytes {
        SecretBytes::new(b"4813".to_vec())
    }

    #[test]
    fn a_sealed_value_opens_at_its_place_and_no_other() {
        let keys = MasterKeys::create(&mut SeededDice(1));
        let sealed = keys.seal("a", &clear(), &mut SeededDice(2)).unwrap();
        assert!(!sealed.windows(4).any(|w| w == b"4813"));
        assert_eq!(keys.open("a", &sealed), Ok(clear()));
        assert_eq!(keys.open("b", &sealed), Err(Unopened::Forged));
        assert_eq!(MasterKeys::create(&mut SeededDice(3)).open("a", &sealed), Err(Unopened::UnknownKey));
    }

    #[test]
    fn any_flipped_bit_of_a_sealed_value_is_noticed() {
        let keys = MasterKeys::create(&mut SeededDice(1));
        let sealed = keys.seal("a", &clear(), &mut SeededDice(2)).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(keys.open("a", &forged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_key_file_is_read_as_it_was_written() {
        let old = MasterKeys::create(&mut SeededDice(1));
        let new = old.rotate(&mut SeededDice(2));
        let sealed = old.seal("a", &clear(), &mut SeededDice(3)).unwrap();
        let read = MasterKeys::parse(new.to_text().reveal()).unwrap();
        assert_eq!(read.current_id(), new.current_id());
        assert_eq!(read.open("a", &sealed), Ok(clear()));
        assert!(!read.is_current(&sealed));
        assert!(read.newest().open("a", &sealed).is_err());
    }

    #[test]
    fn a_bad_key_file_is_refused_with_its_line() {
        for (text, line) in [
            ("", 1),
            ("# nothing\n", 1),
            ("hookswitch-key-v1 a\n", 1),
            ("\nhookswitch-key-v1 a AAAA\n", 2),
            ("hookswitch-key-v2 a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1),
            ("hookswitch-key-v1 a/b AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 1),
        ] {
            assert_eq!(MasterKeys::parse(text).unwrap_err().line, line, "{text:?}");
        }
        let twice = "hookswitch-key-v1 a AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(2);
        assert_eq!(MasterKeys::parse(&twice).unwrap_err().line, 2);
    }

    #[test]
    fn master_keys_are_never_printed() {
        let keys = MasterKeys::create(&mut SeededDice(1));
        assert_eq!(format!("{keys:?}"), format!("MasterKeys({})", keys.current_id()));
    }
}
