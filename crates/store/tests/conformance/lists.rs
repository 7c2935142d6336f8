//! Lists: sorted, searched, a page at a time.

use signin::{
    credential::CredentialKind,
    effect::Effect,
    ident::{AccountId, ExtensionId},
};
use store::{
    AccountQuery, AccountSort, Census, CredentialFilter, CredentialQuery, ExtensionQuery, ExtensionSort,
    Ledger, RegistrationQuery, RegistrationSort,
};

use crate::{host::EngineHost, world::*};

fn names(ledger: &Ledger, query: &AccountQuery) -> (Vec<String>, usize) {
    let page = ledger.accounts(query);
    (page.items.iter().map(|account| account.name.to_string()).collect(), page.total)
}

fn numbers(ledger: &Ledger, query: &ExtensionQuery) -> (Vec<String>, usize) {
    let page = ledger.extensions(query);
    (page.items.iter().map(|extension| extension.number.to_string()).collect(), page.total)
}

pub(crate) fn accounts_are_sorted_searched_and_paged(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let mut zoe = user(AccountId(10), "Zoe", None);
    zoe.full_name = "Anna Zoe".into();
    ledger.commit(vec![Effect::PutAccount(zoe)]).wait().unwrap();
    let all = || AccountQuery { limit: 10, ..AccountQuery::default() };
    let page = |query| names(&ledger, &query);
    let list = |names: &[&str], total| (names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), total);
    assert_eq!(page(all()), list(&["Administrator", "ann", "bob", "Zoe"], 4));
    assert_eq!(page(AccountQuery { limit: 2, offset: 1, ..all() }), list(&["ann", "bob"], 4));
    assert_eq!(page(AccountQuery { descending: true, limit: 1, ..all() }), list(&["Zoe"], 4));
    let users = Some(signin::account::RoleKind::User);
    assert_eq!(page(AccountQuery { kind: users, ..all() }), list(&["ann", "bob", "Zoe"], 3));
    assert_eq!(page(AccountQuery { search: "ANN".into(), ..all() }), list(&["ann", "Zoe"], 2));
    assert_eq!(page(AccountQuery { search: "202".into(), ..all() }), list(&["bob"], 1));
    let sorted = |sort| page(AccountQuery { sort, kind: users, ..all() }).0;
    assert_eq!(sorted(AccountSort::FullName), ["ann", "Zoe", "bob"]);
    assert_eq!(sorted(AccountSort::Number), ["ann", "bob", "Zoe"]);
    let activity = signin::account::Activity { signed_in_at: Some(NOW), ..Default::default() };
    ledger.commit(vec![Effect::PutActivity(ANN, activity)]).wait().unwrap();
    assert_eq!(sorted(AccountSort::SignedInAt), ["bob", "Zoe", "ann"]);
}

pub(crate) fn extensions_are_in_the_order_of_their_numbers(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let put = |id, number| Effect::PutExtension(extension(ExtensionId(id), number, None));
    ledger.commit(vec![put(10, "1000"), put(11, "99")]).wait().unwrap();
    let all = || ExtensionQuery { limit: 10, ..ExtensionQuery::default() };
    assert_eq!(numbers(&ledger, &all()).0, ["99", "201", "202", "1000"]);
    let by_user = ExtensionQuery { sort: ExtensionSort::User, ..all() };
    assert_eq!(numbers(&ledger, &by_user).0, ["201", "202", "99", "1000"]);
    let searched = ExtensionQuery { search: "bob".into(), ..all() };
    assert_eq!(numbers(&ledger, &searched), (vec!["202".to_owned()], 1));
}

