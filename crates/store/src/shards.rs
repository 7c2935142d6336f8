//! A hash map in many parts with a lock each, so that threads seldom wait for one another and a change touches
//! one entry. Names that strangers type are keys here: the hash is seeded by chance at each start.

use std::hash::{BuildHasher, Hash};

use foldhash::quality::RandomState;
use hashbrown::{Equivalent, HashMap};
use parking_lot::{RwLock, RwLockWriteGuard};

/// How many parts.
pub(crate) const SHARDS: usize = 64;

/// One part.
pub(crate) type Shard<K, V> = HashMap<K, V, RandomState>;

/// The map.
pub(crate) struct Shards<K, V> {
    first: RwLock<Shard<K, V>>,
    rest: Box<[RwLock<Shard<K, V>>]>,
    hash: RandomState,
}

impl<K: Eq + Hash, V> Shards<K, V> {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        let hash = RandomState::default();
        let part = || RwLock::new(HashMap::with_hasher(hash.clone()));
        Self { first: part(), rest: (1..SHARDS).map(|_| part()).collect(), hash }
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &RwLock<Shard<K, V>> {
        // The map inside uses the low and the top bits; these are others.
        let at = usize::try_from((self.hash.hash_one(key) >> 32) % SHARDS as u64).unwrap_or(0);
        at.checked_sub(1).and_then(|at| self.rest.get(at)).unwrap_or(&self.first)
    }

    fn parts(&self) -> impl Iterator<Item = &RwLock<Shard<K, V>>> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// A copy of what is kept under `key`.
    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V>
    where
        V: Clone,
    {
        self.part(key).read().get(key).cloned()
    }

    /// What `look` sees in it.
    pub(crate) fn peek<Q: Hash + Equivalent<K> + ?Sized, R>(
        &self,
        key: &Q,
        look: impl FnOnce(Option<&V>) -> R,
    ) -> R {
        look(self.part(key).read().get(key))
    }

    /// The part of `key`, to be changed.
    pub(crate) fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> RwLockWriteGuard<'_, Shard<K, V>> {
        self.part(key).write()
    }

    pub(crate) fn insert(&self, key: K, value: V) -> Option<V> {
        self.shard(&key).insert(key, value)
    }

    pub(crate) fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.shard(key).remove(key)
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

    /// Looks at every entry, and drops or changes those that `keep` wants so.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for part in self.parts() {
            part.write().retain(&mut keep);
        }
    }
}
