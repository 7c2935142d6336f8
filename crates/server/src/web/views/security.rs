//! Security settings: which preset the rules follow, one page for each part of them, and whom a change touches.

use askama::Template;

use super::forms::{Field, Filled, Problems, Section};
use super::icon::{Icon, Mark};
use super::parts::Stamp;
use super::settings::SettingsTab;
use super::shell::{Place, Shell};

/// A preset to be chosen.
#[derive(Clone, Debug)]
pub(crate) struct PresetChoice {
    /// Stable name.
    pub(crate) name: String,
    /// Name for people.
    pub(crate) title: String,
    /// What it is.
    pub(crate) about: String,
    /// Whether the rules follow it now.
    pub(crate) chosen: bool,
}

/// A rule that is another one than in the preset, or that was changed.
#[derive(Clone, Debug)]
pub(crate) struct RuleLine {
    /// Its field.
    pub(crate) href: String,
    /// "Service users: Shortest".
    pub(crate) rule: String,
    /// The preset's value, or the one before.
    pub(crate) from: String,
    /// The present value.
    pub(crate) to: String,
}

/// One part, with what it says at present.
#[derive(Clone, Debug)]
pub(crate) struct PartLine {
    /// Its page.
    pub(crate) href: String,
    /// Its name.
    pub(crate) title: String,
    /// Its rules in words.
    pub(crate) text: String,
    /// How many of its rules depart from the preset.
    pub(crate) departures: usize,
}

/// The last change of rules.
#[derive(Clone, Debug)]
pub(crate) struct LastLine {
    /// When.
    pub(crate) at: Stamp,
    /// Who.
    pub(crate) by: String,
    /// What.
    pub(crate) rules: Vec<RuleLine>,
    /// Sent along, so that nothing else is undone.
    pub(crate) version: String,
}

/// All of it at a glance.
#[derive(Clone, Debug, Template)]
#[template(path = "security.html")]
pub(crate) struct SecurityPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Always security.
    pub(crate) tab: SettingsTab,
    /// What is wrong.
    pub(crate) problems: Problems,
    /// The chosen preset.
    pub(crate) preset: String,
    /// Where the rules depart from it.
    pub(crate) departures: Vec<RuleLine>,
    /// All presets.
    pub(crate) presets: Vec<PresetChoice>,
    /// The parts.
    pub(crate) parts: Vec<PartLine>,
    /// The last change, if there was one.
    pub(crate) last: Option<LastLine>,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// The version that is looked at.
    pub(crate) version: String,
}

/// One part, to be changed.
#[derive(Clone, Debug, Template)]
#[template(path = "security_part.html")]
pub(crate) struct SecurityPartPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// Always security.
    pub(crate) tab: SettingsTab,
    /// All parts; the present one is marked by its address.
    pub(crate) parts: Vec<PartLine>,
    /// This page's address.
    pub(crate) href: String,
    /// Its name.
    pub(crate) title: String,
    /// The chosen preset.
    pub(crate) preset: String,
    /// How many rules here depart from it.
    pub(crate) departures: usize,
    /// The form.
    pub(crate) sections: Vec<Section>,
    /// Whether the person may change anything.
    pub(crate) editable: bool,
    /// The version that is looked at.
    pub(crate) version: String,
    /// What is wrong.
    pub(crate) problems: Problems,
}

/// Somebody whom a change touches.
#[derive(Clone, Debug)]
pub(crate) struct TouchedLine {
    /// Their page; empty where there is none.
    pub(crate) href: String,
    /// Name or number.
    pub(crate) name: String,
    /// "Service user".
    pub(crate) role: String,
    /// Why.
    pub(crate) why: String,
}

/// Those whom it touches in one way.
#[derive(Clone, Debug)]
pub(crate) struct TouchedGroup {
    /// "37 must change a secret".
    pub(crate) title: String,
    /// What that means.
    pub(crate) about: String,
    /// The first of them.
    pub(crate) rows: Vec<TouchedLine>,
    /// How many more.
    pub(crate) more: u64,
}

/// Whom a change would touch, before it is made.
#[derive(Clone, Debug, Template)]
#[template(path = "rehearsal.html")]
pub(crate) struct RehearsalPage {
    /// The frame.
    pub(crate) shell: Shell,
    /// "37 people must change, 3 accounts would be locked".
    pub(crate) title: String,
    /// The lists.
    pub(crate) groups: Vec<TouchedGroup>,
    /// What nobody can know; empty for nothing.
    pub(crate) unknown: String,
    /// A warning that one touches oneself; empty for no.
    pub(crate) oneself: String,
    /// Where the answer goes.
    pub(crate) action: String,
    /// The form once more.
    pub(crate) hidden: Vec<(String, String)>,
    /// Where "Back" leads.
    pub(crate) back: String,
}

/// The form of a part with what it holds.
pub(crate) fn filled_sections(
    groups: Vec<(&'static str, &'static str, Vec<Field>)>,
    filled: &Filled,
) -> Vec<Section> {
    groups
        .into_iter()
        .map(|(title, about, fields)| Section {
            title: title.into(),
            about: about.into(),
            fields: fields.into_iter().map(|field| filled.field(field)).collect(),
        })
        .collect()
}