pub(crate) fn registrations_show_what_is_in_force(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit_behind(vec![
        Effect::PutRegistration(registration(X202, &[later(60), later(600)])),
        Effect::PutRegistration(registration(X201, &[later(70)])),
    ]);
    let all = |now| RegistrationQuery { limit: 10, now, ..RegistrationQuery::default() };
    let shown = |query: &RegistrationQuery| {
        let page = ledger.registrations(query);
        page.items.iter().map(|r| (r.extension, r.bindings.len())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&all(NOW)), [(X201, 1), (X202, 2)]);
    assert_eq!(shown(&all(later(60))), [(X201, 1), (X202, 1)]);
    assert_eq!(shown(&all(later(70))), [(X202, 1)]);
    let by_end = RegistrationQuery { sort: RegistrationSort::ExpiresAt, ..all(NOW) };
    assert_eq!(shown(&by_end), [(X202, 2), (X201, 1)]);
    assert_eq!(shown(&RegistrationQuery { search: "phone".into(), ..all(NOW) }).len(), 2);
    assert_eq!(shown(&RegistrationQuery { search: "202".into(), ..all(NOW) }).len(), 1);
    assert_eq!(shown(&RegistrationQuery { search: "none".into(), ..all(NOW) }).len(), 0);
}

pub(crate) fn accounts_are_found_by_how_their_credentials_stand(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit(vec![Effect::PutCredential(code(BOB, "1234"))]).wait().unwrap();
    ledger.commit_behind(vec![Effect::KnowPlace(X201, address(7), later(86_400))]);
    let found = |census: &Census, filter, kind, search: &str| {
        let query = CredentialQuery { filter, kind, search: search.into(), limit: 10, offset: 0 };
        let page = ledger.accounts_by_credentials(census, &query);
        page.items.iter().map(|account| account.name.to_string()).collect::<Vec<_>>()
    };
    let nobody = [""; 0];
    let (login, phone) = (Some(CredentialKind::LoginCode), Some(CredentialKind::PhonePassword));
    let census = ledger.census(later(86_400));
    assert_eq!(found(&census, CredentialFilter::Weak, None, ""), ["bob"], "1234 runs up");
    assert_eq!(found(&census, CredentialFilter::Weak, phone, ""), nobody);
    assert_eq!(
        found(&census, CredentialFilter::NotSet, None, ""),
        ["Administrator"],
        "nothing opens anything"
    );
    assert_eq!(found(&census, CredentialFilter::NotSet, phone, ""), ["ann", "bob"]);
    assert_eq!(found(&census, CredentialFilter::NotSet, phone, "202"), ["bob"]);
    assert_eq!(found(&census, CredentialFilter::All, None, ""), ["Administrator", "ann", "bob"]);
    assert_eq!(found(&census, CredentialFilter::Unused, None, ""), nobody);
    let codes = census.kinds.iter().find(|of| Some(of.kind) == login).unwrap();
    assert_eq!((codes.owners, codes.set, codes.weak, codes.expired), (2, 2, 1, 0));
    assert!(census.is_current(ledger.changes(), later(86_400)));
    assert!(!census.is_current(ledger.changes(), later(86_460)), "dates pass");

    let mut ended = code(BOB, "59274");
    ended.facts.expires_at = Some(later(60));
    ledger.commit(vec![Effect::PutCredential(ended)]).wait().unwrap();
    assert!(!census.is_current(ledger.changes(), later(86_400)), "something has changed");
    let after = ledger.census(later(90 * 86_400));
    assert_eq!(found(&after, CredentialFilter::Weak, None, ""), nobody);
    assert_eq!(found(&after, CredentialFilter::Expired, login, ""), ["bob"]);
    assert_eq!(
        found(&after, CredentialFilter::Unused, login, ""),
        ["bob"],
        "ann’s phone was seen a day later"
    );
    let long_after = ledger.census(later(93 * 86_400));
    assert_eq!(found(&long_after, CredentialFilter::Unused, login, ""), ["ann", "bob"]);
}

pub(crate) fn phones_are_counted_by_what_they_are(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit_behind(vec![
        Effect::PutRegistration(registration(X202, &[later(60), later(600)])),
        Effect::PutRegistration(registration(X201, &[later(70)])),
    ]);
    let kinds = ledger.phone_kinds(later(60));
    assert_eq!(kinds.agents.iter().map(|(_, count)| count).sum::<usize>(), 2, "one has ended");
    assert!(kinds.agents.iter().all(|(agent, _)| &**agent == "Phone 1.0"));
    assert_eq!(kinds.algorithms.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(kinds.transports.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 0, 0, 0]);
}
