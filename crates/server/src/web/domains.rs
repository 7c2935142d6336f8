//! Domains: the list, one new, one in full; and the field by which other pages ask which one is meant. Where there is only
//! one, nothing asks.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::RoleKind, admin::NewDomain, extension::Domain, ident::DomainId, records::Records, rights::Right,
};
use store::{AccountQuery, ExtensionQuery};

use super::{
    Web,
    address::Path,
    credentials,
    guard::{SignedForm, SignedIn},
    lists::thousands,
    settings, short_codes,
    views::{
        domains::{DomainNewPage, DomainPage, DomainRow, DomainsPage, new_domain_fields},
        errors::ConfirmPage,
        forms::{Choice, Field, Filled, Kind, Problems},
        parts::{Fact, Link, Tone},
        settings::SettingsTab,
        shell::Place,
    },
};

const PATH: &str = "/manager/domains";

/// What people call a domain: the first by the system's name, each other by its first host name.
pub(super) fn title(records: &dyn Records, id: DomainId) -> String {
    match records.domain(id) {
        Some(domain) if id != DomainId::FIRST => domain.hosts.first().unwrap_or(&domain.realm).to_string(),
        _ => records.settings().system_name.to_string(),
    }
}

/// The same for a line of a list; `None` of the first, which goes without saying.
pub(super) fn other(web: &Web, who: &SignedIn, id: DomainId) -> Option<String> {
    called(web, who, id).filter(|_| id != DomainId::FIRST)
}

/// What a domain is called, where somebody sees several.
pub(super) fn called(web: &Web, who: &SignedIn, id: DomainId) -> Option<String> {
    is_asked(web, who).then(|| title(&*web.system.ledger, id))
}

/// Somebody or something by its name, and of another domain than the first by that too: "201 (second.example)".
pub(super) fn named(records: &dyn Records, name: &str, id: DomainId) -> String {
    if id == DomainId::FIRST { name.into() } else { format!("{name} ({})", title(records, id)) }
}

/// The domain itself, where it has to be told from others.
pub(super) fn told(web: &Web, who: &SignedIn, id: DomainId) -> Option<DomainId> {
    is_asked(web, who).then_some(id)
}

/// The same for a question before something is done.
pub(super) fn fact(web: &Web, who: &SignedIn, id: DomainId) -> Option<Fact> {
    called(web, who, id).map(|domain| Fact::new("Domain", domain))
}

/// Whether there is more than one for them to choose among.
pub(super) fn is_asked(web: &Web, who: &SignedIn) -> bool {
    who.by.within.is_none() && web.system.ledger.domains().len() > 1
}

fn choices(web: &Web, chosen: &str) -> Vec<Choice> {
    let records = &*web.system.ledger;
    let choice = |domain: &Arc<Domain>| {
        let id = domain.id.to_string();
        let is_chosen = id == chosen;
        Choice::new(id, title(records, domain.id), is_chosen)
    };
    records.domains().iter().map(choice).collect()
}

/// `domain`: whose a new user, extension or administrator is.
pub(super) fn field(web: &Web, who: &SignedIn, filled: &Filled) -> Option<Field> {
    let field = || {
        let choices = choices(web, filled.value("domain"));
        let hint = "The organisation. It cannot be changed afterwards.";
        filled.field(Field::new("domain", "Domain").kind(Kind::Select(choices)).hint(hint).required())
    };
    is_asked(web, who).then(field)
}

/// `domain` of a page about one of them at a time.
pub(super) fn choice(web: &Web, who: &SignedIn, chosen: DomainId) -> Option<Field> {
    is_asked(web, who).then(|| {
        let choices = choices(web, &chosen.to_string());
        Field::new("domain", "Domain").kind(Kind::Select(choices)).search()
    })
}

/// `domain` of a list: all of them, or one.
pub(super) fn filter(web: &Web, who: &SignedIn, chosen: &str) -> Option<Field> {
    is_asked(web, who).then(|| {
        let mut all = vec![Choice::new("", "All", chosen.is_empty())];
        all.extend(choices(web, chosen));
        Field::new("domain", "Domain").kind(Kind::Select(all)).search()
    })
}

pub(super) async fn list(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    let ledger = &web.system.ledger;
    let row = |domain: &Arc<Domain>| DomainRow {
        href: href(domain.id),
        name: title(&**ledger, domain.id),
        is_first: domain.id == DomainId::FIRST,
        hosts: domain.hosts.join(", "),
        users: thousands(users(&web, domain.id)),
        extensions: thousands(extensions(&web, domain.id)),
    };
    let rows: Vec<DomainRow> = ledger.domains().iter().map(row).collect();
    let page = DomainsPage {
        shell: who.shell(&web, Place::Settings),
        tab: SettingsTab::Domains,
        count: match rows.len() {
            1 => "1 domain".into(),
            many => format!("{} domains", thousands(many)),
        },
        editable: who.by.may(Right::SystemWrite),
        rows,
    };
    who.page(&page)
}

