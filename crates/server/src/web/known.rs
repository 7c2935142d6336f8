//! What a page shows of the configuration: what is in force; in offline mode, with the draft laid over it.

use std::{collections::BTreeSet, sync::Arc};

use signin::{
    account::Account,
    draft::Overlay,
    extension::Extension,
    ident::{AccountId, ExtensionId},
    records::Records,
};
use store::{AccountQuery, AccountSort, ExtensionQuery, ExtensionSort, Ledger, Page};

/// Accounts, a page of them, as they are through the overlay.
pub(super) fn accounts(ledger: &Ledger, known: &Overlay<'_>, query: &AccountQuery) -> Page<Arc<Account>> {
    if known.layer.is_empty() {
        return ledger.accounts(query);
    }
    let mut touched: BTreeSet<AccountId> = known.layer.accounts().map(|(id, _)| id).collect();
    touched.extend(known.layer.extensions().filter_map(|(id, _)| known.live.extension(id)?.user));
    let is_wanted = |records: &dyn Records, account: &Account| {
        let needle = query.search.trim().to_lowercase();
        query.kind.is_none_or(|kind| account.kind() == kind)
            && query.domain.is_none_or(|domain| account.domain == domain)
            && (needle.is_empty()
                || is_called(account, &needle)
                || number_of(records, account).is_some_and(|(_, number)| number.contains(&needle)))
    };
    let before =
        |id: &AccountId| known.live.account(*id).is_some_and(|account| is_wanted(&known.live, &account));
    let after: Vec<Arc<Account>> = touched
        .iter()
        .filter_map(|id| known.account(*id))
        .filter(|account| is_wanted(known, account))
        .collect();
    let key = |account: &Arc<Account>| {
        let name = account.folded_name();
        let number = number_of(known, account);
        match query.sort {
            AccountSort::Name => (false, 0, String::new(), name),
            AccountSort::FullName => (false, 0, account.full_name.to_lowercase().to_string(), name),
            AccountSort::Number => {
                let (length, digits) = number.clone().unwrap_or_default();
                (number.is_none(), u64::try_from(length).unwrap_or(u64::MAX), digits, name)
            }
            AccountSort::SignedInAt => {
                let at = known.activity(account.id).signed_in_at;
                (at.is_some(), at.map_or(0, |at| at.0), String::new(), name)
            }
        }
    };
    let gone = touched.iter().filter(|id| before(id)).count();
    let page = |limit| ledger.accounts(&AccountQuery { offset: 0, limit, ..query.clone() });
    merged(
        page(reach(query.offset, query.limit, touched.len())),
        after,
        gone,
        query.offset,
        query.limit,
        query.descending,
        key,
        |account| touched.contains(&account.id),
    )
}

/// Extensions, a page of them, as they are through the overlay.
pub(super) fn extensions(
    ledger: &Ledger,
    known: &Overlay<'_>,
    query: &ExtensionQuery,
) -> Page<Arc<Extension>> {
    if known.layer.is_empty() {
        return ledger.extensions(query);
    }
    let mut touched: BTreeSet<ExtensionId> = known.layer.extensions().map(|(id, _)| id).collect();
    touched.extend(known.layer.accounts().filter_map(|(id, _)| known.live.account(id)?.extension()));
    let is_wanted = |records: &dyn Records, found: &Extension| {
        let needle = query.search.trim().to_lowercase();
        let user = || found.user.and_then(|user| records.account(user));
        query.domain.is_none_or(|domain| found.domain == domain)
            && (needle.is_empty()
                || found.number.as_str().contains(&needle)
                || user().is_some_and(|user| is_called(&user, &needle)))
    };
    let before =
        |id: &ExtensionId| known.live.extension(*id).is_some_and(|found| is_wanted(&known.live, &found));
    let after: Vec<Arc<Extension>> = touched
        .iter()
        .filter_map(|id| known.extension(*id))
        .filter(|found| is_wanted(known, found))
        .collect();
    let key = |found: &Arc<Extension>| {
        let number = (found.number.as_bytes().len(), found.number);
        let user = found.user.and_then(|user| known.account(user)).map(|user| user.folded_name());
        match query.sort {
            ExtensionSort::Number => (false, None, number),
            ExtensionSort::User => (user.is_none(), user, number),
        }
    };
    let gone = touched.iter().filter(|id| before(id)).count();
    let page = |limit| ledger.extensions(&ExtensionQuery { offset: 0, limit, ..query.clone() });
    merged(
        page(reach(query.offset, query.limit, touched.len())),
        after,
        gone,
        query.offset,
        query.limit,
        query.descending,
        key,
        |found| touched.contains(&found.id),
    )
}

/// How far a list beneath must be read for a page of the merged one.
const fn reach(offset: usize, limit: usize, touched: usize) -> usize {
    offset.saturating_add(limit).saturating_add(touched)
}

#[expect(clippy::too_many_arguments, reason = "two lists of different things are put together alike")]
fn merged<T, K: Ord>(
    page: Page<T>,
    after: Vec<T>,
    gone: usize,
    offset: usize,
    limit: usize,
    descending: bool,
    key: impl Fn(&T) -> K,
    is_touched: impl Fn(&T) -> bool,
) -> Page<T> {
    let total = page.total.saturating_sub(gone).saturating_add(after.len());
    let mut items: Vec<T> = page.items.into_iter().filter(|item| !is_touched(item)).chain(after).collect();
    items.sort_by_cached_key(key);
    if descending {
        items.reverse();
    }
    Page { items: items.into_iter().skip(offset).take(limit).collect(), total }
}

fn is_called(account: &Account, needle: &str) -> bool {
    account.folded_name().as_str().contains(needle) || account.full_name.to_lowercase().contains(needle)
}

fn number_of(records: &dyn Records, account: &Account) -> Option<(usize, String)> {
    let extension = account.extension().and_then(|id| records.extension(id))?;
    Some((extension.number.as_bytes().len(), extension.number.to_string()))
}
