//! The secrets of a user on one page: which of them is the trouble, each of them, the link by which they choose a password themselves,
//! and the address that such links are mailed to.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, Condition},
    admin::Admin,
    credential::{
        CredentialKind, Owner,
        trouble::{Trouble, counts_of, troubles},
    },
    dice::Dice,
    extension::Extension,
    ident::AccountId,
    link::LinkKind,
    lockout::{Standing, Tally, TallyKey},
    mail::MAIL_ADDRESS_MAX,
    records::Records,
    rights::Right,
    timestamp::Timestamp,
};

use super::{
    Web,
    address::Path,
    audit,
    credentials::{self, CardOf, Slip},
    doctor, domains,
    guard::{self, SignedForm, SignedIn},
    moment, recover, user_calls, users,
    views::{
        forms::{Field, Filled, Kind, Problems},
        parts::{Fact, Link, Notice, Tone},
        shell::Place,
        users::{CredentialCard, SecretOncePage, TroubleRow, UserPasswordsPage, UserTab},
    },
};
use crate::notify::mail::{account as mail, is_set_up};

pub(super) fn href(id: AccountId) -> String {
    format!("{}/passwords", users::href(id))
}

/// The pages about a user, of which one is shown.
pub(super) fn tabs(web: &Web, account: &Account, here: &str) -> Vec<UserTab> {
    let tab = |href: String, label| UserTab { here: href == here, href, label };
    let calls = user_calls::link(web, account).map(|href| tab(href, "Calls and mailbox"));
    [tab(users::href(account.id), "User"), tab(href(account.id), "Passwords")]
        .into_iter()
        .chain(calls)
        .collect()
}

/// What was wrong with what was sent.
#[derive(Default)]
struct Wrong {
    /// A secret of this kind: in which field, and what.
    secret: Option<(CredentialKind, (String, String))>,
    /// The address, as typed, and what is wrong with it.
    address: Filled,
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, &account, &Wrong::default())))
}

fn page(web: &Web, who: &SignedIn, account: &Account, wrong: &Wrong) -> UserPasswordsPage {
    let now = web.system.clock.now();
    let known = who.known(web);
    let extension = account.extension().and_then(|id| known.extension(id));
    let kinds = kinds_of(account, extension.as_deref());
    let troubles = troubles(&known, account, extension.as_deref(), &kinds, now);
    // Links are for a system that runs: neither a draft nor a file makes any.
    let editable = who.by.may(Right::SecurityReset) && !who.by.offline && web.system.editor.is_none();
    let address = wrong.address.field(
        Field::new("address", "Their address")
            .kind(Kind::Code)
            .hint("A mail with a link goes there; it counts once they have opened that. Empty: none.")
            .length_max(MAIL_ADDRESS_MAX as u64),
    );
    UserPasswordsPage {
        shell: who.shell(web, Place::Users),
        title: account.name.to_string(),
        state: users::badge(known.status_of(account, now)),
        list: Link::new(users::PATH, domains::named(&*web.system.ledger, "Users", account.domain)),
        tabs: tabs(web, account, &href(account.id)),
        troubles: troubles.into_iter().map(|(kind, trouble)| in_words(kind, trouble, now)).collect(),
        doctor: doctor::link(who, &account.name, account.domain),
        credentials: cards(web, who, account, extension.as_deref(), &kinds, wrong.secret.as_ref()),
        editable,
        bound: bound(web, account, now),
        problems: Problems::of(&[&address], &[]),
        address,
        history: audit::history(web, who, &account.name, account.domain, Some(account.id), now),
        history_href: audit::href_of(&account.name, domains::told(web, who, account.domain)),
        href: users::href(account.id),
    }
}

/// The kinds of secrets of a user, as they stand on the page.
fn kinds_of(account: &Account, extension: Option<&Extension>) -> Vec<(Owner, CredentialKind)> {
    let owner = Owner::Account(account.id);
    let phone = extension.map(|extension| (Owner::Extension(extension.id), CredentialKind::PhonePassword));
    let of_phones = std::iter::once((owner, CredentialKind::LoginCode)).chain(phone);
    let others =
        [CredentialKind::UserPassword, CredentialKind::VoicemailCode, CredentialKind::PortalPasscode];
    of_phones.chain(others.map(|kind| (owner, kind))).collect()
}