pub(super) fn href(id: DomainId) -> String {
    if id == DomainId::FIRST { SettingsTab::Domain.href().into() } else { format!("{PATH}/{id}") }
}

/// How many users a domain has.
pub(super) fn users(web: &Web, id: DomainId) -> usize {
    let query =
        AccountQuery { kind: Some(RoleKind::User), domain: Some(id), limit: 0, ..AccountQuery::default() };
    web.system.ledger.accounts(&query).total
}

fn administrators(web: &Web, id: DomainId) -> usize {
    web.system.ledger.service_users().iter().filter(|account| account.domain == id).count()
}

/// How many extensions.
pub(super) fn extensions(web: &Web, id: DomainId) -> usize {
    let query = ExtensionQuery { domain: Some(id), limit: 0, ..ExtensionQuery::default() };
    web.system.ledger.extensions(&query).total
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Domain>, Response> {
    let domain = web.system.ledger.domain(DomainId(id)).filter(|domain| domain.id != DomainId::FIRST);
    domain.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

pub(super) async fn ask_new(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&new_page(&web, &who, &Filled::default()))
}

fn new_page(web: &Web, who: &SignedIn, filled: &Filled) -> DomainNewPage {
    let fields = new_domain_fields(filled);
    let shown: Vec<&Field> = fields.iter().collect();
    DomainNewPage { shell: who.shell(web, Place::Settings), problems: Problems::of(&shown, &[]), fields }
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let filled =
        Filled::default().with("sip_domain", form.get("sip_domain")).with("realm", form.get("realm"));
    let new = NewDomain {
        hosts: form.get("sip_domain").split_whitespace().map(str::to_owned).collect(),
        realm: form.get("realm").into(),
    };
    match web.system.administer(&who.by, move |admin, _| admin.create_domain(&new)).await {
        Ok(made) => {
            let text = "Nobody administers it but you. Make its first administrator, who signs in at its own host name.";
            who.saved(&format!("{PATH}/{}", made.value), Tone::Good, "The domain is created", text)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let filled = settings::filled_wrong(filled, &refusal);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&web, &who, &filled))
        }
    }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let domain = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &domain, &settings::domain_filled(&domain))))
}

fn page(web: &Web, who: &SignedIn, domain: &Domain, filled: &Filled) -> DomainPage {
    let id = domain.id;
    let number = id.to_string();
    let to = |path: &str| format!("{path}?domain={number}");
    let holds = vec![
        Link::new(to("/manager/users"), format!("Users: {}", thousands(users(web, id)))),
        Link::new(to("/manager/extensions"), format!("Extensions: {}", thousands(extensions(web, id)))),
        Link::new(SettingsTab::Administrators.href(), format!("Administrators: {}", administrators(web, id))),
        Link::new(short_codes::href(id), "Short codes"),
    ];
    let editable = who.by.may(Right::SystemWrite);
    let first = who.by.may(Right::SecurityWrite).then(|| to("/manager/administrators/new"));
    DomainPage::new(
        who.shell(web, Place::Settings),
        title(&*web.system.ledger, id),
        format!("{PATH}/{id}"),
        filled,
        holds,
        first,
        editable,
    )
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let domain = find(&web, &who, id)?;
    let filled = settings::typed(&settings::domain_filled(&domain), &form);
    let wanted = settings::domain_wanted(&domain, &form);
    let done = web.system.administer(&who.by, move |admin, _| admin.save_domain(&wanted)).await;
    Ok(match done {
        Ok(_) => who.saved(&format!("{PATH}/{id}"), Tone::Good, "Saved", "In force from now on."),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let domain = find(&web, &who, id)?;
            let filled = credentials::overtaken(filled, &settings::domain_filled(&domain));
            let mut page = page(&web, &who, &domain, &filled);
            page.problems.list.insert(0, credentials::overtaken_words("domain", "sip_domain"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let filled = settings::filled_wrong(filled, &refusal);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &domain, &filled))
        }
    })
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let domain = find(&web, &who, id)?;
    let title = title(&*web.system.ledger, domain.id);
    let facts = vec![
        Fact::new("Users", thousands(users(&web, domain.id))),
        Fact::new("Administrators", administrators(&web, domain.id).to_string()),
        Fact::new("Extensions", thousands(extensions(&web, domain.id))),
    ];
    let page = ConfirmPage::deletion(
        who.shell(&web, Place::Settings),
        &format!("the domain {title}"),
        "Only one that is empty can be deleted. Its host names mean the first domain from then on.",
        facts,
        format!("{PATH}/{id}"),
    );
    Ok(who.page(&page))
}

pub(super) async fn delete(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let domain = find(&web, &who, id)?;
    let title = title(&*web.system.ledger, domain.id);
    let done = web.system.administer(&who.by, move |admin, _| admin.delete_domain(DomainId(id))).await;
    Ok(match done {
        Ok(_) => who.saved(SettingsTab::Domains.href(), Tone::Good, &format!("{title} is deleted"), ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}
