//! Short codes: what is dialled to have something done.

use askama::Template;

use super::forms::{Field, Problems};
use super::icon::{Icon, Mark};
use super::parts::Notice;
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "short_codes.html")]
pub(crate) struct ShortCodesPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the short codes.
    pub(crate) tab: SettingsTab,
    /// Which domain's are shown, where there are several: `domain`.
    pub(crate) choice: Option<Field>,
    /// The heading: whose they are, where there are several domains.
    pub(crate) title: String,
    /// The domain; sent along.
    pub(crate) domain: String,
    /// Why nothing can be changed.
    pub(crate) notices: Vec<Notice>,
    /// One for each feature.
    pub(crate) fields: Vec<Field>,
    /// The version that is looked at; sent along, so that nobody's change is lost under another.
    pub(crate) version: String,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// Whether any code is another than the default.
    pub(crate) is_chosen: bool,
    /// What is wrong.
    pub(crate) problems: Problems,
}
