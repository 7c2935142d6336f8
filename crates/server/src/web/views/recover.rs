//! Ways back in by mail: asking for a link, the form that it leads to, and what is said about both.

use askama::Template;

use super::forms::{Field, Problems, Secret};
use super::icon::{Icon, Mark};
use super::parts::{Link, Tone};
use super::shell::Gate;
use crate::words::{Say as _, Value};

/// Asking for a link.
#[derive(Clone, Debug, Template)]
#[template(path = "recover/ask.html")]
pub(crate) struct RecoverPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// Whether mail goes out at all.
    pub(crate) is_set_up: bool,
    /// Whether the form had been open for too long.
    pub(crate) is_stale: bool,
    /// Which pages it is about: `manager` or `portal`.
    pub(crate) door: &'static str,
    /// `name`: the account.
    pub(crate) name: Field,
    /// `address`: where its mail goes.
    pub(crate) address: Field,
    /// Where one came from.
    pub(crate) back: &'static str,
}

impl RecoverPage {
    /// Whom to ask where this leads nowhere.
    fn help(&self) -> String {
        self.shell.say(if self.door == "manager" { "recover-help-manager" } else { "recover-help-portal" })
    }
}

/// Something is said, and where to go on.
#[derive(Clone, Debug, Template)]
#[template(path = "recover/said.html")]
pub(crate) struct SaidPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// How it stands.
    pub(crate) tone: Tone,
    /// The point.
    pub(crate) title: String,
    /// More.
    pub(crate) texts: Vec<String>,
    /// Where to go.
    pub(crate) link: Link,
}

/// A new password, by a link.
#[derive(Clone, Debug, Template)]
#[template(path = "recover/new.html")]
pub(crate) struct RecoverNewPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// Whose.
    pub(crate) name: String,
    /// The new password with its rules.
    pub(crate) secret: Secret,
    /// What is wrong with what was sent.
    pub(crate) problems: Problems,
}

impl RecoverNewPage {
    fn lead(&self) -> String {
        self.shell.language.say_with("recover-for", &[("name", Value::Text(&self.name))])
    }
}

/// Confirming that mail arrives at an address.
#[derive(Clone, Debug, Template)]
#[template(path = "recover/address.html")]
pub(crate) struct RecoverAddressPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// Whose, and which address.
    pub(crate) lead: String,
}
