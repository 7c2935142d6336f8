//! The scribe: turns drafts into tagged rows and linked audit rows, keeps the census, and hands both to the
//! engine in one transaction.
//!
//! The *census* is one row that says how many rows there are on each shelf, what they come to together, and where
//! the audit ends. It changes in every transaction, so a row that vanishes or is put back to an older version, and a
//! tail that is cut off, are noticed although every row that is left is in order.

use std::{collections::BTreeMap, sync::Arc};

use data_encoding::HEXLOWER;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use signin::{audit::AuditEvent, effect::AuditCut};

use crate::{
    engine::{AuditRecord, Batch, Engine, Growth, MAC_LEN, Notes, Reader, Row, RowKey, Shelf},
    error::StoreError,
    keyring::{Keyring, encode},
    pending::note_last,
    rowsum::RowSum,
};

/// Changes on their way to the engine.
#[derive(Default)]
pub(crate) struct Draft {
    /// The new body of each row; `None` removes it.
    rows: HashMap<RowKey, Option<String>>,
    /// Rows of the audit, in order.
    audit: Vec<AuditEvent>,
    /// What goes from its other end.
    cut: Option<AuditCut>,
}

/// What there is, kept in the store itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Census {
    /// How many transactions there have been.
    pub(crate) serial: u64,
    /// What all rows come to: [`RowSum::digest`].
    pub(crate) sum: String,
    /// Rows on each shelf but the first.
    pub(crate) rows: BTreeMap<Shelf, u64>,
    /// The number of the last audit row.
    pub(crate) audit_seq: u64,
    /// Its link, in hex.
    pub(crate) audit_mac: String,
    /// The number of the last audit row that was removed by the rule for it: the chain begins behind it.
    #[serde(default)]
    pub(crate) audit_cut: u64,
    /// Its link, in hex: what the first row that is left is held against.
    #[serde(default)]
    pub(crate) audit_cut_mac: String,
    /// The next account gets at least this number.
    pub(crate) account_next: u32,
    /// The next extension gets at least this number.
    pub(crate) extension_next: u32,
    /// The next domain gets at least this number.
    #[serde(default)]
    pub(crate) domain_next: u32,
}

/// Writes.
pub(crate) struct Scribe {
    engine: Box<dyn Engine>,
    notes: Arc<dyn Notes>,
    keys: Keyring,
    census: Census,
    sum: RowSum,
}

impl Draft {
    /// Puts a row.
    pub(crate) fn put(&mut self, key: RowKey, body: String) {
        self.rows.insert(key, Some(body));
    }

    /// Removes a row.
    pub(crate) fn delete(&mut self, key: RowKey) {
        self.rows.insert(key, None);
    }

    /// Adds a row to the audit.
    pub(crate) fn audit(&mut self, event: AuditEvent) {
        self.audit.push(event);
    }

    /// Removes the oldest rows of the audit.
    pub(crate) fn cut_audit(&mut self, cut: AuditCut) {
        self.cut = self.cut.into_iter().chain([cut]).max_by_key(|cut| cut.through);
    }

    /// Adds what is in another draft; the later one counts.
    pub(crate) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.audit.extend(other.audit);
        if let Some(cut) = other.cut {
            self.cut_audit(cut);
        }
    }
}

impl Census {
    /// Where the row is.
    pub(crate) fn row_key() -> RowKey {
        RowKey { shelf: Shelf::Meta, key: "census".into() }
    }

    pub(crate) fn head(&self) -> [u8; MAC_LEN] {
        link_of(&self.audit_mac)
    }

    /// What the first row of the audit is linked to.
    pub(crate) fn root(&self) -> [u8; MAC_LEN] {
        link_of(&self.audit_cut_mac)
    }

    /// How many rows the audit has.
    pub(crate) const fn audit_rows(&self) -> u64 {
        self.audit_seq.saturating_sub(self.audit_cut)
    }

    /// Moves the beginning of the audit; whether it is another one then.
    fn cut(&mut self, cut: AuditCut) -> bool {
        let is_there = (self.audit_cut + 1..=self.audit_seq).contains(&cut.through);
        if is_there {
            (self.audit_cut, self.audit_cut_mac) = (cut.through, HEXLOWER.encode(&cut.link));
        }
        is_there
    }

