//! A hash map in many parts with a lock each, so that threads seldom wait for one another and a change touches
//! one entry. Names that strangers type are keys here: the hash is seeded by chance at each start, and taken once for
//! each thing that is done.

use std::{
    hash::{BuildHasher, Hash},
    marker::PhantomData,
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread::available_parallelism,
};

use foldhash::quality::RandomState;
use hashbrown::{
    Equivalent,
    hash_table::{Entry, HashTable},
};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many parts.
pub(crate) const SHARDS: usize = 64;

/// How many keys are looked at ahead together: about as many waits for memory as a processor bears at once.
pub const AHEAD: usize = 16;

/// Room of a part that is not worth giving back.
const ROOM_MIN: usize = 64;

/// Threads that work on a map beside one another, where nothing else is done.
const THREADS_MAX: usize = 8;

/// How many threads are worth it.
pub(crate) fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
}

/// How an entry lies in its table: in place, or in a box where entries are large. A table is half empty at times, and
/// each of its empty places is as large as a full one.
pub(crate) trait Slot<K, V>: From<(K, V)> {
    fn pair(&self) -> &(K, V);
    fn pair_mut(&mut self) -> &mut (K, V);
    /// The entry, taken out.
    fn take(self) -> (K, V);
}

impl<K, V> Slot<K, V> for (K, V) {
    fn pair(&self) -> &(K, V) {
        self
    }

    fn pair_mut(&mut self) -> &mut (K, V) {
        self
    }

    fn take(self) -> (K, V) {
        self
    }
}

impl<K, V> Slot<K, V> for Box<(K, V)> {
    fn pair(&self) -> &(K, V) {
        self
    }

    fn pair_mut(&mut self) -> &mut (K, V) {
        self
    }

    fn take(self) -> (K, V) {
        *self
    }
}

/// One part. On cache lines of its own: what one thread locks, the next part's thread must not wait for.
#[repr(align(64))]
struct Part<S>(RwLock<HashTable<S>>);

/// The map.
pub(crate) struct Shards<K, V, S = (K, V)> {
    first: Part<S>,
    rest: Box<[Part<S>]>,
    hash: RandomState,
    entry: PhantomData<fn(K, V)>,
}

/// The place of one key, locked: whatever is done there takes no other hash.
pub(crate) struct Place<'a, K, V, Q: ?Sized, S = (K, V)> {
    part: RwLockWriteGuard<'a, HashTable<S>>,
    key: &'a Q,
    hash: u64,
    state: &'a RandomState,
    entry: PhantomData<fn(K, V)>,
}

impl<K: Eq + Hash, V, S: Slot<K, V>> Shards<K, V, S> {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        let part = || Part(RwLock::new(HashTable::new()));
        Self {
            first: part(),
            rest: (1..SHARDS).map(|_| part()).collect(),
            hash: RandomState::default(),
            entry: PhantomData,
        }
    }

    fn part(&self, hash: u64) -> &RwLock<HashTable<S>> {
        // The table inside uses the low and the top bits; these are others.
        let at = usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or(0);
        let part = at.checked_sub(1).and_then(|at| self.rest.get(at)).unwrap_or(&self.first);
        &part.0
    }

    fn parts(&self) -> impl Iterator<Item = &RwLock<HashTable<S>>> {
        std::iter::once(&self.first).chain(&self.rest).map(|part| &part.0)
    }

    /// A copy of what is kept under `key`.
    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V>
    where
        V: Clone,
    {
        self.peek(key, |value| Some(value?.clone()))
    }

    /// What `look` sees in it.
    pub(crate) fn peek<Q: Hash + Equivalent<K> + ?Sized, R>(
        &self,
        key: &Q,
        look: impl FnOnce(Option<&V>) -> R,
    ) -> R {
        let hash = self.hash.hash_one(key);
        let part = self.part(hash).read();
        look(part.find(hash, |slot| key.equivalent(&slot.pair().0)).map(|slot| &slot.pair().1))
    }

    /// Shows `look` what seems to be kept under these keys, but for what somebody else has locked: for whoever needs it
    /// soon and wants its memory to be at hand. All locks are taken before the first look, because a processor loads
    /// nothing ahead from behind a lock: so its waits for memory go on beside one another. No key is compared, which
    /// would be a wait more: seldom, what is seen belongs to another one.
    pub(crate) fn look_ahead<Q: Hash + Equivalent<K>>(
        &self,
        keys: [Option<Q>; AHEAD],
        look: impl FnOnce([Option<&V>; AHEAD]),
    ) {
        let locked = keys.map(|key| {
            let hash = self.hash.hash_one(&key?);
            // Two keys may be in one part, where somebody waits to write.
            let part: RwLockReadGuard<'_, _> = self.part(hash).try_read_recursive()?;
            Some((hash, part))
        });
        let slots = locked.each_ref().map(|locked| {
            let (hash, part) = locked.as_ref()?;
            part.iter_hash(*hash).next()
        });
        look(slots.map(|slot| slot.map(|slot| &slot.pair().1)));
    }

    /// The place of `key`, to be changed.
    pub(crate) fn place<'a, Q: Hash + Equivalent<K> + ?Sized>(&'a self, key: &'a Q) -> Place<'a, K, V, Q, S> {
        let hash = self.hash.hash_one(key);
        Place { part: self.part(hash).write(), key, hash, state: &self.hash, entry: PhantomData }
    }

    pub(crate) fn insert(&self, key: K, value: V) -> Option<V> {
        let hash = self.hash.hash_one(&key);
        let mut part = self.part(hash).write();
        let entry = part.entry(hash, |slot| slot.pair().0 == key, |slot| self.hash.hash_one(&slot.pair().0));
        match entry {
            Entry::Occupied(mut there) => Some(std::mem::replace(&mut there.get_mut().pair_mut().1, value)),
            Entry::Vacant(place) => {
                place.insert(S::from((key, value)));
                None
            }
        }
    }

    pub(crate) fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.place(key).remove()
    }

    pub(crate) fn len(&self) -> usize {
        self.parts().map(|part| part.read().len()).sum()
    }

    /// Looks at every entry, one part at a time.
    pub(crate) fn each(&self, mut look: impl FnMut(&K, &V)) {
        for part in self.parts() {
            part.read().iter().for_each(|slot| look(&slot.pair().0, &slot.pair().1));
        }
    }

    /// Looks at every entry and may change it, one part at a time.
    pub(crate) fn each_mut(&self, mut look: impl FnMut(&mut V)) {
        for part in self.parts() {
            part.write().iter_mut().for_each(|slot| look(&mut slot.pair_mut().1));
        }
    }

    /// The same on several threads at once.
    pub(crate) fn each_mut_on(&self, threads: usize, look: &(impl Fn(&mut V) + Sync))
    where
        K: Send + Sync,
        V: Send + Sync,
        S: Send + Sync,
    {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(part) = self.parts().nth(next.fetch_add(1, Ordering::Relaxed)) {
                part.write().iter_mut().for_each(|slot| look(&mut slot.pair_mut().1));
            }
        };
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
    }

    /// Looks at every entry, and drops or changes those that `keep` wants so. A part that is nearly empty afterwards gives
    /// its room back.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for part in self.parts() {
            let mut part = part.write();
            part.retain(|slot| {
                let (key, value) = slot.pair_mut();
                keep(key, value)
            });
            if part.capacity() > ROOM_MIN && part.len() < part.capacity() / 8 {
                let room = part.len() * 2;
                part.shrink_to(room, |slot| self.hash.hash_one(&slot.pair().0));
            }
        }
    }

    /// How many entries there is room for.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.parts().map(|part| part.read().capacity()).sum()
    }
}

