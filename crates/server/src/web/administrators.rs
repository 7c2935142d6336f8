//! Service users: the list, and one in full with the password.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, Role, Status},
    admin::{Admin, ServiceUserFields},
    credential::{CredentialKind, Owner},
    dice::Dice,
    document::DocumentId,
    ident::{AccountId, DomainId, GroupId},
    records::Records,
    rights::{Right, SERVICE_USERS_MAX},
    timestamp::Timestamp,
};

use super::{
    Web,
    address::{Path, Query},
    audit,
    credentials::{self, CardOf, Slip},
    doctor, domains,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    lists::ListQuery,
    moment,
    users::{badge, chosen_condition, last_day, password_tally, renamed, slug},
    views::{
        administrators::{AdministratorNewPage, administrator_fields},
        errors::ConfirmPage,
        forms::{Choice, Filled, Picks, Problems},
        parts::{Badge, Fact, Link, Notice, Tone},
        settings::{AdministratorRow, AdministratorsPage, SettingsTab},
        shell::Place,
        users::{UserPage, expiry_field, status_field},
    },
};

const PATH: &str = "/manager/administrators";

pub(super) async fn list(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    let now = web.system.clock.now();
    let mut accounts = who.reach(&web).service_users();
    accounts.sort_by_cached_key(|account| (!account.is_built_in(), account.domain, account.folded_name()));
    let page = AdministratorsPage {
        shell: who.shell(&web, Place::Settings),
        tab: SettingsTab::Administrators,
        count: if domains::is_asked(&web, &who) {
            format!("{} administrators; at most {SERVICE_USERS_MAX} in each domain", accounts.len())
        } else {
            format!("{} of {SERVICE_USERS_MAX} administrators", accounts.len())
        },
        editable: who.by.may(Right::SecurityWrite),
        rows: accounts.iter().map(|account| row(&web, &who, account, now)).collect(),
    };
    Ok(who.page(&page))
}

fn row(web: &Web, who: &SignedIn, account: &Account, now: Timestamp) -> AdministratorRow {
    let ledger = &web.system.ledger;
    let settings = ledger.settings();
    let sessions = ledger.sessions_of(account.id);
    let open = sessions.iter().filter(|session| session.is_open(&settings.sessions, now)).count();
    let has_password = has_password(web, account);
    AdministratorRow {
        href: format!("{PATH}/{}", account.id),
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        domain: domains::other(web, who, account.domain),
        built_in: account.is_built_in(),
        rights: rights(web, account),
        status: badge(ledger.status_of(account, now)),
        password: if has_password {
            Badge::new(Tone::Good, "Set")
        } else {
            Badge::new(Tone::Warning, "Not set")
        },
        last: ledger.activity(account.id).signed_in_at.map(|at| moment::stamp(at, now)),
        sessions: format!("{open} of {}", settings.sessions.concurrent_max),
    }
}

fn has_password(web: &Web, account: &Account) -> bool {
    web.system.ledger.credential(Owner::Account(account.id), CredentialKind::ServicePassword).is_some()
}

/// "All rights", or the groups.
fn rights(web: &Web, account: &Account) -> String {
    if web.system.ledger.rights_of(account).len() == Right::ALL.len() {
        return "All rights".into();
    }
    let names = groups_of(account).iter().filter_map(|id| {
        let document = web.system.ledger.document(DocumentId::RightsGroup(*id))?;
        document.rights_group().map(|group| group.name.to_string())
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { "None".into() } else { names.join(", ") }
}

fn groups_of(account: &Account) -> &[GroupId] {
    match &account.role {
        Role::ServiceUser { groups } => groups,
        Role::User { .. } => &[],
    }
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Account>, Response> {
    who.admin(web).service_user(AccountId(id)).map_err(|_| who.visitor.error(web, StatusCode::NOT_FOUND))
}

/// The form with what is in force. The groups are one value, by their numbers.
fn saved(web: &Web, account: &Account) -> Filled {
    let groups: Vec<String> = groups_of(account).iter().map(ToString::to_string).collect();
    let status = web.system.ledger.status_of(account, web.system.clock.now());
    Filled::default()
        .with("name", &*account.name)
        .with("full_name", &*account.full_name)
        .with("groups", groups.join(" "))
        .with("status", slug(status))
        .with("shown", slug(status))
        .with("expires_at", crate::moment::day(account.expires_at))
        .with("version", account.version.to_string())
}

fn typed(form: &Form) -> Filled {
    let fields = ["domain", "name", "full_name", "status", "shown", "expires_at", "version", "password_how"];
    fields
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)))
        .with("groups", form.all("groups").collect::<Vec<_>>().join(" "))
        .with("force_new", if form.is_ticked("force_new") { "yes" } else { "no" })
}

