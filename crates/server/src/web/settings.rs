//! The settings: security, phones and SIP, system. One form a tab; each field knows how it is read and written.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    extension::Domain,
    ident::DomainId,
    policy::{Lock, LockRule, Settings},
    records::Records,
    rights::Right,
    timestamp::Seconds,
};

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
        "security" => Some(SettingsTab::Security),
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
        .with_link("/status", "Registered phones")
    });
    SettingsPage::new(who.shell(web, Place::Settings), tab, filled, notice, who.by.may(right))
}

fn domain(web: &Web, who: &SignedIn) -> Option<Arc<Domain>> {
    who.known(web).domain(DomainId::FIRST)
}

/// A tab with what is in force.
fn saved(web: &Web, who: &SignedIn, tab: SettingsTab) -> Filled {
    let settings = who.known(web).settings();
    match tab {
        SettingsTab::Security => security(&settings),
        SettingsTab::Domain => domain(web, who).map_or_else(Filled::default, |domain| {
            Filled::default()
                .with("sip_domain", domain.hosts.join("\n"))
                .with("realm", &*domain.realm)
                .with("allow_md5", yes(domain.md5_allowed))
                .with("md5_agents", domain.md5_only_agents.join("\n"))
                .with("version", domain.version.to_string())
        }),
        SettingsTab::System | SettingsTab::Administrators => Filled::default()
            .with("system", &*settings.system_name)
            .with("lan1", lines(&settings.lan1))
            .with("lan2", lines(&settings.lan2))
            .with("version", settings.version.to_string()),
    }
}

fn security(settings: &Settings) -> Filled {
    let number = |value: u32| value.to_string();
    let filled = Filled::default()
        .with("version", settings.version.to_string())
        .with("password_length_min", number(settings.service_password.length_min.into()))
        .with("user_password_length_min", number(settings.user_password.length_min.into()))
        .with("phone_password_length_min", number(settings.phone_password.length_min.into()))
        .with("refuse_common", yes(settings.service_password.refuse_common))
        .with("change_period_days", number(settings.ages.secret.0 / 86_400))
        .with("idle_days", number(settings.ages.idle.0 / 86_400))
        .with("code_length_min", number(settings.login_code.length_min.into()))
        .with("code_complexity", yes(settings.login_code.refuse_patterns))
        .with("code_exempt", yes(settings.administrators_exempt))
        .with("sessions_max", number(settings.sessions.concurrent_max.into()))
        .with("session_idle_minutes", number(settings.sessions.idle.0 / 60))
        .with("session_hours", number(settings.sessions.absolute.0 / 3600))
        .with("banner", &*settings.login_banner)
        .with("allow_list", lines(&settings.address_allow));
    LOCKS.iter().fold(filled, |filled, (prefix, rule)| lock(filled, prefix, rule(settings)))
}

type RuleOf = fn(&Settings) -> &LockRule;
type RuleOfMut = fn(&mut Settings) -> &mut LockRule;

/// The rules that the form shows, by the beginning of their fields' names.
const LOCKS: [(&str, RuleOf); 4] = [
    ("reject", |settings| &settings.service_password_lock),
    ("user", |settings| &settings.user_password_lock),
    ("extension", |settings| &settings.extension_lock),
    ("address", |settings| &settings.address_lock),
];
const LOCKS_MUT: [(&str, RuleOfMut); 4] = [
    ("reject", |settings| &mut settings.service_password_lock),
    ("user", |settings| &mut settings.user_password_lock),
    ("extension", |settings| &mut settings.extension_lock),
    ("address", |settings| &mut settings.address_lock),
];

/// The action's name in the form, and the length of its first lock.
fn lock(filled: Filled, prefix: &str, rule: &LockRule) -> Filled {
    let (action, length) = match rule.lock {
        Lock::LogOnly => ("log", Seconds::minutes(10)),
        Lock::Temporary(length) => ("temporary", length),
        Lock::Doubling(first) => ("doubling", first),
        Lock::TemporaryThenPermanent { temporary, .. } => ("then-permanent", temporary),
        Lock::Permanent => ("permanent", Seconds::minutes(10)),
    };
    filled
        .with(&format!("{prefix}_failures"), rule.failures_max.to_string())
        .with(&format!("{prefix}_within_minutes"), (rule.window.0 / 60).to_string())
        .with(&format!("{prefix}_action"), action)
        .with(&format!("{prefix}_minutes"), length.0.div_ceil(60).to_string())
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn lines(networks: &[ipnet::IpNet]) -> String {
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
        SettingsTab::Security | SettingsTab::System | SettingsTab::Administrators => {
            let mut wanted = (*who.known(&web).settings()).clone();
            wanted.version = version;
            if tab == SettingsTab::Security {
                reader.security(&mut wanted);
            } else {
                wanted.system_name = form.get("system").trim().into();
                reader.networks("lan1", &mut wanted.lan1);
                reader.networks("lan2", &mut wanted.lan2);
            }
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
            let hosts = form.get("sip_domain").split_whitespace();
            let wanted = Domain {
                version,
                hosts: hosts.map(|host| host.to_ascii_lowercase().into()).collect(),
                realm: form.get("realm").trim().into(),
                md5_allowed: form.is_ticked("allow_md5"),
                md5_only_agents: form
                    .get("md5_agents")
                    .lines()
                    .map(str::trim)
                    .filter(|agent| !agent.is_empty())
                    .map(Box::from)
                    .collect(),
                ..(*present).clone()
            };
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
            let wrong = credentials::wrong_fields(&refusal);
            if wrong.is_empty() {
                credentials::refuse(&who, &web, &refusal)
            } else {
                let filled = wrong
                    .into_iter()
                    .fold(reader.filled, |filled, wrong| filled.wrong(field_of(wrong.field), wrong.problem));
                again(&filled)
            }
        }
    })
}

