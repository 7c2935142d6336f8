//! Rights groups, and the rights that there are.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use signin::{
    admin::{self, Admin},
    dice::Dice,
    ident::GroupId,
    rights::{self, Right},
};
use utoipa::ToSchema;

use super::{
    Api,
    answer::{Answer, IfMatch},
    door::Caller,
    problem::Problem,
    request::{Body, Path},
};

/// A rights group.
#[derive(Serialize, ToSchema)]
pub(super) struct RightsGroup {
    /// Never changes.
    #[schema(minimum = 0)]
    id: u32,
    /// Unique.
    #[schema(max_length = 64, examples("Installers"))]
    name: String,
    /// What its members may do.
    rights: Vec<Right>,
}

/// All rights groups, by name; there are at most 32.
#[derive(Serialize, ToSchema)]
pub(super) struct RightsGroups {
    /// All of them.
    items: Vec<RightsGroup>,
}

/// What is chosen of a rights group.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupFields {
    /// Unique.
    #[schema(min_length = 1, max_length = 64, examples("Installers"))]
    name: String,
    /// What its members may do.
    #[schema(max_items = 64)]
    rights: Vec<Right>,
}

/// A rights group that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeRightsGroup {
    /// As it is now.
    rights_group: RightsGroup,
}

/// A right.
#[derive(Serialize, ToSchema)]
pub(super) struct RightInWords {
    /// Its name.
    name: Right,
    /// In words, after "the right to".
    title: &'static str,
    /// What it is about.
    part: &'static str,
    /// What may be done with it.
    verb: &'static str,
}

/// All rights, in the order of the matrix.
#[derive(Serialize, ToSchema)]
pub(super) struct Rights {
    /// All of them.
    items: Vec<RightInWords>,
}

fn view(group: &rights::RightsGroup) -> RightsGroup {
    RightsGroup { id: group.id.0, name: group.name.to_string(), rights: group.rights.to_vec() }
}

impl From<GroupFields> for admin::GroupFields {
    fn from(fields: GroupFields) -> Self {
        Self { name: fields.name, rights: fields.rights }
    }
}

pub(super) async fn rights() -> Result<Answer, Problem> {
    let items = Right::ALL.iter().map(|right| {
        let row = right.row();
        RightInWords { name: *right, title: row.title, part: row.part.title(), verb: row.verb.title() }
    });
    Answer::json(&Rights { items: items.collect() })
}

pub(super) async fn list(State(api): State<Arc<Api>>, caller: Caller) -> Result<Answer, Problem> {
    Answer::json(&RightsGroups { items: caller.admin(&api).groups().iter().map(view).collect() })
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Body(fields): Body<GroupFields>,
) -> Result<Answer, Problem> {
    let fields = admin::GroupFields::from(fields);
    let made =
        api.system.administer(&caller.by, move |admin, dice| admin.create_group(&fields, dice)).await?;
    let group = caller.admin(&api).group(made.value)?;
    let answer = Answer::versioned(&MadeRightsGroup { rights_group: view(&group) }, group.version)?;
    Ok(answer.made(format!("/api/v1/rights-groups/{}", group.id)))
}

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
) -> Result<Answer, Problem> {
    let group = caller.admin(&api).group(GroupId(id))?;
    Answer::versioned(&view(&group), group.version)
}

pub(super) async fn change(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
    Body(fields): Body<GroupFields>,
) -> Result<Answer, Problem> {
    let fields = admin::GroupFields::from(fields);
    let changed = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.group(GroupId(id))?;
        if_match.demand(present.version, "rights group")?;
        admin.edit_group(GroupId(id), present.version, &fields)
    };
    api.system.administer(&caller.by, changed).await?;
    show(State(api), caller, Path(id)).await
}

pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(id): Path<u32>,
    if_match: IfMatch,
) -> Result<Answer, Problem> {
    let deleted = move |admin: &Admin<'_>, _: &mut dyn Dice| {
        let present = admin.group(GroupId(id))?;
        if_match.demand(present.version, "rights group")?;
        admin.delete_group(GroupId(id))
    };
    api.system.administer(&caller.by, deleted).await?;
    Ok(Answer::done())
}
