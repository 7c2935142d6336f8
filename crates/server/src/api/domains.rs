//! Domains: the organisations that one installation serves.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin},
    dice::Dice,
    extension,
    ident::DomainId,
    records::Records,
};
use utoipa::ToSchema;

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{Body, Path},
    settings::DomainSettings,
};

/// A domain.
#[derive(Serialize, ToSchema)]
pub(super) struct Domain {
    /// Never changes, and never means another. The first is the installation's own.
    #[schema(minimum = 1, examples(1))]
    id: u32,
    /// Of its phones.
    settings: DomainSettings,
}

/// All domains, the first one first.
#[derive(Serialize, ToSchema)]
pub(super) struct Domains {
    /// All of them.
    items: Vec<Domain>,
}

/// A domain to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDomain {
    /// Host names of its phones and of its pages; no other domain has them.
    #[schema(min_items = 1, max_items = 64, examples(json!(["office.example"])))]
    hosts: Vec<String>,
    /// What phones show as "realm"; the first host name when it is left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, examples("office.example"))]
    realm: Option<String>,
}

/// A domain that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeDomain {
    /// As it is now.
    domain: Domain,
}

fn view(domain: &extension::Domain) -> Domain {
    Domain { id: domain.id.0, settings: DomainSettings::of(domain) }
}

fn find(api: &Api, caller: &Caller, id: u32) -> Result<Arc<extension::Domain>, Problem> {
    let domain = caller.reach(api).domain(DomainId(id));
    domain.ok_or_else(|| Problem::new(Kind::NotFound, "This domain does not exist any more."))
}

pub(super) async fn list(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    let domains = caller.reach(&api).domains();
    Answer::json(&Domains { items: domains.iter().map(|domain| view(domain)).collect() })
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(new): Body<NewDomain>,
) -> Result<Answer, Problem> {
    if new.realm.as_deref() == Some("") {
        return Err(Problem::field("realm", "Leave it out, or give it 1 to 64 characters."));
    }
    let new = admin::NewDomain { hosts: new.hosts, realm: new.realm.unwrap_or_default() };
    let made = api.system.administer(&caller.by, move |admin, _| admin.create_domain(&new)).await?;
    let domain = find(&api, &caller, made.value.0)?;
    let answer = Answer::versioned(&MadeDomain { domain: view(&domain) }, domain.version)?;
    Ok(answer.made(format!("/api/v1/domains/{}", domain.id)))
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let domain = find(&api, &caller, id)?;
    Answer::versioned(&view(&domain), domain.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(wanted): Body<DomainSettings>,
) -> Result<Answer, Problem> {
    wanted.save(&api, &caller, DomainId(id), if_match).await?;
    show(State(api), caller, Path(id)).await
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let deleted = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.records.domain(DomainId(id)).ok_or(admin::Problem::NotFound("domain"))?;
        if_match.demand(present.version, "domain")?;
        admin.delete_domain(DomainId(id))
    };
    api.system.administer(&caller.by, deleted).await?;
    Ok(Answer::done())
}
