//! Former secrets: what was right before it was replaced, sealed, so that a stale phone is told from a guess, and so that
//! nobody goes back to one of the last.
//!
//! Of each owner and kind the latest three are kept where phones show them, for ninety days, and as many as the rules
//! compare a new one with, for as long as the rules say so. Each is in a row of its own; the next one takes the place of the
//! oldest. Sealed is the moment of the replacement and then the payload as the credential had it.

use std::sync::Arc;

use signin::{
    credential::{self, CredentialKind, Owner, Verifier},
    policy::{HISTORY_MAX, Settings},
    secret::{Secret, SecretBytes},
    stale::{FORMER_MAX, Former},
    timestamp::Timestamp,
};

use crate::{error::OpenError, holdings::Holdings, rows::former_key};

/// One of them, as it is kept in memory.
#[derive(Clone)]
pub(crate) struct KeptFormer {
    /// Which of the places it has.
    pub(crate) slot: u8,
    /// When another one took its place.
    pub(crate) replaced_at: Timestamp,
    pub(crate) sealed: Arc<[u8]>,
}

/// Those of one owner and kind.
#[derive(Default)]
pub(crate) struct Formers {
    kept: Vec<KeptFormer>,
    /// What proofs are held against.
    derived: Option<Arc<[Former]>>,
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

/// How many are kept of a kind, whatever their age: those that a new one is compared with, but for the present one.
fn compared(settings: &Settings, kind: CredentialKind) -> usize {
    usize::from((kind.row().rules)(settings).history.min(HISTORY_MAX)).saturating_sub(1)
}

/// Whether phones show secrets of this kind, so that a former one is recognised for a while.
const fn is_shown_by_phones(kind: CredentialKind) -> bool {
    match kind {
        CredentialKind::LoginCode | CredentialKind::PhonePassword => true,
        CredentialKind::ServicePassword
        | CredentialKind::UserPassword
        | CredentialKind::VoicemailCode
        | CredentialKind::PortalPasscode
        | CredentialKind::SystemPassword => false,
    }
}

/// Most that are kept of a kind; 0 = a secret that is replaced is forgotten.
pub(crate) fn places(settings: &Settings, kind: CredentialKind) -> usize {
    compared(settings, kind).max(if is_shown_by_phones(kind) { FORMER_MAX } else { 0 })
}

/// The place for one more of so many: a free one, or that of the oldest.
pub(crate) fn next_slot(kept: &[KeptFormer], places: usize) -> u8 {
    let mut slots = (0..places).filter_map(|slot| u8::try_from(slot).ok());
    let free = slots.find(|slot| kept.iter().all(|former| former.slot != *slot));
    let oldest = kept.iter().min_by_key(|former| former.replaced_at).map(|former| former.slot);
    free.or(oldest).unwrap_or(0)
}

impl Holdings {
    /// Those that are kept, as they rest.
    pub(crate) fn formers(&self, owner: Owner, kind: CredentialKind) -> Vec<KeptFormer> {
        self.formers
            .peek(&(owner, kind), |formers| formers.map(|formers| formers.kept.clone()).unwrap_or_default())
    }

    /// What is derived from those that are kept.
    pub(crate) fn derived_formers(&self, owner: Owner, kind: CredentialKind) -> Option<Arc<[Former]>> {
        self.formers.peek(&(owner, kind), |formers| formers?.derived.clone())
    }

    /// One as it rests.
    pub(crate) fn sealed_former(&self, (owner, kind, slot): FormerKey) -> Option<Arc<[u8]>> {
        self.formers(owner, kind).into_iter().find(|former| former.slot == slot).map(|former| former.sealed)
    }

    /// Keeps one more, in the place that it has. Its credential is put after it.
    pub(crate) fn put_former(&self, owner: Owner, kind: CredentialKind, new: KeptFormer) {
        let key = (owner, kind);
        let mut place = self.formers.place(&key);
        let formers = &mut place.value_or_default(Clone::clone).kept;
        formers.retain(|former| former.slot != new.slot);
        formers.push(new);
    }

