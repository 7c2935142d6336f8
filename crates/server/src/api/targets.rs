//! Where alarms and rows of the audit are sent: webhooks and receivers of syslog. They are kept as one record, and have one
//! version together.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{Admin, SecretChoice},
    dice::{Dice, roll},
    ident::TargetId,
    records::Records,
    reporting::Reporting,
    secret::Secret,
    target::{self, AuditGroup, Chosen, SyslogTransport, WebAddress},
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::moment,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{Body, Path, secret_of},
};
use crate::{
    dice::OsDice,
    flow::Done,
    notify::{Failure, Target, connect::tls_config, item::Item},
};

/// How a target is reached.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum TargetKind {
    /// By HTTP.
    Webhook,
    /// By syslog.
    Syslog,
}

/// A target in the list of all.
#[derive(Serialize, ToSchema)]
pub(super) struct TargetInList {
    /// Never changes.
    #[schema(minimum = 0, examples(1))]
    id: u32,
    /// How it is reached.
    kind: TargetKind,
    /// What people call it.
    #[schema(max_length = 64)]
    name: String,
    /// Whether anything is sent.
    is_on: bool,
    /// Which machine, and how. The path of an address is not here: of some services it is the secret.
    #[schema(examples("https://alarms.example:443"))]
    machine: String,
    /// What it is told of.
    told: Told,
    /// How it goes.
    delivery: Delivery,
}

/// All targets; there are at most twelve.
#[derive(Serialize, ToSchema)]
pub(super) struct Targets {
    /// All of them: webhooks, then receivers of syslog.
    items: Vec<TargetInList>,
}

/// What a target is told of: at least one thing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// Alarms, raised and cleared.
    alarms: bool,
    /// Parts of the audit; whoever chooses any needs the right to read it.
    #[schema(max_items = 4)]
    audit: Vec<AuditGroup>,
}

/// How delivering goes, since the start of the program.
#[derive(Serialize, ToSchema)]
pub(super) struct Delivery {
    /// How many were delivered.
    #[schema(minimum = 0)]
    delivered: u64,
    /// When the last one was.
    #[schema(format = "date-time")]
    delivered_at: Option<String>,
    /// What the receiver said then.
    answer: String,
    /// Since when it fails; null where it does not.
    #[schema(format = "date-time")]
    failing_since: Option<String>,
    /// How often in a row.
    #[schema(minimum = 0)]
    failures: u64,
    /// Why, the last time.
    problem: String,
    /// How many were lost.
    #[schema(minimum = 0)]
    lost: u64,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    /// Never changes.
    #[schema(minimum = 0, examples(1))]
    id: u32,
    /// What people call it.
    #[schema(max_length = 64)]
    name: String,
    /// Whether anything is sent.
    is_on: bool,
    /// Where to.
    url: String,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    roots: String,
    /// What it is told of.
    told: Told,
    /// How it goes.
    delivery: Delivery,
}

/// What is chosen of a webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookFields {
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, examples("Alarms"))]
    name: String,
    /// Whether anything is sent.
    is_on: bool,
    /// Where to.
    #[schema(max_length = 2000, examples("https://alarms.example/hooks"))]
    url: String,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    #[serde(default)]
    #[schema(max_length = 65_536, examples(""))]
    roots: String,
    /// What it is told of.
    told: Told,
    /// What deliveries are signed with: 24 to 256 bytes, or `whsec_` and as many in Base64. Left out, it stays as it is; of a
    /// new webhook, one is made by chance.
    #[serde(default)]
    key: Option<NewKey>,
}

/// Which signing key is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// This one.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 24, max_length = 400, write_only)]
    secret: Option<Zeroizing<String>>,
    /// One made by chance, to be told this once in the answer.
    #[serde(default)]
    generate: bool,
}

/// A webhook that was made or changed.
#[derive(Serialize, ToSchema)]
pub(super) struct SavedWebhook {
    /// As it is now.
    webhook: Webhook,
    /// The signing key that was made by chance, told this once.
    #[schema(max_length = 400, read_only)]
    secret: Option<String>,
}

