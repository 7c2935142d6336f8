//! The own password and codes: how each stands, its rules beside the field, and what a new one means for phones.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::{Admin, is_too_old},
    credential::{
        CredentialKind, Owner,
        state::{CredentialState, count_of},
    },
    dice::Dice,
    lockout::Standing,
    portal::PortalPart,
    records::Records,
    timestamp::Timestamp,
};

use super::{
    super::{
        Web,
        address::Path,
        credentials,
        guard::{self, redirect_with},
        views::{
            forms::{Filled, KnownSecret, Problems, Secret as SecretField},
            parts::{Badge, Fact, Tone},
            portal::{PortalPlace, PortalSecret, PortalSecretsPage},
        },
    },
    NotProven,
    guard::{Insider, InsiderForm},
    phones, prove, refuse, said,
};
use crate::{
    flow::{Hashes, Refusal},
    words::{Say as _, Value},
};

/// What people have, in the order in which it is asked for.
const KINDS: [CredentialKind; 4] = [
    CredentialKind::UserPassword,
    CredentialKind::VoicemailCode,
    CredentialKind::LoginCode,
    CredentialKind::PortalPasscode,
];

/// The pair of fields for a new one.
pub(super) fn field(web: &Web, who: &Insider, kind: CredentialKind, name: &str) -> SecretField {
    let language = who.visitor.language;
    let number = who.extension(web).map_or_else(String::new, |extension| extension.number.to_string());
    let settings = web.system.ledger.settings();
    let mut secret = credentials::new_secret_in(language, &settings, kind, &who.account.name, &number);
    secret.name = name.into();
    secret
}

/// The rule that was broken, in words; `None` = it was something else.
pub(super) fn broken(web: &Web, who: &Insider, kind: CredentialKind, refusal: &Refusal) -> Option<String> {
    let wrong = credentials::wrong_fields(refusal).pop()?;
    Some(credentials::broken_in(who.visitor.language, &web.system.ledger.settings(), kind, &wrong))
}

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    who.page(&page(&web, &who, None))
}

fn page(web: &Web, who: &Insider, typed: Option<(CredentialKind, &Filled)>) -> PortalSecretsPage {
    let now = web.system.clock.now();
    let nothing = Filled::default();
    let secrets: Vec<PortalSecret> = KINDS
        .into_iter()
        .map(|kind| {
            let typed = typed.filter(|(typed, _)| *typed == kind).map(|(_, filled)| filled);
            card(web, who, kind, typed.unwrap_or(&nothing), typed.is_some(), now)
        })
        .collect();
    let list = secrets.iter().flat_map(|one| one.current.problem().into_iter().chain(one.secret.problems()));
    PortalSecretsPage {
        shell: who.shell(web, PortalPlace::Secrets),
        problems: Problems { list: list.collect(), language: who.visitor.language },
        editable: who.may_change(PortalPart::Secrets),
        secrets,
    }
}

fn card(
    web: &Web,
    who: &Insider,
    kind: CredentialKind,
    filled: &Filled,
    open: bool,
    now: Timestamp,
) -> PortalSecret {
    let (ledger, language) = (&*web.system.ledger, who.visitor.language);
    let name = kind.row().name;
    let settings = ledger.settings();
    let state = CredentialState::of(ledger, Owner::Account(who.account.id), kind, now);
    let extension = who.extension(web);
    let locked = count_of(kind, Some(&who.account), extension.as_deref()).and_then(|key| {
        match ledger.tally(&key).standing(settings.lock_rule(key.scope), now) {
            Standing::Locked { until } => Some(until),
            Standing::Open | Standing::Full => None,
        }
    });
    let is_over = |set_at| state.has_ended || is_too_old(&settings, kind, set_at, now);
    let badge = |tone, words: &str| Badge::new(tone, who.say(words));
    let badge = match state.facts {
        None => badge(Tone::Neutral, "state-not-set"),
        Some(_) if locked.is_some() => badge(Tone::Danger, "state-locked"),
        Some(facts) if is_over(facts.set_at) => badge(Tone::Warning, "state-expired"),
        Some(_) if state.is_weak == Some(true) => badge(Tone::Warning, "state-weak"),
        Some(_) => badge(Tone::Good, "state-set"),
    };
    let mut facts = Vec::new();
    if let Some(known) = state.facts {
        facts.push(Fact::new(who.say("secrets-since"), said::stamp(language, known.set_at, now).human));
    }
    match locked {
        Some(Some(until)) => {
            facts.push(Fact::new(who.say("secrets-locked-until"), said::stamp(language, until, now).human));
        }
        Some(None) => facts.push(Fact::new(who.say("state-locked"), who.say("secrets-locked"))),
        None => {}
    }
    let mut secret = field(web, who, kind, &format!("{name}-secret"));
    secret = filled.secret(secret);
    PortalSecret {
        slug: name.into(),
        title: who.say(&format!("secret-{name}")),
        about: who.say(&format!("about-{name}")),
        state: badge,
        facts,
        consequences: if who.may_change(PortalPart::Secrets) {
            consequences(web, who, kind, now)
        } else {
            Vec::new()
        },
        current: KnownSecret {
            name: format!("{name}-current"),
            label: who.say("secrets-current"),
            error: filled.error(&format!("{name}-current")),
            required: true,
            language,
        },
        secret,
        open,
        change: who.say(if state.facts.is_some() { "secrets-change" } else { "secrets-choose" }),
    }
}

