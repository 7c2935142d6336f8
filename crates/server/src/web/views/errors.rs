//! The pages between: a question before something is done, and what to say when something cannot be done.

use askama::Template;

use super::icon::{Icon, Mark};
use super::parts::{Fact, Link};
use super::shell::{Gate, Place, Shell};

/// A question before something is done. A page of its own; the script shows its form over the page before.
///
/// Secrets never travel through it: what waits for the answer is kept by the server under a one-time name, which goes
/// into `hidden`.
#[derive(Clone, Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// "Delete ann?"
    pub(crate) title: String,
    /// What will happen, and what will not.
    pub(crate) text: String,
    /// Whom it affects, in numbers.
    pub(crate) facts: Vec<Fact>,
    /// Where the answer goes.
    pub(crate) action: String,
    /// Fields that go with it: name and value.
    pub(crate) hidden: Vec<(String, String)>,
    /// The words on the button: "Delete ann".
    pub(crate) yes: String,
    /// Whether it destroys something.
    pub(crate) danger: bool,
    /// Where "Cancel" leads.
    pub(crate) back: String,
}

impl ConfirmPage {
    /// Whether something is to be deleted: `what` is how it is called, `at` its page.
    pub(crate) fn deletion(shell: Shell, what: &str, text: &str, facts: Vec<Fact>, at: String) -> Self {
        Self {
            shell,
            title: format!("Delete {what}?"),
            text: text.into(),
            facts,
            action: format!("{at}/delete"),
            hidden: Vec::new(),
            yes: format!("Delete {what}"),
            danger: true,
            back: at,
        }
    }
}

/// Something cannot be done.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// The frame.
    pub(crate) shell: Gate,
    /// The status code.
    pub(crate) code: u16,
    /// What is the matter, in a few words.
    pub(crate) title: String,
    /// What to do.
    pub(crate) text: String,
    /// Where to go.
    pub(crate) link: Link,
    /// What to give to whoever looks after the system, for faults. Empty otherwise.
    pub(crate) reference: String,
}

impl ErrorPage {
    /// The page for a status code, in plain words that give nothing away.
    pub(crate) fn of(shell: Gate, code: u16) -> Self {
        let known = [400, 403, 404, 405, 413, 429, 503];
        let kind = if known.contains(&code) { code } else { 500 };
        let title = shell.say(&format!("error-{kind}"));
        let text = shell.say(&format!("why-{kind}"));
        let link = match shell.home {
            home @ "/portal" => Link::new(home, shell.say("error-to-portal")),
            home => Link::new(home, shell.say("error-to-manager")),
        };
        Self { shell, code, title, text, link, reference: String::new() }
    }
}