    fn grow(&mut self, growth: &Growth) {
        for (shelf, more) in growth.iter().filter(|(shelf, _)| **shelf != Shelf::Meta) {
            let count = self.rows.entry(*shelf).or_default();
            *count = count.saturating_add_signed(*more);
        }
        self.rows.retain(|_, count| *count > 0);
    }

    /// Makes sure that the identifier in this row's key is never given out again.
    fn note(&mut self, key: &RowKey) {
        let next = key.key.parse::<u32>().ok().map(|id| id.saturating_add(1));
        if let (Shelf::Account, Some(next)) = (key.shelf, next) {
            self.account_next = self.account_next.max(next);
        } else if let (Shelf::Extension, Some(next)) = (key.shelf, next) {
            self.extension_next = self.extension_next.max(next);
        } else if let (Shelf::Domain, Some(next)) = (key.shelf, next) {
            self.domain_next = self.domain_next.max(next);
        }
    }
}

fn link_of(hex: &str) -> [u8; MAC_LEN] {
    let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
    bytes.first_chunk().copied().unwrap_or_default()
}

impl Scribe {
    pub(crate) fn new(engine: Box<dyn Engine>, keys: Keyring, census: Census, sum: RowSum) -> Self {
        Self { notes: engine.notes(), engine, keys, census, sum }
    }

    /// A way to read what was written.
    pub(crate) fn reader(&self) -> Arc<dyn Reader> {
        self.engine.reader()
    }

    pub(crate) const fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub(crate) const fn census(&self) -> &Census {
        &self.census
    }

    /// Writes all of the draft or nothing.
    pub(crate) fn write(&mut self, draft: Draft) -> Result<(), StoreError> {
        self.write_with(draft, Vec::new())
    }

    /// The same with rows that are tagged already.
    pub(crate) fn write_with(&mut self, draft: Draft, ready: Vec<Row>) -> Result<(), StoreError> {
        let (mut census, mut sum) = (self.census.clone(), self.sum);
        census.serial = census.serial.saturating_add(1);
        let mut batch = Batch { puts: ready, ..Batch::default() };
        for (key, body) in draft.rows {
            match body {
                Some(body) => {
                    census.note(&key);
                    let tag = self.keys.tag(&key, &body);
                    batch.puts.push(Row { key, body, tag });
                }
                None => batch.deletes.push(key),
            }
        }
        // Rows that lie side by side are written side by side.
        batch.puts.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        batch.audit_cut = draft.cut.filter(|cut| census.cut(*cut)).map(|cut| cut.through);
        let mut head = census.head();
        for event in &draft.audit {
            let seq = census.audit_seq.saturating_add(1);
            let body = encode(event)?;
            head = self.keys.link(&head, seq, &body);
            census.audit_seq = seq;
            batch.audit.push(AuditRecord { seq, body, mac: head });
        }
        census.audit_mac = HEXLOWER.encode(&head);
        let keys = &self.keys;
        for row in batch.puts.iter().filter(|row| row.key.shelf != Shelf::Meta) {
            sum.add(keys, &row.tag);
        }
        self.engine.write(&batch, &mut |turnover| {
            census.grow(&turnover.growth);
            for (_, tag) in turnover.gone.iter().filter(|(shelf, _)| *shelf != Shelf::Meta) {
                sum.take(keys, tag);
            }
            census.sum = sum.digest(keys);
            keys.row(Census::row_key(), &census)
        })?;
        (self.census, self.sum) = (census, sum);
        if let Err(error) = note_last(&*self.notes, &self.keys, self.census.serial) {
            tracing::error!(%error, "a note beside the database cannot be taken");
        }
        Ok(())
    }

    /// Leaves nothing of what was replaced or deleted.
    pub(crate) fn compact(&mut self) -> Result<(), StoreError> {
        self.engine.compact()
    }

    /// Ends cleanly.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.engine.close()
    }
}
