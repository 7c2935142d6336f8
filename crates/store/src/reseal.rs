//! Resealing: every sealed value under the current master key, so that the older ones can be thrown away.
//!
//! May be interrupted at any point and begun again: what is resealed already is passed over, and as long as the
//! key file holds both keys the store opens in every state between. The store's own keys go last.

use signin::{dice::Dice, document::Document, draft::Draft, secret::SecretBytes};

use crate::{
    engine::{Engine, Reader, Row, RowKey, Shelf},
    error::{OpenError, StoreError},
    keyring::Keyring,
    load::identify,
    rows::{Record, sealed_body, sealed_of},
    rowsum::RowSum,
    scribe::{self, Scribe},
    seal::{MasterKeys, Unopened, key_id},
};

/// Values resealed in one transaction.
const CHUNK: usize = 500;
/// Bytes after which the next transaction begins: recordings are large.
const CHUNK_BYTES: usize = 16 << 20;

/// What a reseal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Sealed values in the store.
    pub total: u64,
    /// Those that were under an older key.
    pub resealed: u64,
}

/// Seals everything under the current one of `masters`; the key that the store is sealed under must be among the
/// older ones. `progress` is told how many values are done, of how many. Closes the engine.
///
/// # Errors
/// What was done until then stays done; run it again with the same keys.
pub fn reseal(
    engine: Box<dyn Engine>,
    masters: &MasterKeys,
    dice: &mut dyn Dice,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Resealed, OpenError> {
    let reader = engine.reader();
    let mut snapshot = reader.snapshot()?;
    let Some((keyring, census)) = identify(&mut *snapshot, masters)? else {
        engine.close()?;
        return Ok(Resealed { total: 0, resealed: 0 });
    };
    let (mut total, mut waiting) = (1_u64, Waiting::default());
    let (mut root, mut sum) = (None, RowSum::default());
    snapshot.rows(&mut |row| {
        if row.key.shelf != Shelf::Meta {
            sum.add(&keyring, &row.tag);
        }
        if row.key == Keyring::row_key() {
            root = Some(row);
        } else if is_sealed(row.key.shelf) {
            total += 1;
            if !keyring.is_ours(&row) {
                return Err(StoreError::Damaged(format!("the sealed row {} is damaged", row.key.key)));
            }
            if !masters.is_current(&sealed_of(&row)?) {
                waiting.push(&row);
            }
        } else if row.key.shelf == Shelf::Document {
            if !keyring.is_ours(&row) {
                return Err(StoreError::Damaged(format!("the document {} is damaged", row.key.key)));
            }
            let draft = draft_of(&row)?;
            if draft.iter().flat_map(Draft::sealed).next().is_some() {
                total += 1;
            }
            if draft.iter().flat_map(Draft::sealed).any(|sealed| !masters.is_current(sealed.as_bytes())) {
                waiting.push(&row);
            }
        }
        Ok(())
    })?;
    drop(snapshot);
    if sum.digest(&keyring) != census.sum {
        return Err(OpenError::Damaged { what: "the rows are not those that were written last".into() });
    }
    let is_root_current = root.is_some_and(|row| Keyring::is_wrapped_by_current(&row, masters));
    let resealed = waiting.count + u64::from(!is_root_current);
    let mut done = total.saturating_sub(resealed);
    progress(done, total);
    let mut scribe = Scribe::new(engine, keyring.clone(), census, sum);
    for chunk in &waiting.chunks {
        let rows = chunk_again(&*reader, chunk, &keyring, masters, dice)?;
        scribe.write_with(scribe::Draft::default(), rows)?;
        done = done.saturating_add(chunk.len() as u64);
        progress(done, total);
    }
    if !is_root_current {
        scribe.write_with(scribe::Draft::default(), vec![keyring.wrap(masters, dice)?])?;
        progress(total, total);
    }
    // A key is changed because the old one may be known: nothing may stay that it opens.
    scribe.compact()?;
    scribe.close()?;
    Ok(Resealed { total, resealed })
}

/// Whether rows of this shelf are sealed as a whole.
const fn is_sealed(shelf: Shelf) -> bool {
    match shelf {
        Shelf::Credential
        | Shelf::Former
        | Shelf::Reporting
        | Shelf::Recording
        | Shelf::CallLog
        | Shelf::CallPage => true,
        Shelf::Meta
        | Shelf::Settings
        | Shelf::Domain
        | Shelf::Account
        | Shelf::Activity
        | Shelf::Extension
        | Shelf::CredentialFacts
        | Shelf::Tally
        | Shelf::Session
        | Shelf::Registration
        | Shelf::Quarantine
        | Shelf::Places
        | Shelf::Document
        | Shelf::Alarm
        | Shelf::Delivered => false,
    }
}

/// The names of rows that wait for their turn, in the parts in which they are written. Their bodies are read again then: all
/// recordings together are more than memory holds.
#[derive(Default)]
struct Waiting {
    chunks: Vec<Vec<RowKey>>,
    /// Bytes of the last chunk.
    bytes: usize,
    count: u64,
}

impl Waiting {
    fn push(&mut self, row: &Row) {
        let is_room = |last: &&mut Vec<RowKey>| last.len() < CHUNK && self.bytes < CHUNK_BYTES;
        match self.chunks.last_mut().filter(is_room) {
            Some(last) => {
                last.push(row.key.clone());
                self.bytes = self.bytes.saturating_add(row.body.len());
            }
            None => {
                self.chunks.push(vec![row.key.clone()]);
                self.bytes = row.body.len();
            }
        }
        self.count = self.count.saturating_add(1);
    }
}

/// Rows of a chunk, sealed again.
fn chunk_again(
    reader: &dyn Reader,
    chunk: &[RowKey],
    keyring: &Keyring,
    masters: &MasterKeys,
    dice: &mut dyn Dice,
) -> Result<Vec<Row>, OpenError> {
    let mut snapshot = reader.snapshot()?;
    let mut rows = Vec::new();
    for key in chunk {
        let damaged = || OpenError::Damaged { what: format!("the sealed row {} has vanished", key.key) };
        let row = snapshot.row(key)?.filter(|row| keyring.is_ours(row)).ok_or_else(damaged)?;
        rows.push(again(&row, keyring, masters, dice)?);
    }
    Ok(rows)
}

/// The draft that a row holds, if it does.
fn draft_of(row: &Row) -> Result<Option<Draft>, StoreError> {
    let Record::Document(document) = Record::read(row)? else { return Ok(None) };
    Ok(document.draft().cloned())
}

/// A sealed row, sealed again.
fn again(row: &Row, keyring: &Keyring, masters: &MasterKeys, dice: &mut dyn Dice) -> Result<Row, OpenError> {
    if row.key.shelf == Shelf::Document {
        let damaged = || OpenError::Damaged { what: format!("the draft {} does not open", row.key.key) };
        let draft = draft_of(row)?.ok_or_else(damaged)?;
        let draft = draft.resealed(masters, masters, dice).ok_or_else(damaged)?;
        return Ok(keyring.row(row.key.clone(), &Document::Draft(draft))?);
    }
    let sealed = sealed_of(row)?;
    let clear: SecretBytes = masters.open(&row.key.key, &sealed).map_err(|why| match why {
        Unopened::UnknownKey => OpenError::WrongKey { needed: key_id(&sealed), given: masters.ids() },
        Unopened::Malformed | Unopened::Forged => {
            OpenError::Damaged { what: format!("the sealed row {} does not open", row.key.key) }
        }
    })?;
    let sealed = masters
        .seal(&row.key.key, &clear, dice)
        .ok_or_else(|| StoreError::Engine("the cipher refused to seal".into()))?;
    let body = sealed_body(&sealed)?;
    Ok(Row { tag: keyring.tag(&row.key, &body), key: row.key.clone(), body })
}
