//! The sum over all rows: what tells that a row was put back to an older version of itself.
//!
//! Every row has a weight, a keyed hash of its tag; the sum of the weights goes along with what changes, whatever
//! order the rows are in. Neither the weights nor the sum rest on disk, only a keyed digest of the sum, in the
//! census: so nobody who sees the file can look for other rows that come to the same.

use data_encoding::HEXLOWER;

use crate::{engine::TAG_LEN, keyring::Keyring};

/// A sum of weights, in two lanes that wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowSum([u128; 2]);

impl RowSum {
    /// A row came.
    pub(crate) fn add(&mut self, keys: &Keyring, tag: &[u8; TAG_LEN]) {
        let [one, other] = keys.weight(tag);
        let Self([a, b]) = *self;
        *self = Self([a.wrapping_add(one), b.wrapping_add(other)]);
    }

    /// The rows of another sum came.
    pub(crate) const fn join(&mut self, other: &Self) {
        let (Self([a, b]), Self([one, more])) = (*self, *other);
        *self = Self([a.wrapping_add(one), b.wrapping_add(more)]);
    }

    /// A row went.
    pub(crate) fn take(&mut self, keys: &Keyring, tag: &[u8; TAG_LEN]) {
        let [one, other] = keys.weight(tag);
        let Self([a, b]) = *self;
        *self = Self([a.wrapping_sub(one), b.wrapping_sub(other)]);
    }

    /// What the census says of it.
    pub(crate) fn digest(&self, keys: &Keyring) -> String {
        let Self([a, b]) = self;
        HEXLOWER.encode(&keys.sum_digest(a.to_be_bytes(), b.to_be_bytes()))
    }
}
