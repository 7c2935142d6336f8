//! Damage: whatever is not as it was written is noticed, and said with a remedy.

use std::sync::atomic::Ordering;

use signin::{
    account::{Account, Condition},
    audit::{Action, Outcome, Reason},
    credential::{CredentialKind, Owner},
    dice::SeededDice,
    effect::Effect,
    verdict::Verdict,
};
use store::{AuditBroken, AuditQuery, AuditState, Ledger, MasterKeys, OpenError, engine::Shelf, reseal};

use crate::{
    host::{EngineHost, Fault, FaultyEngine},
    world::*,
};

fn is_damaged(host: &dyn EngineHost) -> bool {
    match try_open(host, masters()) {
        Err(error @ OpenError::Damaged { .. }) => {
            assert!(error.to_string().contains("restore"), "{error}");
            true
        }
        _ => false,
    }
}

pub(crate) fn a_wrong_key_opens_nothing_and_breaks_nothing(host: &dyn EngineHost) {
    furnished(host).close().unwrap();
    let wrong = MasterKeys::create(&mut SeededDice(99));
    let error = try_open(host, wrong.clone()).unwrap_err();
    let OpenError::WrongKey { needed, given } = &error else { panic!("{error}") };
    assert_eq!((needed.as_str(), given.as_str()), (masters().current_id(), wrong.current_id()));
    assert!(error.to_string().contains("key file"));
    // The same id over another key is no better.
    let disguised = wrong.to_text().reveal().replace(wrong.current_id(), masters().current_id());
    let disguised = MasterKeys::parse(&disguised).unwrap();
    assert!(matches!(try_open(host, disguised), Err(OpenError::WrongKey { .. })));
    let ledger = open(host);
    assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, NOW).0, Verdict::Accept(_)));
}

pub(crate) fn an_edited_row_is_noticed(host: &dyn EngineHost) {
    furnished(host).close().unwrap();
    for shelf in [Shelf::Meta, Shelf::Settings, Shelf::Account, Shelf::Credential, Shelf::CredentialFacts] {
        for row in host.rows(shelf) {
            let mut edited = row.clone();
            let at = row.body.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap();
            let other = if row.body[at..].starts_with('1') { "2" } else { "1" };
            edited.body.replace_range(at..=at, other);
            host.put_row(&edited);
            assert!(try_open(host, masters()).is_err(), "{edited:?}");
            host.put_row(&row);
        }
    }
    open(host).close().unwrap();
}

pub(crate) fn a_vanished_row_is_noticed(host: &dyn EngineHost) {
    furnished(host).close().unwrap();
    for shelf in Shelf::ALL {
        for row in host.rows(shelf) {
            host.remove_row(&row.key);
            assert!(try_open(host, masters()).is_err(), "{row:?}");
            host.put_row(&row);
        }
    }
    open(host).close().unwrap();
}

pub(crate) fn a_row_from_an_older_copy_is_noticed(host: &dyn EngineHost) {
    let ledger = furnished(host);
    Phone::new("201", "0000").sign_in(&ledger, NOW);
    ledger.close().unwrap();
    let shelves = [Shelf::Account, Shelf::Credential, Shelf::CredentialFacts, Shelf::Tally];
    let older: Vec<_> = shelves.into_iter().flat_map(|shelf| host.rows(shelf)).collect();
    let ledger = open(host);
    let changed = Account { version: 2, condition: Condition::Disabled, ..user(ANN, "ann", Some(X201)) };
    ledger
        .commit(vec![Effect::PutAccount(changed), Effect::PutCredential(code(ANN, "9731"))])
        .wait()
        .unwrap();
    Phone::new("201", "1111").sign_in(&ledger, later(1));
    ledger.close().unwrap();
    let mut put_back = 0;
    for old in older {
        let Some(new) = host.rows(old.key.shelf).into_iter().find(|row| row.key == old.key) else { continue };
        if new != old {
            put_back += 1;
            host.put_row(&old);
            assert!(is_damaged(host), "{old:?}");
            host.put_row(&new);
        }
    }
    assert!(put_back >= 4, "{put_back}");
    open(host).close().unwrap();
}

pub(crate) fn a_row_moved_to_another_owner_is_noticed(host: &dyn EngineHost) {
    let ledger = furnished(host);
    ledger.commit(vec![Effect::PutCredential(code(BOB, "9731"))]).wait().unwrap();
    ledger.close().unwrap();
    let rows = host.rows(Shelf::Credential);
    let [one, other] = rows.as_slice() else { panic!("{rows:?}") };
    let mut moved = one.clone();
    moved.key = other.key.clone();
    host.put_row(&moved);
    assert!(is_damaged(host));
    host.put_row(other);
    open(host).close().unwrap();
}

// The audit

fn audited(host: &dyn EngineHost) -> Ledger10 {
    let ledger = furnished(host);
    for n in 2..=10 {
        let reason = (n % 2 == 0).then_some(Reason::WrongSecret);
        ledger.commit(vec![Effect::Audit(event(&format!("row {n}"), reason))]).wait().unwrap();
    }
    ledger.close().unwrap();
    Ledger10
}