/// A receiver of syslog (RFC 5424).
#[derive(Serialize, ToSchema)]
pub(super) struct SyslogReceiver {
    /// Never changes.
    #[schema(minimum = 0, examples(2))]
    id: u32,
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, examples("Log host"))]
    name: String,
    /// Whether anything is sent.
    is_on: bool,
    /// Name or address of its machine.
    #[schema(min_length = 1, max_length = 253, examples("logs.example"))]
    host: String,
    /// Its port.
    #[schema(minimum = 1, maximum = 65_535, examples(6514))]
    port: u16,
    /// How.
    transport: SyslogTransport,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    #[schema(max_length = 65_536, examples(""))]
    roots: String,
    /// Which facility.
    #[schema(minimum = 0, maximum = 23, examples(10))]
    facility: u8,
    /// How urgent what is.
    severities: Severities,
    /// What it is told of.
    told: Told,
    /// How it goes.
    delivery: Delivery,
}

/// What is chosen of a receiver of syslog.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SyslogFields {
    /// What people call it.
    #[schema(min_length = 1, max_length = 64, examples("Log host"))]
    name: String,
    /// Whether anything is sent.
    is_on: bool,
    /// Name or address of its machine.
    #[schema(min_length = 1, max_length = 253, examples("logs.example"))]
    host: String,
    /// Its port.
    #[schema(minimum = 1, maximum = 65_535, examples(6514))]
    port: u16,
    /// How.
    transport: SyslogTransport,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    #[schema(max_length = 65_536, examples(""))]
    roots: String,
    /// Which facility.
    #[schema(minimum = 0, maximum = 23, examples(10))]
    facility: u8,
    /// How urgent what is.
    severities: Severities,
    /// What it is told of.
    told: Told,
}

/// Which urgency each thing has: 0 is the highest, 7 the lowest.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Severities {
    /// What was done.
    #[schema(minimum = 0, maximum = 7, examples(6))]
    accepted: u8,
    /// What was refused.
    #[schema(minimum = 0, maximum = 7, examples(4))]
    refused: u8,
    /// An alarm for which there is time.
    #[schema(minimum = 0, maximum = 7, examples(4))]
    warning: u8,
    /// An alarm for which there is none.
    #[schema(minimum = 0, maximum = 7, examples(2))]
    critical: u8,
}

/// A receiver of syslog that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeSyslogReceiver {
    /// As it is now.
    receiver: SyslogReceiver,
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
pub(super) struct Tested {
    /// Whether it was taken.
    is_taken: bool,
    /// What the receiver said, or why it was not taken.
    answer: String,
}

impl Tested {
    /// What was answered, or why nothing was.
    pub(super) fn of(answered: Result<String, Failure>) -> Self {
        match answered {
            Ok(answer) => Self { is_taken: true, answer },
            Err(failure) => Self { is_taken: false, answer: failure.problem },
        }
    }
}

impl Told {
    fn of(chosen: &Chosen) -> Self {
        Self { alarms: chosen.alarms, audit: chosen.audit.iter().copied().collect() }
    }

    fn chosen(&self) -> Chosen {
        Chosen { alarms: self.alarms, audit: self.audit.iter().copied().collect::<BTreeSet<_>>() }
    }
}

fn delivery(api: &Api, id: TargetId) -> Delivery {
    let told = api.system.deliveries.state(id).told();
    Delivery {
        delivered: told.delivered,
        delivered_at: moment(told.delivered_at),
        answer: told.answer,
        failing_since: moment(told.failing_since),
        failures: told.failures,
        problem: told.problem,
        lost: told.lost,
    }
}

fn in_list(api: &Api, target: &Target) -> TargetInList {
    let (kind, machine) = match target {
        Target::Webhook(webhook) => {
            let machine = WebAddress::parse(&webhook.url).map_or_else(String::new, |at| {
                format!("{}://{}:{}", if at.is_https { "https" } else { "http" }, at.host, at.port)
            });
            (TargetKind::Webhook, machine)
        }
        Target::Syslog(target) => {
            (TargetKind::Syslog, format!("{}:{} by {}", target.host, target.port, target.transport.title()))
        }
    };
    TargetInList {
        id: target.id().0,
        kind,
        name: target.name().to_owned(),
        is_on: target.is_on(),
        machine,
        told: Told::of(target.chosen()),
        delivery: delivery(api, target.id()),
    }
}