fn chosen_groups(filled: &Filled) -> Vec<GroupId> {
    filled.value("groups").split(' ').filter_map(|id| id.parse().ok().map(GroupId)).collect()
}

fn groups_field(web: &Web, who: &SignedIn, filled: &Filled) -> Picks {
    let chosen = chosen_groups(filled);
    let choices = who.admin(web).groups().into_iter().map(|group| {
        let rights: Vec<&str> = group.rights.iter().map(|right| right.title()).collect();
        let hint = if rights.is_empty() { "No rights".into() } else { rights.join(", ") };
        Choice::new(group.id.to_string(), group.name.to_string(), chosen.contains(&group.id)).hint(hint)
    });
    Picks {
        name: "groups".into(),
        label: "Groups".into(),
        hint: String::new(),
        choices: choices.collect(),
        error: filled.error("groups"),
        fixed: false,
    }
}

pub(super) async fn ask_new(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(query): Query<ListQuery>,
) -> Response {
    who.page(&new_page(&web, &who, &Filled::default().with("domain", query.domain)))
}

fn new_page(web: &Web, who: &SignedIn, filled: &Filled) -> AdministratorNewPage {
    let rules = credentials::rules(
        &web.system.ledger.settings(),
        CredentialKind::ServicePassword,
        filled.value("name"),
        "",
    );
    let groups = groups_field(web, who, filled);
    AdministratorNewPage::new(
        who.shell(web, Place::Settings),
        filled,
        domains::field(web, who, filled),
        groups,
        rules,
    )
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let filled = typed(&form);
    let refused =
        |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&web, &who, filled));
    let password = match credentials::choice(&form, "password") {
        Ok(password) => password,
        Err((again, text)) => return refused(&filled.wrong(&again, text)),
    };
    let fields = ServiceUserFields {
        domain: form.get("domain").parse().ok().map(DomainId),
        name: form.get("name").into(),
        full_name: form.get("full_name").into(),
        groups: chosen_groups(&filled),
        condition: None,
        expires_at: None,
    };
    let name = fields.name.trim().to_owned();
    let force_new = form.is_ticked("force_new");
    let make = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        admin.create_service_user(&fields, &password, force_new, dice)
    };
    match web.system.administer(&who.by, make).await {
        Ok(made) if made.generated.is_empty() => {
            let to = format!("{PATH}/{}", made.value);
            guard::redirect_with(&to, Tone::Good, &format!("{name} is created"), "")
        }
        Ok(made) => {
            let back = format!("{PATH}/{}", made.value);
            let slip = Slip { of: &name, phone: None, back: &back };
            credentials::once(&who, &web, Place::Settings, &made.generated, &slip)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => refused(&credentials::fill_wrong(filled, &renamed(refusal))),
    }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &account, &saved(&web, &account), None)))
}