impl<K: Eq + Hash, V, Q: Equivalent<K> + ?Sized, S: Slot<K, V>> Place<'_, K, V, Q, S> {
    /// What is kept here.
    pub(crate) fn value(&mut self) -> Option<&mut V> {
        self.part
            .find_mut(self.hash, |slot| self.key.equivalent(&slot.pair().0))
            .map(|slot| &mut slot.pair_mut().1)
    }

    /// Keeps something here; `key` is the place's own, as it is kept.
    pub(crate) fn insert(&mut self, key: K, value: V) -> &mut V {
        let entry = self.part.entry(
            self.hash,
            |slot| slot.pair().0 == key,
            |slot| self.state.hash_one(&slot.pair().0),
        );
        match entry {
            Entry::Occupied(there) => {
                let kept = &mut there.into_mut().pair_mut().1;
                *kept = value;
                kept
            }
            Entry::Vacant(place) => &mut place.insert(S::from((key, value))).into_mut().pair_mut().1,
        }
    }

    /// What is kept here; where nothing is, the default from now on. `key` makes the key as it is kept.
    pub(crate) fn value_or_default(&mut self, key: impl FnOnce(&Q) -> K) -> &mut V
    where
        V: Default,
    {
        self.value_or(|place, _| (key(place), V::default()))
    }

    /// What is kept here; where nothing is, what `first` makes of the place's key and its hash, from now on.
    pub(crate) fn value_or(&mut self, first: impl FnOnce(&Q, u64) -> (K, V)) -> &mut V {
        let entry = self.part.entry(
            self.hash,
            |slot| self.key.equivalent(&slot.pair().0),
            |slot| self.state.hash_one(&slot.pair().0),
        );
        let entry = entry.or_insert_with(|| S::from(first(self.key, self.hash)));
        &mut entry.into_mut().pair_mut().1
    }

    /// The hash of the key, which is another one after each start.
    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    /// Takes away what is kept here.
    pub(crate) fn remove(&mut self) -> Option<V> {
        let found = self.part.find_entry(self.hash, |slot| self.key.equivalent(&slot.pair().0));
        found.ok().map(|there| there.remove().0.take().1)
    }

    /// How much there is in this part.
    pub(crate) fn len(&self) -> usize {
        self.part.len()
    }

    /// The neighbours in this part.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &(K, V)> {
        self.part.iter().map(S::pair)
    }

    /// Takes a neighbour away; with its hash.
    pub(crate) fn remove_neighbour(&mut self, key: &K) -> Option<(u64, V)> {
        let hash = self.state.hash_one(key);
        let found = self.part.find_entry(hash, |slot| slot.pair().0 == *key);
        found.ok().map(|there| (hash, there.remove().0.take().1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_seen_ahead_and_nobody_is_waited_for() {
        let shards = Shards::<u32, u32>::new();
        for key in 0..10 {
            shards.insert(key, key + 100);
        }
        let keys = std::array::from_fn(|at| u32::try_from(at).ok().filter(|key| *key != 3));
        let see = || {
            let mut seen = Vec::new();
            shards.look_ahead(keys, |found| seen.extend(found.into_iter().map(Option::<&u32>::copied)));
            seen
        };
        let expected = |key: u32| (key < 10 && key != 3).then_some(key + 100);
        assert_eq!(see(), (0..16).map(expected).collect::<Vec<_>>());
        let _somebody_else = shards.place(&5);
        assert_eq!(see().get(5), Some(&None), "it is locked");
    }
}