fn webhook_view(api: &Api, webhook: &target::Webhook) -> Webhook {
    Webhook {
        id: webhook.id.0,
        name: webhook.name.to_string(),
        is_on: webhook.is_on,
        url: webhook.url.to_string(),
        roots: webhook.roots.to_string(),
        told: Told::of(&webhook.chosen),
        delivery: delivery(api, webhook.id),
    }
}

fn syslog_view(api: &Api, target: &target::SyslogTarget) -> SyslogReceiver {
    let target::Severities { accepted, refused, warning, critical } = target.severities;
    SyslogReceiver {
        id: target.id.0,
        name: target.name.to_string(),
        is_on: target.is_on,
        host: target.host.to_string(),
        port: target.port,
        transport: target.transport,
        roots: target.roots.to_string(),
        facility: target.facility,
        severities: Severities { accepted, refused, warning, critical },
        told: Told::of(&target.chosen),
        delivery: delivery(api, target.id),
    }
}

fn find(reporting: &Reporting, id: u32) -> Result<Target, Problem> {
    let found = Target::all(reporting).into_iter().find(|target| target.id() == TargetId(id));
    found.ok_or_else(|| Problem::of(Kind::NotFound))
}

fn webhook(reporting: &Reporting, id: u32) -> Result<target::Webhook, Problem> {
    match find(reporting, id)? {
        Target::Webhook(webhook) => Ok(webhook),
        Target::Syslog(_) => Err(Problem::of(Kind::NotFound)),
    }
}

fn syslog(reporting: &Reporting, id: u32) -> Result<target::SyslogTarget, Problem> {
    match find(reporting, id)? {
        Target::Syslog(target) => Ok(target),
        Target::Webhook(_) => Err(Problem::of(Kind::NotFound)),
    }
}

/// Certificates must be of use; what else is wrong is found by who saves.
pub(super) fn check_roots(roots: &str) -> Result<(), Problem> {
    if roots.is_empty() {
        return Ok(());
    }
    let of_use = tls_config(roots).map(drop);
    of_use.map_err(|failure| Problem::field("roots", format!("They are of no use: {}.", failure.problem)))
}

pub(super) async fn list(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let reporting = api.system.ledger.reporting();
    let items = Target::all(&reporting).iter().map(|target| in_list(&api, target)).collect();
    Answer::json(&Targets { items })
}

pub(super) async fn show_webhook(
    State(api): State<Arc<Api>>,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let reporting = api.system.ledger.reporting();
    Answer::versioned(&webhook_view(&api, &webhook(&reporting, id)?), reporting.version)
}

/// Makes a webhook ([`TargetId::NEW`]) or changes one.
async fn save_webhook(
    api: &Arc<Api>,
    caller: &Caller,
    id: TargetId,
    if_match: IfMatch,
    fields: WebhookFields,
) -> Result<(Webhook, Option<Secret>, u32), Problem> {
    let key = match fields.key {
        None if id == TargetId::NEW => SecretChoice::Generate,
        None => SecretChoice::Keep,
        Some(NewKey { secret: None, generate: true }) => SecretChoice::Generate,
        Some(NewKey { secret: Some(key), generate: false }) => SecretChoice::Set(secret_of(&key)),
        Some(_) => return Err(Problem::field("key", "Give a key, or have one generated: one of both.")),
    };
    let roots = fields.roots.trim();
    check_roots(roots)?;
    let wanted = target::Webhook {
        id,
        name: fields.name.trim().into(),
        is_on: fields.is_on,
        url: fields.url.trim().into(),
        roots: roots.into(),
        chosen: fields.told.chosen(),
        // The operation puts the right one there.
        key: target::SigningKey(Secret::new("")),
    };
    let save = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        let present = admin.records.reporting();
        if_match.demand(present.version, "target")?;
        admin.save_webhook(present.version, &wanted, &key, dice)
    };
    let done = api.system.administer(&caller.by, save).await;
    let Done { value: (id, shown), .. } =
        done.map_err(|refusal| Problem::from(refusal).renamed("secret", "key"))?;
    let reporting = api.system.ledger.reporting();
    Ok((webhook_view(api, &webhook(&reporting, id.0)?), shown, reporting.version))
}

