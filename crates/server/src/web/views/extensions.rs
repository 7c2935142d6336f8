//! Extensions: numbers on a phone line, their phone passwords and where they are registered.

use askama::Template;

use super::forms::{Choice, Field, Filled, Kind, Problems, Rule, Secret, how};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Column, Event, Link, Pager};
use super::shell::{Place, Shell};
use super::status::PhoneRow;
use super::users::CredentialCard;

/// One line of the list.
#[derive(Clone, Debug)]
pub(crate) struct ExtensionRow {
    /// The extension's page.
    pub(crate) href: String,
    /// The number.
    pub(crate) number: String,
    /// The user logged in to it.
    pub(crate) user: Option<Link>,
    /// "Phone password", "Login code of ann", "Nothing set": what a phone registers with.
    pub(crate) registers_with: Badge,
    /// "SHA-256" or "SHA-256, MD5".
    pub(crate) digests: String,
    /// Phones registered now.
    pub(crate) phones: Badge,
}

/// The list of extensions.
#[derive(Clone, Debug, Template)]
#[template(path = "extensions.html")]
pub(crate) struct ExtensionsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// What was searched for.
    pub(crate) query: String,
    /// Heading.
    pub(crate) number: Column,
    /// Heading.
    pub(crate) user: Column,
    /// The lines of this page.
    pub(crate) rows: Vec<ExtensionRow>,
    /// Where one is in the list.
    pub(crate) pager: Pager,
    /// Whether there are extensions at all, found or not.
    pub(crate) any: bool,
}

/// A new extension.
#[derive(Clone, Debug, Template)]
#[template(path = "extension_new.html")]
pub(crate) struct ExtensionNewPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// `number`, and `user`: the name of a user, optional.
    pub(crate) fields: Vec<Field>,
    /// Radio buttons `phone_password_how` with generate, type, none.
    pub(crate) phone_password_how: Field,
    /// The phone password, when typed: `phone_password`.
    pub(crate) phone_password: Secret,
    /// Radio buttons `digests`.
    pub(crate) digests: Field,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// `number` and `user` of an extension.
pub(crate) fn extension_fields(filled: &Filled) -> Vec<Field> {
    vec![
        filled.field(
            Field::new("number", "Number")
                .kind(Kind::Code)
                .hint("Digits, at most 15.")
                .required()
                .length_max(15),
        ),
        filled.field(
            Field::new("user", "User")
                .hint("The name of the user logged in here. Empty: nobody, for a phone in a lobby or a lift.")
                .length_max(64),
        ),
    ]
}

/// `digests`: `sha-256` or `md5`.
pub(crate) fn digests_field(filled: &Filled) -> Field {
    filled.field(Field::new("digests", "Which digests").required().kind(Kind::Radio(vec![
            Choice::new("sha-256", "SHA-256 only", true).hint("For phones of the last years."),
            Choice::new("md5", "MD5 too", false)
                .hint("For older phones. Weaker: a recorded proof can be guessed at."),
        ])))
}

impl ExtensionNewPage {
    /// The form, with what it holds: `number`, `user`, `phone_password_how`, `digests`.
    pub(crate) fn new(shell: Shell, filled: &Filled, rules: Vec<Rule>) -> Self {
        let fields = extension_fields(filled);
        let mut phone_password = filled.secret(Secret::new("phone_password", "Phone password").rules(rules));
        phone_password.required = false;
        let shown: Vec<&Field> = fields.iter().collect();
        let problems = Problems::of(&shown, &[&phone_password]);
        Self {
            shell,
            phone_password_how: filled.field(how("phone_password_how", "Generate 24 characters")),
            phone_password,
            digests: digests_field(filled),
            problems,
            fields,
        }
    }
}

/// One extension in full.
#[derive(Clone, Debug, Template)]
#[template(path = "extension.html")]
pub(crate) struct ExtensionPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// This page's address; forms go to paths below it.
    pub(crate) href: String,
    /// The number, as saved.
    pub(crate) number: String,
    /// Registered, not registered, blacklisted.
    pub(crate) state: Badge,
    /// `number` and `user`.
    pub(crate) fields: Vec<Field>,
    /// Radio buttons `digests`.
    pub(crate) digests: Field,
    /// Its phone password.
    pub(crate) phone_password: CredentialCard,
    /// Where it is registered now.
    pub(crate) phones: Vec<PhoneRow>,
    /// What happened to it lately.
    pub(crate) history: Vec<Event>,
    /// The audit of this extension.
    pub(crate) history_href: String,
    /// What is wrong.
    pub(crate) problems: Problems,
}
