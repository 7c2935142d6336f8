//! Secrets: their state, one set anew or generated, one taken away. What is set is never told again.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    account::RoleKind,
    admin::{self, Admin, SecretChoice},
    credential::{CredentialKind, KINDS, Owner, OwnerKind},
    dice::Dice,
    ident::{AccountId, DomainId},
    records::Records,
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::{Generated, SecretState},
    answer::{Answer, IfMatch},
    door::Caller,
    extensions,
    problem::{Kind, Problem},
    request::{Body, Path, secret_of},
};

/// What takes a secret's place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    /// This one. It must satisfy the rules of its kind.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128, write_only, examples("48159"))]
    secret: Option<Zeroizing<String>>,
    /// One made by chance, to be told this once in the answer.
    #[serde(default)]
    generate: bool,
    /// Whether a new one must be chosen at the next sign-in; for passwords.
    #[serde(default)]
    force_new: bool,
}

/// The four digits of the system password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FourDigits {
    /// Exactly four digits. They are told to nobody afterwards.
    #[schema(value_type = String, min_length = 4, max_length = 4, pattern = "^[0-9]{4}$", write_only, examples("4815"))]
    secret: Zeroizing<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Replaced {
    /// As it is now.
    state: SecretState,
    /// Sessions that ended by it.
    #[schema(minimum = 0)]
    sessions_ended: usize,
    /// The secret that was generated, told this once.
    generated: Vec<Generated>,
}

/// Which secret of whom.
#[derive(Clone, Copy)]
struct Of {
    owner: Owner,
    kind: CredentialKind,
}

/// The kinds that a user has.
pub(super) fn kinds_of_users() -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter(|row| row.belongs_to == OwnerKind::User).map(|row| row.name)
}

impl Of {
    fn user(api: &Api, caller: &Caller, (id, kind): (u32, &str)) -> Result<Self, Problem> {
        let row = KINDS.iter().find(|row| row.name == kind && row.belongs_to == OwnerKind::User);
        let row = row.ok_or_else(|| Problem::of(Kind::NotFound))?;
        Self::account(api, caller, id, RoleKind::User, row.kind)
    }

    fn service_user(api: &Api, caller: &Caller, id: u32) -> Result<Self, Problem> {
        Self::account(api, caller, id, RoleKind::ServiceUser, CredentialKind::ServicePassword)
    }

    fn account(
        api: &Api,
        caller: &Caller,
        id: u32,
        role: RoleKind,
        kind: CredentialKind,
    ) -> Result<Self, Problem> {
        let account = caller.reach(api).account(AccountId(id)).filter(|account| account.kind() == role);
        account.map_or_else(
            || Err(Problem::of(Kind::NotFound)),
            |account| Ok(Self { owner: Owner::Account(account.id), kind }),
        )
    }

    /// The system's: that of its first domain.
    const fn system() -> Self {
        Self { owner: Owner::Domain(DomainId::FIRST), kind: CredentialKind::SystemPassword }
    }

    fn extension(api: &Api, caller: &Caller, id: u32) -> Result<Self, Problem> {
        let extension = extensions::find(api, caller, id)?;
        Ok(Self { owner: Owner::Extension(extension.id), kind: CredentialKind::PhonePassword })
    }

    /// Each new secret is a new version; none is the version 0.
    fn version(self, records: &dyn Records) -> u64 {
        records.credential(self.owner, self.kind).map_or(0, |facts| facts.set_at.0)
    }

    fn show(self, api: &Api) -> Result<Answer, Problem> {
        let version = self.version(&*api.system.ledger);
        Answer::versioned(&SecretState::of(api, self.owner, self.kind), version)
    }