fn told_once(shown: Option<Secret>) -> Option<String> {
    shown.map(|secret| secret.reveal().to_owned())
}

pub(super) async fn create_webhook(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(fields): Body<WebhookFields>,
) -> Result<Answer, Problem> {
    let (webhook, shown, version) = save_webhook(&api, &caller, TargetId::NEW, IfMatch::Any, fields).await?;
    let location = format!("/api/v1/webhooks/{}", webhook.id);
    let saved = SavedWebhook { webhook, secret: told_once(shown) };
    Ok(Answer::versioned(&saved, version)?.made(location))
}

pub(super) async fn change_webhook(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<WebhookFields>,
) -> Result<Answer, Problem> {
    webhook(&api.system.ledger.reporting(), id)?;
    let (webhook, shown, version) = save_webhook(&api, &caller, TargetId(id), if_match, fields).await?;
    Answer::versioned(&SavedWebhook { webhook, secret: told_once(shown) }, version)
}

pub(super) async fn show_syslog(State(api): State<Arc<Api>>, Path(id): Path<u32>) -> Result<Answer, Problem> {
    let reporting = api.system.ledger.reporting();
    Answer::versioned(&syslog_view(&api, &syslog(&reporting, id)?), reporting.version)
}

/// Makes a receiver ([`TargetId::NEW`]) or changes one.
async fn save_syslog(
    api: &Arc<Api>,
    caller: &Caller,
    id: TargetId,
    if_match: IfMatch,
    fields: SyslogFields,
) -> Result<(SyslogReceiver, u32), Problem> {
    let roots = fields.roots.trim();
    check_roots(roots)?;
    let Severities { accepted, refused, warning, critical } = fields.severities;
    let wanted = target::SyslogTarget {
        id,
        name: fields.name.trim().into(),
        is_on: fields.is_on,
        host: fields.host.trim().into(),
        port: fields.port,
        transport: fields.transport,
        roots: roots.into(),
        facility: fields.facility,
        severities: target::Severities { accepted, refused, warning, critical },
        chosen: fields.told.chosen(),
    };
    let save = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.records.reporting();
        if_match.demand(present.version, "target")?;
        admin.save_syslog(present.version, &wanted)
    };
    let id = api.system.administer(&caller.by, save).await?.value;
    let reporting = api.system.ledger.reporting();
    Ok((syslog_view(api, &syslog(&reporting, id.0)?), reporting.version))
}

pub(super) async fn create_syslog(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(fields): Body<SyslogFields>,
) -> Result<Answer, Problem> {
    let (receiver, version) = save_syslog(&api, &caller, TargetId::NEW, IfMatch::Any, fields).await?;
    let location = format!("/api/v1/syslog-receivers/{}", receiver.id);
    Ok(Answer::versioned(&MadeSyslogReceiver { receiver }, version)?.made(location))
}

pub(super) async fn change_syslog(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<SyslogFields>,
) -> Result<Answer, Problem> {
    syslog(&api.system.ledger.reporting(), id)?;
    let (receiver, version) = save_syslog(&api, &caller, TargetId(id), if_match, fields).await?;
    Answer::versioned(&receiver, version)
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let delete = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        if_match.demand(admin.records.reporting().version, "target")?;
        admin.delete_target(TargetId(id))
    };
    api.system.administer(&caller.by, delete).await?;
    Ok(Answer::done())
}

/// Sends a test, and tells what came of it.
pub(super) async fn test(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let target = find(&api.system.ledger.reporting(), id)?;
    api.system.administer(&caller.by, move |admin, _| admin.test_target(TargetId(id))).await?;
    let item = Item::Test { number: u64::from_be_bytes(roll(&mut OsDice)), at: api.system.clock.now() };
    let answered = match target.outlet() {
        Ok(mut outlet) => outlet.send(&item, &api.system).await,
        Err(failure) => Err(failure),
    };
    Answer::json(&Tested::of(answered))
}