    /// Takes over one that was kept, read from its row; whether its credential is there.
    pub(crate) fn restore_former(&self, key: FormerKey, sealed: Arc<[u8]>) -> Result<(), OpenError> {
        let place = former_key(key).key;
        let damaged = || OpenError::Damaged { what: format!("the former credential {place} cannot be read") };
        let (replaced_at, _) = read(&self.open(&place, &sealed)?).ok_or_else(damaged)?;
        let (owner, kind, slot) = key;
        self.put_former(owner, kind, KeptFormer { slot, replaced_at, sealed });
        Ok(())
    }

    /// Forgets all of an owner and kind.
    pub(crate) fn forget_former(&self, owner: Owner, kind: CredentialKind) {
        self.formers.remove(&(owner, kind));
        let extension = match owner {
            Owner::Extension(id) => Some(id),
            Owner::Account(id) => self.extension_of(id),
            Owner::Domain(_) => None,
        };
        if let Some(extension) = extension {
            self.stale.forget(extension);
        }
    }

    /// Drops those that were replaced too long ago and are compared with nothing; which they were.
    pub(crate) fn sweep_formers(&self, now: Timestamp) -> Vec<FormerKey> {
        let mut gone = Vec::new();
        let settings = self.settings.load_full();
        self.formers.retain(|(owner, kind), formers| {
            formers.kept.sort_unstable_by_key(|former| std::cmp::Reverse(former.replaced_at));
            let (compared, is_shown) = (compared(&settings, *kind), is_shown_by_phones(*kind));
            let mut place = 0;
            let ended = formers.kept.extract_if(.., |former| {
                let is_recent = is_shown && place < FORMER_MAX && Former::is_kept(former.replaced_at, now);
                let is_kept = place < compared || is_recent;
                place += 1;
                !is_kept
            });
            gone.extend(ended.map(|former| (*owner, *kind, former.slot)));
            !formers.kept.is_empty()
        });
        gone
    }

    /// Derives from those that are kept, for the present number and realm.
    pub(crate) fn derive_formers(&self, owner: Owner, kind: CredentialKind) -> Result<(), OpenError> {
        let mut derived = Vec::new();
        let mut latest = self.formers(owner, kind);
        latest.sort_unstable_by_key(|former| std::cmp::Reverse(former.replaced_at));
        // The others are there to be compared with a new one, by whoever sets it.
        latest.truncate(if is_shown_by_phones(kind) { FORMER_MAX } else { 0 });
        for KeptFormer { slot, replaced_at, sealed } in latest {
            let clear = self.open(&former_key((owner, kind, slot)).key, &sealed)?;
            let payload = read(&clear).map(|(_, payload)| payload);
            if let Some(Verifier::Digest(keys)) = payload.map(|payload| self.verifier(owner, kind, &payload))
            {
                derived.push(Former { keys, replaced_at });
            }
        }
        if let Some(formers) = self.formers.place(&(owner, kind)).value() {
            formers.derived = (!derived.is_empty()).then(|| derived.into());
        }
        Ok(())
    }

    /// Whether a secret is one of the last so many before the present one.
    pub(crate) fn is_former(&self, owner: Owner, kind: CredentialKind, secret: &Secret, last: usize) -> bool {
        let mut latest = self.formers(owner, kind);
        latest.sort_unstable_by_key(|former| std::cmp::Reverse(former.replaced_at));
        latest.into_iter().take(last).any(|former| {
            let place = former_key((owner, kind, former.slot)).key;
            let payload = self.open(&place, &former.sealed).ok().and_then(|clear| read(&clear));
            payload.is_some_and(|(_, payload)| {
                credential::is_kept(secret, &self.verifier(owner, kind, &payload), Some(&payload))
            })
        })
    }

    /// What phones show until a credential is set. The first phone password of an extension takes the place of its user's
    /// login code.
    pub(crate) fn replaced_by(&self, owner: Owner, kind: CredentialKind) -> Option<SecretBytes> {
        let before = self.payload(owner, kind).or_else(|| self.hash_payload(owner, kind));
        before.or_else(|| match (owner, kind) {
            (Owner::Extension(id), CredentialKind::PhonePassword) => {
                let user = self.extension(id)?.user?;
                self.payload(Owner::Account(user), CredentialKind::LoginCode)
            }
            _ => None,
        })
    }
}