/// A closed store with an audit of ten rows.
struct Ledger10;

fn verified(host: &dyn EngineHost) -> Result<AuditState, AuditBroken> {
    let ledger = open(host);
    let verified = ledger.verify_audit(&mut |_, _| ());
    ledger.close().unwrap();
    verified
}

pub(crate) fn a_whole_audit_is_verified(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    assert_eq!(verified(host), Ok(AuditState { rows: 10, first: 1, head_at: Some(NOW) }));
    let empty = host.another();
    assert_eq!(verified(&*empty), Ok(AuditState { rows: 0, first: 1, head_at: None }));
}

pub(crate) fn an_edited_audit_row_is_found(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    for record in host.audit() {
        let mut edited = record.clone();
        edited.body = record.body.replace("row", "now").replace("ann", "bob");
        host.put_audit(&edited);
        assert_eq!(verified(host).unwrap_err().seq, record.seq);
        host.put_audit(&record);
        let mut edited = record.clone();
        edited.mac[31] ^= 1;
        host.put_audit(&edited);
        assert_eq!(verified(host).unwrap_err().seq, record.seq);
        host.put_audit(&record);
    }
    verified(host).unwrap();
}

pub(crate) fn a_deleted_audit_row_is_found(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    for record in host.audit().iter().take(9) {
        host.remove_audit(record.seq);
        assert_eq!(verified(host).unwrap_err().seq, record.seq);
        host.put_audit(record);
    }
    verified(host).unwrap();
}

pub(crate) fn audit_rows_in_another_order_are_found(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    let mut rows = host.audit();
    let (one, other) = (rows[3].seq, rows[6].seq);
    rows[3].seq = other;
    rows[6].seq = one;
    host.put_audit(&rows[3]);
    host.put_audit(&rows[6]);
    assert_eq!(verified(host).unwrap_err().seq, 4);
}

pub(crate) fn an_audit_that_is_cut_off_is_found(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    host.remove_audit(10);
    assert_eq!(verified(host).unwrap_err().seq, 9);
    host.remove_audit(9);
    // What is added afterwards does not hide it.
    let ledger = open(host);
    ledger.commit(vec![Effect::Audit(event("new", None))]).wait().unwrap();
    ledger.close().unwrap();
    assert_eq!(verified(host).unwrap_err().seq, 9);
}

pub(crate) fn the_audit_goes_on_after_a_restart(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    let ledger = open(host);
    ledger.commit(vec![Effect::Audit(event("row 11", None))]).wait().unwrap();
    ledger.close().unwrap();
    assert_eq!(verified(host).unwrap().rows, 11);
}

