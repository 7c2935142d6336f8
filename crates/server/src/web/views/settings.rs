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
    /// Where alarms and the audit go.
    Notifications,
    /// Service users.
    Administrators,
    /// What they may do.
    Groups,
}

impl SettingsTab {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Security, Self::Domain, Self::System, Self::Notifications, Self::Administrators, Self::Groups];

    /// The words.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Security => "Security",
            Self::Domain => "Phones and SIP",
            Self::System => "System",
            Self::Notifications => "Alarms and logs",
            Self::Administrators => "Administrators",
            Self::Groups => "Rights groups",
        }
    }

    /// The address.
    pub(crate) const fn href(self) -> &'static str {
        match self {
            Self::Security => "/manager/settings/security",
            Self::Domain => "/manager/settings/domain",
            Self::System => "/manager/settings/system",
            Self::Notifications => "/manager/settings/notifications",
            Self::Administrators => "/manager/settings/administrators",
            Self::Groups => "/manager/settings/groups",
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
            SettingsTab::Notifications | SettingsTab::Administrators | SettingsTab::Groups => Vec::new(),
        };
        if !editable {
            for field in sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
                field.fixed = true;
            }
        }
        let problems = Filled::problems_of(&sections);
        let version = filled.value("version").to_owned();
        Self { shell, tab, notice, sections, editable, version, problems }
    }
}

fn number(filled: &Filled, name: &str, label: &str, range: (u64, u64), unit: &str, hint: &str) -> Field {
    let kind = Kind::Number { least: range.0, most: range.1, unit: unit.into() };
    filled.field(Field::new(name, label).required().hint(hint).kind(kind))
}

fn section(title: &str, about: &str, fields: Vec<Field>) -> Section {
    Section { title: title.into(), about: about.into(), fields }
}

/// Rules of lockout, secrets and sessions.
///
/// Each of the locks `reject`, `user`, `extension`, `address` has `_failures`, `_within_minutes`, `_action` and
/// `_minutes`. The others: `password_length_min`, `user_password_length_min`, `phone_password_length_min`,
/// `refuse_common`, `change_period_days`, `idle_days`, `code_length_min`, `code_complexity`, `code_exempt`,
/// `sessions_max`, `session_idle_minutes`, `session_hours`, `banner`, `allow_list`.
pub(crate) fn security_sections(filled: &Filled) -> Vec<Section> {
    let never_blocked = filled.field(
        Field::new("allow_list", "Networks that are never blocked")
            .kind(Kind::Area)
            .hint("One a line. For an office with many phones behind one address.")
            .length_max(8192),
    );
    let mut address = lock(filled, "address");
    address.push(never_blocked);
    vec![
        section(
            "Wrong passwords of administrators",
            "What happens after too many wrong tries. Names that nobody has are treated alike.",
            lock(filled, "reject"),
        ),
        section("Wrong passwords of users", "The same, for the users' own pages.", lock(filled, "user")),
        section(
            "Blacklisted extensions",
            "While an extension is blocked, even the right code is refused.",
            lock(filled, "extension"),
        ),
        section("Blacklisted addresses", "Counted over every login interface.", address),
        section("Passwords", "What a password must be like. Length is what counts.", passwords(filled)),
        section("Login codes", "The digits of phones.", codes(filled)),
        section("Sessions", "On the web.", sessions(filled)),
    ]
}

fn lock(filled: &Filled, prefix: &str) -> Vec<Field> {
    let action = Field::new(format!("{prefix}_action"), "Then").required().kind(Kind::Select(vec![
        Choice::new("temporary", "Lock for a time", true),
        Choice::new("doubling", "Lock for a time that doubles", false),
        Choice::new("then-permanent", "Lock for a time, the third time until reset", false),
        Choice::new("permanent", "Lock until an administrator resets it", false),
        Choice::new("log", "Only write it into the audit", false),
    ]));
    vec![
        number(filled, &format!("{prefix}_failures"), "Failures allowed", (0, 255), "", "0: never lock."),
        number(filled, &format!("{prefix}_within_minutes"), "Counted within", (1, 1440), "minutes", ""),
        filled.field(action),
        number(filled, &format!("{prefix}_minutes"), "For", (1, 1440), "minutes", ""),
    ]
}

fn passwords(filled: &Filled) -> Vec<Field> {
    let least = |name: &str, label: &str| number(filled, name, label, (8, 128), "characters", "");
    vec![
        least("password_length_min", "Least length for administrators"),
        least("user_password_length_min", "Least length for users"),
        least("phone_password_length_min", "Least length of phone passwords"),
        filled.field(
            Field::new("refuse_common", "Refuse names and common secrets")
                .kind(Kind::Check { ticked: true })
                .hint("The account's own name, and what attackers try first."),
        ),
        number(filled, "change_period_days", "Administrators change it every", (0, 999), "days", "0: never."),
        number(filled, "idle_days", "Administrators locked when not used for", (0, 999), "days", "0: never."),
    ]
}

fn codes(filled: &Filled) -> Vec<Field> {
    vec![
        number(filled, "code_length_min", "Least length", (4, 31), "digits", ""),
        filled.field(
            Field::new("code_complexity", "Refuse simple codes")
                .kind(Kind::Check { ticked: true })
                .hint("No rows (1234), no repeats (1111, 1212), not the extension."),
        ),
        filled.field(
            Field::new("code_exempt", "Let administrators set simple codes")
                .kind(Kind::Check { ticked: false })
                .hint("A user's own change never is exempt."),
        ),
    ]
}

fn sessions(filled: &Filled) -> Vec<Field> {
    vec![
        number(filled, "sessions_max", "Sessions of one account", (1, 50), "at once", ""),
        number(filled, "session_idle_minutes", "Signed out after", (5, 120), "minutes without activity", ""),
        number(filled, "session_hours", "And in any case after", (1, 720), "hours", ""),
        filled.field(
            Field::new("banner", "Text on the login page")
                .kind(Kind::Area)
                .hint("Shown to everyone before they sign in.")
                .length_max(500),
        ),
    ]
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
