//! Backup: the whole store in one file that any engine can take back.
//!
//! Lines of JSON: a header; each row and each row of the audit as it rests, what is sealed staying sealed; and an
//! end that counts them and signs everything before it. A file that was cut off, changed in a single bit or made
//! under another master key is refused before anything is written.

use std::io::{BufRead, Seek, SeekFrom, Write};

use aws_lc_rs::hmac::Context;
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use signin::timestamp::Timestamp;
use thiserror::Error;

use crate::{
    engine::{AuditRecord, Batch, Engine, MAC_LEN, Row, RowKey, Shelf, Snapshot, TAG_LEN},
    error::{OpenError, StoreError},
    keyring::{Keyring, encode},
    ledger::Ledger,
    load::{identify, is_empty},
    rows::Record,
    scribe::Census,
    seal::MasterKeys,
};

/// The format of the file and of the rows in it.
const FORMAT: u32 = 1;
/// Longest line that is read.
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// Rows restored in one transaction.
const CHUNK: usize = 1000;
/// Bytes after which the next transaction begins: recordings are large.
const CHUNK_BYTES: usize = 16 << 20;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupSummary {
    /// When it was made.
    pub created_at: Timestamp,
    /// Rows.
    pub rows: u64,
    /// Rows of the audit.
    pub audit_rows: u64,
}

/// Why a backup could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackupError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the backup cannot be written: {0}. What was written of it is of no use; delete it.")]
    File(String),
}

/// Why a backup was not restored. Nothing was changed then, unless it says so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// It is no backup.
    #[error("this is not a Hookswitch backup")]
    NotABackup,
    /// It was made by a newer version.
    #[error(
        "the backup has format {found}, and this version knows only formats up to {FORMAT}. Install the version that made it."
    )]
    Newer {
        /// Its format.
        found: u32,
    },
    /// None of the given keys opens it.
    #[error(
        "the backup is sealed under master key {needed}, and the given key file ({given}) does not open it. Give the key file that was in use when the backup was made."
    )]
    WrongKey {
        /// Id of the key it needs.
        needed: String,
        /// Ids of the keys that were given.
        given: String,
    },
    /// It is not what was written.
    #[error("the backup is damaged: line {line}: {what}. Take another one.")]
    Damaged {
        /// Where, from 1.
        line: u64,
        /// What is wrong there.
        what: String,
    },
    /// There is something in the store.
    #[error("the store is not empty. Restore into a new data folder, or move the database away first.")]
    NotEmpty,
    /// The file could not be read.
    #[error("the backup cannot be read: {0}")]
    File(String),
    /// The store could not be written. If a part was written, the store says so until a restore has ended.
    #[error("the store cannot be written: {0}. Run the restore again once that is mended.")]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    HookswitchBackup { format: u32, created_at: Timestamp, key: String, rows: u64, audit_rows: u64 },
    Row(Shelf, String, String, String),
    Audit(u64, String, String),
    End { rows: u64, audit_rows: u64, signature: String },
}

impl Line {
    fn row(row: &Row) -> Self {
        Self::Row(row.key.shelf, row.key.key.clone(), row.body.clone(), BASE64.encode(&row.tag))
    }
}

// Writing

struct Lines<'a> {
    out: &'a mut dyn Write,
    signature: Context,
    failed: Option<String>,
}

impl Lines<'_> {
    fn write(&mut self, line: &Line) -> Result<(), StoreError> {
        let mut text = encode(line)?;
        text.push('\n');
        self.signature.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error.to_string());
            StoreError::Engine(error.to_string())
        })
    }
}

