//! The engine without a disk: for demonstrations and tests. What it holds lives as long as one of its clones.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use parking_lot::Mutex;

use super::{
    AuditRecord, Batch, EachAudit, Engine, NOTE_LEN, NOTES, Notes, Reader, Row, RowKey, Snapshot, Turnover,
};
use crate::error::StoreError;

/// Rows in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryEngine {
    tables: Arc<Mutex<Arc<Tables>>>,
    notes: Arc<Mutex<BTreeMap<usize, Vec<u8>>>>,
}

/// What it holds.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Every row by its key.
    pub rows: BTreeMap<RowKey, Row>,
    /// The audit by its number.
    pub audit: BTreeMap<u64, AuditRecord>,
}

impl MemoryEngine {
    /// With nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes what it holds behind the ledger's back; for tests of what damage does.
    pub fn tamper(&self, change: impl FnOnce(&mut Tables)) {
        change(Arc::make_mut(&mut self.tables.lock()));
    }
}

impl Engine for MemoryEngine {
    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.clone())
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::new(self.clone())
    }

    fn write(
        &mut self,
        batch: &Batch,
        census: &mut dyn FnMut(&Turnover) -> Result<Row, StoreError>,
    ) -> Result<(), StoreError> {
        let mut held = self.tables.lock();
        if batch.audit.iter().any(|record| held.audit.contains_key(&record.seq)) {
            return Err(StoreError::Engine("an audit row with this number exists".into()));
        }
        let mut turnover = Turnover::default();
        for row in &batch.puts {
            match held.rows.get(&row.key) {
                Some(before) => turnover.gone.push((row.key.shelf, before.tag)),
                None => *turnover.growth.entry(row.key.shelf).or_default() += 1,
            }
        }
        for key in &batch.deletes {
            if let Some(before) = held.rows.get(key) {
                turnover.gone.push((key.shelf, before.tag));
                *turnover.growth.entry(key.shelf).or_default() -= 1;
            }
        }
        // Nothing fails from here on, so all of it happens.
        let census = census(&turnover)?;
        let tables = Arc::make_mut(&mut held);
        for row in batch.puts.iter().chain([&census]) {
            tables.rows.insert(row.key.clone(), row.clone());
        }
        for key in &batch.deletes {
            tables.rows.remove(key);
        }
        if let Some(cut) = batch.audit_cut {
            tables.audit.retain(|seq, _| *seq > cut);
        }
        tables.audit.extend(batch.audit.iter().map(|record| (record.seq, record.clone())));
        Ok(())
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        *self.tables.lock() = Arc::default();
        self.notes.lock().clear();
        Ok(())
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Notes for MemoryEngine {
    fn put(&self, place: usize, note: &[u8]) -> Result<(), StoreError> {
        if place >= NOTES || note.len() > NOTE_LEN {
            return Err(StoreError::Engine("there is no room for the note".into()));
        }
        self.notes.lock().insert(place, note.to_vec());
        Ok(())
    }

    fn all(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let notes = self.notes.lock();
        Ok((0..NOTES).map(|place| notes.get(&place).cloned().unwrap_or_default()).collect())
    }

    fn boot(&self) -> &'static str {
        "memory"
    }
}

impl Reader for MemoryEngine {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(MemorySnapshot(Arc::clone(&self.tables.lock()))))
    }
}

struct MemorySnapshot(Arc<Tables>);

impl Snapshot for MemorySnapshot {
    fn rows(&mut self, each: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.0.rows.values().cloned().try_for_each(each)
    }

    fn row(&mut self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        Ok(self.0.rows.get(key).cloned())
    }

    fn audit(&mut self, after: u64, each: &mut EachAudit<'_>) -> Result<(), StoreError> {
        for (_, record) in self.0.audit.range(after.saturating_add(1)..) {
            if let ControlFlow::Break(()) = each(record.clone())? {
                break;
            }
        }
        Ok(())
    }

    fn audit_newest(&mut self, before: Option<u64>, each: &mut EachAudit<'_>) -> Result<(), StoreError> {
        for (_, record) in self.0.audit.range(..before.unwrap_or(u64::MAX)).rev() {
            if let ControlFlow::Break(()) = each(record.clone())? {
                break;
            }
        }
        Ok(())
    }
}
