//! The same change of many users: chosen in the list, asked once, done as a job.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use signin::{
    account::{Condition, RoleKind},
    admin::{By, UserDeed},
    ident::AccountId,
    records::Records,
    rights::Right,
};
use store::AccountQuery;

use super::{
    Web, domains,
    form::Form,
    guard::{self, SignedForm, SignedIn},
    lists::{ListQuery, thousands},
    views::{
        errors::ConfirmPage,
        forms::Choice,
        parts::{Fact, Tone},
        shell::Place,
    },
};
use crate::{jobs::Job, system::System};

const LIST: &str = "/manager/users";
/// Users who are named where all are meant.
const NAMED: usize = 3;

/// What may be chosen in the list, by somebody who may do it; nothing in a draft, which holds single changes.
pub(super) fn deeds(who: &SignedIn) -> Vec<Choice> {
    let allowed = UserDeed::ALL.into_iter().filter(|deed| !who.is_offline() && who.by.may(deed.right()));
    allowed.map(|deed| Choice::new(deed.name(), deed.title(), false)).collect()
}

/// What is to be done, and to whom.
struct Wish {
    deed: UserDeed,
    users: Vec<AccountId>,
    /// Whoever matches a search, not those who were ticked.
    is_search: bool,
}

/// Reads the form of the list, or that of the question.
fn read(web: &Web, who: &SignedIn, form: &Form) -> Result<Wish, Response> {
    let back = list_of(form);
    if who.is_offline() {
        let text = "A draft holds single changes. Leave offline mode to change many users.";
        return Err(guard::redirect_with(&back, Tone::Info, "Not in offline mode", text));
    }
    let reach = who.reach(web);
    let is_user = |id: &AccountId| reach.account(*id).is_some_and(|user| user.kind() == RoleKind::User);
    let named = |field| -> Vec<AccountId> {
        // By their order in the list, each once.
        let mut seen = BTreeSet::new();
        let ids = form.all(field).filter_map(|id| id.parse().ok().map(AccountId));
        ids.filter(|id| seen.insert(*id)).filter(is_user).collect()
    };
    let whom = form.get("whom");
    let users = match whom {
        "all" => web.system.ledger.account_ids(&AccountQuery {
            kind: Some(RoleKind::User),
            domain: of_list(form).within(&who.by),
            search: of_list(form).search(),
            ..AccountQuery::default()
        }),
        "page" => named("shown"),
        _ => named("pick"),
    };
    if users.is_empty() {
        let text = "Tick those who are meant, or choose all on this page or all that match.";
        return Err(guard::redirect_with(&back, Tone::Info, "Nobody was selected", text));
    }
    let deed = UserDeed::ALL.into_iter().find(|deed| deed.name() == form.get("what"));
    let deed = deed.ok_or_else(|| who.visitor.error(web, StatusCode::BAD_REQUEST))?;
    Ok(Wish { deed, users, is_search: whom == "all" })
}

/// What the list showed that one came from.
fn of_list(form: &Form) -> ListQuery {
    ListQuery { q: form.get("q").into(), domain: form.get("domain").into(), ..ListQuery::default() }
}

/// Its address.
fn list_of(form: &Form) -> String {
    of_list(form).address(LIST, form.get("sort"), 0)
}

/// Asks whether all of them are meant.
pub(super) async fn ask(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let wish = match read(&web, &who, &form) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    if let Err(answer) = demand(&web, &who, wish.deed.right()).await {
        return answer;
    }
    who.page(&question(&web, &who, &form, &wish, ""))
}

/// Whoever may not is told so, and their try has its row in the audit.
async fn demand(web: &Web, who: &SignedIn, right: Right) -> Result<(), Response> {
    let asked = web.system.administer(&who.by, move |admin, _| admin.demand(right)).await;
    asked.map(|_| ()).map_err(|refusal| super::credentials::refuse(who, web, &refusal))
}

