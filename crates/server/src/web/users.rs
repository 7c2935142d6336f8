//! Users: the list, one new, one in full.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, Condition, RoleKind, Status},
    admin::{EditUser, NewUser, SecretChoice},
    credential::CredentialKind,
    ident::{AccountId, ExtensionId},
    lockout::TallyKey,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::{AccountQuery, AccountSort};

use super::{
    Web,
    address::{Path, Query},
    audit, bulk, credentials,
    credentials::Slip,
    doctor, domains,
    form::Form,
    guard::{SignedForm, SignedIn},
    jobs, known,
    lists::{ListQuery, PAGE, thousands},
    moment, user_passwords,
    views::{
        errors::ConfirmPage,
        forms::{Filled, Problems},
        parts::{Badge, Fact, Link, Tone},
        shell::Place,
        users::{UserNewPage, UserPage, UserRow, UsersPage, expiry_field, status_field, user_fields},
    },
};
use crate::flow::Refusal;

pub(super) const PATH: &str = "/manager/users";

/// The page of a user.
pub(super) fn href(id: AccountId) -> String {
    format!("{PATH}/{id}")
}

pub(super) async fn list(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, Response> {
    let ledger = &web.system.ledger;
    let now = web.system.clock.now();
    let (column, descending) = query.order();
    let found = known::accounts(
        ledger,
        &who.known(&web),
        &AccountQuery {
            kind: Some(RoleKind::User),
            domain: query.within(&who.by),
            search: query.search(),
            sort: match column {
                "full_name" => AccountSort::FullName,
                "extension" => AccountSort::Number,
                "seen" => AccountSort::SignedInAt,
                _ => AccountSort::Name,
            },
            descending,
            offset: query.offset(),
            limit: PAGE,
        },
    );
    let rows = found.items.iter().map(|account| row(&web, &who, account, now)).collect();
    let page = UsersPage {
        shell: who.shell(&web, Place::Users),
        any: found.total > 0 || query.is_narrowed(),
        name: query.column(PATH, "name", "Name"),
        full_name: query.column(PATH, "full_name", "Full name"),
        extension: query.column(PATH, "extension", "Extension"),
        last_seen: query.column(PATH, "seen", "Last seen"),
        pager: query.pager(PATH, "users", found.total),
        all: if !query.is_narrowed() {
            format!("All {}", thousands(found.total))
        } else {
            format!("All {} that match", thousands(found.total))
        },
        query: query.search(),
        narrowed: query.is_narrowed(),
        domain_id: query.domain.clone(),
        domain: domains::filter(&web, &who, &query.domain),
        sort: query.sort.clone(),
        deeds: bulk::deeds(&who),
        jobs: jobs::any(&web, &who),
        rows,
    };
    Ok(who.page(&page))
}

fn row(web: &Web, who: &SignedIn, account: &Account, now: Timestamp) -> UserRow {
    let known = who.known(web);
    let extension = account.extension().and_then(|id| known.extension(id));
    UserRow {
        href: format!("{PATH}/{}", account.id),
        id: account.id.to_string(),
        name: account.name.to_string(),
        full_name: account.full_name.to_string(),
        domain: domains::other(web, who, account.domain),
        extension: extension.as_ref().map_or_else(String::new, |extension| extension.number.to_string()),
        status: badge(known.status_of(account, now)),
        phones: phones(&known, extension.as_ref().map(|extension| extension.id), now),
        last_seen: known.activity(account.id).signed_in_at.map(|at| moment::stamp(at, now)),
    }
}

/// The status in a badge.
pub(super) fn badge(status: Status) -> Badge {
    let tone = match status {
        Status::Enabled => Tone::Good,
        Status::ForceNewPassword => Tone::Info,
        Status::Disabled => Tone::Neutral,
        Status::LockedPasswordError | Status::LockedTemporary => Tone::Danger,
        Status::LockedIdle | Status::LockedExpired | Status::LockedPasswordExpired => Tone::Warning,
    };
    Badge::new(tone, status.title())
}

/// How many phones are registered.
pub(super) fn phones(known: &dyn Records, extension: Option<ExtensionId>, now: Timestamp) -> Badge {
    let registration = extension.and_then(|id| known.registration(id));
    let live = registration.map_or(0, |registration| {
        registration.bindings.iter().filter(|binding| now < binding.expires_at).count()
    });
    match live {
        0 => Badge::new(Tone::Neutral, "No phone"),
        1 => Badge::new(Tone::Good, "1 phone"),
        many => Badge::new(Tone::Good, format!("{many} phones")),
    }
}

/// The count of an account's password.
pub(super) fn password_tally(account: &Account) -> TallyKey {
    TallyKey::credential(account.kind().password(), account)
}

pub(super) async fn ask_new(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    Ok(who.page(&new_page(&web, &who, &Filled::default())))
}

fn new_page(web: &Web, who: &SignedIn, filled: &Filled) -> UserNewPage {
    let (name, number) = (filled.value("name"), filled.value("extension"));
    let rules = |kind| credentials::rules(&who.known(web).settings(), kind, name, number);
    UserNewPage::new(
        who.shell(web, Place::Users),
        filled,
        domains::field(web, who, filled),
        rules(CredentialKind::LoginCode),
        rules(CredentialKind::UserPassword),
    )
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let mut filled = ["domain", "name", "full_name", "extension", "login_code_how", "password_how"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let mut choose = |field| match credentials::choice(&form, field) {
        Ok(choice) => choice,
        Err((again, text)) => {
            filled = std::mem::take(&mut filled).wrong(&again, text);
            SecretChoice::Keep
        }
    };
    let (login_code, user_password) = (choose("login_code"), choose("password"));
    let refused =
        |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&web, &who, filled));
    if filled.any_wrong(&["login_code_again", "password_again"]) {
        return refused(&filled);
    }
    let new = NewUser {
        name: form.get("name").into(),
        full_name: form.get("full_name").into(),
        number: form.get("extension").into(),
        login_code,
        user_password,
        phone_password: SecretChoice::Keep,
    };
    let domain = form.get("domain").parse().ok();
    let made = {
        let new = new.clone();
        web.system
            .administer(&who.by, move |admin, dice| {
                admin.create_user(admin.by.domain_meant(domain), &new, dice)
            })
            .await
    };
    match made {
        Ok(made) if made.generated.is_empty() => {
            let text = "A phone registers with the extension as user name and the login code as password.";
            let to = format!("{PATH}/{}", made.value);
            who.saved(&to, Tone::Good, &format!("{} is created", new.name.trim()), text)
        }
        Ok(made) => {
            let back = format!("{PATH}/{}", made.value);
            let slip = Slip {
                of: new.name.trim(),
                phone: Some((who.by.domain_meant(domain), new.number.trim())),
                back: &back,
            };
            credentials::once(&who, &web, Place::Users, &made.generated, &slip)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => refused(&credentials::fill_wrong(filled, &renamed(refusal))),
    }
}

/// The page calls the user password just "password".
pub(super) fn renamed(refusal: Refusal) -> Refusal {
    use signin::admin::{Problem, WrongField};
    match refusal {
        Refusal::Problem(Problem::Invalid(wrong)) => Refusal::Problem(Problem::Invalid(
            wrong
                .into_iter()
                .map(|wrong| WrongField {
                    field: if ["user-password", "service-password"].contains(&wrong.field) {
                        "password"
                    } else {
                        wrong.field
                    },
                    ..wrong
                })
                .collect(),
        )),
        Refusal::Problem(_) | Refusal::Unavailable => refusal,
    }
}

pub(super) fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Account>, Response> {
    let account = who.known(web).account(AccountId(id)).filter(|account| account.kind() == RoleKind::User);
    account.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &account, &saved(&web, &who, &account))))
}

