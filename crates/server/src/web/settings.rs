//! The settings of phones and SIP and of the system. One form a tab; each field knows how it is read and written. The rules
//! of security have pages of their own.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    extension::Domain,
    ident::DomainId,
    portal::{Level, PortalPart, PortalRules},
    records::Records,
    rights::Right,
};

use crate::flow::Refusal;

use super::{
    Web,
    address::LastPart,
    credentials,
    form::Form,
    guard::{SignedForm, SignedIn},
    ignition::{networks, not_a_network},
    views::{
        forms::Filled,
        parts::{Notice, Tone},
        settings::{SettingsPage, SettingsTab},
        shell::Place,
    },
};

fn tab_named(name: &str) -> Option<SettingsTab> {
    match name {
        "domain" => Some(SettingsTab::Domain),
        "system" => Some(SettingsTab::System),
        _ => None,
    }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    LastPart(tab): LastPart,
) -> Result<Response, Response> {
    let Some(tab) = tab_named(&tab) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    Ok(who.page(&page(&web, &who, tab, &saved(&web, &who, tab))))
}

fn page(web: &Web, who: &SignedIn, tab: SettingsTab, filled: &Filled) -> SettingsPage {
    let right = if tab == SettingsTab::Security { Right::SecurityWrite } else { Right::SystemWrite };
    let notice = (tab == SettingsTab::Domain && filled.value("allow_md5") == "yes").then(|| {
        Notice::new(
            Tone::Info,
            "MD5 is allowed",
            "The status page shows which phones use it. When none does, it can be switched off.",
        )
        .with_link("/status/phones?q=md5", "Phones that use it")
    });
    let mut page = SettingsPage::new(who.shell(web, Place::Settings), tab, filled, notice, who.by.may(right));
    // The first step to a second domain: from then on there is a tab.
    page.first_domain = tab == SettingsTab::Domain && page.editable && web.system.ledger.domains().len() == 1;
    page
}

fn domain(web: &Web, who: &SignedIn) -> Option<Arc<Domain>> {
    who.known(web).domain(DomainId::FIRST)
}

/// A tab with what is in force.
fn saved(web: &Web, who: &SignedIn, tab: SettingsTab) -> Filled {
    let settings = who.known(web).settings();
    match tab {
        SettingsTab::Domain => domain(web, who).map_or_else(Filled::default, |domain| domain_filled(&domain)),
        SettingsTab::Security
        | SettingsTab::System
        | SettingsTab::Switch
        | SettingsTab::ShortCodes
        | SettingsTab::Mail
        | SettingsTab::Domains
        | SettingsTab::Notifications
        | SettingsTab::Administrators
        | SettingsTab::Groups
        | SettingsTab::Preferences => Filled::default()
            .with("system", &*settings.system_name)
            .with("lan1", lines(&settings.lan1))
            .with("lan2", lines(&settings.lan2))
            .with("version", settings.version.to_string()),
    }
}

/// The form of a domain with what is in force.
pub(super) fn domain_filled(domain: &Domain) -> Filled {
    let filled = Filled::default()
        .with("sip_domain", domain.hosts.join("\n"))
        .with("realm", &*domain.realm)
        .with("allow_md5", yes(domain.md5_allowed))
        .with("md5_agents", domain.md5_only_agents.join("\n"))
        .with("portal", domain.portal.portal.name())
        .with("version", domain.version.to_string());
    PortalPart::ALL.into_iter().fold(filled, |filled, part| {
        let level = match (part, domain.portal.set_of(part)) {
            // There is nothing in it to change, so that both are the same.
            (PortalPart::Directory, Level::Read) => Level::Write,
            (_, level) => level,
        };
        filled.with(&portal_field(part), level.name())
    })
}

fn portal_field(part: PortalPart) -> String {
    format!("portal_{}", part.name())
}

/// What the form says of the portal; what it does not say stays.
fn portal_wanted(present: PortalRules, form: &Form) -> PortalRules {
    let mut wanted = present;
    wanted.portal = Level::named(form.get("portal")).unwrap_or(present.portal);
    for part in PortalPart::ALL {
        let level = Level::named(form.get(&portal_field(part)));
        *wanted.set_of_mut(part) = level.unwrap_or(present.set_of(part));
    }
    wanted
}

