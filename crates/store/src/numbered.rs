//! A map by numbers that were given out one after the other: neighbours share a block, so that an entry takes its own
//! size and hardly more, however the map grows.

use std::{
    marker::PhantomData,
    sync::atomic::{AtomicUsize, Ordering},
};

use signin::ident::{AccountId, DomainId, ExtensionId};

use crate::shards::Shards;

/// Entries of a block.
const BLOCK: usize = 32;

/// A number that is given out once.
pub(crate) trait Id: Copy {
    fn number(self) -> u32;
    fn numbered(number: u32) -> Self;
}

impl Id for AccountId {
    fn number(self) -> u32 {
        self.0
    }

    fn numbered(number: u32) -> Self {
        Self(number)
    }
}

impl Id for DomainId {
    fn number(self) -> u32 {
        self.0
    }

    fn numbered(number: u32) -> Self {
        Self(number)
    }
}

impl Id for ExtensionId {
    fn number(self) -> u32 {
        self.0
    }

    fn numbered(number: u32) -> Self {
        Self(number)
    }
}

type Block<V> = Box<[Option<V>; BLOCK]>;

/// The map.
pub(crate) struct Numbered<K, V> {
    blocks: Shards<u32, Block<V>>,
    len: AtomicUsize,
    key: PhantomData<fn(K)>,
}

/// In which block an entry is, and where in it.
fn place_of(key: impl Id) -> (u32, usize) {
    let number = usize::try_from(key.number()).unwrap_or(usize::MAX);
    (u32::try_from(number / BLOCK).unwrap_or(u32::MAX), number % BLOCK)
}

impl<K: Id, V> Numbered<K, V> {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        Self { blocks: Shards::new(), len: AtomicUsize::new(0), key: PhantomData }
    }

    /// A copy of what is kept under `key`.
    pub(crate) fn get(&self, key: K) -> Option<V>
    where
        V: Clone,
    {
        self.peek(key, |value| Some(value?.clone()))
    }

    /// What `look` sees in it.
    pub(crate) fn peek<R>(&self, key: K, look: impl FnOnce(Option<&V>) -> R) -> R {
        let (block, at) = place_of(key);
        self.blocks.peek(&block, |block| look(block.and_then(|block| block.get(at)?.as_ref())))
    }

    /// Changes what is kept under `key`, if anything is; whatever `change` leaves there is kept from then on.
    pub(crate) fn change<R>(&self, key: K, change: impl FnOnce(&mut Option<V>) -> R) -> R {
        let (block, at) = place_of(key);
        let mut place = self.blocks.place(&block);
        let Some(entry) = place.value().and_then(|block| block.get_mut(at)) else {
            let mut entry = None;
            let answer = change(&mut entry);
            if entry.is_some() {
                self.len.fetch_add(1, Ordering::Relaxed);
                let block = place.insert(block, std::array::from_fn(|_| None).into());
                block.iter_mut().skip(at).take(1).for_each(|place| *place = entry.take());
            }
            return answer;
        };
        let was_there = entry.is_some();
        let answer = change(entry);
        match (was_there, entry.is_some()) {
            (false, true) => {
                self.len.fetch_add(1, Ordering::Relaxed);
            }
            (true, false) => {
                self.len.fetch_sub(1, Ordering::Relaxed);
                if place.value().is_some_and(|block| block.iter().all(Option::is_none)) {
                    place.remove();
                }
            }
            (true, true) | (false, false) => {}
        }
        answer
    }

    pub(crate) fn insert(&self, key: K, value: V) -> Option<V> {
        self.change(key, |entry| entry.replace(value))
    }

    pub(crate) fn remove(&self, key: K) -> Option<V> {
        self.change(key, Option::take)
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Looks at every entry, one part at a time.
    pub(crate) fn each(&self, mut look: impl FnMut(K, &V)) {
        self.blocks.each(|block, entries| {
            let first = block.saturating_mul(u32::try_from(BLOCK).unwrap_or(u32::MAX));
            for (number, entry) in (first..=u32::MAX).zip(&**entries) {
                entry.iter().for_each(|value| look(K::numbered(number), value));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_and_go_and_an_empty_block_goes_with_its_last() {
        let map = Numbered::<AccountId, u64>::new();
        let ids = [0, 1, 31, 32, 1_000_000, u32::MAX - 1, u32::MAX].map(AccountId);
        for (value, id) in (0..).zip(ids) {
            assert_eq!(map.insert(id, value), None);
        }
        assert_eq!((map.len(), map.get(AccountId(31)), map.get(AccountId(33))), (7, Some(2), None));
        let mut seen = Vec::new();
        map.each(|id, _| seen.push(id));
        seen.sort_unstable();
        assert_eq!(seen, ids);
        assert_eq!(map.insert(AccountId(31), 9), Some(2));
        assert_eq!(map.remove(AccountId(33)), None);
        for id in ids {
            assert!(map.remove(id).is_some());
        }
        assert_eq!((map.len(), map.blocks.len()), (0, 0));
    }
}