pub(crate) fn the_audit_is_searched(host: &dyn EngineHost) {
    let Ledger10 = audited(host);
    let ledger = open(host);
    let seqs = |query: AuditQuery| {
        let rows = ledger.audit(&AuditQuery { limit: 100, ..query }).unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    let query = AuditQuery::default;
    assert_eq!(seqs(query()), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(seqs(AuditQuery { before_seq: Some(3), ..query() }), [2, 1]);
    assert_eq!(seqs(AuditQuery { outcome: Some(Outcome::Refused), ..query() }), [10, 8, 6, 4, 2]);
    assert_eq!(seqs(AuditQuery { name: Some("Row 7".into()), ..query() }), [7]);
    assert_eq!(seqs(AuditQuery { text: "ROW 1".into(), ..query() }), [10]);
    assert_eq!(seqs(AuditQuery { text: "wrong secret".into(), ..query() }).len(), 5);
    // Any of its texts is enough: the agent, what was done, the address.
    for text in ["phone 1.0", "sign IN", "198.51.100.1"] {
        assert_eq!(seqs(AuditQuery { text: text.into(), ..query() }).len(), 10, "{text}");
    }
    assert_eq!(seqs(AuditQuery { text: "phone 2.0".into(), ..query() }), [0; 0]);
    assert_eq!(seqs(AuditQuery { actions: &[Action::Ignited], ..query() }), [0; 0]);
    assert_eq!(seqs(AuditQuery { actions: &[Action::SignIn], ..query() }).len(), 10);
    let either = AuditQuery { actions: &[Action::Ignited, Action::SignIn], ..query() };
    assert_eq!(seqs(either).len(), 10);
    assert_eq!(seqs(AuditQuery { address: Some(address(1)), ..query() }).len(), 10);
    assert_eq!(seqs(AuditQuery { address: Some(address(2)), ..query() }).len(), 0);
    assert_eq!(seqs(AuditQuery { from: Some(later(1)), ..query() }).len(), 0);
    assert_eq!(seqs(AuditQuery { from: Some(later(86_400)), ..query() }).len(), 0);
    assert_eq!(seqs(AuditQuery { from: Some(NOW), ..query() }).len(), 10);
    assert_eq!(seqs(AuditQuery { looked_at_max: 3, name: Some("row 8".into()), ..query() }), [8]);
    let page = |query| ledger.audit_page(&AuditQuery { limit: 2, ..query }).unwrap();
    let far =
        |before_seq| page(AuditQuery { name: Some("row 2".into()), looked_at_max: 4, before_seq, ..query() });
    assert_eq!((far(None).rows.len(), far(None).looked_at, far(None).stopped_at), (0, 4, Some(7)));
    assert_eq!((far(Some(7)).rows.len(), far(Some(7)).stopped_at), (0, Some(3)));
    assert_eq!((far(Some(3)).rows.len(), far(Some(3)).stopped_at), (1, None));
    assert_eq!((page(query()).looked_at, page(query()).stopped_at), (2, None), "there are enough");
    assert_eq!(seqs(AuditQuery { looked_at_max: 3, name: Some("row 7".into()), ..query() }), [0; 0]);
    assert_eq!(seqs(AuditQuery { until: Some(later(1)), ..query() }).len(), 10);
    assert_eq!(ledger.audit(&AuditQuery { limit: 3, ..query() }).unwrap().len(), 3);
    let mut all = Vec::new();
    ledger
        .audit_each(&query(), &mut |row| {
            all.push(row.seq);
            Ok(())
        })
        .unwrap();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // What JSON writes otherwise, and what lower case changes, is found all the same.
    for odd in ["Jörg \"the Ear\" Ödön", "back\\slash", "\u{212a}elvin"] {
        ledger.commit(vec![Effect::Audit(event(odd, None))]).wait().unwrap();
    }
    for (text, seq) in [("the ear\" ö", 11), ("\"", 11), ("K\\S", 12), ("kelvin", 13), ("JÖRG", 11)] {
        assert_eq!(seqs(AuditQuery { text: text.into(), ..query() }), [seq], "{text}");
    }
    assert_eq!(seqs(AuditQuery { name: Some("kelvin".into()), ..query() }), [13]);
}

// Resealing

fn many_codes(ledger: &Ledger, count: u32) {
    let effects = (0..count).flat_map(|n| {
        let id = signin::ident::AccountId(100 + n);
        [Effect::PutAccount(user(id, &format!("u{n}"), None)), Effect::PutCredential(code(id, CODE))]
    });
    ledger.commit(effects.collect()).wait().unwrap();
}

pub(crate) fn a_reseal_leaves_nothing_under_the_old_key(host: &dyn EngineHost) {
    let ledger = furnished(host);
    many_codes(&ledger, 1200);
    ledger.close().unwrap();
    let new = masters().rotate(&mut SeededDice(12));
    assert!(new.has_older());
    let mut told = Vec::new();
    let done = reseal(host.open().unwrap(), &new, &mut *dice(), &mut |done, total| told.push((done, total)));
    let done = done.unwrap();
    assert_eq!((done.total, done.resealed), (1202, 1202));
    assert_eq!((told.first(), told.last()), (Some(&(0, 1202)), Some(&(1202, 1202))));
    assert!(matches!(try_open(host, masters()), Err(OpenError::WrongKey { .. })));
    let ledger = try_open(host, new.newest()).unwrap();
    assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, NOW).0, Verdict::Accept(_)));
    ledger.verify_audit(&mut |_, _| ()).unwrap();
    ledger.close().unwrap();
    // Once more does nothing, and what is written from now on needs nothing.
    let done = reseal(host.open().unwrap(), &new, &mut *dice(), &mut |_, _| ()).unwrap();
    assert_eq!((done.total, done.resealed), (1202, 0));
}

pub(crate) fn an_interrupted_reseal_opens_with_both_keys_and_is_ended_later(host: &dyn EngineHost) {
    let ledger = furnished(host);
    many_codes(&ledger, 1200);
    ledger.close().unwrap();
    let new = masters().rotate(&mut SeededDice(12));
    let fault = Fault::default();
    fault.writes_left.store(2, Ordering::SeqCst);
    let engine = FaultyEngine { inner: host.open().unwrap(), fault };
    assert!(reseal(Box::new(engine), &new, &mut *dice(), &mut |_, _| ()).is_err());
    for half in [masters(), new.newest()] {
        assert!(matches!(try_open(host, half), Err(OpenError::WrongKey { .. })));
    }
    let ledger = try_open(host, new.clone()).unwrap();
    assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, NOW).0, Verdict::Accept(_)));
    let owner = Owner::Account(signin::ident::AccountId(100));
    assert!(signin::records::Records::credential(&*ledger, owner, CredentialKind::LoginCode).is_some());
    ledger.close().unwrap();
    let done = reseal(host.open().unwrap(), &new, &mut *dice(), &mut |_, _| ()).unwrap();
    assert_eq!((done.total, done.resealed), (1202, 202));
    try_open(host, new.newest()).unwrap().close().unwrap();
}
