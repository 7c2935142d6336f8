//! One's own API tokens.

use askama::Template;

use super::forms::{Field, Problems};
use super::icon::{Icon, Mark};
use super::parts::Stamp;
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// The tokens that one has, and a form for another.
#[derive(Clone, Debug, Template)]
#[template(path = "tokens.html")]
pub(crate) struct TokensPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Which tab: always the preferences.
    pub(crate) tab: SettingsTab,
    /// The tokens, by name.
    pub(crate) rows: Vec<TokenRow>,
    /// `name`, `days`.
    pub(crate) fields: Vec<Field>,
    /// A box to tick for each right that one has.
    pub(crate) scopes: Vec<Field>,
    /// What is wrong with the scopes as a whole.
    pub(crate) scopes_error: Option<String>,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// One token.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    /// Names it in addresses.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) may: String,
    /// Its last day.
    pub(crate) ends: String,
    /// Whether that is over.
    pub(crate) over: bool,
    /// The last use that was noted.
    pub(crate) used: Option<Stamp>,
    /// Where that came from.
    pub(crate) from: String,
}
