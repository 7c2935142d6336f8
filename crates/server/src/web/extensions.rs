//! Extensions: the list, one new, one in full.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use signin::{
    admin::{EditExtension, NewExtension},
    credential::{CredentialKind, Owner},
    extension::Extension,
    ident::ExtensionId,
    lockout::{Standing, TallyKey},
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};
use store::{ExtensionQuery, ExtensionSort};

use super::{
    Web,
    address::{Path, Query},
    audit, calls, credentials,
    credentials::{CardOf, Slip},
    doctor, domains,
    guard::{self, SignedForm, SignedIn},
    known,
    lists::{ListQuery, PAGE},
    status, users,
    views::{
        errors::ConfirmPage,
        extensions::{ExtensionNewPage, ExtensionPage, ExtensionRow, ExtensionsPage, extension_fields},
        forms::{Filled, Problems},
        parts::{Badge, Fact, Link, Tone},
        shell::Place,
    },
};

const PATH: &str = "/manager/extensions";

pub(super) async fn list(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, Response> {
    let now = web.system.clock.now();
    let (column, descending) = query.order();
    let found = known::extensions(
        &web.system.ledger,
        &who.known(&web),
        &ExtensionQuery {
            domain: query.within(&who.by),
            search: query.search(),
            sort: if column == "user" { ExtensionSort::User } else { ExtensionSort::Number },
            descending,
            offset: query.offset(),
            limit: PAGE,
        },
    );
    let page = ExtensionsPage {
        shell: who.shell(&web, Place::Extensions),
        any: found.total > 0 || query.is_narrowed(),
        number: query.column(PATH, "number", "Number"),
        user: query.column(PATH, "user", "User"),
        rows: found.items.iter().map(|extension| row(&web, &who, extension, now)).collect(),
        pager: query.pager(PATH, "extensions", found.total),
        query: query.search(),
        narrowed: query.is_narrowed(),
        domain: domains::filter(&web, &who, &query.domain),
    };
    Ok(who.page(&page))
}

fn row(web: &Web, who: &SignedIn, extension: &Extension, now: Timestamp) -> ExtensionRow {
    ExtensionRow {
        href: format!("{PATH}/{}", extension.id),
        number: extension.number.to_string(),
        domain: domains::other(web, who, extension.domain),
        user: user_link(&who.known(web), extension),
        registers_with: registers_with(&who.known(web), extension),
        phones: users::phones(&who.known(web), Some(extension.id), now),
    }
}

/// The user of an extension.
pub(super) fn user_link(known: &dyn Records, extension: &Extension) -> Option<Link> {
    let account = extension.user.and_then(|id| known.account(id))?;
    Some(Link::new(format!("/manager/users/{}", account.id), &*account.name))
}

fn registers_with(known: &dyn Records, extension: &Extension) -> Badge {
    let has = |owner, kind| known.credential(owner, kind).is_some();
    if has(Owner::Extension(extension.id), CredentialKind::PhonePassword) {
        return Badge::new(Tone::Good, "Phone password");
    }
    match extension.user.and_then(|id| known.account(id)) {
        Some(user) if has(Owner::Account(user.id), CredentialKind::LoginCode) => {
            Badge::new(Tone::Good, format!("Login code of {}", user.name))
        }
        _ => Badge::new(Tone::Warning, "Nothing set"),
    }
}

pub(super) async fn ask_new(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    Ok(who.page(&new_page(&web, &who, &Filled::default())))
}

fn new_page(web: &Web, who: &SignedIn, filled: &Filled) -> ExtensionNewPage {
    let rules = credentials::rules(
        &who.known(web).settings(),
        CredentialKind::PhonePassword,
        "",
        filled.value("number"),
    );
    ExtensionNewPage::new(who.shell(web, Place::Extensions), filled, domains::field(web, who, filled), rules)
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let filled = ["domain", "number", "phone_password_how"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let refused =
        |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &new_page(&web, &who, filled));
    let phone_password = match credentials::choice(&form, "phone_password") {
        Ok(choice) => choice,
        Err((field, text)) => return refused(&filled.wrong(&field, text)),
    };
    let new = NewExtension { number: form.get("number").into(), phone_password };
    let number = new.number.trim().to_owned();
    let domain = form.get("domain").parse().ok();
    let made = web
        .system
        .administer(&who.by, move |admin, dice| {
            admin.create_extension(admin.by.domain_meant(domain), &new, dice)
        })
        .await;
    match made {
        Ok(made) => {
            let back = format!("{PATH}/{}", made.value);
            if made.generated.is_empty() {
                return who.saved(&back, Tone::Good, &format!("Extension {number} is created"), "");
            }
            let of = format!("extension {number}");
            let slip = Slip { of: &of, phone: Some((who.by.domain_meant(domain), &number)), back: &back };
            credentials::once(&who, &web, Place::Extensions, &made.generated, &slip)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => refused(&credentials::fill_wrong(filled, &refusal)),
    }
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<Arc<Extension>, Response> {
    let extension = who.known(web).extension(ExtensionId(id));
    extension.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let extension = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &extension, &saved(&extension), None)))
}