impl Ledger {
    /// Writes everything as it stands at this moment, however much changes meanwhile. `progress` is told how many
    /// rows are written, of how many. The caller sees to it that the file rests on disk.
    ///
    /// # Errors
    /// What was written until then is no backup.
    pub fn backup(
        &self,
        out: &mut dyn Write,
        created_at: Timestamp,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<BackupSummary, BackupError> {
        // What is behind belongs to it; while the disk is out of order, what is on it does.
        let _behind = self.flush().wait();
        let mut snapshot = self.reader.snapshot()?;
        write(&mut *snapshot, &self.holdings.masters, out, created_at, progress)
    }
}

fn write(
    snapshot: &mut dyn Snapshot,
    masters: &MasterKeys,
    out: &mut dyn Write,
    created_at: Timestamp,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackupSummary, BackupError> {
    let store = |error: OpenError| StoreError::Damaged(error.to_string());
    let Some((keyring, census)) = identify(snapshot, masters).map_err(store)? else {
        return Err(BackupError::Store(StoreError::Engine("there is nothing in the store".into())));
    };
    let root = snapshot.row(&Keyring::row_key())?.ok_or(StoreError::Closed)?;
    // The two rows about the store itself are in no census.
    let expected = (census.rows.values().sum::<u64>() + 2, census.audit_rows());
    let mut lines = Lines { out, signature: keyring.backup_signature(), failed: None };
    let written = write_lines(snapshot, &mut lines, &root, masters, created_at, expected, progress);
    if let Some(failed) = lines.failed {
        return Err(BackupError::File(failed));
    }
    let (rows, audit_rows) = written?;
    let signature = HEXLOWER.encode(lines.signature.sign().as_ref());
    let end = encode(&Line::End { rows, audit_rows, signature })?;
    let file = |error: std::io::Error| BackupError::File(error.to_string());
    writeln!(lines.out, "{end}").and_then(|()| lines.out.flush()).map_err(file)?;
    Ok(BackupSummary { created_at, rows, audit_rows })
}

/// Everything but the end; how many rows and audit rows there were.
fn write_lines(
    snapshot: &mut dyn Snapshot,
    lines: &mut Lines<'_>,
    root: &Row,
    masters: &MasterKeys,
    created_at: Timestamp,
    (rows, audit_rows): (u64, u64),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(u64, u64), StoreError> {
    let (mut done, total) = (0_u64, rows.saturating_add(audit_rows));
    let mut step = || {
        done += 1;
        if done.is_multiple_of(1000) || done == total {
            progress(done, total);
        }
    };
    let key = masters.current_id().to_owned();
    lines.write(&Line::HookswitchBackup { format: FORMAT, created_at, key, rows, audit_rows })?;
    lines.write(&Line::row(root))?;
    step();
    let (mut rows, mut audit_rows) = (1, 0);
    snapshot.rows(&mut |row| {
        if row.key == root.key {
            return Ok(());
        }
        step();
        rows += 1;
        lines.write(&Line::row(&row))
    })?;
    snapshot.audit(0, &mut |record| {
        step();
        audit_rows += 1;
        let AuditRecord { seq, body, mac } = record;
        lines.write(&Line::Audit(seq, body, BASE64.encode(&mac)))?;
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok((rows, audit_rows))
}

// Reading

/// What a backup consists of.
enum Item {
    Row(Row),
    Audit(AuditRecord),
}

/// Takes a backup back into an empty engine: all of it or nothing. The file is read twice, and nothing is written
/// before it is proved whole. `progress` is told how many rows are done, of how many, over both readings. Closes
/// the engine.
///
/// # Errors
/// In words, with what to do.
pub fn restore<R: BufRead + Seek>(
    input: &mut R,
    mut engine: Box<dyn Engine>,
    masters: &MasterKeys,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackupSummary, RestoreError> {
    let is_begun = check_room(&*engine)?;
    let mut done = 0_u64;
    let mut step = |summary: &BackupSummary| {
        done += 1;
        let total = summary.rows.saturating_add(summary.audit_rows).saturating_mul(2);
        if done.is_multiple_of(1000) || done == total {
            progress(done, total);
        }
    };
    let (summary, census) = read(input, masters, &mut |summary, _| {
        step(summary);
        Ok(())
    })?;
    if is_begun {
        engine.erase()?;
    }
    let (mut batch, mut bytes, mut root) = (Batch::default(), 0_usize, None);
    read(input, masters, &mut |summary, item| {
        step(summary);
        match item {
            // The root goes last: a store without it is one whose restore has not ended.
            Item::Row(row) if row.key == Keyring::row_key() => root = Some(row),
            Item::Row(row) if row.key == census.key => {}
            Item::Row(row) => {
                bytes = bytes.saturating_add(row.body.len());
                batch.puts.push(row);
            }
            Item::Audit(record) => batch.audit.push(record),
        }
        if batch.puts.len() + batch.audit.len() < CHUNK && bytes < CHUNK_BYTES {
            return Ok(());
        }
        bytes = 0;
        engine.write(&std::mem::take(&mut batch), &mut |_| Ok(census.clone()))
    })?;
    batch.puts.extend(root);
    engine.write(&batch, &mut |_| Ok(census.clone()))?;
    engine.close()?;
    Ok(summary)
}

/// Whether a restore was begun before; refuses a store that is in use.
fn check_room(engine: &dyn Engine) -> Result<bool, RestoreError> {
    let mut snapshot = engine.reader().snapshot()?;
    if snapshot.row(&Keyring::row_key())?.is_some() {
        return Err(RestoreError::NotEmpty);
    }
    let is_empty = is_empty(&mut *snapshot).map_err(|error| StoreError::Engine(error.to_string()))?;
    Ok(!is_empty)
}

/// Reads a whole backup and proves it; the row of the census comes with the summary.
fn read<R: BufRead + Seek>(
    input: &mut R,
    masters: &MasterKeys,
    each: &mut dyn FnMut(&BackupSummary, Item) -> Result<(), StoreError>,
) -> Result<(BackupSummary, Row), RestoreError> {
    input.seek(SeekFrom::Start(0)).map_err(|error| RestoreError::File(error.to_string()))?;
    let mut file = File { input, line: 0 };
    let (text, line) = file.line()?.ok_or(RestoreError::NotABackup)?;
    let Line::HookswitchBackup { format, created_at, rows, audit_rows, .. } = line else {
        return Err(RestoreError::NotABackup);
    };
    if format > FORMAT {
        return Err(RestoreError::Newer { found: format });
    }
    let summary = BackupSummary { created_at, rows, audit_rows };
    let (root_text, line) = file.line()?.ok_or_else(|| file.damaged("the file ends too early"))?;
    let root = file.row(line).filter(|row| row.key == Keyring::row_key());
    let root = root.ok_or_else(|| file.damaged("the store's own keys should be here"))?;
    let keyring = Keyring::unwrap_from(&root, masters).map_err(|error| match error {
        OpenError::WrongKey { needed, given } => RestoreError::WrongKey { needed, given },
        other @ (OpenError::InUse { .. }
        | OpenError::Unusable { .. }
        | OpenError::NotOurs { .. }
        | OpenError::NewerSchema { .. }
        | OpenError::Damaged { .. }
        | OpenError::Altered { .. }
        | OpenError::Outdated { .. }
        | OpenError::Unfinished
        | OpenError::Store(_)) => file.damaged(&other.to_string()),
    })?;
    let mut proof = Proof::new(keyring);
    proof.signature.update(text.as_bytes());
    proof.signature.update(root_text.as_bytes());
    proof.rows = 1;
    each(&summary, Item::Row(root))?;
    loop {
        let (text, line) = file.line()?.ok_or_else(|| file.damaged("the file ends too early"))?;
        if let Line::End { rows, audit_rows, signature } = &line {
            let said = HEXLOWER.decode(signature.as_bytes()).unwrap_or_default();
            let is_signed = proof.signature.clone().sign().as_ref() == said.as_slice();
            let counts = (proof.rows, proof.audit_rows);
            if !is_signed || counts != (*rows, *audit_rows) {
                return Err(file.damaged("the signature does not fit what is before it"));
            }
            let census = proof.census.ok_or_else(|| file.damaged("the census is missing"))?;
            return Ok((summary, census));
        }
        proof.signature.update(text.as_bytes());
        let item = proof.item(&file, line)?;
        each(&summary, item)?;
    }
}

struct File<'a, R> {
    input: &'a mut R,
    line: u64,
}

impl<R: BufRead> File<'_, R> {
    fn damaged(&self, what: &str) -> RestoreError {
        RestoreError::Damaged { line: self.line, what: what.into() }
    }

    /// The next line, as it stands and as it reads.
    fn line(&mut self) -> Result<Option<(String, Line)>, RestoreError> {
        self.line += 1;
        let mut bytes = Vec::new();
        let file = |error: std::io::Error| RestoreError::File(error.to_string());
        let mut limited = std::io::Read::take(&mut *self.input, LINE_MAX);
        if limited.read_until(b'\n', &mut bytes).map_err(file)? == 0 {
            return Ok(None);
        }
        let read = String::from_utf8(bytes)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok().map(|line| (text, line)));
        match read {
            Some(read) => Ok(Some(read)),
            None if self.line == 1 => Err(RestoreError::NotABackup),
            None => Err(self.damaged("it cannot be read")),
        }
    }

    fn row(&self, line: Line) -> Option<Row> {
        let Line::Row(shelf, key, body, tag) = line else { return None };
        let tag = BASE64.decode(tag.as_bytes()).ok()?;
        Some(Row { key: RowKey { shelf, key }, body, tag: <[u8; TAG_LEN]>::try_from(tag).ok()? })
    }
}

/// What is proved so far.
struct Proof {
    keyring: Keyring,
    signature: Context,
    rows: u64,
    audit_rows: u64,
    census: Option<Row>,
}

impl Proof {
    fn new(keyring: Keyring) -> Self {
        let signature = keyring.backup_signature();
        Self { keyring, signature, rows: 0, audit_rows: 0, census: None }
    }

    fn item<R: BufRead>(&mut self, file: &File<'_, R>, line: Line) -> Result<Item, RestoreError> {
        if let Line::Audit(seq, body, mac) = line {
            self.audit_rows += 1;
            let mac = BASE64.decode(mac.as_bytes()).ok().and_then(|mac| <[u8; MAC_LEN]>::try_from(mac).ok());
            let mac = mac.ok_or_else(|| file.damaged("it cannot be read"))?;
            // An audit that was broken in the store stays as it is, for `audit verify` to show.
            return Ok(Item::Audit(AuditRecord { seq, body, mac }));
        }
        let row = file.row(line).ok_or_else(|| file.damaged("it cannot be read"))?;
        self.rows += 1;
        if !self.keyring.is_ours(&row) || Record::read(&row).is_err() {
            return Err(file.damaged("the row is not as it was written"));
        }
        if row.key == Census::row_key() {
            self.census = Some(row.clone());
        }
        Ok(Item::Row(row))
    }
}
