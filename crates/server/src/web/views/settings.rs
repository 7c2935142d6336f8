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
    /// The system password.
    Switch,
    /// What is dialled for what.
    ShortCodes,
    /// By which server mail goes out.
    Mail,
    /// Where alarms and the audit go.
    Notifications,
    /// The organisations, where there are several.
    Domains,
    /// Service users.
    Administrators,
    /// What they may do.
    Groups,
    /// One's own.
    Preferences,
}

impl SettingsTab {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Security,
        Self::Domain,
        Self::System,
        Self::Switch,
        Self::ShortCodes,
        Self::Mail,
        Self::Notifications,
        Self::Domains,
        Self::Administrators,
        Self::Groups,
        Self::Preferences,
    ];

    /// The words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::Domain => "Phones and SIP",
            Self::System => "Name and networks",
            Self::Switch => "Switch",
            Self::ShortCodes => "Short codes",
            Self::Mail => "Email",
            Self::Notifications => "Alarms and logs",
            Self::Domains => "Domains",
            Self::Administrators => "Administrators",
            Self::Groups => "Rights groups",
            Self::Preferences => "User Preferences",
        }
    }

    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Security => "/manager/settings/security",
            Self::Domain => "/manager/settings/domain",
            Self::System => "/manager/settings/system",
            Self::Switch => "/manager/settings/switch",
            Self::ShortCodes => "/manager/settings/short-codes",
            Self::Mail => "/manager/settings/mail",
            Self::Notifications => "/manager/settings/notifications",
            Self::Domains => "/manager/settings/domains",
            Self::Administrators => "/manager/settings/administrators",
            Self::Groups => "/manager/settings/groups",
            Self::Preferences => "/manager/preferences",
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
    /// Whether there is only one domain, and this page is about it.
    pub(crate) first_domain: bool,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
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
    /// The person behind it; may be empty.
    pub(crate) full_name: String,
    /// Of which domain, where it is not the first.
    pub(crate) domain: Option<String>,
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
    /// "4 of 64 administrators".
    pub(crate) count: String,
    /// Whether the person may make one.
    pub(crate) editable: bool,
}

impl SettingsPage {
    /// The form of a tab, with what it holds: see [`domain_sections`], [`system_sections`].
    pub(crate) fn new(
        shell: Shell,
        tab: SettingsTab,
        filled: &Filled,
        notice: Option<Notice>,
        editable: bool,
    ) -> Self {
        let mut sections = match tab {
            SettingsTab::Domain => domain_sections(filled),
            SettingsTab::System => system_sections(filled),
            SettingsTab::Security
            | SettingsTab::Switch
            | SettingsTab::ShortCodes
            | SettingsTab::Mail
            | SettingsTab::Notifications
            | SettingsTab::Domains
            | SettingsTab::Administrators
            | SettingsTab::Groups
            | SettingsTab::Preferences => Vec::new(),
        };
        if !editable {
            for field in sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
                field.fixed = true;
            }
        }
        let problems = Filled::problems_of(&sections);
        let version = filled.value("version").to_owned();
        Self { shell, tab, notice, sections, first_domain: false, editable, version, problems }
    }
}

pub(crate) fn section(title: &str, about: &str, fields: Vec<Field>) -> Section {
    Section { title: title.into(), about: about.into(), fields }
}

/// `sip_domain`, `realm`, `allow_md5`, `md5_agents`.
pub(crate) fn domain_sections(filled: &Filled) -> Vec<Section> {
    vec![
        section(
            "SIP",
            "What phones call this system.",
            vec![
                filled.field(
                    Field::new("sip_domain", "SIP host names")
                        .kind(Kind::Area)
                        .hint("One a line. Empty: phones use the system's address.")
                        .length_max(4096),
                ),
                filled.field(
                    Field::new("realm", "Digest realm")
                        .required()
                        .hint("Part of every phone's proof. A few phones have it typed in, and must be told of a change.")
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
                filled.field(
                    Field::new("md5_agents", "Phones that are offered MD5 alone")
                        .kind(Kind::Area)
                        .hint("The beginning of what a phone calls itself, one a line. For phones that give up when they are offered SHA-256.")
                        .length_max(4096),
                ),
            ],
        ),
        portal_section(filled),
    ]
}

/// `portal`, `portal_phones` and so on.
fn portal_section(filled: &Filled) -> Section {
    let level = |name: &str, label: &str, levels: &[(&str, &str)]| {
        let choices = levels.iter().map(|(value, label)| Choice::new(*value, *label, *value == "write"));
        filled.field(Field::new(name, label).required().kind(Kind::Select(choices.collect())))
    };
    let part = |name: &str, label: &str| {
        let levels = [("none", "None"), ("read", "Read"), ("write", "Read and change")];
        level(&format!("portal_{name}"), label, &levels)
    };
    section(
        "User portal",
        "The pages at /portal, where people see and change what is their own. No part gets further than the portal.",
        vec![
            level(
                "portal",
                "The portal as a whole",
                &[("none", "Closed"), ("read", "Nobody changes anything"), ("write", "Open")],
            ),
            part("phones", "Phones and sessions"),
            part("secrets", "Password and codes"),
            part("calls", "Call log"),
            part("messages", "Messages"),
            level("portal_directory", "Directory", &[("none", "None"), ("write", "Read")]),
            part("address", "Email address"),
            part("preferences", "Preferences"),
        ],
    )
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