fn saved(extension: &Extension) -> Filled {
    Filled::default().with("number", extension.number.as_str()).with("version", extension.version.to_string())
}

fn page(
    web: &Web,
    who: &SignedIn,
    extension: &Extension,
    filled: &Filled,
    wrong_secret: Option<(String, String)>,
) -> ExtensionPage {
    let now = web.system.clock.now();
    let href = format!("{PATH}/{}", extension.id);
    let number = extension.number.to_string();
    let tally = TallyKey::extension(extension);
    let settings = who.known(web).settings();
    let standing = who.known(web).tally(&tally).standing(settings.lock_rule(tally.scope), now);
    let phones = status::phones_of(web, extension, now);
    let state = match standing {
        Standing::Locked { .. } => Badge::new(Tone::Danger, "Blacklisted"),
        Standing::Open | Standing::Full if phones.is_empty() => Badge::new(Tone::Neutral, "Not registered"),
        Standing::Open | Standing::Full => Badge::new(Tone::Good, "Registered"),
    };
    let of = CardOf {
        owner: Owner::Extension(extension.id),
        kind: CredentialKind::PhonePassword,
        href: &href,
        account: "",
        number: &number,
        tally,
        force_new: None,
        about: "For this extension's phone. Where it is set, the user's login code no longer registers a phone.",
    };
    let fields = extension_fields(filled);
    let shown: Vec<_> = fields.iter().collect();
    ExtensionPage {
        shell: who.shell(web, Place::Extensions),
        problems: Problems::of(&shown, &[]),
        list: domains::named(&*web.system.ledger, "Extensions", extension.domain),
        user: user_link(&who.known(web), extension),
        version: filled.value("version").to_owned(),
        editable: who.by.may(Right::ExtensionsWrite),
        state,
        phone_password: credentials::card(web, who, &of, wrong_secret),
        connect: credentials::connect(web, who, extension),
        history: audit::history(web, who, &number, extension.domain, None, now),
        history_href: audit::href_of(&number, domains::told(web, who, extension.domain)),
        doctor: doctor::link(who, &number, extension.domain),
        phones,
        calls: calls::of(web, who, extension.id, now),
        fields,
        number,
        href,
    }
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let extension = find(&web, &who, id)?;
    let filled = ["number", "version"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let edit = EditExtension {
        version: form.get("version").parse().unwrap_or(0),
        number: form.get("number").into(),
    };
    let done =
        web.system.administer(&who.by, move |admin, _| admin.edit_extension(ExtensionId(id), &edit)).await;
    Ok(match done {
        Ok(_) => who.saved(&format!("{PATH}/{id}"), Tone::Good, "Saved", ""),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let extension = find(&web, &who, id)?;
            let filled = credentials::overtaken(filled, &saved(&extension));
            let mut page = page(&web, &who, &extension, &filled, None);
            page.problems.list.insert(0, credentials::overtaken_words("extension", "number"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let filled = credentials::fill_wrong(filled, &refusal);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &extension, &filled, None))
        }
    })
}

