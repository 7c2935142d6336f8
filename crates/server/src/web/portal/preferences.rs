//! What somebody chooses for themselves: language, which mails follow too, and the colours of this browser.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use calls::prompt::{LANGUAGES, Language};
use signin::{portal::PortalPart, records::Records};

use super::{
    super::{
        Web,
        guard::{self, THEME_COOKIE},
        views::{
            forms::{Choice, Field, Kind},
            portal::{PortalPlace, PortalPreferencesPage},
        },
    },
    done,
    guard::{Insider, InsiderForm},
    login::{YEAR, put_language},
    refuse,
};
use crate::words::Say as _;

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    let chosen = web.system.ledger.profile(who.account.id).language;
    let chosen = chosen.as_deref().unwrap_or_default();
    let theme = who.visitor.theme.to_string();
    let mut languages = vec![Choice::new("", who.say("preferences-browser"), chosen.is_empty())];
    languages.extend(LANGUAGES.map(|one| Choice::new(one.code(), one.title(), one.code() == chosen)));
    let colours = ["auto", "light", "dark"]
        .map(|one| Choice::new(one, who.say(&format!("theme-{one}")), one == theme))
        .to_vec();
    let editable = who.may_change(PortalPart::Preferences);
    let mut fields = vec![
        Field::new("language", who.say("preferences-language"))
            .hint(who.say("preferences-language-hint"))
            .kind(Kind::Radio(languages)),
        Field::new("theme", who.say("preferences-theme"))
            .hint(who.say("preferences-theme-hint"))
            .kind(Kind::Radio(colours)),
    ];
    for field in &mut fields {
        field.language = who.visitor.language;
        field.fixed = !editable;
    }
    who.page(&PortalPreferencesPage { shell: who.shell(&web, PortalPlace::Preferences), fields, editable })
}

pub(in crate::web) async fn save(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let language = Language::tagged(form.get("language"));
    let chosen = language.map(Language::code);
    let theme = match form.get("theme") {
        theme @ ("light" | "dark") => theme,
        _ => "auto",
    };
    match web.system.administer(&who.by, move |admin, _| admin.choose_language(chosen)).await {
        Ok(_) => {
            let spoken = language.unwrap_or(who.visitor.language);
            let mut response = done(PortalPlace::Preferences.href(), &spoken.say("form-saved"));
            guard::put_cookie(&mut response, THEME_COOKIE, theme, Some(YEAR));
            // The login page of this browser follows.
            put_language(&mut response, language);
            response
        }
        Err(refusal) => refuse(&web, &who, &refusal),
    }
}
