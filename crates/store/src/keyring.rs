//! The ledger's own keys: made once with the store, kept in it sealed under the master key, and so unchanged by
//! a reseal. From them come the tags of rows, the chain of the audit, the signature of a backup and the
//! tokens of known browsers.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, sign};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use signin::{
    dice::{Dice, roll},
    place::Devices,
    secret::SecretBytes,
};

use crate::{
    engine::{MAC_LEN, Row, RowKey, Shelf, TAG_LEN},
    error::{OpenError, StoreError},
    seal::{self, MasterKeys, Unopened},
};

/// Where the sealed root rests, and what it is sealed for.
const ROOT: &str = "root";

/// Keys that are derived from the root.
#[derive(Clone)]
pub(crate) struct Keyring {
    root: SecretBytes,
    rows: Key,
    audit: Key,
    backup: Key,
    sums: Key,
    notes: Key,
    devices: Devices,
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    sealed: String,
}

impl Keyring {
    /// New keys for a new store.
    pub(crate) fn create(dice: &mut dyn Dice) -> Self {
        Self::of(SecretBytes::new(roll::<32>(dice).to_vec()))
    }

    fn of(root: SecretBytes) -> Self {
        let key = Key::new(HMAC_SHA256, root.reveal());
        let derive = |label: &str| Key::new(HMAC_SHA256, sign(&key, label.as_bytes()).as_ref());
        Self {
            rows: derive("hookswitch rows 1"),
            audit: derive("hookswitch audit 1"),
            backup: derive("hookswitch backup 1"),
            sums: derive("hookswitch sums 1"),
            notes: derive("hookswitch notes 1"),
            devices: Devices::new(sign(&key, b"hookswitch devices 1").as_ref()),
            root,
        }
    }

    /// Where the row with the sealed root is.
    pub(crate) fn row_key() -> RowKey {
        RowKey { shelf: Shelf::Meta, key: ROOT.into() }
    }

    /// The row that keeps these keys, sealed under the current master key.
    pub(crate) fn wrap(&self, masters: &MasterKeys, dice: &mut dyn Dice) -> Result<Row, StoreError> {
        let sealed = masters
            .seal(ROOT, &self.root, dice)
            .ok_or_else(|| StoreError::Engine("the cipher refused to seal".into()))?;
        self.row(Self::row_key(), &Wrapped { sealed: BASE64.encode(&sealed) })
    }

    /// Reads the keys back. This is what tells a wrong master key.
    pub(crate) fn unwrap_from(row: &Row, masters: &MasterKeys) -> Result<Self, OpenError> {
        let damaged =
            || OpenError::Damaged { what: "the row with the store's own keys cannot be read".into() };
        let wrapped: Wrapped = serde_json::from_str(&row.body).map_err(|_| damaged())?;
        let sealed = BASE64.decode(wrapped.sealed.as_bytes()).map_err(|_| damaged())?;
        match masters.open(ROOT, &sealed) {
            Ok(root) => {
                let keys = Self::of(root);
                if keys.is_ours(row) { Ok(keys) } else { Err(damaged()) }
            }
            Err(Unopened::Malformed) => Err(damaged()),
            Err(Unopened::UnknownKey | Unopened::Forged) => {
                Err(OpenError::WrongKey { needed: seal::key_id(&sealed), given: masters.ids() })
            }
        }
    }

    /// Whether the row is still sealed under an older master key.
    pub(crate) fn is_wrapped_by_current(row: &Row, masters: &MasterKeys) -> bool {
        serde_json::from_str::<Wrapped>(&row.body)
            .ok()
            .and_then(|wrapped| BASE64.decode(wrapped.sealed.as_bytes()).ok())
            .is_some_and(|sealed| masters.is_current(&sealed))
    }

    /// A row with its tag.
    pub(crate) fn row(&self, key: RowKey, body: &impl Serialize) -> Result<Row, StoreError> {
        let body = encode(body)?;
        let tag = self.tag(&key, &body);
        Ok(Row { key, body, tag })
    }

