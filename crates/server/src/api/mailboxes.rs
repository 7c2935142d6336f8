//! Mailboxes: whom they let in without a code, and the messages in them. What was said in a message is the user's, and is told to
//! nobody here.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{Admin, EditMailbox},
    dice::Dice,
    ident::AccountId,
    mail::MailAddress,
    mailbox::{self, MESSAGES_LENGTH_MAX, MESSAGES_MAX},
    party,
    records::Records,
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::moment,
    answer::{Answer, IfMatch},
    door::Caller,
    paging::{PageQuery, page},
    problem::Problem,
    request::{Body, Path, Query},
    users::find,
};

/// What is chosen of a mailbox: all of it, as it was read.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailboxFields {
    /// Whether there is one. Off, no messages are taken; those that are there stay.
    is_on: bool,
    /// Whether no code is asked for at the own extension.
    trusts_own_extension: bool,
    /// The numbers of other extensions at which none is asked for.
    #[schema(max_items = 32, examples(json!(["202"])))]
    trusted: Vec<String>,
    /// Where new messages are mailed; empty: nowhere. Left out or null, it stays as it is.
    #[serde(default)]
    #[schema(max_length = 254, examples("ann@example.com"))]
    mail_to: Option<String>,
}

/// A mailbox.
#[derive(Serialize, ToSchema)]
pub(super) struct Mailbox {
    /// Whether there is one.
    is_on: bool,
    /// Whether no code is asked for at the own extension.
    trusts_own_extension: bool,
    /// The numbers of other extensions at which none is asked for.
    #[schema(max_items = 32, examples(json!(["202"])))]
    trusted: Vec<String>,
    /// Where new messages are mailed; empty: nowhere.
    #[schema(max_length = 254, examples("ann@example.com"))]
    mail_to: String,
    /// Whether it has a greeting of its own.
    has_greeting: bool,
    /// How many messages there are.
    #[schema(minimum = 0)]
    messages: usize,
    /// How many of them nobody has heard.
    #[schema(minimum = 0)]
    new_messages: usize,
    /// How many there can be.
    #[schema(minimum = 0)]
    messages_max: usize,
    /// How long all of them are together.
    #[schema(minimum = 0)]
    seconds: u32,
    /// How long all of them can be together.
    #[schema(minimum = 0)]
    seconds_max: u32,
    /// Whether nothing more goes in.
    is_full: bool,
}

/// Who is at the other end of a call, as it was shown. Nobody has proved any of it.
#[derive(Serialize, ToSchema)]
pub(super) struct OtherEnd {
    /// The number; may be empty.
    #[schema(max_length = 64, examples("202"))]
    number: String,
    /// The name; may be empty.
    #[schema(max_length = 64, examples("Bob"))]
    name: String,
}

impl OtherEnd {
    /// Of this one.
    pub(super) fn of(party: &party::Party) -> Self {
        Self { number: party.number.to_string(), name: party.name.to_string() }
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    /// Never given to another message of this mailbox.
    #[schema(minimum = 1, examples(3))]
    id: u64,
    /// When it was left.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// By whom.
    from: OtherEnd,
    /// How long it is.
    #[schema(minimum = 0, examples(42))]
    seconds: u32,
    /// Whether nobody has heard it.
    is_new: bool,
}

page!(
    /// A page of messages, the oldest first.
    Messages of Message
);

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let mailbox = api.system.ledger.mailbox(find(&api, &caller, id)?.id);
    let told = Mailbox {
        is_on: !mailbox.is_off,
        trusts_own_extension: mailbox.trusts_own,
        trusted: mailbox.trusted.iter().map(ToString::to_string).collect(),
        mail_to: address(mailbox.mail_to.as_ref()),
        has_greeting: mailbox.has_greeting,
        messages: mailbox.messages.len(),
        new_messages: mailbox.new_messages(),
        messages_max: MESSAGES_MAX,
        seconds: mailbox.messages.iter().fold(0, |sum: u32, message| sum.saturating_add(message.length.0)),
        seconds_max: MESSAGES_LENGTH_MAX.0,
        is_full: mailbox.is_full(),
    };
    Answer::versioned(&told, mailbox.version)
}

fn address(to: Option<&MailAddress>) -> String {
    to.map_or_else(String::new, ToString::to_string)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<MailboxFields>,
) -> Result<Answer, Problem> {
    find(&api, &caller, id)?;
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.records.mailbox(AccountId(id));
        if_match.demand(present.version, "mailbox")?;
        let edit = EditMailbox {
            version: present.version,
            trusted: fields.trusted.clone(),
            trusts_own: fields.trusts_own_extension,
            is_off: !fields.is_on,
            mail_to: fields.mail_to.clone().unwrap_or_else(|| address(present.mail_to.as_ref())),
        };
        admin.save_mailbox_settings(AccountId(id), &edit)
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api), caller, Path(id)).await
}

pub(super) async fn messages(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    Query(page): Query<PageQuery>,
) -> Result<Answer, Problem> {
    let mailbox = api.system.ledger.mailbox(find(&api, &caller, id)?.id);
    let (items, total) = page.cut(mailbox.messages.iter().map(view).collect());
    Answer::json(&Messages { items, total })
}

fn view(message: &mailbox::Message) -> Message {
    Message {
        id: message.id,
        at: moment(message.at),
        from: OtherEnd::of(&message.from),
        seconds: message.length.0,
        is_new: message.is_new,
    }
}

pub(super) async fn delete_message(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((id, message)): Path<(u32, u64)>,
) -> Result<Answer, Problem> {
    let account = find(&api, &caller, id)?;
    api.system.delete_message(&caller.by, account.id, message).await?;
    Ok(Answer::done())
}
