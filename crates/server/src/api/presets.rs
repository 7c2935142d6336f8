//! Whole sets of security rules: the presets, what a change would come to, the last one, and taking it back.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin, Change},
    credential::Owner,
    dice::Dice,
    preset::{self, Preset},
    records::Records,
    rules::{self, Rule},
};
use utoipa::ToSchema;

use super::{
    Api,
    accounts::{Role, moment},
    answer::{Answer, IfMatch},
    door::Caller,
    problem::{Kind, Problem},
    request::{Body, Path},
    settings::{self, SecuritySettings},
};
use crate::flow::Hashes;

/// A rule with two values.
#[derive(Serialize, ToSchema)]
pub(super) struct RuleDifference {
    /// Which rule.
    #[schema(max_length = 100, examples("service-password-length-min"))]
    rule: String,
    /// The same in words.
    title: String,
    /// The one value, in words: the preset's, or the one before.
    before: String,
    /// The other one, in words: the one in force, or the one after.
    after: String,
}

/// A preset.
#[derive(Serialize, ToSchema)]
pub(super) struct PresetInWords {
    /// Its name.
    name: Preset,
    /// For people.
    title: &'static str,
    /// What it is.
    about: &'static str,
    /// Whether it is the one that was chosen last.
    is_chosen: bool,
    /// Where the rules in force depart from it.
    departures: Vec<RuleDifference>,
}

/// All presets.
#[derive(Serialize, ToSchema)]
pub(super) struct Presets {
    /// All of them.
    items: Vec<PresetInWords>,
}

/// Which preset is put in force.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChosenPreset {
    /// This one.
    preset: Preset,
}

/// The last change of rules.
#[derive(Serialize, ToSchema)]
pub(super) struct LastSecurityChange {
    /// When.
    #[schema(format = "date-time")]
    at: Option<String>,
    /// Who.
    by: String,
    /// Each rule that it changed.
    rules: Vec<RuleDifference>,
    /// The preset before it.
    preset_before: Preset,
    /// The preset after it.
    preset_after: Preset,
}

/// Somebody whom a change touches.
#[derive(Serialize, ToSchema)]
pub(super) struct Touched {
    /// Whose secret or account it is: `service-user`, `user` or `extension`.
    role: Role,
    /// The id of the account or of the extension.
    #[schema(minimum = 0)]
    id: u32,
    /// Name or number.
    name: String,
    /// Why, in words.
    why: String,
    /// Whether it is the one who asks.
    is_oneself: bool,
}

/// Those whom a change touches in one way.
#[derive(Serialize, ToSchema)]
pub(super) struct TouchedList {
    /// The first two hundred.
    items: Vec<Touched>,
    /// How many there are.
    #[schema(minimum = 0)]
    total: u64,
}

/// What would come of a change.
#[derive(Serialize, ToSchema)]
pub(super) struct Rehearsal {
    /// Whose secret must be changed then.
    must_change: TouchedList,
    /// Who would be locked.
    locked: TouchedList,
    /// Passwords of which nobody knows what they are like: set by a version that did not note it.
    #[schema(minimum = 0)]
    unknown: u64,
}

fn difference(rule: &Rule, before: Option<u32>, after: Option<u32>) -> RuleDifference {
    RuleDifference {
        rule: rule.name(),
        title: format!("{}: {}, {}", rule.part().title(), rule.group(), rule.title()),
        before: rule.in_words(before),
        after: rule.in_words(after),
    }
}

impl From<admin::TouchedList> for TouchedList {
    fn from(list: admin::TouchedList) -> Self {
        let items = list.named.into_iter().map(|touched| {
            let (id, role) = match touched.owner {
                Owner::Extension(id) => (id.0, Role::Extension),
                Owner::Domain(id) => (id.0, Role::System),
                Owner::Account(id) => (id.0, touched.role.map_or(Role::User, Role::from)),
            };
            let (name, is_oneself) = (touched.name.into(), touched.is_oneself);
            Touched { role, id, name, why: touched.why, is_oneself }
        });
        Self { items: items.collect(), total: list.total }
    }
}

pub(super) async fn list(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let settings = api.system.ledger.settings();
    let view = |preset: Preset| PresetInWords {
        name: preset,
        title: preset.title(),
        about: preset.about(),
        is_chosen: preset == settings.preset,
        departures: preset
            .departures(&settings)
            .iter()
            .map(|preset::Departure { rule, preset, present }| difference(rule, *preset, *present))
            .collect(),
    };
    Answer::json(&Presets { items: Preset::ALL.into_iter().map(view).collect() })
}

pub(super) async fn show(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<Answer, Problem> {
    let preset = Preset::named(&name).ok_or_else(|| Problem::of(Kind::NotFound))?;
    let settings = api.system.ledger.settings();
    Answer::versioned(&SecuritySettings::of(&preset.apply(&settings))?, settings.version)
}

pub(super) async fn put_in_force(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
    Body(chosen): Body<ChosenPreset>,
) -> Result<Answer, Problem> {
    settings::change(&api, &caller, if_match, move |settings| chosen.preset.apply(&settings)).await?;
    settings::security(State(api)).await
}

pub(super) async fn rehearse(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(rules): Body<SecuritySettings>,
) -> Result<Answer, Problem> {
    let wanted = rules.put_into(&api.system.ledger.settings())?;
    let rehearse = move |admin: &Admin<'_>, _: &mut dyn Dice| admin.rehearse(&wanted).map(Change::told);
    let planned = api.system.plan(&caller.by, Hashes::WithDice, &Arc::new(rehearse)).await?;
    let admin::Rehearsal { must_change, locked, unknown } = planned.value;
    Answer::json(&Rehearsal { must_change: must_change.into(), locked: locked.into(), unknown })
}

pub(super) async fn last_change(State(api): State<Arc<Api>>) -> Result<Answer, Problem> {
    let settings = api.system.ledger.settings();
    let last = settings.last_change.as_ref().ok_or_else(|| Problem::of(Kind::NotFound))?;
    let changes = last.rules.iter();
    let told = LastSecurityChange {
        at: moment(last.at),
        by: last.by.to_string(),
        rules: changes
            .filter_map(|change| Some(difference(&rules::named(&change.rule)?, change.before, change.after)))
            .collect(),
        preset_before: last.preset.0,
        preset_after: last.preset.1,
    };
    Answer::versioned(&told, last.version)
}

pub(super) async fn undo(
    State(api): State<Arc<Api>>,
    caller: Caller,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let undo = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let settings = admin.records.settings();
        let last = settings.last_change.as_ref().ok_or(admin::Problem::NotFound("change of rules"))?;
        if_match.demand(last.version, "set of rules")?;
        admin.undo_settings(last.version)
    };
    api.system.administer(&caller.by, undo).await?;
    settings::security(State(api)).await
}