fn question(web: &Web, who: &SignedIn, form: &Form, wish: &Wish, changed: &str) -> ConfirmPage {
    let text = match wish.deed {
        UserDeed::Disable => {
            "They can sign in nowhere any more and their phones are unregistered. Their secrets are kept."
        }
        UserDeed::Enable => {
            "They may sign in again. What counted against them is reset, and a last day that is over is taken away."
        }
        UserDeed::ForceNewPassword => {
            "Each must choose a new password at the next sign-in. Those who are disabled stay so."
        }
        UserDeed::ResetLocks => "Locks, and the failures that were counted, are forgotten.",
        UserDeed::Delete => {
            "The accounts, their secrets and their extensions are deleted, and their phones are unregistered. The audit \
             stays."
        }
    };
    let mut hidden = vec![
        ("what".to_owned(), wish.deed.name().to_owned()),
        ("q".to_owned(), of_list(form).search()),
        ("domain".to_owned(), form.get("domain").to_owned()),
        ("sort".to_owned(), form.get("sort").to_owned()),
        ("count".to_owned(), wish.users.len().to_string()),
    ];
    if wish.is_search {
        hidden.push(("whom".into(), "all".into()));
    } else {
        hidden.extend(wish.users.iter().map(|id| ("pick".to_owned(), id.to_string())));
    }
    let title = title(wish.deed, wish.users.len());
    ConfirmPage {
        shell: who.shell(web, Place::Users),
        title: format!("{title}?"),
        text: format!("{changed}{text}"),
        facts: vec![
            Fact::new("Users", thousands(wish.users.len())),
            Fact::new("Whom", named(&*web.system.ledger, &wish.users)),
        ],
        action: format!("{LIST}/many/start"),
        hidden,
        yes: title,
        danger: matches!(wish.deed, UserDeed::Delete | UserDeed::Disable),
        back: list_of(form),
    }
}

/// "Disable 1,200 users".
fn title(deed: UserDeed, count: usize) -> String {
    let users = if count == 1 { "1 user".into() } else { format!("{} users", thousands(count)) };
    match deed {
        UserDeed::Disable => format!("Disable {users}"),
        UserDeed::Enable => format!("Enable {users}"),
        UserDeed::ForceNewPassword => format!("Force a new password for {users}"),
        UserDeed::ResetLocks => format!("Reset the locks of {users}"),
        UserDeed::Delete => format!("Delete {users}"),
    }
}

/// "ann, bob, carol and 97 more".
pub(super) fn named(records: &dyn Records, users: &[AccountId]) -> String {
    let mut names = Vec::new();
    for id in users.iter().take(NAMED) {
        names.extend(records.account(*id).map(|user| domains::named(records, &user.name, user.domain)));
    }
    let more = users.len().saturating_sub(names.len());
    match (more, names.pop()) {
        (0, Some(last)) if names.is_empty() => last,
        (0, Some(last)) => format!("{} and {last}", names.join(", ")),
        (_, Some(last)) => {
            names.push(last);
            format!("{} and {} more", names.join(", "), thousands(more))
        }
        (_, None) => thousands(more),
    }
}

/// Starts what was confirmed.
pub(super) async fn start(State(web): State<Arc<Web>>, SignedForm(who, form): SignedForm) -> Response {
    let wish = match read(&web, &who, &form) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    if let Err(answer) = demand(&web, &who, wish.deed.right()).await {
        return answer;
    }
    let asked: usize = form.get("count").parse().unwrap_or(0);
    if asked != wish.users.len() {
        // Nobody is changed who was not meant.
        let changed = format!("Since you were asked it is not {} any more. ", thousands(asked));
        return who.page_with(StatusCode::CONFLICT, &question(&web, &who, &form, &wish, &changed));
    }
    match begin(&web.system, &who.by, wish.deed, wish.users) {
        Some(job) => Redirect::to(&format!("/manager/jobs/{}", job.id)).into_response(),
        None => guard::redirect_with(
            &list_of(&form),
            Tone::Warning,
            "Other jobs are still running",
            "Nothing was changed. Wait until one of them is done, or stop it.",
        ),
    }
}

/// `None` = as many run as may.
fn begin(system: &Arc<System>, by: &By, deed: UserDeed, users: Vec<AccountId>) -> Option<Arc<Job>> {
    let title = title(deed, users.len());
    let (working, whose) = (Arc::clone(system), by.clone());
    let chunk = move |some: Vec<AccountId>| {
        let (system, mut by) = (Arc::clone(&working), whose.clone());
        async move {
            by.rights = rights_left(&system, &by);
            let done = system.administer(&by, move |admin, _| admin.change_users(&some, deed)).await;
            done.map(|done| done.value)
        }
    };
    system.start_job(title, by, users, chunk).ok()
}

/// What is left of the rights with which somebody started: who loses one loses it for what still runs, too.
fn rights_left(system: &System, by: &By) -> Vec<Right> {
    let account = by.account.and_then(|id| system.ledger.account(id));
    let account = account.filter(|account| account.condition != Condition::Disabled);
    let now = account.map(|account| system.ledger.rights_of(&account)).unwrap_or_default();
    by.rights.iter().copied().filter(|right| now.contains(right)).collect()
}