pub(super) async fn set_secret(
    State(web): State<Arc<Web>>,
    Path((id, kind)): Path<(u32, String)>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let extension = find(&web, &who, id)?;
    let kind = credentials::kind_named(&kind).filter(|kind| *kind == CredentialKind::PhonePassword);
    let Some(kind) = kind else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    let (number, back) = (extension.number.as_str(), format!("{PATH}/{id}"));
    let of = format!("extension {number}");
    let slip = Slip { of: &of, phone: Some((extension.domain, number)), back: &back };
    let counts = vec![TallyKey::extension(&extension)];
    let refused = |error: (String, String)| {
        if !who.by.may(Right::ExtensionsRead) {
            return credentials::not_set(&error.1);
        }
        let page = page(&web, &who, &extension, &saved(&extension), Some(error));
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let owner = Owner::Extension(extension.id);
    Ok(credentials::change_secret(&web, &who, &form, Place::Extensions, owner, kind, counts, &slip, refused)
        .await)
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let extension = find(&web, &who, id)?;
    let mut facts: Vec<Fact> = user_link(&who.known(&web), &extension)
        .map(|user| Fact::new("User", user.label))
        .into_iter()
        .collect();
    facts.extend(domains::fact(&web, &who, extension.domain));
    facts.push(Fact::new(
        "Phones",
        users::phones(&who.known(&web), Some(extension.id), web.system.clock.now()).text,
    ));
    let page = ConfirmPage::deletion(
        who.shell(&web, Place::Extensions),
        &format!("extension {}", extension.number),
        "Its phones are unregistered and its phone password is deleted. Its user keeps everything else.",
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
    let extension = find(&web, &who, id)?;
    let done = web.system.administer(&who.by, move |admin, _| admin.delete_extension(ExtensionId(id))).await;
    Ok(match done {
        Ok(_) => who.saved(PATH, Tone::Good, &format!("Extension {} is deleted", extension.number), ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}

#[derive(Deserialize)]
pub(super) struct WhichPhone {
    #[serde(default)]
    contact: String,
}

pub(super) async fn ask_log_out(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
    Query(which): Query<WhichPhone>,
) -> Result<Response, Response> {
    let extension = find(&web, &who, id)?;
    let mut facts = vec![Fact::new("Extension", extension.number.to_string())];
    facts.extend(domains::fact(&web, &who, extension.domain));
    if !which.contact.is_empty() {
        facts.push(Fact::new("Phone", which.contact.clone()));
    }
    let page = ConfirmPage {
        shell: who.shell(&web, Place::Extensions),
        title: format!("Unregister the phone of {}?", extension.number),
        text: "It is forgotten now. A phone that is still switched on registers again by itself, if its secret is right."
            .into(),
        facts,
        action: format!("{PATH}/{id}/logout"),
        hidden: vec![("contact".into(), which.contact)],
        yes: "Unregister".into(),
        danger: false,
        back: format!("{PATH}/{id}"),
    };
    Ok(who.page(&page))
}

pub(super) async fn log_out(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Response {
    let contact = form.get("contact").to_owned();
    let done = web
        .system
        .administer(&who.by, move |admin, _| {
            let contact = (!contact.is_empty()).then_some(contact.as_str());
            admin.log_out_phones(ExtensionId(id), contact)
        })
        .await;
    match done {
        Ok(done) => {
            let title = if done.value == 1 {
                "1 phone unregistered".into()
            } else {
                format!("{} phones unregistered", done.value)
            };
            guard::redirect_with(&format!("{PATH}/{id}"), Tone::Good, &title, "")
        }
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}
