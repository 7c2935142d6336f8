//! What calls leave with a user: the mailbox and its messages, where they are and how they may move, and the call log. What was
//! said in a message is the user's, and no page here plays it.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::Account,
    admin::{DeskRules, EditMailbox, Problem},
    call_log::{CallEntry, Direction},
    desk::{self, Desk},
    document::DocumentId,
    ident::{AccountId, ExtensionId, Number},
    mail::MailAddress,
    mailbox::{MESSAGES_LENGTH_MAX, MESSAGES_MAX, Mailbox, Message},
    party::Party,
    records::Records,
    rights::Right,
    timestamp::{Seconds, Timestamp},
};

use super::{
    Web,
    address::Path,
    credentials, domains,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    moment,
    settings::{typed, yes},
    user_passwords, users,
    views::{
        errors::ConfirmPage,
        forms::{Filled, Problems},
        parts::{Badge, Fact, Link, Notice, Tone},
        shell::Place,
        user_calls::{LoggedCall, MessageRow, OtherEnd, Present, UserCallsPage, desk_fields, mailbox_fields},
    },
};
use crate::{flow::Refusal, notify::mail::is_set_up};

fn href(id: AccountId) -> String {
    format!("{}/calls", users::href(id))
}

/// The way to the page from that of the user; none in a file, which has no calls.
pub(super) fn link(web: &Web, account: &Account) -> Option<String> {
    web.system.editor.is_none().then(|| href(account.id))
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &account, Filled::default()).await))
}

/// The settings of a mailbox, in its form.
fn saved_mailbox(mailbox: &Mailbox) -> Filled {
    let trusted: Vec<&str> = mailbox.trusted.iter().map(Number::as_str).collect();
    Filled::default()
        .with("voicemail", yes(!mailbox.is_off))
        .with("trusts_own", yes(mailbox.trusts_own))
        .with("trusted", trusted.join(", "))
        .with("mail_to", mailbox.mail_to.as_ref().map_or("", MailAddress::as_str))
}

/// The rules of a desk, in their form.
fn saved_desk(desk: &Desk) -> Filled {
    Filled::default()
        .with("is_forced", yes(desk.is_forced))
        .with("idle", minutes(desk.idle).to_string())
        .with("guest_hours_max", desk.guest_hours_max.to_string())
        .with("may_be_guest", yes(desk.may_be_guest))
}

/// Whole minutes, as the page has them.
const fn minutes(idle: Seconds) -> u32 {
    idle.0.div_ceil(60)
}

/// All that a form holds, in one line. A version would not do: messages come in and users move, and neither is a change of what
/// is edited here.
fn print(filled: &Filled) -> String {
    filled.names().map(|name| format!("{name}={}", filled.value(name))).collect::<Vec<_>>().join(";")
}

/// The page: with what is in force, but for what was typed into one of its forms.
async fn page(web: &Web, who: &SignedIn, account: &Account, typed: Filled) -> UserCallsPage {
    let now = web.system.clock.now();
    let log = call_log(web, account.id, now).await;
    let known = who.known(web);
    let (mailbox, desk) = (known.mailbox(account.id), Desk::of(&known, account.id));
    let (saved_mailbox, saved_desk) = (saved_mailbox(&mailbox), saved_desk(&desk));
    let editable = who.by.may(Right::UsersWrite) && !who.by.offline;
    let fill = |saved: &Filled| {
        let is_typed = saved.names().any(|name| typed.names().any(|other| other == name));
        if is_typed { typed.clone() } else { saved.clone() }
    };
    let mailbox_form = mailbox_fields(&fill(&saved_mailbox), is_set_up(&web.system), editable);
    let desk_form = desk_fields(&fill(&saved_desk), editable);
    let shown: Vec<_> = mailbox_form.iter().chain(&desk_form).collect();
    let taken = mailbox.messages.iter().fold(0_u64, |sum, message| sum + u64::from(message.length.0));
    UserCallsPage {
        problems: Problems::of(&shown, &[]),
        shell: who.shell(web, Place::Users),
        tabs: user_passwords::tabs(web, account, &href(account.id)),
        href: href(account.id),
        user: Link::new(
            users::href(account.id),
            domains::named(&*web.system.ledger, &account.name, account.domain),
        ),
        notice: who.by.offline.then(|| {
            Notice::new(
                Tone::Info,
                "Not in a draft",
                "What is set here is in force at once, and cannot wait. Sign in without Offline Mode to change it.",
            )
        }),
        mailbox_shown: print(&saved_mailbox),
        desk_shown: print(&saved_desk),
        mailbox: mailbox_form,
        desk: desk_form,
        room: format!(
            "{} of {MESSAGES_MAX} messages, {} of {}",
            mailbox.messages.len(),
            moment::elapsed(taken).human,
            moment::elapsed(MESSAGES_LENGTH_MAX.0.into()).human
        ),
        is_full: mailbox.is_full(),
        messages: mailbox
            .messages
            .iter()
            .rev()
            .map(|message| message_row(account, message, editable, now))
            .collect(),
        present: present(web, who, account, now),
        log: log.map(|log| log.iter().map(|call| logged(call, now)).collect()),
        editable,
    }
}