const fn about(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::LoginCode => {
            "Digits for phones. A phone registers with it, unless the extension has a phone password."
        }
        CredentialKind::PhonePassword => "For this extension's phone alone, in place of the login code.",
        CredentialKind::UserPassword => "For the user's own pages and programs.",
        CredentialKind::VoicemailCode => "Digits for the mailbox.",
        CredentialKind::PortalPasscode => "Digits for signing in to another's phone for a while.",
        CredentialKind::ServicePassword | CredentialKind::SystemPassword => "",
    }
}

fn cards(
    web: &Web,
    who: &SignedIn,
    account: &Account,
    extension: Option<&Extension>,
    kinds: &[(Owner, CredentialKind)],
    wrong: Option<&(CredentialKind, (String, String))>,
) -> Vec<CredentialCard> {
    let card = |(owner, kind): &(Owner, CredentialKind)| {
        let is_forced = account.condition == Condition::ForceNewPassword;
        let of = CardOf {
            owner: *owner,
            kind: *kind,
            href: &users::href(account.id),
            account: &account.name,
            number: extension.map_or("", |extension| extension.number.as_str()),
            tally: worst(web, who, *kind, account, extension),
            force_new: (*kind == CredentialKind::UserPassword).then_some(is_forced),
            about: about(*kind),
        };
        let error = wrong.filter(|(wrong, _)| wrong == kind).map(|(_, error)| error.clone());
        credentials::card(web, who, &of, error)
    };
    kinds.iter().map(card).collect()
}

/// The count of a secret that is nearest to locking it, or does.
fn worst(
    web: &Web,
    who: &SignedIn,
    kind: CredentialKind,
    account: &Account,
    extension: Option<&Extension>,
) -> TallyKey {
    let (known, now) = (who.known(web), web.system.clock.now());
    let settings = known.settings();
    let weight = |key: &TallyKey| {
        let tally = known.tally(key);
        let is_locked = matches!(tally.standing(settings.lock_rule(key.scope), now), Standing::Locked { .. });
        (is_locked, tally.failures)
    };
    let counts = counts_of(kind, account, extension);
    counts.into_iter().max_by_key(weight).unwrap_or_else(|| TallyKey::credential(kind, account))
}

fn in_words(kind: CredentialKind, trouble: Trouble, now: Timestamp) -> TroubleRow {
    let title = kind.row().title;
    let tries = |tally: Tally| {
        let times = if tally.failures == 1 { "once".into() } else { format!("{} times", tally.failures) };
        format!("{times}, the last time {}", moment::stamp(tally.failed_at, now).ago)
    };
    let (tone, what, text) = match trouble {
        Trouble::Locked { until, tally } => {
            let ends = until.map_or_else(
                || "It stays so until somebody lifts the lock.".into(),
                |until| format!("It ends by itself at {}.", moment::stamp(until, now).human),
            );
            let text = format!(
                "Typed wrongly {}: now even the right one is refused. {ends} A new one ends it at once.",
                tries(tally)
            );
            (Tone::Danger, "locked", text)
        }
        Trouble::Ended => {
            (Tone::Warning, "expired", "It opens nothing any more. They need a new one.".into())
        }
        Trouble::WrongTries(tally) => {
            let text =
                format!("{}. If that was they, they do not know it any more: a new one helps.", tries(tally));
            (Tone::Warning, "typed wrongly", text)
        }
        Trouble::Weak => {
            (Tone::Info, "breaks a rule that is newer", "It still works, and a new one is asked for.".into())
        }
    };
    TroubleRow { tone, title: format!("{title}: {what}"), text, href: format!("#{}", kind.row().name) }
}

fn bound(web: &Web, account: &Account, now: Timestamp) -> Notice {
    let profile = web.system.ledger.profile(account.id);
    match (&profile.address, &profile.waiting) {
        (Some(bound), waiting) => {
            let since = format!("Confirmed on {}.", moment::stamp(bound.confirmed_at, now).human);
            let text = waiting.as_ref().map_or_else(
                || since.clone(),
                |waiting| format!("{since} {waiting} takes its place once it is confirmed."),
            );
            Notice::new(Tone::Good, bound.address.as_str(), text)
        }
        (None, Some(waiting)) => {
            let text = "They open the link in the mail that was sent there: until then it does not count.";
            Notice::new(Tone::Warning, format!("{waiting} is not confirmed yet"), text)
        }
        (None, None) => {
            let text = "If they forget their password, they need somebody who makes them a link.";
            Notice::new(Tone::Info, "No address is bound to this account", text)
        }
    }
}