/// A domain as that form wants it.
pub(super) fn domain_wanted(present: &Domain, form: &Form) -> Domain {
    let hosts = form.get("sip_domain").split_whitespace();
    let agents = form.get("md5_agents").lines().map(str::trim).filter(|agent| !agent.is_empty());
    Domain {
        version: form.get("version").parse().unwrap_or(0),
        hosts: hosts.map(|host| host.to_ascii_lowercase().into()).collect(),
        realm: form.get("realm").trim().into(),
        md5_allowed: form.is_ticked("allow_md5"),
        md5_only_agents: agents.map(Box::from).collect(),
        portal: portal_wanted(present.portal, form),
        ..present.clone()
    }
}

pub(super) const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

pub(super) fn lines(networks: &[ipnet::IpNet]) -> String {
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    LastPart(tab): LastPart,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let Some(tab) = tab_named(&tab) else { return Err(who.visitor.error(&web, StatusCode::NOT_FOUND)) };
    let mut reader = Reader { form: &form, filled: typed(&saved(&web, &who, tab), &form), is_wrong: false };
    let version = form.get("version").parse().unwrap_or(0);
    let done = match tab {
        SettingsTab::Security
        | SettingsTab::System
        | SettingsTab::Switch
        | SettingsTab::ShortCodes
        | SettingsTab::Mail
        | SettingsTab::Domains
        | SettingsTab::Notifications
        | SettingsTab::Administrators
        | SettingsTab::Groups
        | SettingsTab::Preferences => {
            let mut wanted = (*who.known(&web).settings()).clone();
            wanted.version = version;
            wanted.system_name = form.get("system").trim().into();
            reader.networks("lan1", &mut wanted.lan1);
            reader.networks("lan2", &mut wanted.lan2);
            if reader.is_wrong {
                None
            } else {
                Some(web.system.administer(&who.by, move |admin, _| admin.save_settings(&wanted)).await)
            }
        }
        SettingsTab::Domain => {
            let Some(present) = domain(&web, &who) else {
                return Err(who.visitor.error(&web, StatusCode::NOT_FOUND));
            };
            let wanted = domain_wanted(&present, &form);
            Some(web.system.administer(&who.by, move |admin, _| admin.save_domain(&wanted)).await)
        }
    };
    let again =
        |filled: &Filled| who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, tab, filled));
    Ok(match done {
        None => again(&reader.filled),
        Some(Err(refusal)) if credentials::is_overtaken(&refusal) => {
            let filled = credentials::overtaken(reader.filled, &saved(&web, &who, tab));
            let mut page = page(&web, &who, tab, &filled);
            let first = page.sections.first().and_then(|section| section.fields.first());
            let first = first.map_or_else(String::new, |field| field.name.clone());
            page.problems.list.insert(0, credentials::overtaken_words("page", &first));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Some(Ok(_)) => who.saved(tab.href(), Tone::Good, "Saved", "In force from now on."),
        Some(Err(refusal)) => {
            if credentials::wrong_fields(&refusal).is_empty() {
                credentials::refuse(&who, &web, &refusal)
            } else {
                again(&filled_wrong(reader.filled, &refusal))
            }
        }
    })
}

/// What was typed, in place of what is in force. A box that was not sent was not ticked.
pub(super) fn typed(saved: &Filled, form: &Form) -> Filled {
    saved.names().fold(Filled::default(), |filled, name| {
        let is_box = ["yes", "no"].contains(&saved.value(name));
        let value = if is_box { yes(form.is_ticked(name)) } else { form.get(name) };
        filled.with(name, value)
    })
}

/// What was typed, with what is wrong beside it.
pub(super) fn filled_wrong(filled: Filled, refusal: &Refusal) -> Filled {
    let wrong = credentials::wrong_fields(refusal).into_iter();
    wrong.fold(filled, |filled, wrong| filled.wrong(field_of(wrong.field), wrong.problem))
}

/// The form's field for a rule that was broken.
fn field_of(field: &str) -> &str {
    match field {
        "system-name" => "system",
        "hosts" => "sip_domain",
        "md5-agents" => "md5_agents",
        other => other,
    }
}

/// Reads a form field by field, and keeps what is wrong with each.
struct Reader<'a> {
    form: &'a Form,
    filled: Filled,
    is_wrong: bool,
}

impl Reader<'_> {
    fn wrong(&mut self, field: &str, text: String) {
        self.is_wrong = true;
        self.filled = std::mem::take(&mut self.filled).wrong(field, text);
    }

    fn networks(&mut self, field: &str, to: &mut Vec<ipnet::IpNet>) {
        match networks(self.form.get(field)) {
            Ok(networks) => *to = networks,
            Err(line) => self.wrong(field, not_a_network(&line)),
        }
    }
}
