//! Webhooks and receivers of syslog: their forms, a test of each, and how delivering goes.

use std::{collections::BTreeSet, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::SecretChoice,
    dice::roll,
    ident::TargetId,
    records::Records,
    reporting::Reporting,
    rights::Right,
    secret::Secret,
    target::{
        AuditGroup, Chosen, SYSLOG_MAX, Severities, SigningKey, SyslogTarget, SyslogTransport, WEBHOOKS_MAX,
        WebAddress, Webhook,
    },
    timestamp::Timestamp,
};

use super::{
    Web,
    address::Path,
    credentials,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    lists::thousands,
    moment,
    views::{
        errors::ConfirmPage,
        forms::{Field, Filled, Problems},
        parts::{Badge, Fact, Notice, Tone},
        shell::Place,
        targets::{
            TargetList, TargetPage, TargetRow, TargetState, key_fields, syslog_sections, webhook_sections,
        },
        users::SecretOncePage,
    },
};
use crate::{
    dice::OsDice,
    flow::{Done, Refusal},
    notify::{Target, connect::tls_config, item::Item, state::Told},
};

/// The page of all of them.
pub(super) const PATH: &str = "/manager/settings/notifications";

/// Which kind a form is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Webhook,
    Syslog,
}

impl Kind {
    const fn of(target: &Target) -> Self {
        match target {
            Target::Webhook(_) => Self::Webhook,
            Target::Syslog(_) => Self::Syslog,
        }
    }

    const fn slug(self) -> &'static str {
        match self {
            Self::Webhook => "webhooks",
            Self::Syslog => "syslog",
        }
    }

    fn named(slug: &str) -> Option<Self> {
        [Self::Webhook, Self::Syslog].into_iter().find(|kind| kind.slug() == slug)
    }
}

/// Both lists.
pub(super) fn lists(web: &Web, who: &SignedIn) -> Vec<TargetList> {
    let reporting = web.system.ledger.reporting();
    let may_change = who.by.may(Right::SystemWrite);
    let all = Target::all(&reporting);
    let rows = |kind: Kind| -> Vec<TargetRow> {
        all.iter()
            .filter(|target| Kind::of(target) == kind)
            .map(|target| row(web, target, may_change))
            .collect()
    };
    let add = |kind: Kind, count: usize, most: usize, label| {
        (may_change && count < most).then(|| (format!("{PATH}/{}/new", kind.slug()), label))
    };
    vec![
        TargetList {
            slug: "webhooks",
            title: "Webhooks",
            about: "Programs elsewhere that are told by HTTP, in signed JSON. At most eight.",
            rows: rows(Kind::Webhook),
            add: add(Kind::Webhook, reporting.webhooks.len(), WEBHOOKS_MAX, "New webhook"),
        },
        TargetList {
            slug: "syslog",
            title: "Syslog",
            about: "Receivers of RFC 5424 by UDP, TCP or TLS. At most four.",
            rows: rows(Kind::Syslog),
            add: add(Kind::Syslog, reporting.syslog.len(), SYSLOG_MAX, "New receiver"),
        },
    ]
}

fn row(web: &Web, target: &Target, may_change: bool) -> TargetRow {
    let now = web.system.clock.now();
    let told = web.system.deliveries.state(target.id()).told();
    let place = match target {
        Target::Webhook(webhook) => WebAddress::parse(&webhook.url).map_or_else(String::new, |at| {
            format!("{}://{}:{}", if at.is_https { "https" } else { "http" }, at.host, at.port)
        }),
        Target::Syslog(target) => format!("{}:{} by {}", target.host, target.port, target.transport.title()),
    };
    TargetRow {
        href: may_change.then(|| href(target)),
        name: target.name().into(),
        place,
        told: in_words(target.chosen()),
        state: badge(target, &told),
        detail: if told.problem.is_empty() {
            told.delivered_at.map_or_else(String::new, |at| format!("Last: {}", moment::stamp(at, now).human))
        } else {
            told.problem
        },
        test: format!("{PATH}/targets/{}/test", target.id()),
    }
}

fn href(target: &Target) -> String {
    format!("{PATH}/{}/{}", Kind::of(target).slug(), target.id())
}

fn badge(target: &Target, told: &Told) -> Badge {
    if !target.is_on() {
        Badge::new(Tone::Neutral, "Off")
    } else if told.failing_since.is_some() {
        Badge::new(Tone::Danger, "Fails")
    } else if told.delivered > 0 {
        Badge::new(Tone::Good, "Works")
    } else {
        Badge::new(Tone::Neutral, "Nothing yet")
    }
}

