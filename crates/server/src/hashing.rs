//! The hashing pool: how many passwords are checked at the same time. Each takes 19 MiB and a core for some 15 ms, so
//! this is the one place where a flood of sign-ins could take the whole machine, and where it may not.
//!
//! Whoever waits is called by the *burden* of their address: how many wait from there already, how many failures its
//! count holds, and whether anybody has ever signed in from there. So a flood waits behind everybody else, from however
//! many addresses it comes, and when the queue is full, one of the flood's is turned away for somebody calm.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
};

use parking_lot::Mutex;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use signin::{dice::Dice, lockout::network};
use tokio::{runtime::Handle, sync::oneshot};

use store::fault;

use crate::{dice::OsDice, metrics::Metrics};

/// Most addresses that are remembered because somebody has signed in from there; about 200 KB.
const KNOWN_MAX: usize = 4096;

/// Hands out turns.
#[derive(Debug)]
pub struct HashingPool {
    desk: Arc<Desk>,
    waiting_max: usize,
    waiting_gauge: Gauge,
    turned_away: Counter,
}

/// The right to check one password; given back when it is dropped.
#[derive(Debug)]
pub struct Turn {
    /// Taken out where nobody was there any more to take the turn.
    desk: Option<Arc<Desk>>,
}

#[derive(Debug, Default)]
struct Desk(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    /// Turns that nobody has.
    free: usize,
    /// Those who wait, in the order in which they are called.
    waiting: BTreeMap<Place, oneshot::Sender<Turn>>,
    /// How many of them want to sign in, by address.
    strangers: HashMap<IpAddr, usize>,
    strangers_waiting: usize,
    /// Where somebody has signed in from, and when in the order of places.
    known: HashMap<IpAddr, u64>,
    next: u64,
}

/// A place in the line: the smallest is called first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    burden: usize,
    order: u64,
}

impl HashingPool {
    /// A pool that checks `threads` passwords at the same time and lets `waiting_max` more wait.
    pub fn new(threads: usize, waiting_max: usize, metrics: &Metrics) -> Self {
        let desk = Desk::default();
        desk.0.lock().free = threads.max(1);
        Self {
            desk: Arc::new(desk),
            waiting_max,
            waiting_gauge: metrics.hashing_waiting.clone(),
            turned_away: metrics.hashing_turned_away.clone(),
        }
    }

    /// A turn for somebody at `address`, whose count holds so many `failures`, who wants to sign in; `None` at once
    /// when too many are waiting, or later when somebody with less of a burden needs the place.
    pub async fn turn(&self, address: IpAddr, failures: u16) -> Option<Turn> {
        if fault::fails("hashing.turn") {
            return None;
        }
        let address = network(address);
        let called = {
            let mut lines = self.desk.0.lock();
            if let Some(turn) = self.free_turn(&mut lines) {
                return Some(turn);
            }
            let from_there = lines.strangers.get(&address).copied().unwrap_or(0);
            let is_new = usize::from(!lines.known.contains_key(&address));
            let burden = usize::from(failures) + from_there + is_new;
            if lines.strangers_waiting >= self.waiting_max && !lines.make_room(burden) {
                self.turned_away.inc();
                return None;
            }
            *lines.strangers.entry(address).or_default() += 1;
            lines.strangers_waiting += 1;
            self.wait(&mut lines, burden, Some(address))
        };
        let turn = called.turn().await;
        if turn.is_none() {
            self.turned_away.inc();
        }
        turn
    }

    /// A turn for somebody who is signed in already and chooses a secret: waits as long as it takes, behind nobody
    /// with a burden. Turns are given to those without one in the order in which they were asked for, so whoever has
    /// many secrets to set asks for a few at a time, or everybody who signs in waits behind them.
    pub async fn turn_of_administrator(&self) -> Option<Turn> {
        let called = {
            let mut lines = self.desk.0.lock();
            if let Some(turn) = self.free_turn(&mut lines) {
                return Some(turn);
            }
            self.wait(&mut lines, 0, None)
        };
        called.turn().await
    }

    /// Remembers that somebody has signed in from here.
    pub fn welcome(&self, address: IpAddr) {
        let mut lines = self.desk.0.lock();
        let order = lines.order();
        lines.known.insert(network(address), order);
        if lines.known.len() > KNOWN_MAX {
            let oldest = lines.known.iter().min_by_key(|(_, order)| **order).map(|(address, _)| *address);
            oldest.and_then(|oldest| lines.known.remove(&oldest));
        }
    }

    fn free_turn(&self, lines: &mut Lines) -> Option<Turn> {
        lines.free = lines.free.checked_sub(1)?;
        Some(Turn { desk: Some(Arc::clone(&self.desk)) })
    }

    fn wait(&self, lines: &mut Lines, burden: usize, stranger: Option<IpAddr>) -> Waiting<'_> {
        let place = Place { burden, order: lines.order() };
        let (caller, call) = oneshot::channel();
        lines.waiting.insert(place, caller);
        self.waiting_gauge.inc();
        Waiting { pool: self, place, stranger, call }
    }
}

impl Lines {
    fn order(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Turns the last one away if somebody with this burden comes before them. Whoever has no burden stays, so nobody
    /// who is signed in is ever among them.
    fn make_room(&mut self, burden: usize) -> bool {
        match self.waiting.last_entry() {
            Some(last) if last.key().burden > burden => {
                last.remove();
                true
            }
            Some(_) | None => false,
        }
    }
}

/// One who waits; leaves the line also when nobody waits for the answer any more.
struct Waiting<'a> {
    pool: &'a HashingPool,
    place: Place,
    stranger: Option<IpAddr>,
    call: oneshot::Receiver<Turn>,
}