    /// Whether a row is, bit for bit, one that this store wrote at this place.
    pub(crate) fn is_ours(&self, row: &Row) -> bool {
        // No secret is compared here: whoever can read the tag has the file.
        self.tag(&row.key, &row.body) == row.tag
    }

    pub(crate) fn tag(&self, key: &RowKey, body: &str) -> [u8; TAG_LEN] {
        let mut context = Context::with_key(&self.rows);
        context.update(&[key.shelf.number()]);
        context.update(&u64::try_from(key.key.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(key.key.as_bytes());
        context.update(body.as_bytes());
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// What a row with this tag weighs in the sum over all rows.
    pub(crate) fn weight(&self, tag: &[u8; TAG_LEN]) -> [u128; 2] {
        let weight = sign(&self.sums, tag);
        let (one, other) = weight.as_ref().split_at(weight.as_ref().len() / 2);
        [one, other].map(|lane| lane.first_chunk().map_or(0, |lane| u128::from_be_bytes(*lane)))
    }

    /// What is told of the sum. Twice as long as a tag, so that it is no row's weight.
    pub(crate) fn sum_digest(&self, one: [u8; 16], other: [u8; 16]) -> [u8; MAC_LEN] {
        let digest = sign(&self.sums, [one, other].as_flattened());
        digest.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// A note for one place: its length, its tag, what it says.
    pub(crate) fn note(&self, place: usize, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
        [length.to_be_bytes().as_slice(), &self.note_tag(place, body), body].concat()
    }

    /// What a note says; `None` if it is not, bit for bit, one that was taken at this place.
    pub(crate) fn open_note<'a>(&self, place: usize, note: &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = note.split_first_chunk()?;
        let (tag, rest) = rest.split_first_chunk()?;
        let (body, filling) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let is_ours = !body.is_empty() && filling.iter().all(|byte| *byte == 0);
        (is_ours && self.note_tag(place, body) == *tag).then_some(body)
    }

    fn note_tag(&self, place: usize, body: &[u8]) -> [u8; TAG_LEN] {
        let mut context = Context::with_key(&self.notes);
        context.update(&u64::try_from(place).unwrap_or(u64::MAX).to_be_bytes());
        context.update(body);
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The link of an audit row to the one before.
    pub(crate) fn link(&self, before: &[u8; MAC_LEN], seq: u64, body: &str) -> [u8; MAC_LEN] {
        let mut context = Context::with_key(&self.audit);
        context.update(before);
        context.update(&seq.to_be_bytes());
        context.update(body.as_bytes());
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// What tells the browsers that are known.
    pub(crate) const fn devices(&self) -> &Devices {
        &self.devices
    }

    /// Begins the signature of a backup.
    pub(crate) fn backup_signature(&self) -> Context {
        Context::with_key(&self.backup)
    }
}

/// What a row says of `value`.
pub(crate) fn encode(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Engine(format!("a row cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use signin::dice::SeededDice;

    use super::*;

    #[test]
    fn a_note_is_believed_at_its_place_in_its_store_and_as_it_was_taken() {
        let keys = Keyring::create(&mut SeededDice(1));
        let note = keys.note(7, b"five failures");
        assert_eq!(keys.open_note(7, &note), Some(&b"five failures"[..]));
        let filled = [note.as_slice(), &[0; 9]].concat();
        assert_eq!(keys.open_note(7, &filled), Some(&b"five failures"[..]));
        assert_eq!(keys.open_note(8, &note), None, "moved");
        assert_eq!(Keyring::create(&mut SeededDice(2)).open_note(7, &note), None, "another store's");
        for at in 0..filled.len() {
            for bit in 0..8 {
                let mut changed = filled.clone();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 1 << bit;
                }
                assert_eq!(keys.open_note(7, &changed), None, "byte {at}, bit {bit}");
            }
        }
        for end in 0..note.len() {
            assert_eq!(keys.open_note(7, note.get(..end).unwrap_or_default()), None, "{end}");
        }
        assert_eq!(keys.open_note(7, &keys.note(7, b"")), None, "it says nothing");
    }
}
