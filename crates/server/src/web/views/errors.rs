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
        let (title, text) = match code {
            400 => (
                "That could not be understood",
                "Something in what was sent is not as it should be. Go back and try again.",
            ),
            403 => (
                "You may not do that",
                "Your account has no right to this page, or the page had been open for too long. Go back, load it again and try once more.",
            ),
            404 => ("There is no such page", "It may have been deleted, or the address has a mistake in it."),
            405 => (
                "That does not work this way",
                "This address takes another kind of request. Use the buttons of the page itself.",
            ),
            413 => ("That is too much at once", "What was sent is larger than the system takes."),
            429 => ("Too many requests", "Wait a moment, then try again."),
            503 => (
                "Not available at the moment",
                "The system is starting, stopping, or cannot read its records. Nothing was changed. Try again shortly.",
            ),
            _ => (
                "Something went wrong here",
                "It is not your fault, and nothing was half done. Try again; if it stays, tell whoever looks after the system.",
            ),
        };
        Self {
            shell,
            code,
            title: title.into(),
            text: text.into(),
            link: Link::new("/manager", "To the overview"),
            reference: String::new(),
        }
    }
}
