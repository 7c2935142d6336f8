//! The password map: which credential opens which login interface, generated from the tables, and how everybody's stand.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use signin::{
    account::{Account, RoleKind},
    credential::{
        self, CredentialKind, KINDS, OwnerKind, rules_in_words,
        state::{CredentialState, count_of, owners_of},
    },
    interface::{CountScope, INTERFACES},
    lockout::Standing,
    policy::Settings,
    records::Records,
    timestamp::Timestamp,
};
use store::{CredentialFilter, CredentialQuery, KindCensus};

use super::{
    Web,
    address::Query,
    doctor::{badges, used_in_words},
    guard::SignedIn,
    lists::{ListQuery, PAGE, thousands},
    overview::percent,
    status,
    views::{
        chart::Share,
        forms::{Choice, Field, Kind},
        parts::{Link, Tone},
        passwords::{Cell, KindRow, PasswordsPage, PersonRow},
        shell::Place,
        status::{ShareRow, Shares, SpanLink},
    },
};
use crate::moment::for_people;

const PATH: &str = "/manager/passwords";
/// The address's word of each filter, and the words on the page.
const FILTERS: [(&str, &str, CredentialFilter); 5] = [
    ("", "Everybody", CredentialFilter::All),
    ("weak", "Weak", CredentialFilter::Weak),
    ("expired", "Expired", CredentialFilter::Expired),
    ("not-set", "Not set", CredentialFilter::NotSet),
    ("unused", "Unused for 90 days", CredentialFilter::Unused),
];

pub(super) async fn show(
    State(web): State<Arc<Web>>,
    who: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, Response> {
    let filter = FILTERS.iter().find(|(name, ..)| *name == query.status).map(|(.., filter)| *filter);
    let kind = of_people().find(|row| row.name == query.kind).map(|row| row.kind);
    let (Some(filter), true) = (filter, kind.is_some() || query.kind.is_empty()) else {
        return Err(who.visitor.error(&web, StatusCode::BAD_REQUEST));
    };
    let Some(census) = web.system.census().await else {
        return Err(who.visitor.error(&web, StatusCode::SERVICE_UNAVAILABLE));
    };
    let now = web.system.clock.now();
    let ledger = &web.system.ledger;
    let settings = ledger.settings();
    let found = ledger.accounts_by_credentials(
        &census,
        &CredentialQuery { search: query.search(), filter, kind, offset: query.offset(), limit: PAGE },
    );
    let filtered = |status: &str| ListQuery { status: status.into(), page: String::new(), ..query.clone() };
    let filters = FILTERS.iter().map(|(name, title, of)| SpanLink {
        link: Link::new(filtered(name).address(PATH, "", 0), *title),
        is_on: *of == filter,
    });
    let page = PasswordsPage {
        shell: who.shell(&web, Place::Passwords),
        interfaces: open_to_credentials().map(|row| row.title.into()).collect(),
        others: others(),
        kinds: KINDS.iter().map(|row| kind_row(row.kind, &settings)).collect(),
        stand: census.kinds.iter().map(shares).collect(),
        looked_at: format!("As of {}", for_people(census.at)),
        filters: filters.collect(),
        search: search(&query),
        status: query.status.clone(),
        headings: of_people().map(|row| row.title.into()).collect(),
        rows: found.items.iter().map(|account| person(&web, account, &settings, now)).collect(),
        pager: query.pager(PATH, "accounts", found.total),
    };
    Ok(who.page(&page))
}

fn search(query: &ListQuery) -> Vec<Field> {
    let mut kinds = vec![Choice::new("", "Every credential", query.kind.is_empty())];
    kinds.extend(of_people().map(|row| Choice::new(row.name, row.title, row.name == query.kind)));
    vec![
        Field::new("q", "Name or extension").value(query.search()).length_max(128).search(),
        Field::new("kind", "Credential").kind(Kind::Select(kinds)).search(),
    ]
}

/// Those that an account can have, its own or its extension's.
fn of_people() -> impl Iterator<Item = &'static credential::KindRow> {
    KINDS.iter().filter(|row| row.belongs_to != OwnerKind::Domain)
}

fn open_to_credentials() -> impl Iterator<Item = &'static signin::interface::InterfaceRow> {
    INTERFACES.iter().filter(|row| !row.opens_with.is_empty())
}

/// A token is nobody's credential: each has an end and a right of its own.
fn is_for_tokens(row: &signin::interface::InterfaceRow) -> bool {
    row.counts_on == CountScope::ApiToken
}

/// The ways in that no credential opens.
fn others() -> String {
    let titles: Vec<_> = INTERFACES
        .iter()
        .filter(|row| row.opens_with.is_empty() && !is_for_tokens(row))
        .map(|row| row.title)
        .collect();
    if titles.is_empty() {
        return String::new();
    }
    format!(
        "No credential opens: {}. Only whoever owns the process on the machine itself gets in there. Programs of \
         administrators show an API token, which each administrator makes under User Preferences.",
        titles.join(", ")
    )
}

