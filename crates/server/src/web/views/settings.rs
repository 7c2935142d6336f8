//! Settings: one long form per tab, made of sections; and the administrators, who are settings of a kind.

use askama::Template;

use super::forms::{Choice, Field, Filled, Kind, Problems, Section};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Notice, Stamp};
use super::shell::{Place, Shell};

/// The tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingsTab {
    /// Locks, passwords, sessions.
    Security,
    /// SIP domain, realm, digests.
    Domain,
    /// Name and networks.
    System,
    /// Service users.
    Administrators,
}

impl SettingsTab {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 4] = [Self::Security, Self::Domain, Self::System, Self::Administrators];

    /// The words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::Domain => "Phones and SIP",
            Self::System => "System",
            Self::Administrators => "Administrators",
        }
    }

    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Security => "/manager/settings/security",
            Self::Domain => "/manager/settings/domain",
            Self::System => "/manager/settings/system",
            Self::Administrators => "/manager/settings/administrators",
        }
    }
}

/// A tab that is one form.
#[derive(Clone, Debug, Template)]
#[template(path = "settings.html")]
pub(crate) struct SettingsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab. The form goes to its address.
    pub(crate) tab: SettingsTab,
    /// Something to know before: which preset is in force and where it is departed from; a less safe setting.
    pub(crate) notice: Option<Notice>,
    /// The form.
    pub(crate) sections: Vec<Section>,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// One service user.
#[derive(Clone, Debug)]
pub(crate) struct AdministratorRow {
    /// The account's page.
    pub(crate) href: String,
    /// The name.
    pub(crate) name: String,
    /// Built in: can be neither renamed nor deleted.
    pub(crate) built_in: bool,
    /// "All rights", or the groups.
    pub(crate) rights: String,
    /// The status.
    pub(crate) status: Badge,
    /// Set, not set.
    pub(crate) password: Badge,
    /// The last sign-in.
    pub(crate) last: Option<Stamp>,
    /// Sessions now, of the most allowed: "1 of 5".
    pub(crate) sessions: String,
}

/// The service users.
#[derive(Clone, Debug, Template)]
#[template(path = "administrators.html")]
pub(crate) struct AdministratorsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the administrators.
    pub(crate) tab: SettingsTab,
    /// The accounts.
    pub(crate) rows: Vec<AdministratorRow>,
}

impl SettingsPage {
    /// The form of a tab, with what it holds: see [`security_sections`], [`domain_sections`], [`system_sections`].
    pub(crate) fn new(
        shell: Shell,
        tab: SettingsTab,
        filled: &Filled,
        notice: Option<Notice>,
        editable: bool,
    ) -> Self {
        let mut sections = match tab {
            SettingsTab::Security => security_sections(filled),
            SettingsTab::Domain => domain_sections(filled),
            SettingsTab::System => system_sections(filled),
            SettingsTab::Administrators => Vec::new(),
        };
        if !editable {
            for field in sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
                field.fixed = true;
            }
        }
        let problems = Filled::problems_of(&sections);
        Self { shell, tab, notice, sections, editable, problems }
    }
}

fn number(filled: &Filled, name: &str, label: &str, range: (u64, u64), unit: &str, hint: &str) -> Field {
    let kind = Kind::Number { least: range.0, most: range.1, unit: unit.into() };
    filled.field(Field::new(name, label).required().hint(hint).kind(kind))
}

fn section(title: &str, about: &str, fields: Vec<Field>) -> Section {
    Section { title: title.into(), about: about.into(), fields }
}

/// Rules of lockout, passwords, sessions and blacklists.
///
/// Names: `preset`, `reject_limit`, `reject_within_minutes`, `reject_action`, `reject_minutes`, `name_length_min`,
/// `password_length_min`, `complexity`, `previous_passwords`, `change_period_days`, `idle_days`, `reminder_days`,
/// `sessions_max`, `session_idle_minutes`, `banner`, `code_length_min`, `code_complexity`, `code_exempt`,
/// `extension_failures`, `extension_within_minutes`, `extension_minutes`, `address_failures`,
/// `address_within_minutes`, `address_minutes`, `allow_list`.
pub(crate) fn security_sections(filled: &Filled) -> Vec<Section> {
    vec![
        section(
            "Preset",
            "Sets everything below at once. Single rules can be changed after.",
            vec![preset(filled)],
        ),
        section(
            "Wrong passwords of administrators",
            "What happens after too many wrong tries.",
            rejects(filled),
        ),
        section("Passwords", "What a password of an administrator or user must be like.", passwords(filled)),
        section(
            "Login codes",
            "The digits of phones.",
            vec![
                number(filled, "code_length_min", "Least length", (4, 31), "digits", ""),
                filled.field(
                    Field::new("code_complexity", "Refuse simple codes")
                        .kind(Kind::Check { ticked: true })
                        .hint("No runs (1234), no digit throughout (1111), not the extension."),
                ),
                filled.field(
                    Field::new("code_exempt", "Let administrators set simple codes")
                        .kind(Kind::Check { ticked: false })
                        .hint("A user's own change never is exempt."),
                ),
            ],
        ),
        section("Sessions", "On the web, for programs and at consoles.", sessions(filled)),
        section(
            "Blacklisted extensions",
            "While an extension is blocked, even the right code is refused.",
            blacklist(filled, "extension", 5),
        ),
        section("Blacklisted addresses", "Counted over every login interface.", {
            let mut fields = blacklist(filled, "address", 10);
            fields.push(
                filled.field(
                    Field::new("allow_list", "Networks that are never blocked")
                        .kind(Kind::Area)
                        .hint("One a line. For an office with many phones behind one address.")
                        .length_max(8192),
                ),
            );
            fields
        }),
    ]
}

