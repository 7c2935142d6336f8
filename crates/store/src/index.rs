//! Indexes: what finds and what orders records by a name that only they themselves keep.

use std::{
    cmp,
    hash::{BuildHasher, Hash},
};

use foldhash::quality::RandomState;
use hashbrown::hash_table::HashTable;
use parking_lot::RwLock;

use crate::shards::SHARDS;

type Part<I> = RwLock<HashTable<(u32, I)>>;

/// Finds records by name: of each name there is a part of its hash, and whoever asks looks whether it is the right one.
pub(crate) struct Index<I> {
    parts: Box<[Part<I>]>,
    state: RandomState,
}

/// The hash in a table, out of what is kept of the name's.
fn spread(print: u32) -> u64 {
    u64::from(print).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl<I: Copy + Eq> Index<I> {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        Self { parts: (0..SHARDS).map(|_| RwLock::default()).collect(), state: RandomState::default() }
    }

    fn place(&self, name: &impl Hash) -> (Option<&Part<I>>, u32) {
        let hash = self.state.hash_one(name);
        let part = usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or(0);
        (self.parts.get(part), u32::try_from(hash & u64::from(u32::MAX)).unwrap_or(0))
    }

    /// The one that has this name, as `is_it` knows.
    pub(crate) fn find(&self, name: &impl Hash, is_it: impl Fn(I) -> bool) -> Option<I> {
        let (part, print) = self.place(name);
        let part = part?.read();
        part.find(spread(print), |(other, id)| *other == print && is_it(*id)).map(|(_, id)| *id)
    }

    /// One has this name from now on; another may have it for a moment still.
    pub(crate) fn insert(&self, name: &impl Hash, id: I) {
        let (part, print) = self.place(name);
        if let Some(part) = part {
            part.write().insert_unique(spread(print), (print, id), |(print, _)| spread(*print));
        }
    }

    /// One has this name no more.
    pub(crate) fn remove(&self, name: &impl Hash, id: I) {
        let (part, print) = self.place(name);
        if let Some(part) = part
            && let Ok(found) = part.write().find_entry(spread(print), |entry| *entry == (print, id))
        {
            found.remove();
        }
    }
}

/// Records in the order of a list. What they are ordered by is theirs, and all different.
pub(crate) struct Order<I> {
    /// Each in order, none empty, and all of them one after the other.
    runs: Vec<Vec<I>>,
}

/// A run longer than this becomes two.
const RUN_MAX: usize = 1024;

impl<I> Default for Order<I> {
    fn default() -> Self {
        Self { runs: Vec::new() }
    }
}

impl<I: Copy + Eq> Order<I> {
    /// Of records that are in order already.
    pub(crate) fn of(sorted: impl ExactSizeIterator<Item = I>) -> Self {
        let mut runs: Vec<Vec<I>> = Vec::with_capacity(sorted.len().div_ceil(RUN_MAX));
        for id in sorted {
            match runs.last_mut().filter(|run| run.len() < RUN_MAX) {
                Some(run) => run.push(id),
                None => {
                    let mut run = Vec::with_capacity(RUN_MAX);
                    run.push(id);
                    runs.push(run);
                }
            }
        }
        Self { runs }
    }

    /// Where one is or would be: `compare` says how another stands to it.
    fn place(&self, compare: impl Fn(I) -> cmp::Ordering) -> (usize, Result<usize, usize>) {
        let is_before = |run: &Vec<I>| run.last().is_some_and(|last| compare(*last).is_lt());
        let at = self.runs.partition_point(is_before);
        (at, self.runs.get(at).map_or(Err(0), |run| run.binary_search_by(|other| compare(*other))))
    }

    /// Puts one at its place.
    pub(crate) fn insert(&mut self, id: I, compare: impl Fn(I) -> cmp::Ordering) {
        let (mut at, mut place) = self.place(compare);
        if at == self.runs.len() {
            // Behind all of them.
            at = at.saturating_sub(1);
            place = Err(self.runs.last().map_or(0, Vec::len));
        }
        let Some(run) = self.runs.get_mut(at) else {
            self.runs.push(vec![id]);
            return;
        };
        if let Err(place) = place {
            run.insert(place, id);
        }
        if run.len() > RUN_MAX {
            // What comes in order leaves full runs behind.
            let middle = if place == Err(RUN_MAX) { RUN_MAX } else { RUN_MAX / 2 };
            let rest = run.split_off(middle);
            self.runs.insert(at + 1, rest);
        }
    }

    /// Takes one away.
    pub(crate) fn remove(&mut self, compare: impl Fn(I) -> cmp::Ordering) {
        let (at, place) = self.place(compare);
        if let (Some(run), Ok(place)) = (self.runs.get_mut(at), place) {
            run.remove(place);
            if run.is_empty() {
                self.runs.remove(at);
            }
        }
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &I> {
        self.runs.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use signin::dice::{Dice, SeededDice, roll};

    use super::*;

    #[test]
    fn two_may_have_a_name_for_a_moment_and_each_is_removed_by_itself() {
        let index = Index::new();
        for id in 0..10_000_u32 {
            index.insert(&(id / 2), id);
        }
        assert_eq!(index.find(&7, |id| id == 15), Some(15));
        index.remove(&7, 15);
        index.remove(&7, 15);
        assert_eq!(index.find(&7, |id| id == 15), None);
        assert_eq!(index.find(&7, |id| id / 2 == 7), Some(14));
    }

    #[test]
    fn an_order_holds_what_a_sorted_set_holds() {
        for seed in 0..4 {
            let mut dice = SeededDice(seed);
            let mut number = || u32::from_be_bytes(roll(&mut dice as &mut dyn Dice)) % 20_000;
            let mut set: BTreeSet<u32> = (0..5000).map(|_| number()).collect();
            let mut order = Order::of(set.iter().copied().collect::<Vec<_>>().into_iter());
            for _ in 0..20_000 {
                let (id, is_to_stay) = (number(), number() % 2 == 0);
                if is_to_stay {
                    set.insert(id);
                    order.insert(id, |other| other.cmp(&id));
                } else {
                    set.remove(&id);
                    order.remove(|other| other.cmp(&id));
                }
            }
            assert!(order.iter().eq(&set));
            assert!(order.iter().rev().eq(set.iter().rev()));
            assert!(order.runs.iter().all(|run| (1..=RUN_MAX).contains(&run.len())));
        }
    }

    #[test]
    fn what_comes_in_order_leaves_full_runs() {
        let mut order = Order::default();
        for id in 0..100_000_u32 {
            order.insert(id, |other| other.cmp(&id));
        }
        assert!(order.iter().copied().eq(0..100_000));
        assert!(order.runs.len() <= 100_000 / RUN_MAX + 1);
    }
}