fn kind_row(kind: CredentialKind, settings: &Settings) -> KindRow {
    let row = kind.row();
    let opens = open_to_credentials().map(|interface| {
        let place = interface.opens_with.iter().position(|opens| *opens == kind);
        match place.and_then(|place| interface.opens_with.get(..place)) {
            None => String::new(),
            Some([]) => "Opens".into(),
            Some(before) => {
                let before: Vec<_> = before.iter().map(|kind| kind.row().title.to_lowercase()).collect();
                format!("Opens without a {}", before.join(" or "))
            }
        }
    });
    // Login codes are shown by phones that register before all; who types one is counted apart.
    let is_of_phones = kind == CredentialKind::LoginCode;
    let scope = if is_of_phones { CountScope::Extension } else { CountScope::Credential(kind) };
    let rule = settings.lock_rule(scope);
    let counted = match row.belongs_to {
        OwnerKind::ServiceUser => "the name",
        OwnerKind::User if !row.is_digits => "the name",
        OwnerKind::User | OwnerKind::Extension => "the extension",
        OwnerKind::Domain => "the system password",
    };
    let lock = match status::failures_in_words(rule, counted) {
        None => format!("Failures are counted by {counted} and by the address, and only written down."),
        Some(then) => format!("Counted by {counted} and by the address. {then}."),
    };
    KindRow {
        title: row.title.into(),
        whose: match row.belongs_to {
            OwnerKind::ServiceUser => "An administrator’s",
            OwnerKind::User => "A user’s",
            OwnerKind::Extension => "An extension’s",
            OwnerKind::Domain => "The system’s",
        }
        .into(),
        opens: opens.collect(),
        rules: rules_in_words(kind, settings),
        lock,
    }
}

fn shares(census: &KindCensus) -> Shares {
    let row = census.kind.row();
    let is_of_people = row.belongs_to != OwnerKind::Domain;
    let part = |label: &str, status: &str, count: usize, whole: usize, tone| {
        let query = ListQuery { status: status.into(), kind: row.name.into(), ..ListQuery::default() };
        ShareRow {
            label: label.into(),
            // Whose the system's is needs no list.
            href: if is_of_people { query.address(PATH, "", 0) } else { String::new() },
            count: thousands(count),
            share: Share { percent: percent(count, whole), tone },
        }
    };
    let KindCensus { owners, set, weak, expired, unused, .. } = *census;
    let mut rows = vec![
        part("Set", "", set, owners, Tone::Good),
        part("Not set", "not-set", owners.saturating_sub(set), owners, Tone::Neutral),
        part("Weak", "weak", weak, set, Tone::Warning),
        part("Expired", "expired", expired, set, Tone::Warning),
        part("Unused for 90 days", "unused", unused, set, Tone::Neutral),
    ];
    if owners == 0 {
        rows.clear();
    }
    Shares { title: row.title.into(), slug: row.name.into(), rows }
}

fn person(web: &Web, account: &Account, settings: &Settings, now: Timestamp) -> PersonRow {
    let ledger = &web.system.ledger;
    let extension = account.extension().and_then(|id| ledger.extension(id));
    let owners = owners_of(account);
    let cells = of_people().map(|row| {
        let owner = owners.iter().find(|(_, kind)| *kind == row.kind).map(|(owner, _)| *owner);
        let state = owner.map(|owner| CredentialState::of(&**ledger, owner, row.kind, now));
        let key = count_of(row.kind, Some(account), extension.as_deref());
        let is_locked = key.is_some_and(|key| {
            let standing = ledger.tally(&key).standing(settings.lock_rule(key.scope), now);
            matches!(standing, Standing::Locked { .. })
        });
        let used = state.filter(|state| state.facts.is_some()).map(|state| match state.used {
            Some(_) => used_in_words(&state),
            None => "Never used".into(),
        });
        Cell {
            title: row.title.into(),
            states: state.map(|state| badges(&state, is_locked)).unwrap_or_default(),
            used: used.unwrap_or_default(),
        }
    });
    let number = extension.as_ref().map(|extension| format!("extension {}", extension.number));
    let full_name = Some(account.full_name.to_string()).filter(|name| !name.is_empty());
    let href = match account.kind() {
        RoleKind::User => format!("/manager/users/{}", account.id),
        RoleKind::ServiceUser => format!("/manager/administrators/{}", account.id),
    };
    PersonRow {
        person: Link::new(href, &*account.name),
        detail: full_name.into_iter().chain(number).collect::<Vec<_>>().join(", "),
        cells: cells.collect(),
    }
}