fn page(
    web: &Web,
    who: &SignedIn,
    account: &Account,
    filled: &Filled,
    wrong_secret: Option<(String, String)>,
) -> UserPage {
    let now = web.system.clock.now();
    let href = format!("{PATH}/{}", account.id);
    let present = web.system.ledger.status_of(account, now);
    let of = CardOf {
        owner: Owner::Account(account.id),
        kind: CredentialKind::ServicePassword,
        href: &href,
        account: &account.name,
        number: "",
        tally: password_tally(account),
        force_new: Some(present == Status::ForceNewPassword),
        about: "For the manager. Whoever changes it ends the account's other sessions.",
    };
    let is_own = who.account.id == account.id;
    let editable = who.by.may(Right::SecurityWrite);
    let mut fields = administrator_fields(filled);
    if account.is_built_in() {
        for field in fields.iter_mut().filter(|field| field.name == "name") {
            field.fixed = true;
            field.hint = "Built in: can be neither renamed nor deleted.".into();
        }
    }
    let mut groups = groups_field(web, who, filled);
    groups.fixed = !editable || account.is_built_in() || is_own;
    if account.is_built_in() {
        groups.hint = "A built-in account may do everything.".into();
        groups.choices.clear();
    } else if is_own {
        groups.hint = "Nobody can change their own rights.".into();
    }
    let (mut status, mut expires) = (status_field(filled), expiry_field(filled));
    if !editable {
        fields.iter_mut().chain([&mut status, &mut expires]).for_each(|field| field.fixed = true);
    }
    let shown: Vec<_> = fields.iter().chain([&status, &expires]).collect();
    let mut problems = Problems::of(&shown, &[]);
    problems.list.extend(groups.problem());
    UserPage {
        shell: who.shell(web, Place::Settings),
        title: account.name.to_string(),
        state: badge(present),
        list: Link::new(
            SettingsTab::Administrators.href(),
            domains::named(&*web.system.ledger, "Administrators", account.domain),
        ),
        groups: Some(groups),
        status,
        expires: Some(expires),
        shown: filled.value("shown").to_owned(),
        version: filled.value("version").to_owned(),
        credentials: if is_own { Vec::new() } else { vec![credentials::card(web, who, &of, wrong_secret)] },
        tabs: Vec::new(),
        elsewhere: is_own.then(|| {
            Notice::new(
                Tone::Info,
                "This is your own account",
                "Your password is changed under User Preferences, where the present one is asked for.",
            )
            .with_link("/manager/preferences", "User Preferences")
        }),
        connect: Vec::new(),
        history: audit::history(web, who, &account.name, account.domain, Some(account.id), now),
        history_href: audit::href_of(&account.name, domains::told(web, who, account.domain)),
        doctor: doctor::link(who, &account.name, account.domain),
        deletable: editable && !account.is_built_in() && !is_own,
        editable,
        problems,
        fields,
        href,
    }
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    let filled = typed(&form);
    let refused = |filled: &Filled| {
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &account, filled, None))
    };
    let expires_at = match last_day(form.get("expires_at"), &account) {
        Ok(expires_at) => expires_at,
        Err(problem) => return Ok(refused(&filled.wrong("expires_at", problem))),
    };
    // What a page shows and does not let one change, it does not send.
    let is_kept = account.is_built_in() || who.account.id == account.id;
    let fields = ServiceUserFields {
        domain: None,
        name: if account.is_built_in() { account.name.to_string() } else { form.get("name").into() },
        full_name: form.get("full_name").into(),
        groups: if is_kept { groups_of(&account).to_vec() } else { chosen_groups(&filled) },
        condition: chosen_condition(&form),
        expires_at,
    };
    let version = form.get("version").parse().unwrap_or(0);
    let edit =
        move |admin: &Admin<'_>, _: &mut dyn Dice| admin.edit_service_user(AccountId(id), version, &fields);
    Ok(match web.system.administer(&who.by, edit).await {
        Ok(_) => guard::redirect_with(&format!("{PATH}/{id}"), Tone::Good, "Saved", ""),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let account = find(&web, &who, id)?;
            let filled = credentials::overtaken(filled, &saved(&web, &account));
            let mut page = page(&web, &who, &account, &filled, None);
            page.problems.list.insert(0, credentials::overtaken_words("account", "full_name"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => refused(&credentials::fill_wrong(filled, &refusal)),
    })
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    let mut facts = vec![Fact::new("Rights", rights(&web, &account))];
    facts.extend(domains::fact(&web, &who, account.domain));
    let page = ConfirmPage::deletion(
        who.shell(&web, Place::Settings),
        &account.name,
        "The account and its password are deleted, and its sessions end. The audit stays.",
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
    let account = find(&web, &who, id)?;
    let done = web.system.administer(&who.by, move |admin, _| admin.delete_service_user(AccountId(id))).await;
    let list = SettingsTab::Administrators.href();
    Ok(match done {
        Ok(_) => guard::redirect_with(list, Tone::Good, &format!("{} is deleted", account.name), ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}

pub(super) async fn set_secret(
    State(web): State<Arc<Web>>,
    Path((id, kind)): Path<(u32, String)>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    let kind = credentials::kind_named(&kind).filter(|kind| *kind == CredentialKind::ServicePassword);
    let Some(kind) = kind else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    let back = format!("{PATH}/{id}");
    let slip = Slip { of: &account.name, phone: None, back: &back };
    let refused = |error: (String, String)| {
        if !who.by.may(Right::SecurityRead) {
            return credentials::not_set(&error.1);
        }
        let page = page(&web, &who, &account, &saved(&web, &account), Some(error));
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let (owner, counts) = (Owner::Account(account.id), vec![password_tally(&account)]);
    Ok(credentials::change_secret(&web, &who, &form, Place::Settings, owner, kind, counts, &slip, refused)
        .await)
}
