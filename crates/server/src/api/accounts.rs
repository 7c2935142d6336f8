//! What is told of accounts of both kinds: when they signed in last, and what state their secrets are in.

use serde::Serialize;
use signin::{
    account::{Account, RoleKind},
    credential::{CredentialKind, Owner},
    interface::LoginInterface,
    records::Records,
    secret::Secret,
    timestamp::Timestamp,
};
use utoipa::ToSchema;

use super::Api;

/// A moment for programs; none where there is none.
pub(super) fn moment(at: impl Into<Option<Timestamp>>) -> Option<String> {
    at.into().map(crate::moment::for_programs)
}

/// An account, by number and name.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountRef {
    /// Never changes.
    #[schema(minimum = 0, examples(3))]
    pub(super) id: u32,
    /// As its owner writes it.
    #[schema(max_length = 64, examples("Ann"))]
    pub(super) name: String,
    /// The domain's number; 1 where there are no others.
    #[schema(minimum = 1, examples(1))]
    pub(super) domain: u32,
}

impl AccountRef {
    /// Of this account.
    pub(super) fn of(account: &Account) -> Self {
        Self { id: account.id.0, name: account.name.to_string(), domain: account.domain.0 }
    }
}

/// The last sign-in, and what failed since.
#[derive(Serialize, ToSchema)]
pub(super) struct LastSignIn {
    /// When.
    #[schema(format = "date-time")]
    pub(super) at: Option<String>,
    /// Where from.
    pub(super) from: Option<String>,
    /// By which interface.
    pub(super) interface: Option<LoginInterface>,
    /// Attempts that failed since then.
    #[schema(minimum = 0)]
    pub(super) failures_since: u32,
}

impl LastSignIn {
    /// As it is kept.
    pub(super) fn of(activity: &signin::account::Activity) -> Self {
        Self {
            at: moment(activity.signed_in_at),
            from: activity.signed_in_from.map(|address| address.to_string()),
            interface: activity.signed_in_by,
            failures_since: activity.failures_since,
        }
    }
}

/// What is told of a secret; never the secret.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretState {
    /// Which one.
    pub(super) kind: CredentialKind,
    /// Whether there is one. One that is not set opens nothing.
    pub(super) is_set: bool,
    /// When it was chosen.
    #[schema(format = "date-time")]
    pub(super) set_at: Option<String>,
    /// When it was right the last time.
    #[schema(format = "date-time")]
    pub(super) used_at: Option<String>,
    /// It opens nothing from this moment on.
    #[schema(format = "date-time")]
    pub(super) expires_at: Option<String>,
}

impl SecretState {
    /// Of this owner's secret of this kind.
    pub(super) fn of(api: &Api, owner: Owner, kind: CredentialKind) -> Self {
        let facts = api.system.ledger.credential(owner, kind);
        Self {
            kind,
            is_set: facts.is_some(),
            set_at: moment(facts.map(|facts| facts.set_at)),
            used_at: moment(facts.and_then(|facts| facts.used_at)),
            expires_at: moment(facts.and_then(|facts| facts.expires_at)),
        }
    }
}

/// A secret that was made by chance, told this once.
#[derive(Serialize, ToSchema)]
pub(super) struct Generated {
    /// Which kind.
    pub(super) kind: CredentialKind,
    /// The secret itself.
    #[schema(max_length = 128, read_only)]
    pub(super) secret: String,
}

impl Generated {
    /// All that an operation made.
    pub(super) fn all(generated: &[(CredentialKind, Secret)]) -> Vec<Self> {
        generated
            .iter()
            .map(|(kind, secret)| Self { kind: *kind, secret: secret.reveal().to_owned() })
            .collect()
    }
}

/// Whose something is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// Somebody who administers.
    ServiceUser,
    /// Somebody who has phones.
    User,
    /// A number on phone lines.
    Extension,
    /// The system itself.
    System,
}

impl From<RoleKind> for Role {
    fn from(kind: RoleKind) -> Self {
        match kind {
            RoleKind::ServiceUser => Self::ServiceUser,
            RoleKind::User => Self::User,
        }
    }
}