    async fn replace(
        self,
        api: &Arc<Api>,
        caller: &Caller,
        if_match: IfMatch,
        choice: SecretChoice,
        force_new: bool,
    ) -> Result<Replaced, Problem> {
        let replaced = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
            if_match.demand(self.version(&admin.records), "secret")?;
            admin.set_secret(self.owner, self.kind, &choice, force_new, dice)
        };
        let field = self.kind.row().name.replace('-', "_");
        let done = api
            .system
            .administer(&caller.by, replaced)
            .await
            .map_err(|refusal| Problem::from(refusal).renamed(&field, "secret"))?;
        Ok(Replaced {
            state: SecretState::of(api, self.owner, self.kind),
            sessions_ended: done.value,
            generated: Generated::all(&done.generated),
        })
    }

    async fn set(
        self,
        api: &Arc<Api>,
        caller: &Caller,
        if_match: IfMatch,
        asked: Replacement,
    ) -> Result<Answer, Problem> {
        let choice = match (&asked.secret, asked.generate) {
            (Some(secret), false) => SecretChoice::Set(secret_of(secret)),
            (None, true) => SecretChoice::Generate,
            (Some(_), true) | (None, false) => {
                let words = "Give a secret, or have one generated: one of both.";
                return Err(Problem::field("secret", words));
            }
        };
        let replaced = self.replace(api, caller, if_match, choice, asked.force_new).await?;
        Answer::versioned(&replaced, self.version(&*api.system.ledger))
    }

    async fn remove(self, api: &Arc<Api>, caller: &Caller, if_match: IfMatch) -> Result<Answer, Problem> {
        if self.version(&*api.system.ledger) == 0 {
            return Err(admin::Problem::NotFound("secret").into());
        }
        self.replace(api, caller, if_match, SecretChoice::Remove, false).await?;
        Ok(Answer::done())
    }
}

pub(super) async fn of_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, kind)): Path<(u32, String)>,
) -> Result<Answer, Problem> {
    Of::user(&api, &caller, (id, &kind))?.show(&api)
}

pub(super) async fn set_of_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, kind)): Path<(u32, String)>,
    if_match: IfMatch,
    Body(asked): Body<Replacement>,
) -> Result<Answer, Problem> {
    Of::user(&api, &caller, (id, &kind))?.set(&api, &caller, if_match, asked).await
}

pub(super) async fn remove_of_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, kind)): Path<(u32, String)>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    Of::user(&api, &caller, (id, &kind))?.remove(&api, &caller, if_match).await
}

/// Forgets the earlier secrets of a kind, so that each may be chosen again.
async fn forget(api: &Arc<Api>, caller: &Caller, of: Of) -> Result<Answer, Problem> {
    let Owner::Account(id) = of.owner else { return Err(Problem::of(Kind::NotFound)) };
    let forget = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.clear_history(id, of.kind);
    api.system.administer(&caller.by, forget).await?;
    Ok(Answer::done())
}

pub(super) async fn forget_of_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, kind)): Path<(u32, String)>,
) -> Result<Answer, Problem> {
    let of = Of::user(&api, &caller, (id, &kind))?;
    forget(&api, &caller, of).await
}

pub(super) async fn forget_of_service_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let of = Of::service_user(&api, &caller, id)?;
    forget(&api, &caller, of).await
}

pub(super) async fn of_extension(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    Of::extension(&api, &caller, id)?.show(&api)
}

pub(super) async fn set_of_extension(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(asked): Body<Replacement>,
) -> Result<Answer, Problem> {
    Of::extension(&api, &caller, id)?.set(&api, &caller, if_match, asked).await
}

pub(super) async fn remove_of_extension(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    Of::extension(&api, &caller, id)?.remove(&api, &caller, if_match).await
}

pub(super) async fn of_service_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    Of::service_user(&api, &caller, id)?.show(&api)
}

pub(super) async fn set_of_service_user(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(asked): Body<Replacement>,
) -> Result<Answer, Problem> {
    Of::service_user(&api, &caller, id)?.set(&api, &caller, if_match, asked).await
}

pub(super) async fn of_system(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    Of::system().show(&api)
}

pub(super) async fn set_of_system(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(FourDigits { secret }): Body<FourDigits>,
) -> Result<Answer, Problem> {
    let of = Of::system();
    let choice = SecretChoice::Set(secret_of(&secret));
    let replaced = of.replace(&api, &caller, if_match, choice, false).await?;
    Answer::versioned(&replaced.state, of.version(&*api.system.ledger))
}

pub(super) async fn remove_of_system(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    Of::system().remove(&api, &caller, if_match).await
}
