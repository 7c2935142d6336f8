//! Letters about an account: a link to a new password, a link that confirms an address, and word of what was done.

use std::sync::Arc;

use askama::Template;
use calls::prompt::Language;
use signin::{
    account::{Account, RoleKind},
    admin::Mailing,
    ident::{AccountId, DomainId},
    link::LinkKind,
    lockout::is_within,
    mail::MailAddress,
    records::Records as _,
    timestamp::Timestamp,
};

use super::letter::{Letter, one_line};
use crate::{
    listen::{certificate::addresses_of_this_machine, listener::Listener},
    moment,
    notify::Failure,
    system::System,
    web::views::parts::Link,
    words::{Say as _, Value},
};

/// Where links lead.
pub const PATH: &str = "/recover";

/// What somebody is told of their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A new password was set by a link.
    PasswordSet(LinkKind),
    /// Mail goes to another address from now on: said to the one before.
    AddressChanged,
}

/// The letter for readers of HTML.
#[derive(Debug, Template)]
#[template(path = "mail/letter.html")]
struct Page<'a> {
    language: Language,
    system: &'a str,
    title: &'a str,
    texts: &'a [String],
    link: Option<Link>,
    or_type: String,
    small: &'a [String],
}

/// The language of mails to somebody: the one they chose, or that of the system.
fn language(system: &System, account: AccountId) -> Language {
    let chosen = system.ledger.profile(account).language;
    chosen.as_deref().and_then(Language::tagged).unwrap_or(system.config().config.sip.language)
}

/// The beginning of the addresses that stand in mails: what was set for it; else a host name of the domain, or an address of this
/// machine in the trusted local network. Never what a request said: whoever asks for a mail to somebody else would decide where
/// its link leads.
pub fn address_of_pages(system: &System, domain: DomainId) -> Option<String> {
    let set = &system.ledger.reporting().mail.web_address;
    if !set.is_empty() {
        return Some(set.to_string());
    }
    let port = system.addresses().of(Listener::Https).first()?.port();
    let named = system.ledger.domain(domain).and_then(|domain| domain.hosts.first().cloned());
    let host = named.map(String::from).or_else(|| {
        let addresses = addresses_of_this_machine();
        let lan1 = &system.ledger.settings().lan1;
        let local = addresses.iter().find(|address| is_within(lan1, **address)).or(addresses.first())?;
        Some(if local.is_ipv6() { format!("[{local}]") } else { local.to_string() })
    })?;
    Some(if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") })
}

/// The letter with a link; `None` where the link opens nothing any more.
pub(super) fn with_link(
    system: &Arc<System>,
    kind: LinkKind,
    mailing: &Mailing,
    now: Timestamp,
) -> Result<Option<Letter>, Failure> {
    let Some(account) = system.ledger.account(mailing.account) else { return Ok(None) };
    if now >= mailing.ends_at {
        return Ok(None);
    }
    let Some(base) = address_of_pages(system, account.domain) else {
        return Err(Failure::unreachable("there is no address of these pages that could be mailed"));
    };
    let language = language(system, account.id);
    let whom = one_line(account.shown_name());
    let say = |name: &str| language.say_with(name, &[("name", Value::Text(&whom))]);
    let left = now.seconds_until(mailing.ends_at).div_ceil(60);
    let (family, time) = match kind {
        LinkKind::Recovery | LinkKind::HandOver => {
            ("find", language.say_with("mail-find-time", &[("n", Value::Number(left))]))
        }
        LinkKind::Address => ("bind", language.say("mail-bind-time")),
    };
    let is_local = kind.sets_password() && !system.ledger.settings().recovery.from_anywhere;
    let mut texts = vec![say(&format!("mail-{family}-text")), time];
    if is_local {
        texts.push(language.say("mail-find-local"));
    }
    Ok(Some(written(
        system,
        language,
        mailing.to.clone(),
        &say(&format!("mail-{family}-subject")),
        &say(&format!("mail-{family}-title")),
        &texts,
        Some(Link::new(
            format!("{base}{PATH}/{}", mailing.token.reveal()),
            language.say(&format!("mail-{family}-button")),
        )),
        &[language.say(&format!("mail-{family}-not-you"))],
    )))
}

/// The letter that tells of what was done; `None` where there is nobody to tell.
pub(super) fn of_notice(
    system: &Arc<System>,
    account: AccountId,
    to: &MailAddress,
    notice: Notice,
    at: Timestamp,
) -> Option<Letter> {
    let account: Arc<Account> = system.ledger.account(account)?;
    let language = language(system, account.id);
    let (at, whom) = (moment::for_people(at), one_line(account.shown_name()));
    let say = |name: &str| language.say_with(name, &[("name", Value::Text(&whom)), ("at", Value::Text(&at))]);
    let (subject, text) = match notice {
        Notice::PasswordSet(LinkKind::HandOver) => ("mail-set-subject", "mail-set-by-hand-over"),
        Notice::PasswordSet(_) => ("mail-set-subject", "mail-set-by-mail"),
        Notice::AddressChanged => ("mail-moved-subject", "mail-moved-text"),
    };
    let whom_to_ask = match account.kind() {
        RoleKind::User => "mail-not-you-user",
        RoleKind::ServiceUser => "mail-not-you-service-user",
    };
    let title = say(subject);
    Some(written(
        system,
        language,
        to.clone(),
        &title,
        &title,
        &[say(text)],
        None,
        &[language.say(whom_to_ask)],
    ))
}

#[expect(clippy::too_many_arguments, reason = "each is one thing that a letter says")]
fn written(
    system: &System,
    language: Language,
    to: MailAddress,
    subject: &str,
    title: &str,
    texts: &[String],
    link: Option<Link>,
    small: &[String],
) -> Letter {
    let mut text = format!("{title}\r\n\r\n");
    for paragraph in texts {
        text.push_str(&format!("{paragraph}\r\n\r\n"));
    }
    if let Some(link) = &link {
        text.push_str(&format!("{}\r\n\r\n", link.href));
    }
    for paragraph in small {
        text.push_str(&format!("{paragraph}\r\n\r\n"));
    }
    let name = system.ledger.settings().system_name.to_string();
    let or_type = language.say("mail-or-type");
    let page = Page { language, system: &name, title, texts, link, or_type, small };
    // Whoever cannot be shown the page reads the text.
    Letter { to, subject: subject.into(), text, html: page.render().ok(), sound: None }
}
