//! Rights groups: the matrix of all, and one to be changed.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, Role},
    admin::{Admin, GroupFields},
    ident::GroupId,
    records::Records,
    rights::{GROUPS_MAX, Part, Right, RightsGroup, Verb},
};

use super::{
    Web,
    address::Path,
    credentials,
    form::Form,
    guard::{SignedForm, SignedIn},
    views::{
        errors::ConfirmPage,
        forms::{Choice, Field, Filled, Problems},
        groups::{GroupPage, GroupRow, GroupsPage, RightsRow},
        parts::{Fact, Link, Tone},
        settings::SettingsTab,
        shell::Place,
    },
};

const PATH: &str = "/manager/groups";
const LIST: &str = "/manager/settings/groups";

pub(super) async fn matrix(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    let groups = Admin::new(&who.known(&web), &who.by, web.system.clock.now()).groups();
    let page = GroupsPage {
        shell: who.shell(&web, Place::Settings),
        tab: SettingsTab::Groups,
        count: format!("{} of {GROUPS_MAX} groups", groups.len()),
        editable: who.by.may(Right::SecurityWrite),
        rows: groups.iter().map(|group| row(&web, group)).collect(),
    };
    who.page(&page)
}

fn row(web: &Web, group: &RightsGroup) -> GroupRow {
    let cell = |verb: Verb| {
        let is_given =
            |part: &Part| Right::to(verb, *part).is_some_and(|right| group.rights.contains(&right));
        let parts = Part::ALL.into_iter().filter(is_given).map(Part::title).collect::<Vec<_>>();
        (verb.title().to_owned(), sentence(&parts.join(", ").to_lowercase()))
    };
    GroupRow {
        href: format!("{PATH}/{}", group.id),
        name: group.name.to_string(),
        cells: Verb::ALL.map(cell).to_vec(),
        members: members(web, group.id).len(),
    }
}

/// With a capital.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn members(web: &Web, id: GroupId) -> Vec<Arc<Account>> {
    let is_in = |account: &Arc<Account>| match &account.role {
        Role::ServiceUser { groups } => groups.contains(&id),
        Role::User { .. } => false,
    };
    web.system.ledger.service_users().into_iter().filter(is_in).collect()
}

fn find(web: &Web, who: &SignedIn, id: u32) -> Result<RightsGroup, Response> {
    Admin::new(&who.known(web), &who.by, web.system.clock.now())
        .group(GroupId(id))
        .map_err(|_| who.visitor.error(web, StatusCode::NOT_FOUND))
}

/// The form with what is in force. The rights are one value, by their names.
fn saved(group: &RightsGroup) -> Filled {
    let rights: Vec<&str> = group.rights.iter().map(|right| right.row().name).collect();
    Filled::default()
        .with("name", &*group.name)
        .with("rights", rights.join(" "))
        .with("version", group.version.to_string())
}

fn typed(form: &Form) -> Filled {
    Filled::default()
        .with("name", form.get("name"))
        .with("rights", form.all("rights").collect::<Vec<_>>().join(" "))
        .with("version", form.get("version"))
}

fn fields(filled: &Filled) -> GroupFields {
    GroupFields {
        name: filled.value("name").into(),
        rights: filled.value("rights").split(' ').filter_map(Right::named).collect(),
    }
}

fn page(web: &Web, who: &SignedIn, group: Option<&RightsGroup>, filled: &Filled) -> GroupPage {
    let rights = fields(filled).rights;
    let cell = |part: Part, verb: Verb| {
        let right = Right::to(verb, part)?;
        Some(
            Choice::new(right.row().name, right.title(), rights.contains(&right))
                .hint(sentence(right.title())),
        )
    };
    let rows = Part::ALL.map(|part| RightsRow {
        part: part.title(),
        cells: Verb::ALL.map(|verb| (verb.title(), cell(part, verb))).to_vec(),
    });
    let name =
        filled.field(Field::new("name", "Name").required().length_max(64).hint("Such as “Installers”."));
    let members = group.map(|group| members(web, group.id)).unwrap_or_default();
    GroupPage {
        shell: who.shell(web, Place::Settings),
        href: group.map_or_else(|| format!("{PATH}/new"), |group| format!("{PATH}/{}", group.id)),
        title: group.map_or_else(|| "New group".into(), |group| group.name.to_string()),
        problems: Problems::of(&[&name], &[]),
        name,
        rows: rows.to_vec(),
        members: members
            .iter()
            .map(|account| {
                Link::new(format!("/manager/administrators/{}", account.id), account.name.to_string())
            })
            .collect(),
        version: filled.value("version").to_owned(),
        editable: who.by.may(Right::SecurityWrite),
    }
}

pub(super) async fn ask_new(State(web): State<Arc<Web>>, who: SignedIn) -> Response {
    who.page(&page(&web, &who, None, &Filled::default()))
}

pub(super) async fn create(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let filled = typed(&form);
    let wanted = fields(&filled);
    let made = web.system.administer(&who.by, move |admin, dice| admin.create_group(&wanted, dice)).await;
    match made {
        Ok(made) => {
            let text = "Choose who belongs to it on their own pages.";
            who.saved(&format!("{PATH}/{}", made.value), Tone::Good, "The group is created", text)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let filled = credentials::fill_wrong(filled, &refusal);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, None, &filled))
        }
    }
}

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let group = find(&web, &who, id)?;
    Ok(who.page(&page(&web, &who, Some(&group), &saved(&group))))
}

pub(super) async fn save(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, form): SignedForm,
) -> Result<Response, Response> {
    let group = find(&web, &who, id)?;
    let filled = typed(&form);
    let (version, wanted) = (form.get("version").parse().unwrap_or(0), fields(&filled));
    let done =
        web.system.administer(&who.by, move |admin, _| admin.edit_group(GroupId(id), version, &wanted)).await;
    Ok(match done {
        Ok(_) => who.saved(LIST, Tone::Good, "Saved", "In force with the members' next click."),
        Err(refusal) if credentials::is_overtaken(&refusal) => {
            let group = find(&web, &who, id)?;
            let filled = credentials::overtaken(filled, &saved(&group));
            let mut page = page(&web, &who, Some(&group), &filled);
            page.problems.list.insert(0, credentials::overtaken_words("group", "name"));
            who.page_with(StatusCode::CONFLICT, &page)
        }
        Err(refusal) if credentials::wrong_fields(&refusal).is_empty() => {
            credentials::refuse(&who, &web, &refusal)
        }
        Err(refusal) => {
            let filled = credentials::fill_wrong(filled, &refusal);
            who.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(&web, &who, Some(&group), &filled))
        }
    })
}

pub(super) async fn ask_delete(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Path(id): Path<u32>,
) -> Result<Response, Response> {
    let group = find(&web, &who, id)?;
    let page = ConfirmPage::deletion(
        who.shell(&web, Place::Settings),
        &format!("the group {}", group.name),
        "Its members lose what they may do by this group alone, with their next click.",
        vec![Fact::new("Members", members(&web, group.id).len().to_string())],
        format!("{PATH}/{id}"),
    );
    Ok(who.page(&page))
}

pub(super) async fn delete(
    State(web): State<Arc<Web>>,
    Path(id): Path<u32>,
    SignedForm(who, _): SignedForm,
) -> Result<Response, Response> {
    let group = find(&web, &who, id)?;
    let done = web.system.administer(&who.by, move |admin, _| admin.delete_group(GroupId(id))).await;
    Ok(match done {
        Ok(_) => who.saved(LIST, Tone::Good, &format!("{} is deleted", group.name), ""),
        Err(refusal) => credentials::refuse(&who, &web, &refusal),
    })
}
