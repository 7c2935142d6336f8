//! The review of a draft: each change with what was, what is, and what is wanted.

use askama::Template;

use super::forms::{KnownSecret, Problems, Secret};
use super::icon::{Icon, Mark};
use super::parts::Badge;
use super::shell::{Place, Shell};

/// A choice between two values.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The name that the form sends.
    pub(crate) name: String,
    /// What stands for "mine", or empty where that cannot be.
    pub(crate) mine: String,
    /// What stands for "as it is now".
    pub(crate) theirs: String,
    /// What was chosen already: "mine", "theirs" or nothing.
    pub(crate) chosen: String,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct ChangeRow {
    /// What is changed.
    pub(crate) what: String,
    /// What it was when it was changed in the draft.
    pub(crate) before: Vec<String>,
    /// What it is now.
    pub(crate) now: Vec<String>,
    /// What is wanted.
    pub(crate) mine: Vec<String>,
    /// How it stands.
    pub(crate) state: Badge,
    /// What has to be decided.
    pub(crate) decision: Option<Decision>,
    /// What the button that takes it out sends.
    pub(crate) undo: String,
}

/// One record with its changes.
#[derive(Clone, Debug)]
pub(crate) struct ChangedRecord {
    /// Its stable name, for the id of the heading.
    pub(crate) id: String,
    /// "User Ann".
    pub(crate) title: String,
    /// Its page, or empty.
    pub(crate) href: String,
    /// What becomes of it, where it is more than changed.
    pub(crate) fate: Option<Badge>,
    /// Its changes.
    pub(crate) rows: Vec<ChangeRow>,
}

/// The review.
#[derive(Clone, Debug, Template)]
#[template(path = "draft.html")]
pub(crate) struct DraftPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// The version of the draft that is shown.
    pub(crate) version: String,
    /// The records, those in conflict first.
    pub(crate) records: Vec<ChangedRecord>,
    /// "7 changes, 2 in conflict".
    pub(crate) summary: String,
    /// Since when there is a draft; empty without one.
    pub(crate) since: String,
    /// Whether it is looked at in a file, where nothing can be applied.
    pub(crate) in_file: bool,
    /// Whether the session is in offline mode.
    pub(crate) offline: bool,
    /// The passphrase for a file.
    pub(crate) passphrase: Secret,
    /// The passphrase of a file.
    pub(crate) known: KnownSecret,
    /// What is wrong.
    pub(crate) problems: Problems,
}
