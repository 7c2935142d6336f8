//! What is said until it is dealt with: the one list of standing warnings. Some stand on every page of the manager, the others
//! on the overview alone.

use signin::{extension::Domain, ident::DomainId, records::Records};

use super::{
    Web,
    guard::SignedIn,
    routes,
    views::{
        home::Attention,
        parts::{Link, Notice, Tone},
    },
};
use crate::notify::mail;

/// Where a warning stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    EveryPage,
    Overview,
}

/// One of them.
struct Warning {
    on: On,
    tone: Tone,
    title: String,
    text: &'static str,
    link: Option<(&'static str, &'static str)>,
}

/// A setting that is less safe than it could be.
struct LessSafe {
    is_in_force: fn(&Domain) -> bool,
    on: On,
    tone: Tone,
    title: &'static str,
    text: &'static str,
    link: (&'static str, &'static str),
}

/// Every setting of that kind. Where phones need one, as with MD5, it is no more than told.
const LESS_SAFE: [LessSafe; 2] = [
    LessSafe {
        is_in_force: |domain| domain.phones_administer_as_before,
        on: On::EveryPage,
        tone: Tone::Warning,
        title: "Less safe: phone based administration is as on the older systems",
        text: "Only M- and T-series phones are asked for the system password. Where none is set, nobody is asked for anything.",
        link: ("/manager/settings/switch", "Switch"),
    },
    LessSafe {
        is_in_force: |domain| domain.md5_allowed,
        on: On::Overview,
        tone: Tone::Info,
        title: "Phones may prove themselves with MD5",
        text: "Older phones need it. Where all phones know SHA-256, switch it off.",
        link: ("/manager/settings/domain", "Settings"),
    },
];

/// Those of every page.
pub(super) fn on_every_page(web: &Web, who: &SignedIn) -> Vec<Notice> {
    let notice = |warning: Warning| {
        let notice = Notice::new(warning.tone, warning.title, warning.text);
        match warning.link {
            Some((href, label)) => notice.with_link(href, label),
            None => notice,
        }
    };
    standing(web, who).filter(|warning| warning.on == On::EveryPage).map(notice).collect()
}

/// Those of the overview.
pub(super) fn on_overview(web: &Web, who: &SignedIn) -> impl Iterator<Item = Attention> {
    let attention = |warning: Warning| Attention {
        tone: warning.tone,
        title: warning.title,
        text: warning.text.into(),
        link: warning.link.map(|(href, label)| Link::new(href, label)),
    };
    standing(web, who).filter(|warning| warning.on == On::Overview).map(attention)
}

/// All that stand, as far as they concern this person, in the order in which they are said.
fn standing(web: &Web, who: &SignedIn) -> impl Iterator<Item = Warning> {
    let is_running = web.system.editor.is_none();
    let offline = who.is_offline().then(|| Warning {
        on: On::EveryPage,
        tone: Tone::Info,
        title: match who.waiting {
            0 => "Offline mode: nothing is changed yet".into(),
            1 => "Offline mode: 1 change not yet applied".into(),
            many => format!("Offline mode: {many} changes not yet applied"),
        },
        text: "What you save waits in your draft. Nothing of it is in force until you apply it.",
        link: Some(("/manager/draft", "Review")),
    });
    let partner = (is_running && who.admin(web).business_partner_is_open()).then(|| Warning {
        on: On::EveryPage,
        tone: Tone::Warning,
        title: "Security warning: BusinessPartner has no password".into(),
        text: "The reseller's account BusinessPartner has no password of its own. It opens nothing until it has one, and \
               nobody can help you with it.",
        link: Some(("/manager/settings/administrators", "Set a password")),
    });
    // Whoever administers one domain can mend nothing of the installation, and need not know of it.
    let of_system = partner.into_iter().chain(less_safe(web, who)).chain(no_recovery(web));
    let of_system = of_system.filter(|_| who.by.within.is_none());
    offline.into_iter().chain(of_system).chain(no_address(web, who))
}

/// Why nobody who forgot a password is helped by mail.
fn no_recovery(web: &Web) -> Option<Warning> {
    let settings = web.system.ledger.settings();
    let warning = |title: &str, text, link| Warning {
        on: On::Overview,
        tone: Tone::Warning,
        title: title.into(),
        text,
        link: Some(link),
    };
    if !settings.recovery.by_mail || web.system.editor.is_some() {
        // Somebody wanted it so.
        return None;
    }
    if !mail::is_set_up(&web.system) {
        return Some(warning(
            "Recovery by mail is not set up",
            "Whoever forgets a password is mailed no link to a new one. An administrator who forgets theirs is helped on the \
             machine itself alone: hookswitch recover Administrator. Nothing is lost by that.",
            ("/manager/settings/mail", "Set up email"),
        ));
    }
    (settings.lan1.is_empty() && !settings.recovery.from_anywhere).then(|| {
        warning(
            "Links to a new password work from nowhere",
            "They work from LAN1 alone, and no network is named as LAN1.",
            ("/manager/settings/system", "Name it"),
        )
    })
}

/// Whoever looks at this could be stuck tomorrow.
fn no_address(web: &Web, who: &SignedIn) -> Option<Warning> {
    let is_set_up = web.system.editor.is_none() && mail::is_set_up(&web.system);
    let has_none = web.system.ledger.profile(who.account.id).address.is_none();
    (is_set_up && has_none).then(|| Warning {
        on: On::Overview,
        tone: Tone::Warning,
        title: "No address is bound to your account".into(),
        text: "If you forget your password, nobody can mail you a link to a new one.",
        link: Some(("/manager/preferences", "Bind one")),
    })
}

/// The settings that are less safe. One that stands on every page is for those who may look at it.
fn less_safe(web: &Web, who: &SignedIn) -> Vec<Warning> {
    let Some(domain) = web.system.ledger.domain(DomainId::FIRST) else { return Vec::new() };
    let concerns =
        |setting: &&LessSafe| setting.on == On::Overview || routes::is_open_to(setting.link.0, &who.by);
    LESS_SAFE
        .iter()
        .filter(|setting| (setting.is_in_force)(&domain))
        .filter(concerns)
        .map(|setting| Warning {
            on: setting.on,
            tone: setting.tone,
            title: setting.title.into(),
            text: setting.text,
            link: Some(setting.link),
        })
        .collect()
}