/// The form with what is in force.
fn saved(web: &Web, who: &SignedIn, account: &Account) -> Filled {
    let extension = account.extension().and_then(|id| who.known(web).extension(id));
    let number = extension.as_ref().map_or_else(String::new, |extension| extension.number.to_string());
    let status = who.known(web).status_of(account, web.system.clock.now());
    Filled::default()
        .with("name", &*account.name)
        .with("full_name", &*account.full_name)
        .with("extension", number)
        .with("status", slug(status))
        .with("shown", slug(status))
        .with("expires_at", crate::moment::day(account.expires_at))
        .with("version", account.version.to_string())
}

pub(super) const fn slug(status: Status) -> &'static str {
    match status {
        Status::Enabled => "enabled",
        Status::ForceNewPassword => "force-new-password",
        Status::Disabled => "disabled",
        Status::LockedPasswordError => "locked-password-error",
        Status::LockedTemporary => "locked-temporary",
        Status::LockedIdle => "locked-idle",
        Status::LockedExpired => "locked-expired",
        Status::LockedPasswordExpired => "locked-password-expired",
    }
}

fn page(web: &Web, who: &SignedIn, account: &Account, filled: &Filled) -> UserPage {
    let now = web.system.clock.now();
    let href = href(account.id);
    let extension = account.extension().and_then(|id| who.known(web).extension(id));
    let fields = user_fields(filled);
    let status_field = status_field(filled);
    let expires = expiry_field(filled);
    let shown: Vec<_> = fields.iter().chain([&status_field, &expires]).collect();
    let problems = Problems::of(&shown, &[]);
    UserPage {
        shell: who.shell(web, Place::Users),
        title: account.name.to_string(),
        state: badge(who.known(web).status_of(account, now)),
        list: Link::new(PATH, domains::named(&*web.system.ledger, "Users", account.domain)),
        groups: None,
        status: status_field,
        expires: Some(expires),
        shown: filled.value("shown").to_owned(),
        version: filled.value("version").to_owned(),
        tabs: user_passwords::tabs(web, account, &href),
        credentials: Vec::new(),
        elsewhere: None,
        connect: extension
            .as_deref()
            .map(|extension| credentials::connect(web, who, extension))
            .unwrap_or_default(),
        history: audit::history(web, who, &account.name, account.domain, Some(account.id), now),
        history_href: audit::href_of(&account.name, domains::told(web, who, account.domain)),
        doctor: doctor::link(who, &account.name, account.domain),
        deletable: who.by.may(Right::UsersWrite),
        editable: who.by.may(Right::UsersWrite),
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
    let filled = ["name", "full_name", "extension", "status", "shown", "expires_at", "version"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let refused = |filled: &Filled| {
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &account, filled))
    };
    let expires_at = match last_day(form.get("expires_at"), &account) {
        Ok(expires_at) => expires_at,
        Err(problem) => return Ok(refused(&filled.wrong("expires_at", problem))),
    };
    let (chosen, shown) = (form.get("status"), form.get("shown"));
    let edit = EditUser {
        version: form.get("version").parse().unwrap_or(0),
        name: form.get("name").into(),
        full_name: form.get("full_name").into(),
        number: form.get("extension").into(),
        condition: chosen_condition(&form),
        expires_at,
    };
    let done = web.system.administer(&who.by, move |admin, _| admin.edit_user(AccountId(id), &edit)).await;
    Ok(match done {
        Ok(_) => who.saved(&format!("{PATH}/{id}"), Tone::Good, "Saved", ""),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let account = find(&web, &who, id)?;
            let saved = saved(&web, &who, &account);
            let filled = if chosen == shown { filled.with("status", saved.value("status")) } else { filled };
            let filled = credentials::overtaken(filled, &saved);
            let mut page = page(&web, &who, &account, &filled);
            page.problems.list.insert(0, credentials::overtaken_words("user", "name"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => refused(&credentials::fill_wrong(filled, &refusal)),
    })
}

/// What is set by hand: nothing where the page's state was left as it was shown, for saving a name must lift no lock.
pub(super) fn chosen_condition(form: &Form) -> Option<Condition> {
    match form.get("status") {
        chosen if chosen == form.get("shown") => None,
        "enabled" => Some(Condition::Enabled),
        "disabled" => Some(Condition::Disabled),
        "force-new-password" => Some(Condition::ForceNewPassword),
        // A lock is not something one chooses.
        _ => None,
    }
}

/// The end that was typed: the day's last moment. A day that nobody touched keeps its moment.
pub(super) fn last_day(typed: &str, account: &Account) -> Result<Option<Timestamp>, String> {
    let typed = typed.trim();
    if typed == crate::moment::day(account.expires_at) {
        return Ok(account.expires_at);
    }
    let cut: String = typed.chars().take(20).collect();
    let wrong = || format!("“{cut}” is no date. Write a day such as 2030-12-31, or nothing.");
    crate::moment::parse(typed).map(Some).or_else(|| typed.is_empty().then_some(None)).ok_or_else(wrong)
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = find(&web, &who, id)?;
    let extension = account.extension().and_then(|id| who.known(&web).extension(id));
    let facts = extension.iter().map(|extension| Fact::new("Extension", extension.number.to_string()));
    let facts = facts.chain(domains::fact(&web, &who, account.domain)).collect();
    let page = ConfirmPage::deletion(
        who.shell(&web, Place::Users),
        &account.name,
        "The account, its secrets and its extension are deleted, and its phones are unregistered. The audit stays.",
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
    let done = web.system.administer(&who.by, move |admin, _| admin.delete_user(AccountId(id), true)).await;
    Ok(match done {
        Ok(_) => who.saved(PATH, Tone::Good, &format!("{} is deleted", account.name), ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}
