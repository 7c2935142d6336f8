//! One's own API tokens: what there are, another one, one less.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    admin::TokenFields,
    api_token::{LIFETIME_DEFAULT, LIFETIME_MAX},
    ident::TokenId,
    rights::{Right, in_words},
    timestamp::Seconds,
};

use super::{
    Web,
    address::Path,
    credentials,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    moment,
    views::{
        forms::{Choice, Field, Filled, Kind, Problem, Problems},
        parts::{Fact, Tone},
        settings::SettingsTab,
        shell::Place,
        tokens::{TokenRow, TokensPage},
        users::SecretOncePage,
    },
};

const PATH: &str = "/manager/preferences/tokens";
/// How many days a token can be chosen to last.
const DAYS: [u32; 4] = [30, LIFETIME_DEFAULT.0 / 86_400, 180, LIFETIME_MAX.0 / 86_400];

pub(super) async fn list(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, &Filled::default(), &[], None))
}

fn page(web: &Web, who: &SignedIn, filled: &Filled, ticked: &[Right], wrong: Option<String>) -> TokensPage {
    let now = web.system.clock.now();
    let rows = who.admin(web).tokens_of(who.account.id).into_iter().map(|token| TokenRow {
        id: token.id.in_token(),
        name: token.name.to_string(),
        may: in_words(&token.scopes),
        ends: crate::moment::day(token.expires_at),
        over: token.expires_at <= now,
        used: token.used.map(|used| moment::stamp(used.at, now)),
        from: token.used.map_or_else(String::new, |used| used.from.to_string()),
    });
    let days = DAYS.map(|days| {
        let is_default = Seconds::days(days) == LIFETIME_DEFAULT;
        Choice::new(days.to_string(), format!("{days} days"), is_default)
    });
    let fields = vec![
        filled.field(
            Field::new("name", "Name").required().hint("What it is for: “Nightly export”.").length_max(64),
        ),
        filled.field(Field::new("days", "Ends after").required().kind(Kind::Select(days.into()))),
    ];
    let scopes = who.by.rights.iter().map(|right| {
        let ticked = ticked.contains(right);
        Field::new(format!("scope-{}", right.row().name), capitalised(right.title()))
            .kind(Kind::Check { ticked })
    });
    let scopes: Vec<Field> = scopes.collect();
    let mut problems = Problems::of(&fields.iter().collect::<Vec<_>>(), &[]);
    problems.list.extend(wrong.clone().map(|text| Problem { target: "f-scopes".into(), text }));
    TokensPage {
        shell: who.shell(web, Place::Settings),
        tab: SettingsTab::Preferences,
        rows: rows.collect(),
        fields,
        scopes,
        scopes_error: wrong,
        problems,
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn ticked(form: &Form) -> Vec<Right> {
    let is_ticked = |right: &Right| form.is_ticked(&format!("scope-{}", right.row().name));
    Right::ALL.into_iter().filter(is_ticked).collect()
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let scopes = ticked(&form);
    let filled = ["name", "days"]
        .into_iter()
        .fold(Filled::default(), |filled, field| filled.with(field, form.get(field)));
    let days = form.get("days").parse().ok().filter(|days| DAYS.contains(days));
    let Some(days) = days else { return who.visitor.error(&web, StatusCode::BAD_REQUEST) };
    let fields = TokenFields {
        name: form.get("name").into(),
        scopes: scopes.clone(),
        // Counted from the moment that it is made, so that the longest choice is none that is too long.
        expires_at: Some(web.system.clock.now().after(Seconds::days(days))),
    };
    let name = fields.name.trim().to_owned();
    let made = web.system.administer(&who.by, move |admin, dice| admin.create_token(&fields, dice)).await;
    match made {
        Ok(made) => {
            let page = SecretOncePage {
                shell: who.shell(&web, Place::Settings),
                title: format!("API token {name}"),
                secret: made.value.token.reveal().to_owned(),
                facts: vec![Fact::new("May", in_words(&scopes))],
                instruction: "A program sends it as Authorization: Bearer, over HTTPS.".into(),
                back: PATH.into(),
            };
            who.page(&page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let wrong = credentials::wrong_fields(&refusal);
            let of_scopes = wrong.iter().find(|wrong| wrong.field == "scopes");
            let of_scopes = of_scopes.map(|wrong| wrong.problem.clone());
            let filled = credentials::fill_wrong(filled, &refusal);
            let page = page(&web, &who, &filled, &scopes, of_scopes);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

pub(super) async fn revoke(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    SignedForm(who, _): SignedForm,
) -> Response {
    let own = TokenId::parse(&id).filter(|id| {
        let tokens = who.admin(&web).tokens_of(who.account.id);
        tokens.iter().any(|token| token.id == *id)
    });
    let Some(id) = own else { return who.visitor.error(&web, StatusCode::NOT_FOUND) };
    match web.system.administer(&who.by, move |admin, _| admin.revoke_token(id)).await {
        Ok(_) => guard::redirect_with(PATH, Tone::Good, "The token is taken away", ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    }
}
