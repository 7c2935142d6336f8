//! Former secrets: what was right before it was replaced, sealed, so that a stale phone is told from a guess.
//!
//! Of each owner and kind the latest three are kept, each in a row of its own; the next one takes the place of the oldest.
//! Sealed is the moment of the replacement and then the payload as the credential had it.

use std::sync::Arc;

use signin::{
    credential::{CredentialKind, Owner},
    secret::SecretBytes,
    stale::FORMER_MAX,
    timestamp::Timestamp,
};

/// One of them, as it is kept in memory.
#[derive(Clone)]
pub(crate) struct KeptFormer {
    /// Which of the places it has.
    pub(crate) slot: u8,
    /// When another one took its place.
    pub(crate) replaced_at: Timestamp,
    pub(crate) sealed: Arc<[u8]>,
}

/// Names one.
pub(crate) type FormerKey = (Owner, CredentialKind, u8);

/// What is sealed for a payload that was replaced then.
pub(crate) fn written(replaced_at: Timestamp, payload: &SecretBytes) -> SecretBytes {
    SecretBytes::new([replaced_at.0.to_be_bytes().as_slice(), payload.reveal()].concat())
}

/// What was sealed.
pub(crate) fn read(clear: &SecretBytes) -> Option<(Timestamp, SecretBytes)> {
    let (at, payload) = clear.reveal().split_first_chunk::<8>()?;
    Some((Timestamp(u64::from_be_bytes(*at)), SecretBytes::new(payload.to_vec())))
}

/// The place for one more: a free one, or that of the oldest.
pub(crate) fn next_slot(kept: &[KeptFormer]) -> u8 {
    let free = slots().find(|slot| kept.iter().all(|former| former.slot != *slot));
    let oldest = kept.iter().min_by_key(|former| former.replaced_at).map(|former| former.slot);
    free.or(oldest).unwrap_or(0)
}

/// Every place.
pub(crate) fn slots() -> impl Iterator<Item = u8> {
    (0..FORMER_MAX).filter_map(|slot| u8::try_from(slot).ok())
}