fn other_end(party: &Party) -> OtherEnd {
    match (party.name.as_str(), party.number.as_str()) {
        ("", "") => OtherEnd { title: "Unknown".into(), number: String::new() },
        ("", number) => OtherEnd { title: number.into(), number: String::new() },
        (name, number) => OtherEnd { title: name.into(), number: number.into() },
    }
}

fn length(seconds: Seconds) -> String {
    moment::elapsed(seconds.0.into()).human
}

fn message_row(account: &Account, message: &Message, editable: bool, now: Timestamp) -> MessageRow {
    MessageRow {
        at: moment::stamp(message.at, now),
        from: other_end(&message.from),
        length: length(message.length),
        state: if message.is_new {
            Badge::new(Tone::Info, "New")
        } else {
            Badge::new(Tone::Neutral, "Heard")
        },
        delete: editable.then(|| format!("{}/messages/{}/delete", href(account.id), message.id)),
        id: message.id,
    }
}

fn logged(call: &CallEntry, now: Timestamp) -> LoggedCall {
    LoggedCall {
        direction: match call.direction {
            Direction::Made => Badge::new(Tone::Neutral, "Made"),
            Direction::Received => Badge::new(Tone::Good, "Received"),
            Direction::Missed => Badge::new(Tone::Warning, "Missed"),
        },
        other: other_end(&call.other),
        at: moment::stamp(call.at, now),
        talked: call.talked.map_or_else(|| "Not at all".into(), length),
    }
}

/// The call log; `None` = it cannot be read, which is said in the program's own log.
pub(super) async fn call_log(web: &Web, account: AccountId, now: Timestamp) -> Option<Vec<CallEntry>> {
    let ledger = Arc::clone(&web.system.ledger);
    let read = tokio::task::spawn_blocking(move || ledger.call_log(account, now)).await;
    match read {
        Ok(Ok(log)) => Some(log),
        Ok(Err(error)) => {
            tracing::error!(%error, "a call log could not be read");
            None
        }
        Err(_) => None,
    }
}

fn present(web: &Web, who: &SignedIn, account: &Account, now: Timestamp) -> Present {
    let known = who.known(web);
    let at = desk::phone_of(&known, account).and_then(|id| known.extension(id));
    let Some(at) = at else {
        let says = if account.extension().is_none() {
            "At no phone: they have no extension."
        } else {
            "At no phone: calls go to the mailbox until they log in."
        };
        return Present { says: says.into(), log_out: None };
    };
    let seat = known.document(DocumentId::Seat(at.id));
    let until = seat.as_deref().and_then(|seat| seat.seat()).and_then(|seat| seat.until);
    let says = match (account.extension() == Some(at.id), until) {
        (true, _) => format!("At the own phone, {}.", at.number),
        (false, Some(until)) => {
            format!("A guest at the phone of {} until {}.", at.number, moment::stamp(until, now).human)
        }
        (false, None) => format!("At the phone of {}.", at.number),
    };
    // Who is at home and need not log in cannot be logged out.
    let may = who.by.may(Right::StatusControl) && !who.by.offline;
    let would = may && !desk::log_out(&known, &at, now).is_empty();
    Present { says, log_out: would.then(|| at.id.to_string()) }
}

