//! Hosts: where an engine under test lives, so that it can be opened again and tampered with.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, params};
use store::{
    OpenError, StoreError,
    engine::{
        AuditRecord, Batch, DATABASE_FILE, Engine, MemoryEngine, Notes, Reader, Row, RowKey, SUM_FILE, Shelf,
        SqliteEngine, Turnover,
    },
};

/// One place where an engine keeps its rows.
pub(crate) trait EngineHost: Send + Sync {
    /// Opens what is there, or something new.
    fn open(&self) -> Result<Box<dyn Engine>, OpenError>;
    /// Another place with nothing in it.
    fn another(&self) -> Box<dyn EngineHost>;
    /// Replaces a row behind everybody's back.
    fn put_row(&self, row: &Row);
    /// Removes a row behind everybody's back.
    fn remove_row(&self, key: &RowKey);
    /// Replaces or adds an audit row behind everybody's back.
    fn put_audit(&self, record: &AuditRecord);
    /// Removes an audit row behind everybody's back.
    fn remove_audit(&self, seq: u64);

    /// The rows of a shelf.
    fn rows(&self, shelf: Shelf) -> Vec<Row> {
        let engine = self.open().unwrap();
        let mut rows = Vec::new();
        let mut snapshot = engine.reader().snapshot().unwrap();
        snapshot
            .rows(&mut |row| {
                if row.key.shelf == shelf {
                    rows.push(row);
                }
                Ok(())
            })
            .unwrap();
        drop(snapshot);
        engine.close().unwrap();
        rows
    }

    /// The rows of the audit.
    fn audit(&self) -> Vec<AuditRecord> {
        let engine = self.open().unwrap();
        let mut records = Vec::new();
        let mut snapshot = engine.reader().snapshot().unwrap();
        snapshot
            .audit(0, &mut |record| {
                records.push(record);
                Ok(std::ops::ControlFlow::Continue(()))
            })
            .unwrap();
        drop(snapshot);
        engine.close().unwrap();
        records
    }
}

#[derive(Clone)]
pub(crate) struct MemoryHost(MemoryEngine);

impl MemoryHost {
    pub(crate) fn new() -> Self {
        Self(MemoryEngine::new())
    }
}

impl EngineHost for MemoryHost {
    fn open(&self) -> Result<Box<dyn Engine>, OpenError> {
        Ok(Box::new(self.0.clone()))
    }

    fn another(&self) -> Box<dyn EngineHost> {
        Box::new(Self::new())
    }

    fn put_row(&self, row: &Row) {
        self.0.tamper(|tables| {
            tables.rows.insert(row.key.clone(), row.clone());
        });
    }

    fn remove_row(&self, key: &RowKey) {
        self.0.tamper(|tables| {
            tables.rows.remove(key);
        });
    }

    fn put_audit(&self, record: &AuditRecord) {
        self.0.tamper(|tables| {
            tables.audit.insert(record.seq, record.clone());
        });
    }

    fn remove_audit(&self, seq: u64) {
        self.0.tamper(|tables| {
            tables.audit.remove(&seq);
        });
    }
}

pub(crate) struct SqliteHost(tempfile::TempDir);

impl SqliteHost {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn tamper(&self) -> Connection {
        // A careful intruder also removes the checksum of the file.
        let _not_there = std::fs::remove_file(self.folder().join(SUM_FILE));
        Connection::open(self.folder().join(DATABASE_FILE)).unwrap()
    }
}

/// Where a row of this name lies.
const fn table_of(key: &RowKey) -> &'static str {
    if key.shelf.is_large() { "large" } else { "record" }
}

impl EngineHost for SqliteHost {
    fn open(&self) -> Result<Box<dyn Engine>, OpenError> {
        Ok(Box::new(SqliteEngine::open(self.0.path())?))
    }

    fn another(&self) -> Box<dyn EngineHost> {
        Box::new(Self::new())
    }

    fn put_row(&self, row: &Row) {
        self.tamper()
            .execute(
                &format!(
                    "INSERT OR REPLACE INTO {} (shelf, key, body, tag) VALUES (?1, ?2, ?3, ?4)",
                    table_of(&row.key)
                ),
                params![row.key.shelf.number(), row.key.key, row.body, row.tag],
            )
            .unwrap();
    }

    fn remove_row(&self, key: &RowKey) {
        let delete = format!("DELETE FROM {} WHERE shelf = ?1 AND key = ?2", table_of(key));
        self.tamper().execute(&delete, params![key.shelf.number(), key.key]).unwrap();
    }

    fn put_audit(&self, record: &AuditRecord) {
        self.tamper()
            .execute(
                "INSERT OR REPLACE INTO audit (seq, body, mac) VALUES (?1, ?2, ?3)",
                params![i64::try_from(record.seq).unwrap(), record.body, record.mac],
            )
            .unwrap();
    }

    fn remove_audit(&self, seq: u64) {
        self.tamper().execute("DELETE FROM audit WHERE seq = ?1", [i64::try_from(seq).unwrap()]).unwrap();
    }
}

/// How an engine is to misbehave.
#[derive(Clone, Default)]
pub(crate) struct Fault {
    /// Every write fails.
    pub(crate) fails: Arc<AtomicBool>,
    /// Writes that succeeded.
    pub(crate) writes: Arc<AtomicU64>,
    /// When this reaches zero, writes begin to fail; it wraps where it starts with zero.
    pub(crate) writes_left: Arc<AtomicU64>,
}

/// An engine that fails on demand.
pub(crate) struct FaultyEngine {
    pub(crate) inner: Box<dyn Engine>,
    pub(crate) fault: Fault,
}

impl Engine for FaultyEngine {
    fn reader(&self) -> Arc<dyn Reader> {
        self.inner.reader()
    }

    fn notes(&self) -> Arc<dyn Notes> {
        self.inner.notes()
    }

    fn write(
        &mut self,
        batch: &Batch,
        census: &mut dyn FnMut(&Turnover) -> Result<Row, StoreError>,
    ) -> Result<(), StoreError> {
        let fails = || self.fault.fails.load(Ordering::SeqCst);
        if fails() {
            return Err(StoreError::Engine("no space left on device".into()));
        }
        self.inner.write(batch, census)?;
        self.fault.writes.fetch_add(1, Ordering::SeqCst);
        if self.fault.writes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.fault.fails.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        self.inner.erase()
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        self.inner.compact()
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.close()
    }
}