/// What was typed, in place of what is in force. A box that was not sent was not ticked.
fn typed(saved: &Filled, form: &Form) -> Filled {
    saved.names().fold(Filled::default(), |filled, name| {
        let is_box = ["yes", "no"].contains(&saved.value(name));
        let value = if is_box { yes(form.is_ticked(name)) } else { form.get(name) };
        filled.with(name, value)
    })
}

/// The form's field for a rule that was broken.
fn field_of(field: &str) -> &str {
    match field {
        "system-name" => "system",
        "login-banner" => "banner",
        "address-allow" => "allow_list",
        "service-password-lock" => "reject_failures",
        "user-password-lock" => "user_failures",
        "extension-lock" => "extension_failures",
        "address-lock" => "address_failures",
        "service-password" => "password_length_min",
        "user-password" => "user_password_length_min",
        "login-code" => "code_length_min",
        "phone-password" => "phone_password_length_min",
        "sessions-concurrent" => "sessions_max",
        "sessions-idle" => "session_idle_minutes",
        "sessions-absolute" => "session_hours",
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

    fn number<T: TryFrom<u32>>(&mut self, field: &str, to: &mut T) {
        let typed = self.form.get(field).trim();
        match typed.parse::<u32>().ok().and_then(|number| T::try_from(number).ok()) {
            Some(number) => *to = number,
            None => self.wrong(
                field,
                format!("“{}” is no number that fits here.", typed.chars().take(20).collect::<String>()),
            ),
        }
    }

    fn time(&mut self, field: &str, unit: u32, to: &mut Seconds) {
        let mut number = 0_u32;
        self.number(field, &mut number);
        *to = Seconds(number.saturating_mul(unit));
    }

    fn networks(&mut self, field: &str, to: &mut Vec<ipnet::IpNet>) {
        match networks(self.form.get(field)) {
            Ok(networks) => *to = networks,
            Err(line) => self.wrong(field, not_a_network(&line)),
        }
    }

    fn lock(&mut self, prefix: &str, rule: &mut LockRule) {
        self.number(&format!("{prefix}_failures"), &mut rule.failures_max);
        self.time(&format!("{prefix}_within_minutes"), 60, &mut rule.window);
        let mut length = Seconds(0);
        self.time(&format!("{prefix}_minutes"), 60, &mut length);
        let permanent_at = match rule.lock {
            Lock::TemporaryThenPermanent { permanent_at, .. } => permanent_at,
            Lock::LogOnly | Lock::Temporary(_) | Lock::Doubling(_) | Lock::Permanent => 3,
        };
        rule.lock = match self.form.get(&format!("{prefix}_action")) {
            "log" => Lock::LogOnly,
            "doubling" => Lock::Doubling(length),
            "then-permanent" => Lock::TemporaryThenPermanent { temporary: length, permanent_at },
            "permanent" => Lock::Permanent,
            _ => Lock::Temporary(length),
        };
    }

    fn security(&mut self, wanted: &mut Settings) {
        for (prefix, rule) in LOCKS_MUT {
            self.lock(prefix, rule(wanted));
        }
        self.number("password_length_min", &mut wanted.service_password.length_min);
        self.number("user_password_length_min", &mut wanted.user_password.length_min);
        self.number("phone_password_length_min", &mut wanted.phone_password.length_min);
        self.number("code_length_min", &mut wanted.login_code.length_min);
        let refuse_common = self.form.is_ticked("refuse_common");
        for rules in [
            &mut wanted.service_password,
            &mut wanted.user_password,
            &mut wanted.phone_password,
            &mut wanted.login_code,
        ] {
            rules.refuse_common = refuse_common;
        }
        wanted.login_code.refuse_patterns = self.form.is_ticked("code_complexity");
        wanted.administrators_exempt = self.form.is_ticked("code_exempt");
        self.time("change_period_days", 86_400, &mut wanted.ages.secret);
        self.time("idle_days", 86_400, &mut wanted.ages.idle);
        self.number("sessions_max", &mut wanted.sessions.concurrent_max);
        self.time("session_idle_minutes", 60, &mut wanted.sessions.idle);
        self.time("session_hours", 3600, &mut wanted.sessions.absolute);
        wanted.login_banner = self.form.get("banner").trim().into();
        self.networks("allow_list", &mut wanted.address_allow);
    }
}
