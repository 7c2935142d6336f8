//! The switch: the system password, and what is guarded by it.

use askama::Template;

use super::forms::{Field, Filled, Kind, Problem, Problems};
use super::icon::{Icon, Mark};
use super::parts::Badge;
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// What is told of the system password. Never the password.
#[derive(Clone, Debug)]
pub(crate) struct SystemPassword {
    /// "Not set.", or since when, and by whom where that is known.
    pub(crate) state: String,
    /// Whether there is one to remove.
    pub(crate) is_set: bool,
    /// Its rules.
    pub(crate) hint: String,
    /// What was wrong with the one that was typed.
    pub(crate) error: Option<String>,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "switch.html")]
pub(crate) struct SwitchPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the switch.
    pub(crate) tab: SettingsTab,
    /// The password's card.
    pub(crate) password: SystemPassword,
    /// How phone based administration is guarded, in a few words.
    pub(crate) guard: Badge,
    /// The same in a sentence.
    pub(crate) says: &'static str,
    /// `as_before`: whether it is as on the older systems.
    pub(crate) as_before: Field,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}

impl SwitchPage {
    /// The page, with what its second form holds: `as_before`, `version`.
    pub(crate) fn new(
        shell: Shell,
        password: SystemPassword,
        guard: Badge,
        says: &'static str,
        filled: &Filled,
        editable: bool,
    ) -> Self {
        let mut as_before = filled.field(
            Field::new("as_before", "As on the older systems")
                .kind(Kind::Check { ticked: false })
                .hint(
                    "Less safe. Only M- and T-series phones are asked for the system password. Where none is set, \
                     nobody is asked for anything. Every page says so while it is on.",
                ),
        );
        as_before.fixed = !editable;
        let wrong = password.error.clone().map(|text| Problem { target: "f-password".into(), text });
        let problems = Problems::listed(wrong.into_iter().collect());
        let version = filled.value("version").to_owned();
        let tab = SettingsTab::Switch;
        Self { shell, tab, password, guard, says, as_before, version, editable, problems }
    }
}
