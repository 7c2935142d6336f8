//! Alarms and logs: where they go, and how long the audit is kept.

use askama::Template;

use super::forms::{Field, Filled, Kind, Problems, Section};
use super::icon::{Icon, Mark};
use super::settings::SettingsTab;
use super::shell::{Place, Shell};
use super::targets::TargetList;
use signin::reporting::{DAYS_MAX, ROWS_MAX, ROWS_MIN};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "notifications.html")]
pub(crate) struct NotificationsPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always this one.
    pub(crate) tab: SettingsTab,
    /// Webhooks, and receivers of syslog.
    pub(crate) targets: Vec<TargetList>,
    /// Whether the person may change and test them.
    pub(crate) may_change: bool,
    /// How long the audit is kept.
    pub(crate) retention: Section,
    /// Whether the person may change that.
    pub(crate) editable: bool,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// `days`, `rows`.
pub(crate) fn retention_section(filled: &Filled, rows: &str, editable: bool) -> Section {
    let number = |name: &str, label: &str, least: u64, most: u64, unit: &str, hint: &str| {
        let kind = Kind::Number { least, most, unit: unit.into() };
        let mut field = filled.field(Field::new(name, label).required().hint(hint).kind(kind));
        field.fixed = !editable;
        field
    };
    Section {
        title: "How long the audit is kept".into(),
        about: format!(
            "{rows} now. Older rows are removed for good; what is left is still proved, and says what went and when."
        ),
        fields: vec![
            number("days", "Keep for", 0, DAYS_MAX.into(), "days", "0: whatever its age."),
            number("rows", "And at most", ROWS_MIN, ROWS_MAX, "rows", "A million take about 400 MB of disk."),
        ],
    }
}
