//! One target of alarms and rows of the audit: its form, and how delivering to it goes.

use askama::Template;
use signin::target::{ADDRESS_MAX, AuditGroup, ROOTS_MAX, SyslogTransport, TARGET_NAME_MAX};
use wire::syslog::Severity;

use super::forms::{Choice, Field, Filled, Kind, Problems, Rule, Secret, Section, Test};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Fact, Notice};
use super::shell::{Place, Shell};

/// One target in the list.
#[derive(Clone, Debug)]
pub(crate) struct TargetRow {
    /// Its page, for those who may change it.
    pub(crate) href: Option<String>,
    /// What people call it.
    pub(crate) name: String,
    /// Where it is: never more than its machine.
    pub(crate) place: String,
    /// What it is told of.
    pub(crate) told: String,
    /// How it goes.
    pub(crate) state: Badge,
    /// In more words.
    pub(crate) detail: String,
    /// Where the button for a test leads.
    pub(crate) test: String,
}

/// The targets of one kind.
#[derive(Clone, Debug)]
pub(crate) struct TargetList {
    /// The end of its ids.
    pub(crate) slug: &'static str,
    /// "Webhooks".
    pub(crate) title: &'static str,
    /// What they are.
    pub(crate) about: &'static str,
    /// They.
    pub(crate) rows: Vec<TargetRow>,
    /// Where another one is made, if the person may and there is room.
    pub(crate) add: Option<(String, &'static str)>,
}

/// How delivering to a target goes.
#[derive(Clone, Debug)]
pub(crate) struct TargetState {
    /// In a word.
    pub(crate) badge: Badge,
    /// In figures.
    pub(crate) facts: Vec<Fact>,
    /// Where the button for a test leads.
    pub(crate) test: String,
    /// Where it is deleted.
    pub(crate) delete: String,
}

/// The page of one target.
#[derive(Clone, Debug, Template)]
#[template(path = "target.html")]
pub(crate) struct TargetPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// "New webhook", or its name.
    pub(crate) title: String,
    /// Where the form goes.
    pub(crate) action: String,
    /// Something to know before.
    pub(crate) notice: Option<Notice>,
    /// The form.
    pub(crate) sections: Vec<Section>,
    /// How its key is chosen, for webhooks.
    pub(crate) key: Option<(Field, Secret)>,
    /// The version that is looked at.
    pub(crate) version: String,
    /// How it goes, for those that exist.
    pub(crate) state: Option<TargetState>,
    /// What is wrong.
    pub(crate) problems: Problems,
}

fn check(filled: &Filled, name: &str, label: &str, hint: &str, ticked: bool) -> Field {
    filled.field(Field::new(name, label).hint(hint).kind(Kind::Check { ticked }))
}

/// `alarms`, and the name of each group.
fn told(filled: &Filled) -> Section {
    let groups =
        AuditGroup::ALL.into_iter().map(|group| check(filled, group.name(), group.title(), "", false));
    let alarms = check(filled, "alarms", "Alarms", "When one is raised, and when it is cleared.", true);
    Section {
        title: "What it is told of".into(),
        about: "Alarms, and rows of the audit. Never a secret; but who signed in when, and from where."
            .into(),
        fields: std::iter::once(alarms).chain(groups).collect(),
    }
}

fn common(filled: &Filled, what: &str) -> Vec<Field> {
    vec![
        filled.field(Field::new("name", "Name").required().hint(what).length_max(TARGET_NAME_MAX as u64)),
        check(
            filled,
            "on",
            "Send",
            "Unticked, it waits: what happens meanwhile is sent later, as far as it is kept.",
            true,
        ),
    ]
}

fn roots(filled: &Filled) -> Field {
    filled.field(
        Field::new("roots", "Certificates that vouch for it")
            .kind(Kind::Area)
            .hint("In PEM. Empty: those that this machine trusts.")
            .length_max(ROOTS_MAX as u64),
    )
}

/// `name`, `on`, `url`, `roots`, and what it is told of.
pub(crate) fn webhook_sections(filled: &Filled) -> Vec<Section> {
    let mut fields = common(filled, "For you and for alarms.");
    fields.insert(
        1,
        filled.field(
            Field::new("url", "Address")
                .kind(Kind::Code)
                .required()
                .hint("https://…, or http://… on this machine and in private networks. Redirects are not followed.")
                .length_max(ADDRESS_MAX as u64),
        ),
    );
    fields.push(roots(filled));
    let about = "Each message is posted as JSON and signed, as Standard Webhooks has it.";
    vec![Section { title: "Receiver".into(), about: about.into(), fields }, told(filled)]
}

/// `secret_how`, `secret`.
pub(crate) fn key_fields(filled: &Filled, is_new: bool) -> (Field, Secret) {
    let mut choices = vec![
        Choice::new("generate", "Generate one", is_new).hint("Shown once after saving."),
        Choice::new("type", "Type one", false).hint("Where the receiver has made one."),
    ];
    if !is_new {
        choices.insert(0, Choice::new("keep", "Keep the present one", true));
    }
    let how = filled.field(Field::new("secret_how", "Signing key").required().kind(Kind::Radio(choices)));
    let rules = vec![
        Rule::new(Test::LengthMin(24), "At least 24 characters"),
        Rule::new(Test::Server, "After whsec_ comes the key in Base64"),
    ];
    let mut secret = filled.secret(Secret::new("secret", "Signing key").rules(rules));
    secret.required = false;
    (how, secret)
}

/// `name`, `on`, `host`, `port`, `transport`, `roots`, `facility`, the four severities, and what it is told of.
pub(crate) fn syslog_sections(filled: &Filled) -> Vec<Section> {
    let number = |name: &str, label: &str, least: u64, most: u64, hint: &str| {
        let kind = Kind::Number { least, most, unit: String::new() };
        filled.field(Field::new(name, label).required().hint(hint).kind(kind))
    };
    let transports = SyslogTransport::ALL
        .map(|transport| Choice::new(transport.name(), transport.title(), transport == SyslogTransport::Tls));
    let severity = |name: &str, label: &str, number: u8| {
        let choices = Severity::ALL.map(|severity| {
            let value = severity as u8;
            Choice::new(value.to_string(), format!("{value} {}", severity.title()), value == number)
        });
        filled.field(Field::new(name, label).required().kind(Kind::Select(choices.into())))
    };
    let mut fields = common(filled, "For you and for alarms.");
    let place = [
        filled.field(
            Field::new("host", "Machine")
                .required()
                .kind(Kind::Code)
                .hint("Its name or address.")
                .length_max(253),
        ),
        number("port", "Port", 1, 65_535, "Usual: 514 for UDP, 601 for TCP, 6514 for TLS."),
        filled.field(Field::new("transport", "By").required().kind(Kind::Select(transports.into())).hint(
            "Over UDP and TCP everybody on the way can read and change it; over UDP it may be lost as well.",
        )),
    ];
    fields.splice(1..1, place);
    fields.push(roots(filled));
    vec![
        Section {
            title: "Receiver".into(),
            about: "RFC 5424. Over TCP each message has its length before it.".into(),
            fields,
        },
        told(filled),
        Section {
            title: "How it is filed".into(),
            about: "Facility and severities, by their numbers in RFC 5424.".into(),
            fields: vec![
                number(
                    "facility",
                    "Facility",
                    0,
                    23,
                    "10: security and authorization; 16 to 23: for local use.",
                ),
                severity("accepted", "What was done", 6),
                severity("refused", "What was refused", 4),
                severity("warning", "Alarms: warning", 4),
                severity("critical", "Alarms: critical", 2),
            ],
        },
    ]
}
