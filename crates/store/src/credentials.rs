//! Credentials as they wait in memory: ready for use, never in clear.
//!
//! Those of one owner lie together, and no name of them is kept: an owner is a number, and of each kind there is one.

use std::sync::Arc;

use signin::{
    credential::{self, About, CredentialFacts, CredentialKind, KINDS, Owner, TRAITS_LEN, Traits, Verifier},
    ident::{AccountId, DomainId, ExtensionId, Number},
    secret::{Secret, SecretBytes},
    stale::Former,
    timestamp::Timestamp,
};

use crate::{
    error::OpenError,
    holdings::Holdings,
    numbered::Numbered,
    rows::credential_key,
    seal::{Unopened, key_id},
};

/// A credential, and what is told of it.
pub(crate) struct Kept {
    pub(crate) verifier: Verifier,
    pub(crate) facts: CredentialFacts,
    /// What the rules look at in a password, where it was noted.
    pub(crate) traits: Option<Traits>,
    /// Those that were right before.
    pub(crate) former: Option<Arc<[Former]>>,
}

/// The same as it waits.
struct Waiting {
    kind: CredentialKind,
    verifier: Verifier,
    facts: PackedFacts,
    /// Of passwords, in the room that the kind leaves.
    traits: Option<[u8; TRAITS_LEN]>,
    /// To derive from again when number, realm or user change; not kept where nothing depends on them.
    sealed: Option<Box<[u8]>>,
}

/// Until something is told about a credential.
pub(crate) const UNTOLD: CredentialFacts =
    CredentialFacts { set_at: Timestamp::MAX, expires_at: None, used_at: None };

/// Dates in half the room: what never happens is the end of time.
#[derive(Clone, Copy)]
struct PackedFacts {
    set_at: Timestamp,
    expires_at: Timestamp,
    used_at: Timestamp,
}

impl From<CredentialFacts> for PackedFacts {
    fn from(facts: CredentialFacts) -> Self {
        let CredentialFacts { set_at, expires_at, used_at } = facts;
        let [expires_at, used_at] = [expires_at, used_at].map(|moment| moment.unwrap_or(Timestamp::MAX));
        Self { set_at, expires_at, used_at }
    }
}

impl From<PackedFacts> for CredentialFacts {
    fn from(facts: PackedFacts) -> Self {
        let PackedFacts { set_at, expires_at, used_at } = facts;
        let [expires_at, used_at] =
            [expires_at, used_at].map(|moment| (moment != Timestamp::MAX).then_some(moment));
        Self { set_at, expires_at, used_at }
    }
}

/// Those of one owner.
type Set = Box<[Waiting]>;

/// All of them.
pub(crate) struct Credentials {
    accounts: Numbered<AccountId, Set>,
    extensions: Numbered<ExtensionId, Set>,
    domains: Numbered<DomainId, Set>,
}

impl Credentials {
    /// With nothing in it.
    pub(crate) fn new() -> Self {
        Self { accounts: Numbered::new(), extensions: Numbered::new(), domains: Numbered::new() }
    }

    fn peek<R>(&self, owner: Owner, kind: CredentialKind, look: impl FnOnce(Option<&Waiting>) -> R) -> R {
        let find = |set: Option<&Set>| look(set.and_then(|set| set.iter().find(|other| other.kind == kind)));
        match owner {
            Owner::Account(id) => self.accounts.peek(id, find),
            Owner::Extension(id) => self.extensions.peek(id, find),
            Owner::Domain(id) => self.domains.peek(id, find),
        }
    }

    fn change<R>(&self, owner: Owner, change: impl FnOnce(&mut Option<Set>) -> R) -> R {
        match owner {
            Owner::Account(id) => self.accounts.change(id, change),
            Owner::Extension(id) => self.extensions.change(id, change),
            Owner::Domain(id) => self.domains.change(id, change),
        }
    }

    fn change_facts(&self, owner: Owner, kind: CredentialKind, facts: CredentialFacts) {
        self.change(owner, |set| {
            for kept in set.iter_mut().flatten().filter(|kept| kept.kind == kind) {
                kept.facts = facts.into();
            }
        });
    }

