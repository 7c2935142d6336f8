//! Rows in batches, on several threads: checking and reading a row costs more than fetching it.

use std::sync::{
    Arc,
    mpsc::{Receiver, sync_channel},
};

use parking_lot::{Condvar, Mutex};

use crate::{
    engine::{Row, Shelf, Snapshot},
    error::{OpenError, StoreError},
    shards::cores,
};

/// Rows of a batch at most.
const BATCH: usize = 256;
/// Bytes of a batch, after which it is handed over: recordings are large.
const BATCH_BYTES: usize = 1 << 20;
/// Batches that wait at most.
const WAITING_MAX: usize = 16;

/// How far the threads are.
#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// Batches that were handed over and not ended.
    open: usize,
    /// What went wrong first.
    error: Option<OpenError>,
}

/// A batch that ends when this does, also in a panic: nobody must wait for it for ever.
struct Ending<'a>(&'a Progress);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.state.lock().open -= 1;
        self.0.done.notify_all();
    }
}

impl Progress {
    fn has_failed(&self) -> bool {
        self.state.lock().error.is_some()
    }

    /// Until nothing is open.
    fn wait(&self) {
        let mut state = self.state.lock();
        while state.open > 0 {
            self.done.wait(&mut state);
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the last thread takes the channel with it")]
    fn work(&self, batches: Arc<Mutex<Receiver<Vec<Row>>>>, take: &TakeBatch<'_>) {
        loop {
            let batch = batches.lock().recv();
            let Ok(batch) = batch else { return };
            let _ending = Ending(self);
            if !self.has_failed()
                && let Err(error) = take(&batch)
            {
                self.state.lock().error.get_or_insert(error);
            }
        }
    }
}

/// Takes rows of one shelf, while others take others.
pub(crate) type TakeBatch<'a> = dyn Fn(&[Row]) -> Result<(), OpenError> + Sync + 'a;

/// Hands all rows to `take`, in batches and on several threads, but one shelf after the other: when a shelf begins, those
/// before it are done, and `done` was told so.
pub(crate) fn by_shelf(
    snapshot: &mut dyn Snapshot,
    take: &TakeBatch<'_>,
    done: &mut dyn FnMut(Shelf),
) -> Result<(), OpenError> {
    let (sender, batches) = sync_channel(WAITING_MAX);
    let (progress, batches) = (Progress::default(), Arc::new(Mutex::new(batches)));
    let answer = std::thread::scope(|scope| {
        for _ in 0..cores() {
            let batches = Arc::clone(&batches);
            scope.spawn(|| progress.work(batches, take));
        }
        // Where all of them have panicked, nobody is left to be handed anything.
        drop(batches);
        let hand_over = |batch: &mut Vec<Row>| {
            progress.state.lock().open += 1;
            let batch = std::mem::replace(batch, Vec::with_capacity(BATCH));
            sender.send(batch).map_err(|_| StoreError::Closed)?;
            if progress.has_failed() { Err(StoreError::Closed) } else { Ok(()) }
        };
        let (mut batch, mut bytes): (Vec<Row>, usize) = (Vec::with_capacity(BATCH), 0);
        let answer = snapshot.rows(&mut |row| {
            let shelf = batch.last().map(|last| last.key.shelf);
            let ended = shelf.filter(|shelf| *shelf != row.key.shelf);
            if batch.len() >= BATCH || bytes >= BATCH_BYTES || ended.is_some() {
                hand_over(&mut batch)?;
                bytes = 0;
            }
            if let Some(shelf) = ended {
                progress.wait();
                done(shelf);
            }
            bytes = bytes.saturating_add(row.body.len());
            batch.push(row);
            Ok(())
        });
        let answer = answer.and_then(|()| hand_over(&mut batch));
        progress.wait();
        drop(sender);
        answer
    });
    match progress.state.into_inner().error {
        Some(error) => Err(error),
        None => crate::load::read(answer),
    }
}
