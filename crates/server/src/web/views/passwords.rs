//! The password map: which credential opens which way in and by which rules, and how everybody's stand.

use askama::Template;

use super::forms::Field;
use super::icon::{Icon, Mark};
use super::parts::{Badge, Link, Pager};
use super::shell::{Place, Shell};
use super::status::{Shares, SpanLink};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "passwords.html")]
pub(crate) struct PasswordsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The ways in that a credential opens: the columns of the map.
    pub(crate) interfaces: Vec<String>,
    /// Ways in that no credential opens, in words.
    pub(crate) others: String,
    /// The kinds of credential: its rows.
    pub(crate) kinds: Vec<KindRow>,
    /// How those of each kind stand.
    pub(crate) stand: Vec<Shares>,
    /// When they were looked at.
    pub(crate) looked_at: String,
    /// One click each: weak, expired, not set, unused.
    pub(crate) filters: Vec<SpanLink>,
    /// Search and kind.
    pub(crate) search: Vec<Field>,
    /// The filter that the search keeps.
    pub(crate) status: String,
    /// Headings of the list: the kinds.
    pub(crate) headings: Vec<String>,
    /// This page of the people.
    pub(crate) rows: Vec<PersonRow>,
    /// Where one is in the list.
    pub(crate) pager: Pager,
}

/// One kind of credential.
#[derive(Clone, Debug)]
pub(crate) struct KindRow {
    /// "Login code".
    pub(crate) title: String,
    /// "A user’s".
    pub(crate) whose: String,
    /// For each interface: how it opens it, or empty.
    pub(crate) opens: Vec<String>,
    /// What one must look like.
    pub(crate) rules: Vec<String>,
    /// What is counted, and when it locks.
    pub(crate) lock: String,
}

impl KindRow {
    fn opens_nothing(&self) -> bool {
        self.opens.iter().all(String::is_empty)
    }
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct PersonRow {
    /// Their page.
    pub(crate) person: Link,
    /// The full name and the extension.
    pub(crate) detail: String,
    /// Their credentials, as the headings say.
    pub(crate) cells: Vec<Cell>,
}

/// One credential of somebody; without a state where they cannot have one.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// The heading, for narrow windows.
    pub(crate) title: String,
    /// Set, not set, weak, expired, locked.
    pub(crate) states: Vec<Badge>,
    /// When and where it was used last.
    pub(crate) used: String,
}