pub(super) async fn save_mailbox(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let filled = typed(&saved_mailbox(&who.known(&web).mailbox(account.id)), &form);
    let shown = form.get("mailbox_shown").to_owned();
    let numbers = form.get("trusted").split([',', ';', ' ']).map(str::trim).filter(|text| !text.is_empty());
    let trusted: Vec<String> = numbers.map(str::to_owned).collect();
    let mail_to = form.get("mail_to").trim().to_owned();
    let (trusts_own, is_off) = (form.is_ticked("trusts_own"), !form.is_ticked("voicemail"));
    let done = web
        .system
        .administer(&who.by, move |admin, _| {
            let present = admin.records.mailbox(AccountId(id));
            if print(&saved_mailbox(&present)) != shown {
                return Err(Problem::Changed("mailbox"));
            }
            let edit = EditMailbox {
                version: present.version,
                trusted: trusted.clone(),
                trusts_own,
                is_off,
                mail_to: mail_to.clone(),
            };
            admin.save_mailbox_settings(AccountId(id), &edit)
        })
        .await;
    let saved = |web: &Web| saved_mailbox(&who.known(web).mailbox(account.id));
    Ok(answer(&web, &who, &account, done.map(drop), filled, saved, ("mailbox", "voicemail")).await)
}

pub(super) async fn save_desk(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let filled = typed(&saved_desk(&Desk::of(&who.known(&web), account.id)), &form);
    let (idle, hours) = match (whole(&form, "idle"), whole(&form, "guest_hours_max")) {
        (Some(idle), Some(hours)) => (idle, hours),
        (idle, hours) => {
            let wrong = [("idle", idle.is_none()), ("guest_hours_max", hours.is_none())];
            let filled = wrong
                .into_iter()
                .filter(|(_, is_wrong)| *is_wrong)
                .fold(filled, |filled, (field, _)| filled.wrong(field, "Write a whole number, or 0."));
            let page = page(&web, &who, &account, filled).await;
            return Ok(who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    let (is_forced, may_be_guest) = (form.is_ticked("is_forced"), form.is_ticked("may_be_guest"));
    // What is too much for the type is too much for the rule.
    let guest_hours_max = u8::try_from(hours).unwrap_or(u8::MAX);
    let shown = form.get("desk_shown").to_owned();
    let done = web
        .system
        .administer(&who.by, move |admin, _| {
            let present = Desk::of(&admin.records, AccountId(id));
            if print(&saved_desk(&present)) != shown {
                return Err(Problem::Changed("desk"));
            }
            // The page has minutes, programs have seconds: what nobody touched is not rounded.
            let is_as_before = idle == minutes(present.idle);
            let idle = if is_as_before { present.idle } else { Seconds(idle.saturating_mul(60)) };
            let rules = DeskRules { is_forced, idle, guest_hours_max, may_be_guest };
            admin.save_desk_rules(AccountId(id), rules)
        })
        .await;
    let saved = |web: &Web| saved_desk(&Desk::of(&who.known(web), account.id));
    Ok(answer(&web, &who, &account, done.map(drop), filled, saved, ("desk", "is_forced")).await)
}

/// A number that was typed; nothing is 0.
fn whole(form: &Form, field: &str) -> Option<u32> {
    let text = form.get(field).trim();
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// What is shown when one of the forms was sent.
async fn answer(
    web: &Web,
    who: &SignedIn,
    account: &Account,
    done: Result<(), Refusal>,
    filled: Filled,
    saved: impl Fn(&Web) -> Filled,
    (what, first_field): (&str, &str),
) -> Response {
    match done {
        Ok(()) => guard::redirect_with(&href(account.id), Tone::Good, "Saved", ""),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(filled, &saved(web));
            let mut page = page(web, who, account, filled).await;
            page.problems.list.insert(0, credentials::overtaken_words(what, first_field));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(who, web, &refusal)
        }
        Err(refusal) => {
            let page = page(web, who, account, credentials::fill_wrong(filled, &refusal)).await;
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Messages go by themselves, when their user deletes them: that is no fault of who comes too late.
fn is_gone(account: &Account) -> Response {
    guard::redirect_with(&href(account.id), Tone::Info, "The message is gone", "It was deleted meanwhile.")
}

pub(super) async fn ask_delete_message(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path((id, message)): Path<(u32, u64)>,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let mailbox = who.known(&web).mailbox(account.id);
    let Some(found) = mailbox.message(message) else { return Ok(is_gone(&account)) };
    let now = web.system.clock.now();
    let from = other_end(&found.from);
    let from = if from.number.is_empty() { from.title } else { format!("{}, {}", from.title, from.number) };
    let mut facts = vec![
        Fact::new("Mailbox of", &*account.name),
        Fact::new("From", from),
        Fact::new("Left", moment::stamp(found.at, now).human),
        Fact::new("Length", length(found.length)),
    ];
    if found.is_new {
        facts.push(Fact::new("New", "nobody has heard it"));
    }
    facts.extend(domains::fact(&web, &who, account.domain));
    Ok(who.page(&ConfirmPage {
        shell: who.shell(&web, Place::Users),
        title: "Delete this message?".into(),
        text: "What was said in it is gone, and nobody can bring it back.".into(),
        facts,
        action: format!("{}/messages/{message}/delete", href(account.id)),
        hidden: Vec::new(),
        yes: "Delete".into(),
        danger: true,
        back: href(account.id),
    }))
}

pub(super) async fn delete_message(
    State(web): State<Arc<Web>>,
    Path((id, message)): Path<(u32, u64)>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    Ok(match web.system.delete_message(&who.by, account.id, message).await {
        Ok(()) => guard::redirect_with(&href(account.id), Tone::Good, "The message is deleted", ""),
        Err(Refusal::Problem(Problem::NotFound("message"))) => is_gone(&account),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}

pub(super) async fn ask_clear(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let mut facts = vec![Fact::new("Call log of", &*account.name)];
    facts.extend(domains::fact(&web, &who, account.domain));
    Ok(who.page(&ConfirmPage {
        shell: who.shell(&web, Place::Users),
        title: format!("Clear the call log of {}?", account.name),
        text: "All calls in it are forgotten, for the user too. Those of others stay in theirs.".into(),
        facts,
        action: format!("{}/clear", href(account.id)),
        hidden: Vec::new(),
        yes: "Clear".into(),
        danger: true,
        back: href(account.id),
    }))
}

pub(super) async fn clear(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let done = web.system.administer(&who.by, move |admin, _| admin.clear_call_log(AccountId(id))).await;
    Ok(match done {
        Ok(_) => guard::redirect_with(&href(account.id), Tone::Good, "The call log is empty", ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}

/// Nobody is where they were looked at.
fn not_there(back: &str) -> Response {
    guard::redirect_with(back, Tone::Info, "They are not there", "They moved meanwhile.")
}

/// Where whoever logs somebody out came from: they need not be one who may look at the page.
fn back(who: &SignedIn, id: AccountId) -> String {
    if who.by.may(Right::UsersRead) { href(id) } else { "/manager".into() }
}

pub(super) async fn ask_log_out(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let present = present(&web, &who, &account, web.system.clock.now());
    let back = back(&who, account.id);
    let Some(phone) = present.log_out else { return Ok(not_there(&back)) };
    let mut facts = vec![Fact::new("User", &*account.name), Fact::new("Now", present.says)];
    facts.extend(domains::fact(&web, &who, account.domain));
    Ok(who.page(&ConfirmPage {
        shell: who.shell(&web, Place::Users),
        title: format!("Log {} out?", account.name),
        text: "Calls for them go to their own phone, or to the mailbox, until they log in again. Who talks now talks on.".into(),
        facts,
        action: format!("{}/logout", href(account.id)),
        hidden: vec![("phone".into(), phone)],
        yes: "Log out".into(),
        danger: true,
        back,
    }))
}

pub(super) async fn log_out(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let back = back(&who, account.id);
    let not_there = || not_there(&back);
    let Ok(phone) = form.get("phone").parse().map(ExtensionId) else { return Ok(not_there()) };
    let done = web
        .system
        .administer(&who.by, move |admin, _| {
            // Somebody else may be at that phone by now, and is not who was meant.
            let account = admin.records.account(AccountId(id)).ok_or(Problem::NotFound("user"))?;
            if desk::phone_of(&admin.records, &account) != Some(phone) {
                return Err(Problem::Changed("desk"));
            }
            admin.log_out_at(phone)
        })
        .await;
    Ok(match done {
        Ok(done) if done.value => guard::redirect_with(&back, Tone::Good, "Logged out", ""),
        Ok(_) => not_there(),
        Err(refusal) if credentials::is_overtaken(&refusal) => not_there(),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}