pub(super) async fn set_secret(
    State(web): State<Arc<Web>>,
    Path((id, kind)): Path<(u32, String)>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let extension = account.extension().and_then(|id| who.known(&web).extension(id));
    let kinds = kinds_of(&account, extension.as_deref());
    let kind = credentials::kind_named(&kind);
    let Some((owner, kind)) = kinds.into_iter().find(|(_, one)| Some(*one) == kind) else {
        return Err(who.visitor.error(&web, StatusCode::NOT_FOUND));
    };
    let mut counts = counts_of(kind, &account, extension.as_deref());
    counts.retain(|key| who.known(&web).tally(key) != Tally::default());
    let number = extension.as_ref().map_or("", |extension| extension.number.as_str());
    let back = href(account.id);
    let slip = Slip { of: &account.name, phone: Some((account.domain, number)), back: &back };
    let refused = |error: (String, String)| {
        if !who.by.may(Right::UsersRead) {
            return credentials::not_set(&error.1);
        }
        let wrong = Wrong { secret: Some((kind, error)), ..Wrong::default() };
        who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &account, &wrong))
    };
    Ok(credentials::change_secret(&web, &who, &form, Place::Users, owner, kind, counts, &slip, refused).await)
}

/// Makes a link by which they choose a password themselves, and shows it this once.
pub(super) async fn hand_over(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let not_made = |text| guard::redirect_with(&href(account.id), Tone::Danger, "No link was made", text);
    let settings = web.system.ledger.settings();
    if settings.lan1.is_empty() && !settings.recovery.from_anywhere {
        let text = "It would work nowhere: such links open from LAN1 alone, which is named under System.";
        return Ok(not_made(text));
    }
    let Some(pages) = mail::address_of_pages(&web.system, account.domain) else {
        let text =
            "This system does not know its own address. Set the one that links begin with, under Email.";
        return Ok(not_made(text));
    };
    let make = move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.hand_over(AccountId(id), dice);
    Ok(match web.system.administer(&who.by, make).await {
        Ok(done) => {
            let now = web.system.clock.now();
            let ends_at = now.after(LinkKind::HandOver.lifetime());
            let until = Fact::new("Works until", moment::stamp(ends_at, now).human);
            let local = Fact::new("Works from", "the office's own network");
            let page = SecretOncePage {
                shell: who.shell(&web, Place::Users),
                title: format!("Link for {}", account.name),
                secret: format!("{pages}{}/{}", mail::PATH, done.value.reveal()),
                facts: if settings.recovery.from_anywhere { vec![until] } else { vec![until, local] },
                instruction:
                    "Open this address and choose your password. It works once; nobody else knows what you \
                              choose."
                        .into(),
                back: href(account.id),
            };
            who.page(&page)
        }
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}

/// Binds another address to the account; it counts when they have followed the link that is mailed there.
pub(super) async fn bind_address(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let account = users::find(&web, &who, id)?;
    let typed = form.get("address").trim().to_owned();
    let before = web.system.ledger.profile(account.id).address.filter(|_| typed.is_empty());
    let wanted = typed.clone();
    let bind =
        move |admin: &Admin<'_>, dice: &mut dyn Dice| admin.bind_address_of(AccountId(id), &wanted, dice);
    let back = href(account.id);
    Ok(match web.system.administer(&who.by, bind).await {
        Ok(done) if done.value.is_some() && is_set_up(&web.system) => {
            recover::mail_link(&web, done.value);
            let text = format!("The address counts once they have opened the link in the mail to {typed}.");
            guard::redirect_with(&back, Tone::Good, "Saved: a mail is on its way", &text)
        }
        Ok(done) if done.value.is_some() => {
            let text = "No mail goes out yet: set its server under Email, then save the address once more.";
            guard::redirect_with(&back, Tone::Warning, "Saved, and not confirmed", text)
        }
        Ok(_) => {
            if let Some(before) = before {
                web.system.tell_by_mail(account.id, before.address, mail::Notice::AddressChanged);
            }
            guard::redirect_with(&back, Tone::Good, "Saved", "")
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(_) if !who.by.may(Right::UsersRead) => credentials::not_set("This is no address."),
        Err(refusal) => {
            let address = credentials::fill_wrong(Filled::default().with("address", &*typed), &refusal);
            let wrong = Wrong { address, ..Wrong::default() };
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, &account, &wrong))
        }
    })
}
