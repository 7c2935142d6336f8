//! Email: the form of its server, a test, and how it goes.

use askama::Template;
use signin::{
    mail::{MAIL_ADDRESS_MAX, MAIL_USER_MAX, MailSecurity, WEB_ADDRESS_MAX},
    target::ROOTS_MAX,
};

use super::forms::{Choice, Field, Filled, Kind, Problem, Problems};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Fact, Notice};
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "mail.html")]
pub(crate) struct MailPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always Email.
    pub(crate) tab: SettingsTab,
    /// Why nothing can be changed by somebody who might; none where it can.
    pub(crate) notice: Option<Notice>,
    /// How it goes, in a word.
    pub(crate) badge: Badge,
    /// The same in figures and the server's words.
    pub(crate) facts: Vec<Fact>,
    /// `sender`, `server`, `port`, `security`, `user`, `web_address`.
    pub(crate) fields: Vec<Field>,
    /// What is told of the password. Never the password.
    pub(crate) password_hint: &'static str,
    /// What was wrong with the one that was typed.
    pub(crate) password_error: Option<String>,
    /// `roots`.
    pub(crate) roots: Field,
    /// `to`: where a test goes, for those who may send one when there is a server.
    pub(crate) to: Option<Field>,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl MailPage {
    /// The page, with what its forms hold: `version`, the fields, and `to`.
    #[expect(clippy::too_many_arguments, reason = "each is one thing that the page shows")]
    pub(crate) fn new(
        shell: Shell,
        filled: &Filled,
        notice: Option<Notice>,
        has_password: bool,
        badge: Badge,
        facts: Vec<Fact>,
        is_set_up: bool,
        editable: bool,
    ) -> Self {
        let fixed = |field: Field| Field { fixed: !editable, ..filled.field(field) };
        let fields: Vec<Field> = fields().into_iter().map(fixed).collect();
        let roots = fixed(
            Field::new("roots", "Certificates that vouch for it")
                .kind(Kind::Area)
                .hint("In PEM. Empty: those that this machine trusts.")
                .length_max(ROOTS_MAX as u64),
        );
        let to = (editable && is_set_up).then(|| {
            filled
                .field(Field::new("to", "To").kind(Kind::Code).required().length_max(MAIL_ADDRESS_MAX as u64))
        });
        let password_error = filled.error("password");
        let wrong = |name: &str, text: &Option<String>| {
            text.clone().map(|text| Problem { target: format!("f-{name}"), text })
        };
        let list = fields
            .iter()
            .filter_map(Field::problem)
            .chain(wrong("password", &password_error))
            .chain(roots.problem())
            .chain(to.as_ref().and_then(Field::problem))
            .collect();
        Self {
            shell,
            tab: SettingsTab::Mail,
            notice,
            badge,
            facts,
            fields,
            password_hint: if has_password {
                "One is set, and nobody is shown it again. Empty: it stays. It goes when the user is taken away."
            } else {
                "Sent over TLS alone. Nobody is shown it again."
            },
            password_error,
            roots,
            to,
            version: filled.value("version").to_owned(),
            editable,
            problems: Problems::listed(list),
        }
    }
}

fn fields() -> [Field; 6] {
    let securities = MailSecurity::ALL
        .map(|one| Choice::new(one.name(), one.title(), one == MailSecurity::default()))
        .to_vec();
    [
        Field::new("sender", "Sender")
            .kind(Kind::Code)
            .hint("The address in whose name mail is sent, such as pbx@example.com.")
            .length_max(MAIL_ADDRESS_MAX as u64),
        Field::new("server", "Server")
            .kind(Kind::Code)
            .hint("Its name or address. Empty: no mail goes out.")
            .length_max(253),
        Field::new("port", "Port")
            .required()
            .kind(Kind::Number { least: 1, most: 65_535, unit: String::new() })
            .hint("Usual: 587 for STARTTLS, 465 for TLS, 25 for none."),
        Field::new("security", "Security").required().kind(Kind::Select(securities)).hint(
            "None is for a server on this machine or in a private network: nothing unencrypted goes elsewhere, and no \
             password anywhere.",
        ),
        Field::new("user", "User")
            .kind(Kind::Code)
            .hint("As whom the system signs in at the server. Empty: it does not.")
            .length_max(MAIL_USER_MAX as u64),
        Field::new("web_address", "Address of these pages in mails")
            .kind(Kind::Code)
            .hint(
                "How links in mails begin, such as https://pbx.example.com. Empty: the first host name of the domain, or \
                 this machine's address in LAN1.",
            )
            .length_max(WEB_ADDRESS_MAX as u64),
    ]
}
