//! A hash map in many parts with a lock each, so that threads seldom wait for one another and a change touches
//! one entry. Names that strangers type are keys here: the hash is seeded by chance at each start, and taken once for
//! each thing that is done.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::{
    Equivalent,
    hash_table::{Entry, HashTable},
};
use parking_lot::{RwLock, RwLockWriteGuard};

/// How many parts.
pub(crate) const SHARDS: usize = 64;

type Table<K, V> = HashTable<(K, V)>;

/// One part. On cache lines of its own: what one thread locks, the next part's thread must not wait for.
#[repr(align(64))]
struct Part<K, V>(RwLock<Table<K, V>>);

/// The map.
pub(crate) struct Shards<K, V> {
    first: Part<K, V>,
    rest: Box<[Part<K, V>]>,
    hash: RandomState,
}

/// The place of one key, locked: whatever is done there takes no other hash.
pub(crate) struct Place<'a, K, V, Q: ?Sized> {
    part: RwLockWriteGuard<'a, Table<K, V>>,
    key: &'a Q,
    hash: u64,
    state: &'a RandomState,
}

impl<K: Eq + Hash, V> Shards<K, V> {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        let part = || Part(RwLock::new(HashTable::new()));
        Self { first: part(), rest: (1..SHARDS).map(|_| part()).collect(), hash: RandomState::default() }
    }

    fn part(&self, hash: u64) -> &RwLock<Table<K, V>> {
        // The table inside uses the low and the top bits; these are others.
        let at = usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or(0);
        let part = at.checked_sub(1).and_then(|at| self.rest.get(at)).unwrap_or(&self.first);
        &part.0
    }

    fn parts(&self) -> impl Iterator<Item = &RwLock<Table<K, V>>> {
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
        look(part.find(hash, |(other, _)| key.equivalent(other)).map(|(_, value)| value))
    }

    /// The place of `key`, to be changed.
    pub(crate) fn place<'a, Q: Hash + Equivalent<K> + ?Sized>(&'a self, key: &'a Q) -> Place<'a, K, V, Q> {
        let hash = self.hash.hash_one(key);
        Place { part: self.part(hash).write(), key, hash, state: &self.hash }
    }

    pub(crate) fn insert(&self, key: K, value: V) -> Option<V> {
        let hash = self.hash.hash_one(&key);
        let mut part = self.part(hash).write();
        let entry = part.entry(hash, |(other, _)| *other == key, |(other, _)| self.hash.hash_one(other));
        match entry {
            Entry::Occupied(mut there) => Some(std::mem::replace(&mut there.get_mut().1, value)),
            Entry::Vacant(place) => {
                place.insert((key, value));
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
            part.read().iter().for_each(|(key, value)| look(key, value));
        }
    }

    /// Looks at every entry and may change it, one part at a time.
    pub(crate) fn each_mut(&self, mut look: impl FnMut(&mut V)) {
        for part in self.parts() {
            part.write().iter_mut().for_each(|(_, value)| look(value));
        }
    }

    /// Looks at every entry, and drops or changes those that `keep` wants so.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for part in self.parts() {
            part.write().retain(|(key, value)| keep(key, value));
        }
    }
}

impl<K: Eq + Hash, V, Q: Equivalent<K> + ?Sized> Place<'_, K, V, Q> {
    /// What is kept here.
    pub(crate) fn value(&mut self) -> Option<&mut V> {
        let found = self.part.find_mut(self.hash, |(other, _)| self.key.equivalent(other));
        found.map(|(_, value)| value)
    }

    /// Keeps something here; `key` is the place's own, as it is kept.
    pub(crate) fn insert(&mut self, key: K, value: V) -> &mut V {
        let entry =
            self.part.entry(self.hash, |(other, _)| *other == key, |(other, _)| self.state.hash_one(other));
        match entry {
            Entry::Occupied(there) => {
                let (_, kept) = there.into_mut();
                *kept = value;
                kept
            }
            Entry::Vacant(place) => &mut place.insert((key, value)).into_mut().1,
        }
    }

    /// What is kept here; where nothing is, the default from now on.
    pub(crate) fn value_or_default(&mut self) -> &mut V
    where
        Q: ToOwned<Owned = K>,
        V: Default,
    {
        let entry = self.part.entry(
            self.hash,
            |(other, _)| self.key.equivalent(other),
            |(other, _)| self.state.hash_one(other),
        );
        &mut entry.or_insert_with(|| (self.key.to_owned(), V::default())).into_mut().1
    }

    /// Takes away what is kept here.
    pub(crate) fn remove(&mut self) -> Option<V> {
        let found = self.part.find_entry(self.hash, |(other, _)| self.key.equivalent(other));
        found.ok().map(|there| there.remove().0.1)
    }

    /// How much there is in this part.
    pub(crate) fn len(&self) -> usize {
        self.part.len()
    }

    /// The neighbours in this part.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &(K, V)> {
        self.part.iter()
    }

    /// Takes a neighbour away.
    pub(crate) fn remove_neighbour(&mut self, key: &K) -> Option<V> {
        let found = self.part.find_entry(self.state.hash_one(key), |(other, _)| other == key);
        found.ok().map(|there| there.remove().0.1)
    }
}
