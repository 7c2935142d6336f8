//! Rights groups: all of them in one matrix, and one to be changed.

use askama::Template;
use signin::rights::Verb;

use super::{
    forms::{Choice, Field, Problems},
    icon::{Icon, Mark},
    parts::Link,
    settings::SettingsTab,
    shell::{Place, Shell},
};

/// One group among the others.
#[derive(Clone, Debug)]
pub(crate) struct GroupRow {
    /// The group's page.
    pub(crate) href: String,
    /// Its name.
    pub(crate) name: String,
    /// For each verb: its name, and the parts of the system that it may be done with ("Users, system"), or nothing.
    pub(crate) cells: Vec<(String, String)>,
    /// How many belong to it.
    pub(crate) members: usize,
}

/// All groups.
#[derive(Clone, Debug, Template)]
#[template(path = "groups.html")]
pub(crate) struct GroupsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the groups.
    pub(crate) tab: SettingsTab,
    /// The groups.
    pub(crate) rows: Vec<GroupRow>,
    /// "5 of 32 groups".
    pub(crate) count: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
}

/// A part of the system, and a box for each right there is to it.
#[derive(Clone, Debug)]
pub(crate) struct RightsRow {
    /// The part's name.
    pub(crate) part: &'static str,
    /// One for each verb, with its name; `None` where there is no such right.
    pub(crate) cells: Vec<(&'static str, Option<Choice>)>,
}

/// One group, or a new one.
#[derive(Clone, Debug, Template)]
#[template(path = "group.html")]
pub(crate) struct GroupPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Where the form goes.
    pub(crate) href: String,
    /// The name as saved, or "New group".
    pub(crate) title: String,
    /// `name`.
    pub(crate) name: Field,
    /// The matrix.
    pub(crate) rows: Vec<RightsRow>,
    /// Who belongs to it.
    pub(crate) members: Vec<Link>,
    /// The version that is looked at; empty for a new one.
    pub(crate) version: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}
