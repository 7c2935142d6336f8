//! Who reads, so that the log is brought into the database while nobody does.
//!
//! Where somebody reads, SQLite brings in what is older than the reading, does not sync it, and counts it as done. If
//! the sync fails that comes with the rest, it brings in the rest once more, and not what it counts as done: those pages may
//! be lost, and the log that had them is overwritten.

use std::sync::Arc;

use parking_lot::Mutex;

/// How many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Readers(Arc<Mutex<usize>>);

/// One of them, as long as it is held.
pub(super) struct Reading(Readers);

impl Readers {
    /// Begins to read, once nobody brings the log in.
    pub(super) fn begin(&self) -> Reading {
        *self.0.lock() += 1;
        Reading(self.clone())
    }

    /// Does what must not be done while somebody reads; nothing if somebody does.
    pub(super) fn unless_reading<R>(&self, act: impl FnOnce() -> R) -> Option<R> {
        let readers = self.0.lock();
        (*readers == 0).then(act)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        *self.0.0.lock() -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_until_the_last_one_has_read() {
        let readers = Readers::default();
        let (one, other) = (readers.begin(), readers.begin());
        drop(one);
        assert_eq!(readers.unless_reading(|| ()), None);
        drop(other);
        assert_eq!(readers.unless_reading(|| ()), Some(()));
    }
}
