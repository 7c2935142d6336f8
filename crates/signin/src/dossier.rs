//! The dossier: everything known about the one who is claimed, gathered while the attempt was counted. Somebody
//! whom nobody knows has one too, with a decoy to be held against.

use std::sync::Arc;

use crate::{
    account::{Account, Activity},
    api_token::ApiToken,
    attempt::{Attempt, Claim},
    credential::{Binding, Traits, Verifier},
    extension::{Domain, Extension},
    link::Link,
    lockout::{Standing, TallyKey},
    policy::Settings,
    stale::Former,
    timestamp::Timestamp,
};

/// What `begin` hands to `check` and `decide`.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The rules in force.
    pub settings: Arc<Settings>,
    /// The account, or the user of the extension.
    pub account: Option<Arc<Account>>,
    /// Its dates.
    pub activity: Activity,
    /// The extension, for phones.
    pub extension: Option<Arc<Extension>>,
    /// The domain, for what is typed at keypads: what is kept of codes is bound to its realm.
    pub domain: Option<Arc<Domain>>,
    /// The token, for programs.
    pub token: Option<Box<ApiToken>>,
    /// The link, for whoever holds one.
    pub link: Option<Box<Link>>,
    /// What the proof is held against; a decoy for a name that nobody has and where nothing is set.
    pub verifier: Verifier,
    /// The verifier belongs to nobody.
    pub is_decoy: bool,
    /// When the secret was chosen.
    pub secret_set_at: Option<Timestamp>,
    /// What the rules look at in the secret, where that was noted.
    pub secret_traits: Option<Traits>,
    /// When the secret ends.
    pub secret_expires_at: Option<Timestamp>,
    /// The count of the one who is claimed, and what it says.
    pub subject: (TallyKey, Standing),
    /// The count of the address, and what it says.
    pub address: (TallyKey, Standing),
    /// What is told there to whoever is not known: of the address, or else of the name. Told to a known phone that is wrong
    /// as well, or a neighbour of the phones could tell by the answers which numbers are in use. A browser has shown by
    /// its cookie that it knows the name.
    pub to_strangers: Standing,
    /// The same proof was shown before and refused.
    pub is_repeat: bool,
    /// What the same proof can be told by, if it is wrong and comes again.
    pub print: Option<u64>,
    /// Secrets that were right before; at most [`crate::stale::FORMER_MAX`] are looked at.
    pub former: Option<Arc<[Former]>>,
    /// There is nothing to note about the place: it was noted today, or is none.
    pub is_place_noted: bool,
    /// Sessions open at this moment.
    pub sessions_open: usize,
}

impl Dossier {
    /// Whether the claimed one exists; for the audit alone.
    pub const fn is_known(&self, claim: &Claim<'_>) -> bool {
        match claim {
            Claim::Account(..) => self.account.is_some(),
            Claim::Extension(_) | Claim::System(_) => self.extension.is_some(),
            Claim::Token(_) => self.token.is_some() && self.account.is_some(),
            Claim::Link(_) => self.link.is_some() && self.account.is_some(),
        }
    }

    /// What the verifier of a code was derived for, where the claimed one has any.
    pub(crate) fn binding<'a>(&'a self, attempt: &'a Attempt<'a>) -> Binding<'a> {
        let number = self.extension.as_ref().map(|extension| extension.number.as_str());
        Binding {
            username: number.unwrap_or(attempt.claim.typed()),
            realm: self.domain.as_ref().map_or("", |domain| &domain.realm),
            domain: attempt.domain,
        }
    }

    /// Whether the claimed one is known there: counted in a lane of their own, and not stopped by the address's count,
    /// which others may have filled.
    pub const fn is_at_known_place(&self) -> bool {
        !self.subject.0.lane.is_open()
    }

    /// Whether the attempt has its place in both counts and may be checked.
    pub fn may_be_checked(&self) -> bool {
        self.subject.1 == Standing::Open && self.address.1 == Standing::Open
    }
}