fn in_words(chosen: &Chosen) -> String {
    let alarms = chosen.alarms.then_some("Alarms");
    let groups = chosen.audit.iter().map(|group| group.title());
    alarms.into_iter().chain(groups).collect::<Vec<_>>().join("; ")
}

fn state(target: &Target, told: &Told, now: Timestamp) -> TargetState {
    let at = |at: Timestamp| moment::stamp(at, now).human;
    let number = |count: u64| thousands(usize::try_from(count).unwrap_or(usize::MAX));
    let mut facts = vec![Fact::new("Delivered since the start", number(told.delivered))];
    if let Some(last) = told.delivered_at {
        facts.push(Fact::new("Last", format!("{}: {}", at(last), told.answer)));
    }
    if let Some(since) = told.failing_since {
        facts.push(Fact::new("Fails since", format!("{}, {} tries", at(since), number(told.failures))));
        facts.push(Fact::new("Why", told.problem.clone()));
    }
    if told.lost > 0 {
        facts.push(Fact::new("Not delivered", number(told.lost)));
    }
    TargetState {
        badge: badge(target, told),
        facts,
        test: format!("{PATH}/targets/{}/test", target.id()),
        delete: format!("{PATH}/targets/{}/delete", target.id()),
    }
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Target, Response> {
    let found =
        Target::all(&web.system.ledger.reporting()).into_iter().find(|target| target.id() == TargetId(id));
    found.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// The form of a target as it is, or of a new one.
fn saved(reporting: &Reporting, target: Option<&Target>, kind: Kind) -> Filled {
    let chosen = target
        .map_or_else(|| Chosen { alarms: true, audit: BTreeSet::new() }, |target| target.chosen().clone());
    let filled = Filled::default()
        .with("version", reporting.version.to_string())
        .with("name", target.map_or("", Target::name))
        .with("on", yes(target.is_none_or(Target::is_on)))
        .with("alarms", yes(chosen.alarms));
    let filled = AuditGroup::ALL
        .into_iter()
        .fold(filled, |filled, group| filled.with(group.name(), yes(chosen.audit.contains(&group))));
    match (kind, target) {
        (Kind::Webhook, Some(Target::Webhook(webhook))) => {
            filled.with("url", &*webhook.url).with("roots", &*webhook.roots)
        }
        (Kind::Webhook, _) => filled.with("url", "").with("roots", ""),
        (Kind::Syslog, Some(Target::Syslog(target))) => syslog_filled(filled, target),
        (Kind::Syslog, _) => filled
            .with("host", "")
            .with("port", "6514")
            .with("transport", "tls")
            .with("roots", "")
            .with("facility", "10")
            .with("accepted", "6")
            .with("refused", "4")
            .with("warning", "4")
            .with("critical", "2"),
    }
}

fn syslog_filled(filled: Filled, target: &SyslogTarget) -> Filled {
    let Severities { accepted, refused, warning, critical } = target.severities;
    filled
        .with("host", &*target.host)
        .with("port", target.port.to_string())
        .with("transport", target.transport.name())
        .with("roots", &*target.roots)
        .with("facility", target.facility.to_string())
        .with("accepted", accepted.to_string())
        .with("refused", refused.to_string())
        .with("warning", warning.to_string())
        .with("critical", critical.to_string())
}

fn page(web: &Web, who: &SignedIn, kind: Kind, target: Option<&Target>, filled: &Filled) -> TargetPage {
    let now = web.system.clock.now();
    let (sections, key, new) = match kind {
        Kind::Webhook => {
            (webhook_sections(filled), Some(key_fields(filled, target.is_none())), "New webhook")
        }
        Kind::Syslog => (syslog_sections(filled), None, "New receiver of syslog"),
    };
    let is_clear = filled.value("url").starts_with("http://");
    let notice = is_clear.then(|| {
        let text = "Everybody on the way can read and change what is sent there. It is sent to this machine and to \
                    private networks alone. The signature still shows a change.";
        Notice::new(Tone::Warning, "http:// is not encrypted", text)
    });
    let fields: Vec<&Field> = sections
        .iter()
        .flat_map(|section| section.fields.iter())
        .chain(key.iter().map(|(how, _)| how))
        .collect();
    let secrets: Vec<_> = key.iter().map(|(_, secret)| secret).collect();
    TargetPage {
        shell: who.shell(web, Place::Settings),
        title: target.map_or(new, Target::name).into(),
        action: target.map_or_else(|| format!("{PATH}/{}/new", kind.slug()), href),
        notice,
        problems: Problems::of(&fields, &secrets),
        sections,
        key,
        version: filled.value("version").to_owned(),
        state: target.map(|target| state(target, &web.system.deliveries.state(target.id()).told(), now)),
    }
}

pub(super) async fn ask_new(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(kind): Path<String>,
) -> Result<Response, Response> {
    let Some(kind) = Kind::named(&kind) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    let filled = saved(&web.system.ledger.reporting(), None, kind);
    Ok(who.page(&page(&web, &who, kind, None, &filled)))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path((kind, id)): Path<(String, u32)>,
) -> Result<Response, Response> {
    let target = find(&web, &who, id)?;
    if Kind::named(&kind) != Some(Kind::of(&target)) {
        return Err(who.visitor.error(&web, StatusCode::NOT_FOUND));
    }
    let filled = saved(&web.system.ledger.reporting(), Some(&target), Kind::of(&target));
    Ok(who.page(&page(&web, &who, Kind::of(&target), Some(&target), &filled)))
}

pub(super) async fn create(
    State(web): State<Arc<Web>>,
    Path(kind): Path<String>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let Some(kind) = Kind::named(&kind) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    Ok(keep(&web, &who, kind, None, &form).await)
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    Path((kind, id)): Path<(String, u32)>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let target = find(&web, &who, id)?;
    if Kind::named(&kind) != Some(Kind::of(&target)) {
        return Err(who.visitor.error(&web, StatusCode::NOT_FOUND));
    }
    Ok(keep(&web, &who, Kind::of(&target), Some(&target), &form).await)
}

/// What was made or changed, and a key to be shown.
type Kept = Result<Done<(TargetId, Option<Secret>)>, Refusal>;

async fn keep(web: &Arc<Web>, who: &SignedIn, kind: Kind, target: Option<&Target>, form: &Form) -> Response {
    let present = saved(&web.system.ledger.reporting(), target, kind);
    let typed = present.names().fold(Filled::default(), |filled, name| {
        let is_box = ["yes", "no"].contains(&present.value(name));
        filled.with(name, if is_box { yes(form.is_ticked(name)) } else { form.get(name).trim() })
    });
    let typed = typed.with("secret_how", form.get("secret_how"));
    let again = |filled: &Filled| {
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(web, who, kind, target, filled))
    };
    let roots = form.get("roots").trim();
    if !roots.is_empty()
        && let Err(failure) = tls_config(roots)
    {
        return again(&typed.wrong("roots", format!("They are of no use: {}.", failure.problem)));
    }
    let done = match kind {
        Kind::Webhook => match credentials::choice(form, "secret") {
            Ok(key) => keep_webhook(web, who, target, form, key).await,
            Err((field, text)) => return again(&typed.wrong(&field, text)),
        },
        Kind::Syslog => match syslog(target, form) {
            Ok(wanted) => keep_syslog(web, who, form, wanted).await,
            Err(field) => return again(&typed.wrong(field, "This is no number that fits here.")),
        },
    };
    match done {
        Ok(Done { value: (id, shown), .. }) => {
            let back = format!("{PATH}/{}/{id}", kind.slug());
            match shown {
                Some(secret) => once(web, who, form.get("name").trim(), &secret, &back),
                None => guard::redirect_with(&back, Tone::Good, "Saved", "In force from now on."),
            }
        }
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(typed, &present);
            let mut page = page(web, who, kind, target, &filled);
            page.problems.list.insert(0, credentials::overtaken_words("page", "name"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) => {
            let wrong = credentials::wrong_fields(&refusal);
            if wrong.is_empty() {
                return credentials::refuse(who, web, &refusal);
            }
            again(&wrong.into_iter().fold(typed, |filled, wrong| {
                let field = match wrong.field {
                    "told" => "alarms",
                    "severities" => "accepted",
                    other => other,
                };
                filled.wrong(field, wrong.problem)
            }))
        }
    }
}

fn chosen(form: &Form) -> Chosen {
    Chosen {
        alarms: form.is_ticked("alarms"),
        audit: AuditGroup::ALL.into_iter().filter(|group| form.is_ticked(group.name())).collect(),
    }
}

fn version(form: &Form) -> u32 {
    form.get("version").parse().unwrap_or(0)
}

async fn keep_webhook(
    web: &Arc<Web>,
    who: &SignedIn,
    target: Option<&Target>,
    form: &Form,
    key: SecretChoice,
) -> Kept {
    let version = version(form);
    let wanted = Webhook {
        id: target.map_or(TargetId::NEW, Target::id),
        name: form.get("name").trim().into(),
        is_on: form.is_ticked("on"),
        url: form.get("url").trim().into(),
        roots: form.get("roots").trim().into(),
        chosen: chosen(form),
        // The operation puts the right one there.
        key: SigningKey(Secret::new("")),
    };
    web.system.administer(&who.by, move |admin, dice| admin.save_webhook(version, &wanted, &key, dice)).await
}

async fn keep_syslog(web: &Arc<Web>, who: &SignedIn, form: &Form, wanted: SyslogTarget) -> Kept {
    let version = version(form);
    let done = web.system.administer(&who.by, move |admin, _| admin.save_syslog(version, &wanted)).await?;
    Ok(Done { value: (done.value, None), generated: done.generated })
}

/// Reads a form; the field that is no number.
fn syslog(target: Option<&Target>, form: &Form) -> Result<SyslogTarget, &'static str> {
    fn number<T: std::str::FromStr>(form: &Form, field: &'static str) -> Result<T, &'static str> {
        form.get(field).trim().parse().map_err(|_| field)
    }
    let transport = SyslogTransport::ALL.into_iter().find(|way| way.name() == form.get("transport"));
    Ok(SyslogTarget {
        id: target.map_or(TargetId::NEW, Target::id),
        name: form.get("name").trim().into(),
        is_on: form.is_ticked("on"),
        host: form.get("host").trim().into(),
        port: number(form, "port")?,
        transport: transport.ok_or("transport")?,
        roots: form.get("roots").trim().into(),
        facility: number(form, "facility")?,
        severities: Severities {
            accepted: number(form, "accepted")?,
            refused: number(form, "refused")?,
            warning: number(form, "warning")?,
            critical: number(form, "critical")?,
        },
        chosen: chosen(form),
    })
}

fn once(web: &Web, who: &SignedIn, name: &str, secret: &Secret, back: &str) -> Response {
    who.page(&SecretOncePage {
        shell: who.shell(web, Place::Settings),
        title: format!("Signing key of {name}"),
        secret: secret.reveal().to_owned(),
        facts: Vec::new(),
        instruction: "Give this to the receiver: by it, it knows that a message is from this system.".into(),
        back: back.into(),
    })
}

/// Sends a test, and tells what came of it.
pub(super) async fn test(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _form): SignedForm,
) -> Result<Response, Response> {
    let target = find(&web, &who, id)?;
    let noted = web.system.administer(&who.by, move |admin, _| admin.test_target(TargetId(id))).await;
    if let Err(refusal) = noted {
        return Ok(credentials::refuse(&who, &web, &refusal));
    }
    let item = Item::Test { number: u64::from_be_bytes(roll(&mut OsDice)), at: web.system.clock.now() };
    let answered = match target.outlet() {
        Ok(mut outlet) => outlet.send(&item, &web.system).await,
        Err(failure) => Err(failure),
    };
    let back = href(&target);
    Ok(match answered {
        Ok(answer) => guard::redirect_with(&back, Tone::Good, "The test was taken", &answer),
        Err(failure) => guard::redirect_with(&back, Tone::Danger, "The test was not taken", &failure.problem),
    })
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let target = find(&web, &who, id)?;
    Ok(who.page(&ConfirmPage {
        shell: who.shell(&web, Place::Settings),
        title: format!("Delete {}?", target.name()),
        text: "Nothing more is sent there, and what waits for it is dropped.".into(),
        facts: Vec::new(),
        action: format!("{PATH}/targets/{id}/delete"),
        hidden: Vec::new(),
        yes: format!("Delete {}", target.name()),
        danger: true,
        back: href(&target),
    }))
}

pub(super) async fn delete(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _form): SignedForm,
) -> Response {
    match web.system.administer(&who.by, move |admin, _| admin.delete_target(TargetId(id))).await {
        Ok(_) => guard::redirect_with(PATH, Tone::Good, "Deleted", "Nothing more is sent there."),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}
