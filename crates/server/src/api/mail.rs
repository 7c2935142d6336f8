//! Email: by which server it goes out, and how it goes.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{Admin, EditMail, SecretChoice},
    dice::Dice,
    mail::{MailAddress, MailSecurity},
    records::Records,
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Api,
    accounts::moment,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::Problem,
    request::{Body, secret_of},
    targets::{Tested, check_roots},
};
use crate::notify::mail::{self, TEST_PATIENCE, letter::Letter};

/// By which server mail goes out.
#[derive(Serialize, ToSchema)]
pub(super) struct MailSettings {
    /// In whose name; empty where there is none.
    #[schema(max_length = 254, examples("pbx@example.com"))]
    sender: String,
    /// Name or address of the server; empty: no mail goes out.
    #[schema(max_length = 253, examples("mail.example.com"))]
    server: String,
    /// Its port.
    #[schema(minimum = 1, maximum = 65_535, examples(587))]
    port: u16,
    /// How the way there is encrypted.
    security: MailSecurity,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    #[schema(max_length = 65_536, examples(""))]
    roots: String,
    /// As whom the system signs in there; empty: it does not.
    #[schema(max_length = 254, examples("pbx"))]
    user: String,
    /// How the pages' addresses begin in mails; empty: as the program finds best.
    #[schema(max_length = 270, examples("https://pbx.example.com"))]
    web_address: String,
    /// Whether a password is set.
    has_password: bool,
    /// How it goes.
    delivery: MailDelivery,
}

/// How mail goes, since the start of the program.
#[derive(Serialize, ToSchema)]
pub(super) struct MailDelivery {
    /// How many were sent.
    #[schema(minimum = 0)]
    sent: u64,
    /// When the last one was.
    #[schema(format = "date-time")]
    sent_at: Option<String>,
    /// What the server said then.
    answer: String,
    /// When one was last not taken.
    #[schema(format = "date-time")]
    failed_at: Option<String>,
    /// Why.
    problem: String,
    /// How many wait.
    #[schema(minimum = 0)]
    waiting: usize,
    /// How many were given up.
    #[schema(minimum = 0)]
    given_up: u64,
}

/// What is chosen of it: all of it, as it was read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailFields {
    /// In whose name; may be empty where no mail goes out.
    #[schema(max_length = 254, examples("pbx@example.com"))]
    sender: String,
    /// Name or address of the server; empty: no mail goes out.
    #[schema(max_length = 253, examples("mail.example.com"))]
    server: String,
    /// Its port.
    #[schema(minimum = 1, maximum = 65_535, examples(587))]
    port: u16,
    /// How the way there is encrypted.
    security: MailSecurity,
    /// PEM: certificates that vouch for it; the system's where it is empty.
    #[serde(default)]
    #[schema(max_length = 65_536, examples(""))]
    roots: String,
    /// As whom the system signs in there; empty: it does not, and the password is forgotten. Not where nothing is encrypted.
    #[serde(default)]
    #[schema(max_length = 254, examples("pbx"))]
    user: String,
    /// With what. Left out or null, it stays as it is, unless the server is another.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, write_only)]
    password: Option<Zeroizing<String>>,
    /// How the pages' addresses begin in mails, over HTTPS; empty: as the program finds best.
    #[serde(default)]
    #[schema(max_length = 270, examples("https://pbx.example.com"))]
    web_address: String,
}

/// Where a test goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailTest {
    /// One address.
    #[schema(min_length = 3, max_length = 254, examples("ann@example.com"))]
    to: String,
}

pub(super) async fn show(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let reporting = api.system.ledger.reporting();
    let (mail, told) = (&reporting.mail, api.system.mail.told());
    let view = MailSettings {
        sender: mail.sender.as_ref().map_or_else(String::new, MailAddress::to_string),
        server: mail.server.to_string(),
        port: mail.port,
        security: mail.security,
        roots: mail.roots.to_string(),
        user: mail.user.to_string(),
        web_address: mail.web_address.to_string(),
        has_password: mail.password.is_some(),
        delivery: MailDelivery {
            sent: told.sent,
            sent_at: moment(told.sent_at),
            answer: told.answer,
            failed_at: moment(told.failed_at),
            problem: told.problem,
            waiting: told.waiting,
            given_up: told.given_up,
        },
    };
    Answer::versioned(&view, reporting.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(fields): Body<MailFields>,
) -> Result<Answer, Problem> {
    let roots = fields.roots.trim();
    check_roots(roots)?;
    let wanted = EditMail {
        version: 0,
        sender: fields.sender,
        server: fields.server,
        port: fields.port,
        security: fields.security,
        roots: roots.to_owned(),
        user: fields.user,
        password: fields.password.map_or(SecretChoice::Keep, |text| SecretChoice::Set(secret_of(&text))),
        web_address: fields.web_address,
    };
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let version = admin.records.reporting().version;
        if_match.demand(version, "page")?;
        admin.save_mail(&EditMail { version, ..wanted.clone() })
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api)).await
}

pub(super) async fn test(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(asked): Body<MailTest>,
) -> Result<Answer, Problem> {
    let to = asked.to;
    let done = api.system.administer(&caller.by, move |admin, _| admin.test_mail(&to)).await?;
    let answered = mail::send(&api.system, Letter::test(done.value), TEST_PATIENCE).await;
    Answer::json(&Tested::of(answered))
}
