//! The directory: the others of the domain, with their numbers.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Deserialize;
use signin::{account::RoleKind, records::Records};
use store::{AccountQuery, AccountSort};

use super::{
    super::{
        Web,
        address::Query,
        views::{
            forms::Field,
            portal::{PortalContact, PortalDirectoryPage, PortalPlace},
        },
    },
    guard::Insider,
};

/// So many on a page.
const PAGE: usize = 50;
/// Longest search.
const SEARCH_MAX: usize = 100;

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    from: usize,
}

pub(in crate::web) async fn show(
    State(web): State<Arc<Web>>,
    who: Insider,
    Query(asked): Query<Asked>,
) -> Response {
    let search: String = asked.q.chars().take(SEARCH_MAX).collect();
    let query = AccountQuery {
        kind: Some(RoleKind::User),
        domain: Some(who.account.domain),
        search: search.clone(),
        sort: AccountSort::FullName,
        offset: asked.from,
        limit: PAGE,
        ..AccountQuery::default()
    };
    let found = web.system.ledger.accounts(&query);
    let contacts: Vec<PortalContact> = found
        .items
        .iter()
        .map(|account| PortalContact {
            name: account.shown_name().to_owned(),
            number: account
                .extension()
                .and_then(|id| web.system.ledger.extension(id))
                .map_or_else(|| "–".into(), |extension| extension.number.to_string()),
        })
        .collect();
    let to = |from: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("q", &search);
        }
        format!("{}?{}", PortalPlace::Directory.href(), query.append_pair("from", &from.to_string()).finish())
    };
    let end = asked.from.saturating_add(contacts.len());
    who.page(&PortalDirectoryPage {
        shell: who.shell(&web, PortalPlace::Directory),
        search: Field::new("q", who.say("directory-who"))
            .value(search.clone())
            .length_max(100)
            .search()
            .language(who.visitor.language),
        summary: who.say_number("directory-count", found.total),
        previous: (asked.from > 0).then(|| to(asked.from.saturating_sub(PAGE))),
        next: (end < found.total).then(|| to(end)),
        contacts,
    })
}
