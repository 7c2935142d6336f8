//! The hashing pool: how many passwords are checked at the same time. Each takes 19 MiB and a core for some 15 ms, so
//! this is the one place where a flood of sign-ins could take the whole machine, and where it may not.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use signin::dice::Dice;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use store::fault;

use crate::{dice::OsDice, metrics::Metrics};

/// Hands out turns.
#[derive(Debug)]
pub struct HashingPool {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    waiting_gauge: Gauge,
    turned_away: Counter,
}

/// The right to check one password; given back when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl HashingPool {
    /// A pool that checks `threads` passwords at the same time and lets `waiting_max` more wait.
    pub fn new(threads: usize, waiting_max: usize, metrics: &Metrics) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(threads.max(1))),
            waiting: AtomicUsize::new(0),
            waiting_max,
            waiting_gauge: metrics.hashing_waiting.clone(),
            turned_away: metrics.hashing_turned_away.clone(),
        }
    }

    /// A turn for somebody who wants to sign in; `None` at once when too many are waiting.
    pub async fn turn(&self) -> Option<Turn> {
        if fault::fails("hashing.turn") {
            return None;
        }
        if let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() {
            return Some(Turn { _permit: permit });
        }
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.turned_away.inc();
            return None;
        }
        let _queued = Queued::enter(self);
        Arc::clone(&self.turns).acquire_owned().await.ok().map(|permit| Turn { _permit: permit })
    }

    /// A turn for somebody who is signed in already and chooses a secret: waits as long as it takes. Turns are given
    /// in the order in which they were asked for, so whoever has many secrets to set asks for a few at a time, or
    /// everybody who signs in waits behind them.
    pub async fn turn_of_administrator(&self) -> Option<Turn> {
        Arc::clone(&self.turns).acquire_owned().await.ok().map(|permit| Turn { _permit: permit })
    }
}

/// Chance for an operation of an administrator, on a thread that may wait. One that throws it makes a secret or the
/// salt of one's hash, so the first throw waits for a turn, which lasts as long as these dice. One that throws none
/// (a lock is reset, a session ends) waits for nobody.
#[derive(Debug)]
pub struct DiceInTurn<'a> {
    pool: &'a HashingPool,
    turn: Option<Turn>,
}

impl<'a> DiceInTurn<'a> {
    /// With the turn that was taken already, if it was.
    pub const fn new(pool: &'a HashingPool, turn: Option<Turn>) -> Self {
        Self { pool, turn }
    }
}

impl Dice for DiceInTurn<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        if self.turn.is_none() {
            self.turn = Handle::current().block_on(self.pool.turn_of_administrator());
        }
        OsDice.fill(bytes);
    }
}

/// One who waits; leaves the queue also when nobody waits for the answer any more.
struct Queued<'a>(&'a HashingPool);

impl<'a> Queued<'a> {
    fn enter(pool: &'a HashingPool) -> Self {
        pool.waiting_gauge.inc();
        Self(pool)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.waiting_gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::BoxFuture};

    use super::*;

    #[tokio::test]
    async fn one_more_than_may_wait_is_turned_away_at_once_and_those_who_leave_make_room() {
        let metrics = Metrics::new();
        let pool = HashingPool::new(1, 1, &metrics);
        let working = pool.turn().await.expect("nobody is there");
        let mut waiting: BoxFuture<'_, _> = pool.turn().boxed();
        assert!((&mut waiting).now_or_never().is_none(), "waits");
        assert!(pool.turn().await.is_none(), "turned away");
        drop(waiting);
        let waiting = pool.turn();
        drop(working);
        assert!(waiting.await.is_some());
        assert_eq!(metrics.hashing_waiting.get(), 0);
    }
}