impl Waiting<'_> {
    async fn turn(mut self) -> Option<Turn> {
        (&mut self.call).await.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut lines = self.pool.desk.0.lock();
        lines.waiting.remove(&self.place);
        if let Some(address) = self.stranger {
            lines.strangers_waiting = lines.strangers_waiting.saturating_sub(1);
            if let Some(count) = lines.strangers.get_mut(&address) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    lines.strangers.remove(&address);
                }
            }
        }
        self.pool.waiting_gauge.dec();
    }
}

impl Drop for Turn {
    /// Passes the turn on to the first who waits and is still there.
    fn drop(&mut self) {
        let Some(desk) = self.desk.take() else { return };
        loop {
            let first = {
                let mut lines = desk.0.lock();
                let first = lines.waiting.pop_first();
                if first.is_none() {
                    lines.free += 1;
                }
                first
            };
            let Some((_, caller)) = first else { return };
            match caller.send(Self { desk: Some(Arc::clone(&desk)) }) {
                Ok(()) => return,
                Err(mut refused) => refused.desk = None,
            }
        }
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

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::BoxFuture};

    use super::*;

    fn at(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// Somebody who has asked for a turn, and has none yet.
    fn ask(pool: &HashingPool, address: IpAddr, failures: u16) -> BoxFuture<'_, Option<Turn>> {
        let mut asked = pool.turn(address, failures).boxed();
        assert!((&mut asked).now_or_never().is_none(), "waits");
        asked
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_turned_away_at_once_and_those_who_leave_make_room() {
        let metrics = Metrics::new();
        let pool = HashingPool::new(1, 1, &metrics);
        let working = pool.turn(at(1), 0).await.expect("nobody is there");
        let waiting = ask(&pool, at(2), 0);
        assert!(pool.turn(at(3), 0).await.is_none(), "turned away");
        drop(waiting);
        let waiting = pool.turn(at(2), 0);
        drop(working);
        assert!(waiting.await.is_some());
        assert_eq!(metrics.hashing_waiting.get(), 0);
        assert_eq!(metrics.hashing_turned_away.get(), 1);
    }

    #[tokio::test]
    async fn a_calm_address_comes_before_one_that_has_many_waiting_or_has_failed() {
        let pool = HashingPool::new(1, 10, &Metrics::new());
        let working = pool.turn(at(1), 0).await.expect("nobody is there");
        let flood: Vec<_> = (0..3).map(|_| ask(&pool, at(1), 0)).collect();
        let failed = ask(&pool, at(2), 5);
        let calm = ask(&pool, at(3), 0);
        // The first of the flood came before the calm one, with as little of a burden; the others did not.
        drop(working);
        let mut flood = flood.into_iter();
        let first = flood.next().expect("three").now_or_never().flatten();
        drop(first.expect("its turn"));
        let turn = calm.now_or_never().flatten().expect("before the rest of the flood");
        drop(turn);
        for (nobody, mut waiting) in flood.enumerate() {
            let turn = (&mut waiting).now_or_never().flatten();
            drop(turn.unwrap_or_else(|| panic!("the flood's turn {nobody}")));
        }
        assert!(failed.now_or_never().flatten().is_some(), "everybody gets a turn in the end");
    }

    #[tokio::test]
    async fn when_all_places_are_taken_by_a_flood_one_of_it_leaves_for_somebody_calm() {
        let metrics = Metrics::new();
        let pool = HashingPool::new(1, 3, &metrics);
        let working = pool.turn(at(1), 0).await.expect("nobody is there");
        let mut flood: Vec<_> = (1..=3).map(|last| ask(&pool, at(last), 9)).collect();
        let calm = ask(&pool, at(9), 0);
        let last = flood.pop().expect("three");
        assert!(last.now_or_never().expect("an answer").is_none(), "turned away");
        assert!(pool.turn(at(4), 9).await.is_none(), "no room for more of the flood");
        drop(working);
        assert!(calm.now_or_never().flatten().is_some());
        assert_eq!(metrics.hashing_turned_away.get(), 2);
        drop(flood);
        assert_eq!(metrics.hashing_waiting.get(), 0);
    }

    #[tokio::test]
    async fn where_somebody_has_signed_in_from_comes_before_addresses_that_nobody_knows() {
        let pool = HashingPool::new(1, 2, &Metrics::new());
        pool.welcome(at(200));
        let working = pool.turn(at(1), 0).await.expect("nobody is there");
        let unknown: Vec<_> = (1..=2).map(|last| ask(&pool, at(last), 0)).collect();
        let known = ask(&pool, at(200), 0);
        drop(working);
        assert!(known.now_or_never().flatten().is_some());
        drop(unknown);
        for number in 0..u32::try_from(KNOWN_MAX).expect("a few thousand") {
            pool.welcome(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into());
        }
        let lines = pool.desk.0.lock();
        assert!(
            lines.known.len() == KNOWN_MAX && !lines.known.contains_key(&at(200)),
            "the oldest is forgotten"
        );
    }

    #[tokio::test]
    async fn somebody_who_is_signed_in_is_never_turned_away() {
        let pool = HashingPool::new(1, 1, &Metrics::new());
        let working = pool.turn(at(1), 0).await.expect("nobody is there");
        let mut administrator = pool.turn_of_administrator().boxed();
        assert!((&mut administrator).now_or_never().is_none(), "waits");
        pool.welcome(at(2));
        let _stranger = ask(&pool, at(2), 0);
        assert!(pool.turn(at(2), 0).await.is_none(), "no room");
        drop(working);
        assert!(administrator.now_or_never().flatten().is_some());
    }
}
