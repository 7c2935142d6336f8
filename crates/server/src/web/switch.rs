//! The switch, as the old manuals call it: the system password, and what is guarded by it.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::SecretChoice,
    credential::{CredentialKind, Owner, rules_in_words},
    extension::Domain,
    ident::DomainId,
    phone_administration::PhoneAdministration,
    records::Records,
    rights::Right,
};

use super::{
    Web, audit, credentials,
    form::Form,
    guard::{SignedForm, SignedIn},
    moment,
    settings::{typed, yes},
    views::{
        forms::Filled,
        parts::{Badge, Tone},
        shell::Place,
        switch::{SwitchPage, SystemPassword},
    },
};

const PATH: &str = "/manager/settings/switch";
const KIND: CredentialKind = CredentialKind::SystemPassword;
const OWNER: Owner = Owner::Domain(DomainId::FIRST);

pub(super) async fn show(State(web): State<Arc<Web>>, who: SignedIn) -> Result<Response, Response> {
    let domain = domain(&web, &who)?;
    Ok(who.page(&page(&web, &who, &domain, &saved(&domain))))
}

fn domain(web: &Web, who: &SignedIn) -> Result<Arc<Domain>, Response> {
    let found = who.known(web).domain(DomainId::FIRST);
    found.ok_or_else(|| who.visitor.error(web, StatusCode::NOT_FOUND))
}

/// What is in force; of the password nothing.
fn saved(domain: &Domain) -> Filled {
    Filled::default()
        .with("as_before", yes(domain.phones_administer_as_before))
        .with("version", domain.version.to_string())
}

fn page(web: &Web, who: &SignedIn, domain: &Domain, filled: &Filled) -> SwitchPage {
    let known = who.known(web);
    let facts = known.credential(OWNER, KIND);
    let now = web.system.clock.now();
    let state = facts.map_or_else(
        || "Not set.".into(),
        |facts| {
            let by = audit::who_set(web, who, KIND, facts.set_at).map(|by| format!(" by {by}"));
            format!("Set {}{}.", moment::stamp(facts.set_at, now).human, by.unwrap_or_default())
        },
    );
    let rules = rules_in_words(KIND, &known.settings()).join(", ");
    let password = SystemPassword {
        state,
        is_set: facts.is_some(),
        hint: format!("It has {rules}, and nobody is shown it again."),
        error: filled.error("password"),
    };
    let (guard, says) = in_words(PhoneAdministration::in_domain(&known, domain));
    SwitchPage::new(
        who.shell(web, Place::Settings),
        password,
        guard,
        says,
        filled,
        who.by.may(Right::SystemWrite),
    )
}

/// What a phone that may administer is asked for.
fn in_words(guard: PhoneAdministration) -> (Badge, &'static str) {
    match guard {
        PhoneAdministration::Closed => (
            Badge::new(Tone::Neutral, "Closed"),
            "No system password is set, so no phone may administer. Set one to open it to the first two extensions.",
        ),
        PhoneAdministration::AskedOfEvery => (
            Badge::new(Tone::Good, "Asked of every phone"),
            "Whoever administers from the first two extensions is asked for the system password, at every phone.",
        ),
        PhoneAdministration::AskedOfOlder => (
            Badge::new(Tone::Warning, "Asked of older phones alone"),
            "M- and T-series phones at the first two extensions are asked for the system password, others for nothing.",
        ),
        PhoneAdministration::Open => (
            Badge::new(Tone::Danger, "Open"),
            "No system password is set: whoever stands at one of the first two extensions may administer.",
        ),
    }
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    match form.get("do") {
        "password" => set(&web, &who, &form).await,
        "remove" => remove(&web, &who).await,
        "guard" => guard(&web, &who, &form).await,
        _ => Err(who.visitor.error(&web, StatusCode::BAD_REQUEST)),
    }
}

async fn set(web: &Web, who: &SignedIn, form: &Form) -> Result<Response, Response> {
    let choice = SecretChoice::Set(form.secret("password"));
    let done = web
        .system
        .administer(&who.by, move |admin, dice| admin.set_secret(OWNER, KIND, &choice, false, dice))
        .await;
    let refusal = match done {
        Ok(_) => {
            return Ok(who.saved(PATH, Tone::Good, "Saved", "The system password is in force from now on."));
        }
        Err(refusal) => refusal,
    };
    let Some(wrong) = credentials::wrong_fields(&refusal).pop() else {
        return Ok(credentials::refuse(who, web, &refusal));
    };
    let domain = domain(web, who)?;
    let filled = saved(&domain).wrong("password", wrong.problem);
    Ok(who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(web, who, &domain, &filled)))
}

async fn remove(web: &Web, who: &SignedIn) -> Result<Response, Response> {
    let domain = domain(web, who)?;
    // Somebody else may have been quicker: what is wanted is so already.
    if who.known(web).credential(OWNER, KIND).is_some() {
        let done = web
            .system
            .administer(&who.by, |admin, dice| {
                admin.set_secret(OWNER, KIND, &SecretChoice::Remove, false, dice)
            })
            .await;
        if let Err(refusal) = done {
            return Ok(credentials::refuse(who, web, &refusal));
        }
    }
    let (_, says) = in_words(PhoneAdministration::of(domain.phones_administer_as_before, false));
    Ok(who.saved(PATH, Tone::Good, "Removed", says))
}

/// Saves whether it is as on the older systems.
async fn guard(web: &Web, who: &SignedIn, form: &Form) -> Result<Response, Response> {
    let domain = domain(web, who)?;
    let typed = typed(&saved(&domain), form);
    let wanted = Domain {
        version: form.get("version").parse().unwrap_or(0),
        phones_administer_as_before: form.is_ticked("as_before"),
        ..(*domain).clone()
    };
    let done = web.system.administer(&who.by, move |admin, _| admin.save_domain(&wanted)).await;
    match done {
        Ok(_) => Ok(who.saved(PATH, Tone::Good, "Saved", "In force from now on.")),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(typed, &saved(&domain));
            let mut page = page(web, who, &domain, &filled);
            page.problems.list.insert(0, credentials::overtaken_words("page", "as_before"));
            Ok(who.page_with(StatusCode::CONFLICT, &page))
        }
        Err(refusal) => Ok(credentials::refuse(who, web, &refusal)),
    }
}
