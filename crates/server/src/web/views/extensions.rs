//! Extensions: numbers on a phone line, their phone passwords and where they are registered.

use askama::Template;

use super::calls::CallRow;
use super::forms::{Field, Filled, Kind, Problems, Rule, Secret, how};
use super::icon::{Icon, Mark};
use super::parts::{Badge, Column, Event, Fact, Link, Pager};
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
    /// Of which domain, where it is not the first.
    pub(crate) domain: Option<String>,
    /// The user logged in to it.
    pub(crate) user: Option<Link>,
    /// "Phone password", "Login code of ann", "Nothing set": what a phone registers with.
    pub(crate) registers_with: Badge,
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
    /// Whether something is searched for or left out.
    pub(crate) narrowed: bool,
    /// `domain`: of which one, where there are several.
    pub(crate) domain: Option<Field>,
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
    /// `domain` where there are several, `number`.
    pub(crate) fields: Vec<Field>,
    /// Radio buttons `phone_password_how` with generate, type, none.
    pub(crate) phone_password_how: Field,
    /// The phone password, when typed: `phone_password`.
    pub(crate) phone_password: Secret,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// `number` of an extension.
pub(crate) fn extension_fields(filled: &Filled) -> Vec<Field> {
    vec![filled.field(
        Field::new("number", "Number").kind(Kind::Code).hint("Digits, at most 15.").required().length_max(15),
    )]
}

impl ExtensionNewPage {
    /// The form, with what it holds: `number`, `phone_password_how`.
    pub(crate) fn new(shell: Shell, filled: &Filled, domain: Option<Field>, rules: Vec<Rule>) -> Self {
        let fields: Vec<Field> = domain.into_iter().chain(extension_fields(filled)).collect();
        let mut phone_password = filled.secret(Secret::new("phone_password", "Phone password").rules(rules));
        phone_password.required = false;
        let shown: Vec<&Field> = fields.iter().collect();
        let problems = Problems::of(&shown, &[&phone_password]);
        Self {
            shell,
            phone_password_how: filled.field(how(
                "phone_password_how",
                "How to set the phone password",
                "Generate 24 characters",
            )),
            phone_password,
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
    /// The way back to the list, in words.
    pub(crate) list: String,
    /// This page's address; forms go to paths below it.
    pub(crate) href: String,
    /// The number, as saved.
    pub(crate) number: String,
    /// Registered, not registered, blacklisted.
    pub(crate) state: Badge,
    /// The user who belongs here.
    pub(crate) user: Option<Link>,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// Whether the person may change it.
    pub(crate) editable: bool,
    /// `domain` where there are several, `number`.
    pub(crate) fields: Vec<Field>,
    /// Its phone password.
    pub(crate) phone_password: CredentialCard,
    /// Where it is registered now.
    pub(crate) phones: Vec<PhoneRow>,
    /// Calls that it has now.
    pub(crate) calls: Vec<CallRow>,
    /// What to type into a phone.
    pub(crate) connect: Vec<Fact>,
    /// What happened to it lately.
    pub(crate) history: Vec<Event>,
    /// The audit of this extension.
    pub(crate) history_href: String,
    /// Why they cannot sign in; none for who may not know.
    pub(crate) doctor: Option<String>,
    /// What is wrong.
    pub(crate) problems: Problems,
}
