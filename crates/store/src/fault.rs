//! Faults on purpose: places where a test can have something break, to see that nobody is let in because of it.
//!
//! Only with the feature `faults`, which tests of the server turn on; the product is built without it, and then a place
//! is nothing at all. A place is named where it is (`fault::at("flow.check")`), and nowhere else: the test that goes
//! through all of them reads the names out of the sources.

/// Panics here, if a test wants to see what comes of it.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn at(_place: &str) {}

/// Whether a test wants this to go wrong as it may in life. Panics here, if that is what is wanted.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn fails(_place: &str) -> bool {
    false
}

#[cfg(feature = "faults")]
pub use self::chosen::{Kind, at, choose, clear, fails, hits};

#[cfg(feature = "faults")]
mod chosen {
    use std::collections::BTreeMap;

    use parking_lot::Mutex;

    /// How something breaks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Kind {
        /// A panic.
        Panic,
        /// The error that may happen there; nothing where none can.
        Error,
    }

    static CHOSEN: Mutex<Option<(String, Kind)>> = Mutex::new(None);
    static HITS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

    /// From now on this place breaks, and no other.
    pub fn choose(place: &str, kind: Kind) {
        *CHOSEN.lock() = Some((place.to_owned(), kind));
    }

    /// From now on nothing breaks.
    pub fn clear() {
        *CHOSEN.lock() = None;
    }

    /// How often the place was come by.
    pub fn hits(place: &str) -> u64 {
        HITS.lock().get(place).copied().unwrap_or_default()
    }

    /// See the other one.
    pub fn at(place: &str) {
        let _error = fails(place);
    }

    /// See the other one.
    #[expect(clippy::panic, reason = "this is what it is for")]
    pub fn fails(place: &str) -> bool {
        *HITS.lock().entry(place.to_owned()).or_default() += 1;
        let chosen = CHOSEN.lock().as_ref().filter(|(chosen, _)| chosen == place).map(|(_, kind)| *kind);
        match chosen {
            None => false,
            Some(Kind::Error) => true,
            Some(Kind::Panic) => panic!("a fault was wanted at {place}"),
        }
    }
}