    fn put(&self, owner: Owner, new: Waiting) {
        let kind = new.kind;
        self.change(owner, |set| {
            let others = set.take().unwrap_or_default().into_iter().filter(|kept| kept.kind != kind);
            *set = Some(others.chain([new]).collect());
        });
    }

    fn remove(&self, owner: Owner, kind: CredentialKind) {
        self.change(owner, |set| {
            let others = set.take().unwrap_or_default().into_iter().filter(|kept| kept.kind != kind);
            *set = Some(others.collect::<Set>()).filter(|set| !set.is_empty());
        });
    }

    /// One about which nothing was told.
    pub(crate) fn untold(&self) -> Option<(Owner, CredentialKind)> {
        let mut untold = None;
        let mut look = |owner, set: &Set| {
            let found = set.iter().find(|kept| kept.facts.set_at == UNTOLD.set_at);
            untold = untold.or(found.map(|kept| (owner, kept.kind)));
        };
        self.accounts.each(|id, set| look(Owner::Account(id), set));
        self.extensions.each(|id, set| look(Owner::Extension(id), set));
        self.domains.each(|id, set| look(Owner::Domain(id), set));
        untold
    }

    pub(crate) fn len(&self) -> usize {
        let mut len = 0;
        self.accounts.each(|_, set| len += set.len());
        self.extensions.each(|_, set| len += set.len());
        self.domains.each(|_, set| len += set.len());
        len
    }
}

impl Holdings {
    pub(crate) fn kept(&self, owner: Owner, kind: CredentialKind) -> Option<Kept> {
        let (verifier, facts, traits) = self.credentials.peek(owner, kind, |kept| {
            kept.map(|kept| (kept.verifier.clone(), kept.facts.into(), kept.traits.map(Traits::from_bytes)))
        })?;
        Some(Kept { verifier, facts, traits, former: self.derived_formers(owner, kind) })
    }

    pub(crate) fn facts(&self, owner: Owner, kind: CredentialKind) -> Option<CredentialFacts> {
        self.credentials.peek(owner, kind, |kept| kept.map(|kept| kept.facts.into()))
    }

    pub(crate) fn put_facts(&self, owner: Owner, kind: CredentialKind, facts: CredentialFacts) {
        self.credentials.change_facts(owner, kind, facts);
        self.derive_line_of(owner);
        self.note_change();
    }

    /// Told by its row, before anything is derived; whether there is such a credential.
    pub(crate) fn restore_facts(&self, owner: Owner, kind: CredentialKind, facts: CredentialFacts) -> bool {
        self.credentials.change_facts(owner, kind, facts);
        self.credentials.peek(owner, kind, |kept| kept.is_some())
    }

    pub(crate) fn drop_credential(&self, owner: Owner, kind: CredentialKind) {
        self.credentials.remove(owner, kind);
        self.formers.remove(&(owner, kind));
        self.derive_line_of(owner);
    }

    /// Sets a credential, and derives its verifier for the present number and realm.
    pub(crate) fn put_credential(
        &self,
        owner: Owner,
        kind: CredentialKind,
        sealed: Box<[u8]>,
        facts: CredentialFacts,
    ) -> Result<(), OpenError> {
        self.restore_credential(owner, kind, sealed, facts)?;
        self.derive_formers(owner, kind)?;
        self.derive_line_of(owner);
        Ok(())
    }

    /// The same without what is derived from several records.
    pub(crate) fn restore_credential(
        &self,
        owner: Owner,
        kind: CredentialKind,
        sealed: Box<[u8]>,
        facts: CredentialFacts,
    ) -> Result<(), OpenError> {
        let clear = self.open(&credential_key(owner, kind).key, &sealed)?;
        let verifier = self.verifier(owner, kind, &clear);
        let is_hash = matches!(verifier, Verifier::Argon2(_));
        let traits = if is_hash { credential::traits(kind, &clear, &About::default()) } else { None };
        let sealed = (!is_hash).then_some(sealed);
        let traits = traits.map(Traits::to_bytes);
        self.credentials.put(owner, Waiting { kind, verifier, facts: facts.into(), traits, sealed });
        Ok(())
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        self.masters.open(place, sealed).map_err(|why| match why {
            Unopened::UnknownKey => OpenError::WrongKey { needed: key_id(sealed), given: self.masters.ids() },
            Unopened::Malformed | Unopened::Forged => {
                OpenError::Damaged { what: format!("the credential {place} does not open") }
            }
        })
    }