fn preset(filled: &Filled) -> Field {
    filled.field(Field::new("preset", "Preset").required().kind(Kind::Select(vec![
        Choice::new("modern", "Modern (NIST SP 800-63B-4)", true),
        Choice::new("minimum", "Minimum", false),
        Choice::new("medium", "Medium", false),
        Choice::new("maximum", "Maximum", false),
        Choice::new("broadworks", "BroadWorks", false),
    ])))
}

fn rejects(filled: &Filled) -> Vec<Field> {
    vec![
        number(filled, "reject_limit", "Wrong tries allowed", (0, 255), "", "0: never act."),
        number(filled, "reject_within_minutes", "Counted within", (1, 1440), "minutes", ""),
        filled.field(Field::new("reject_action", "Then").required().kind(Kind::Select(vec![
            Choice::new("none", "Do nothing", false),
            Choice::new("log", "Write it into the audit", false),
            Choice::new("log-disable", "Lock the account until an administrator helps", false),
            Choice::new("log-temporary", "Lock the account for a time", true),
        ]))),
        number(filled, "reject_minutes", "Lock for", (1, 1440), "minutes", ""),
    ]
}

fn passwords(filled: &Filled) -> Vec<Field> {
    vec![
        number(filled, "name_length_min", "Least length of a name", (1, 31), "characters", ""),
        number(filled, "password_length_min", "Least length of a password", (8, 64), "characters", ""),
        filled.field(Field::new("complexity", "Complexity").required().kind(Kind::Select(vec![
            Choice::new("low", "Low: any characters, not the name", true),
            Choice::new("medium", "Medium: two kinds of characters", false),
            Choice::new("high", "High: three kinds of characters", false),
        ]))),
        number(filled, "previous_passwords", "Earlier passwords refused", (0, 24), "", ""),
        number(filled, "change_period_days", "To be changed every", (0, 999), "days", "0: never."),
        number(filled, "idle_days", "Locked when not used for", (0, 999), "days", "0: never."),
        number(filled, "reminder_days", "Reminded before it expires", (0, 999), "days", "0: not at all."),
    ]
}

fn sessions(filled: &Filled) -> Vec<Field> {
    vec![
        number(filled, "sessions_max", "Sessions of one account", (1, 50), "at once", ""),
        number(filled, "session_idle_minutes", "Signed out after", (5, 120), "minutes without activity", ""),
        filled.field(
            Field::new("banner", "Text on the login page")
                .kind(Kind::Area)
                .hint("Shown to everyone before they sign in.")
                .length_max(2000),
        ),
    ]
}

fn blacklist(filled: &Filled, what: &str, usual: u64) -> Vec<Field> {
    let usual_hint = format!("Usually {usual}.");
    vec![
        number(filled, &format!("{what}_failures"), "Failures allowed", (1, 1000), "", &usual_hint),
        number(filled, &format!("{what}_within_minutes"), "Counted within", (1, 1440), "minutes", ""),
        number(
            filled,
            &format!("{what}_minutes"),
            "Blocked for",
            (1, 1440),
            "minutes",
            "From the last failure.",
        ),
    ]
}

/// `sip_domain`, `realm`, `allow_md5`.
pub(crate) fn domain_sections(filled: &Filled) -> Vec<Section> {
    vec![
        section(
            "SIP",
            "What phones call this system.",
            vec![
                filled.field(
                    Field::new("sip_domain", "SIP domain")
                        .hint("Empty: phones use the system's address.")
                        .length_max(255),
                ),
                filled.field(
                    Field::new("realm", "Digest realm")
                        .required()
                        .hint("Part of every phone's proof. After a change, phones are asked for it anew.")
                        .length_max(255),
                ),
            ],
        ),
        section(
            "Digests",
            "How phones prove the secret without sending it. SHA-256 is always offered first.",
            vec![
                filled.field(
                    Field::new("allow_md5", "Allow MD5")
                        .kind(Kind::Check { ticked: true })
                        .hint("Needed by older phones. Less safe; the overview says so while it is on."),
                ),
            ],
        ),
    ]
}

/// `system`, `lan1`, `lan2`.
pub(crate) fn system_sections(filled: &Filled) -> Vec<Section> {
    vec![
        section(
            "Name",
            "",
            vec![
                filled.field(
                    Field::new("system", "Name of the system")
                        .required()
                        .hint("Shown on every page and on the slips for phones.")
                        .length_max(64),
                ),
            ],
        ),
        section(
            "Networks",
            "LAN1 is the trusted local side, LAN2 the other.",
            vec![
                filled.field(
                    Field::new("lan1", "LAN1")
                        .kind(Kind::Area)
                        .required()
                        .hint("One network a line, such as 192.168.42.0/24.")
                        .length_max(4096),
                ),
                filled.field(
                    Field::new("lan2", "LAN2")
                        .kind(Kind::Area)
                        .hint("One network a line. Empty: everything that is not LAN1.")
                        .length_max(4096),
                ),
            ],
        ),
    ]
}
