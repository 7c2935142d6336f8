//! The address that mail about the own account goes to: a link to a new password, and word of what was done.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{admin::Admin, dice::Dice, mail::MAIL_ADDRESS_MAX, portal::PortalPart, records::Records};

use super::{
    super::{
        Web, credentials,
        guard::redirect_with,
        recover::{mail_link, tell},
        views::{
            forms::{Field, Filled, Kind, KnownSecret, Problems},
            parts::Tone,
            portal::{PortalAddressPage, PortalPlace},
        },
    },
    NotProven, done,
    guard::{Insider, InsiderForm},
    prove, refuse, said,
};
use crate::notify::mail::{account::Notice, is_set_up};

pub(in crate::web) async fn show(State(web): State<Arc<Web>>, who: Insider) -> Response {
    who.page(&page(&web, &who, &Filled::default()))
}

fn page(web: &Web, who: &Insider, filled: &Filled) -> PortalAddressPage {
    let now = web.system.clock.now();
    let language = who.visitor.language;
    let profile = web.system.ledger.profile(who.account.id);
    let bound = profile.address.map(|bound| {
        let since = said::stamp(language, bound.confirmed_at, now).human;
        (bound.address.to_string(), who.say_with("address-since", &[("at", &since)]))
    });
    let waiting =
        profile.waiting.map(|waiting| who.say_with("address-waiting", &[("address", waiting.as_str())]));
    let address = filled.field(
        Field::new("address", who.say("address-new"))
            .kind(Kind::Code)
            .hint(who.say("address-hint"))
            .autocomplete("email")
            .length_max(MAIL_ADDRESS_MAX as u64)
            .language(language),
    );
    let current = KnownSecret {
        name: "current".into(),
        label: who.say("secrets-current"),
        error: filled.error("current"),
        required: true,
        language,
    };
    PortalAddressPage {
        shell: who.shell(web, PortalPlace::Address),
        problems: Problems {
            list: address.problem().into_iter().chain(current.problem()).collect(),
            language,
        },
        is_set_up: is_set_up(&web.system),
        editable: who.may_change(PortalPart::Address),
        bound,
        waiting,
        address,
        current,
    }
}

pub(in crate::web) async fn bind(
    State(web): State<Arc<Web>>,
    InsiderForm(who, form): InsiderForm,
) -> Response {
    let typed = form.get("address").trim().to_owned();
    let filled = Filled::default().with("address", &*typed);
    let again = |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, filled));
    match prove(&web, &who, &form.secret("current")).await {
        Ok(()) => {}
        Err(NotProven::Said(text)) => return again(&filled.wrong("current", text)),
        Err(NotProven::Unavailable) => return who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE),
    }
    if typed.is_empty() {
        // Whoever takes an address away is told at it.
        tell(&web, &who.account, Notice::AddressChanged);
    }
    let wanted = typed.clone();
    let bind = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.bind_own_address(&wanted, dice);
    let to = PortalPlace::Address.href();
    match web.system.administer(&who.by, bind).await {
        Ok(bound) if bound.value.is_some() => {
            mail_link(&web, bound.value);
            let text = who.say_with("address-mailed-text", &[("address", &typed)]);
            redirect_with(to, Tone::Good, &who.say("address-mailed"), &text)
        }
        Ok(_) => done(to, &who.say(if typed.is_empty() { "address-removed" } else { "address-same" })),
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => refuse(&web, &who, &refusal),
        Err(_) => again(&filled.wrong("address", who.say("address-none"))),
    }
}