/// What will be different afterwards, in sentences.
fn consequences(web: &Web, who: &Insider, kind: CredentialKind, now: Timestamp) -> Vec<String> {
    match kind {
        CredentialKind::UserPassword => {
            let sessions = web.system.ledger.sessions_of(who.account.id);
            let rules = web.system.ledger.settings().sessions;
            let others = sessions.iter().filter(|one| one.id != who.session.id && one.is_open(&rules, now));
            vec![who.say_number("change-password", others.count())]
        }
        CredentialKind::LoginCode => {
            let own = who.account.extension().map(Owner::Extension);
            let has_own = own.is_some_and(|own| {
                web.system.ledger.credential(own, CredentialKind::PhonePassword).is_some()
            });
            if has_own {
                // Phones of the extension show a password of their own.
                return vec![who.say("change-login-code-desk")];
            }
            let phones = phones::registered(web, who, now);
            let mut says = vec![who.say_number("change-login-code", phones.len())];
            says.extend(phones.iter().map(|phone| format!("{} ({})", phone.name, phone.from)));
            says
        }
        CredentialKind::VoicemailCode => vec![who.say("change-voicemail-code")],
        CredentialKind::ServicePassword
        | CredentialKind::PhonePassword
        | CredentialKind::PortalPasscode
        | CredentialKind::SystemPassword => Vec::new(),
    }
}

pub(in crate::web) async fn change(
    State(web): State<Arc<Web>>,
    Path(kind): Path<String>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let Some(kind) = KINDS.into_iter().find(|one| one.row().name == kind) else {
        return who.visitor.error(&web, StatusCode::NOT_FOUND);
    };
    let name = kind.row().name;
    let (present_field, new_field) = (format!("{name}-current"), format!("{name}-secret"));
    let again_field = format!("{new_field}_again");
    let (present, new) = (form.secret(&present_field), form.secret(&new_field));
    let wrong = |field: &str, text: String| {
        let filled = Filled::default().wrong(field, text);
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, Some((kind, &filled))))
    };
    if !new.matches(&form.secret(&again_field)) {
        return wrong(&again_field, who.say("form-not-the-same"));
    }
    match prove(&web, &who, &present).await {
        Ok(()) => {}
        Err(NotProven::Said(text)) => return wrong(&present_field, text),
        Err(NotProven::Unavailable) => return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    }
    let chosen = move |admin: &Admin<'_>, dice: &mut dyn Dice| {
        if kind == CredentialKind::UserPassword {
            admin.change_own_password(&new, dice)
        } else {
            admin.change_own_code(kind, &new, dice)
        }
    };
    // It is held against the present one, which takes a hash where it is a password.
    match web.system.carry_out(&who.by, Hashes::Anyway, chosen).await {
        Ok(done) => {
            let title = who.visitor.language.say_with(
                "secrets-saved-one",
                &[("secret", Value::Text(&who.say(&format!("secret-{name}"))))],
            );
            let text = if kind == CredentialKind::UserPassword {
                who.say_number("secrets-ended", done.value)
            } else {
                String::new()
            };
            let mut response = redirect_with(PortalPlace::Secrets.href(), Tone::Good, &title, &text);
            if kind == CredentialKind::UserPassword {
                guard::know_browser(&mut response, &web, who.account.id, &who.visitor);
            }
            response
        }
        Err(refusal) => match broken(&web, &who, kind, &refusal) {
            Some(text) => wrong(&new_field, text),
            None => refuse(&web, &who, &refusal),
        },
    }
}
