//! Service users: the list, and one in full with the password.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, RoleKind, Status},
    credential::{CredentialKind, Owner},
    ident::AccountId,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::{AccountQuery, AccountSort};

use super::{
    Web,
    address::Path,
    audit, credentials, doctor,
    credentials::{CardOf, Slip},
    guard::{SignedForm, SignedIn},
    moment,
    users::{badge, change_secret, password_tally},
    views::{
        forms::{Field, Problems},
        parts::{Badge, Link, Notice, Tone},
        settings::{AdministratorRow, AdministratorsPage, SettingsTab},
        shell::Place,
        users::UserPage,
    },
};

const PATH: &str = "/manager/administrators";
/// There are at most 64 service users; all fit on one page.
const MOST: usize = 64;

pub(super) async fn list(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    let now = web.system.clock.now();
    let found = web.system.ledger.accounts(&AccountQuery {
        kind: Some(RoleKind::ServiceUser),
        domain: None,
        search: String::new(),
        sort: AccountSort::Name,
        descending: false,
        offset: 0,
        limit: MOST,
    });
    let page = AdministratorsPage {
        shell: who.shell(&web, Place::Settings),
        tab: SettingsTab::Administrators,
        rows: found.items.iter().map(|account| row(&web, account, now)).collect(),
    };
    Ok(who.page(&page))
}

fn row(web: &Web, account: &Account, now: Timestamp) -> AdministratorRow {
    let ledger = &web.system.ledger;
    let settings = ledger.settings();
    let sessions = ledger.sessions_of(account.id);
    let open = sessions.iter().filter(|session| session.is_open(&settings.sessions, now)).count();
    let has_password = has_password(web, account);
    AdministratorRow {
        href: format!("{PATH}/{}", account.id),
        name: account.name.to_string(),
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

fn rights(web: &Web, account: &Account) -> String {
    let rights = web.system.ledger.rights_of(account);
    if rights.len() == Right::ALL.len() {
        return "All rights".into();
    }
    rights.iter().map(|right| right.title()).collect::<Vec<_>>().join(", ")
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Account>, Response> {
    let account =
        web.system.ledger.account(AccountId(id)).filter(|account| account.kind() == RoleKind::ServiceUser);
    account.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &account, None)))
}

fn page(web: &Web, who: &SignedIn, account: &Account, wrong: Option<(String, String)>) -> UserPage {
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
    let fixed = |name: &str, label: &str, value: String| Field::new(name, label).value(value).fixed();
    UserPage {
        shell: who.shell(web, Place::Settings),
        title: account.name.to_string(),
        state: badge(present),
        list: Link::new(SettingsTab::Administrators.href(), "Administrators"),
        fields: vec![
            fixed("name", "Name", account.name.to_string())
                .hint("Built in: can be neither renamed nor deleted."),
            fixed("rights", "Rights", rights(web, account)),
        ],
        status: fixed("status", "Status", present.title().into()),
        expires: None,
        shown: String::new(),
        version: account.version.to_string(),
        credentials: if is_own { Vec::new() } else { vec![credentials::card(web, who, &of, wrong)] },
        elsewhere: is_own.then(|| {
            Notice::new(
                Tone::Info,
                "This is your own account",
                "Your password is changed under Preferences, where the present one is asked for.",
            )
            .with_link("/manager/preferences", "Preferences")
        }),
        connect: Vec::new(),
        history: audit::history(web, who, &account.name, now),
        history_href: audit::href_of(&account.name),
        doctor: doctor::link(who, &account.name),
        deletable: false,
        editable: false,
        problems: Problems::default(),
        href,
    }
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
    let slip = Slip { of: &account.name, number: "", back: &back };
    let refused = |error| {
        let page = page(&web, &who, &account, Some(error));
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let (owner, tally) = (Owner::Account(account.id), password_tally(&account));
    Ok(change_secret(&web, &who, &form, Place::Settings, owner, kind, tally, &slip, refused).await)
}