    /// What a payload of this owner is good for, with the present number and realm.
    pub(crate) fn verifier(&self, owner: Owner, kind: CredentialKind, clear: &SecretBytes) -> Verifier {
        match self.binding(owner) {
            Some((number, realm, domain)) => {
                let binding = credential::Binding { username: number.as_str(), realm: &realm, domain };
                credential::verifier(kind, clear, &binding)
            }
            None => match kind {
                CredentialKind::SystemPassword => match owner {
                    Owner::Domain(domain) => {
                        let binding = credential::Binding { username: "", realm: "", domain };
                        credential::verifier(kind, clear, &binding)
                    }
                    Owner::Account(_) | Owner::Extension(_) => Verifier::Unset,
                },
                CredentialKind::ServicePassword | CredentialKind::UserPassword => {
                    let binding = credential::Binding { username: "", realm: "", domain: DomainId::FIRST };
                    credential::verifier(kind, clear, &binding)
                }
                // A digest is made for a number; without one nothing can be right.
                CredentialKind::LoginCode
                | CredentialKind::PhonePassword
                | CredentialKind::VoicemailCode
                | CredentialKind::PortalPasscode => Verifier::Unset,
            },
        }
    }

    fn sealed(&self, owner: Owner, kind: CredentialKind) -> Option<Box<[u8]>> {
        self.credentials.peek(owner, kind, |kept| kept?.sealed.clone())
    }

    /// The payload of a credential that digests are derived from.
    pub(crate) fn payload(&self, owner: Owner, kind: CredentialKind) -> Option<SecretBytes> {
        let sealed = self.sealed(owner, kind)?;
        self.masters.open(&credential_key(owner, kind).key, &sealed).ok()
    }

    /// The payload of a password, made again of its hash.
    pub(crate) fn hash_payload(&self, owner: Owner, kind: CredentialKind) -> Option<SecretBytes> {
        self.credentials.peek(owner, kind, |kept| match &kept?.verifier {
            Verifier::Argon2(phc) => Some(credential::hash_payload(phc)),
            Verifier::Digest(_) | Verifier::Token(_) | Verifier::Unset => None,
        })
    }

    /// What the rules look at in the present secret.
    pub(crate) fn traits(&self, owner: Owner, kind: CredentialKind, about: &About<'_>) -> Option<Traits> {
        let noted = self.credentials.peek(owner, kind, |kept| kept?.traits.map(Traits::from_bytes));
        noted.or_else(|| credential::traits(kind, &self.payload(owner, kind)?, about))
    }

    /// Whether a secret is the one that is kept.
    pub(crate) fn is_kept(&self, owner: Owner, kind: CredentialKind, secret: &Secret) -> bool {
        let Some(Kept { verifier, .. }) = self.kept(owner, kind) else { return false };
        credential::is_kept(secret, &verifier, self.payload(owner, kind).as_ref())
    }

    /// Derives the verifiers of an owner again, because a number, a realm or a user changed.
    pub(crate) fn derive_again(&self, owner: Owner) {
        for row in &KINDS {
            if let (Some(sealed), Some(facts)) = (self.sealed(owner, row.kind), self.facts(owner, row.kind))
                && let Err(error) = self.put_credential(owner, row.kind, sealed, facts)
            {
                tracing::error!(%error, "a credential opens nothing from now on");
                self.drop_credential(owner, row.kind);
            }
        }
    }

    /// What a digest of this owner is made for.
    fn binding(&self, owner: Owner) -> Option<(Number, Box<str>, DomainId)> {
        let id = match owner {
            Owner::Extension(id) => id,
            Owner::Account(id) => self.extension_of(id)?,
            Owner::Domain(_) => return None,
        };
        let (domain, number) = self.line_of(id)?;
        Some((number, self.domain(domain)?.realm.clone(), domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_out_of_half_the_room_as_they_went_in() {
        let now = Timestamp(1_800_000_000_000);
        for expires_at in [None, Some(now)] {
            for used_at in [None, Some(Timestamp::EPOCH)] {
                let facts = CredentialFacts { set_at: now, expires_at, used_at };
                assert_eq!(CredentialFacts::from(PackedFacts::from(facts)), facts);
            }
        }
    }
}
