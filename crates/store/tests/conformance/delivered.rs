//! How far the audit was delivered: kept through a restart, and rows are read on from there.

use signin::{audit::Action, effect::Effect, ident::TargetId};
use store::Following;

use crate::{host::EngineHost, world::*};

const HOOK: TargetId = TargetId(3);

pub(crate) fn rows_are_read_on_from_the_last_one_that_was_delivered(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let more = (2..=10).map(|n| Effect::Audit(event(&format!("row {n}"), None)));
    ledger.commit(more.collect()).wait().unwrap();
    assert_eq!((ledger.delivered(HOOK), ledger.audit_end().unwrap()), (None, 10));
    let read = |after, limit, most| ledger.audit_following(after, &|_| true, limit, most).unwrap();
    let told = |following: &Following| {
        let seqs: Vec<u64> = following.rows.iter().map(|row| row.seq).collect();
        (seqs, following.through, following.passed_over)
    };
    assert_eq!(told(&read(7, 100, 100)), (vec![8, 9, 10], 10, 0));
    assert_eq!(told(&read(2, 3, 100)), (vec![3, 4, 5], 5, 0), "a part at a time");
    assert_eq!(told(&read(2, 100, 4)), (vec![7, 8, 9, 10], 10, 4), "of too many the oldest are passed over");
    assert_eq!(told(&read(10, 100, 100)), (vec![], 10, 0));
    let none = ledger.audit_following(7, &|action| action == Action::Ignited, 100, 100).unwrap();
    assert_eq!(told(&none), (vec![], 10, 0), "what nobody wants is behind all the same");
    ledger.commit_behind(vec![Effect::Delivered(HOOK, Some(7)), Effect::Delivered(TargetId(4), Some(9))]);
    ledger
        .commit(vec![Effect::Delivered(TargetId(4), None), Effect::Audit(event("gone", None))])
        .wait()
        .unwrap();
    assert_eq!((ledger.delivered(HOOK), ledger.delivered(TargetId(4))), (Some(7), None));
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!((ledger.delivered(HOOK), ledger.delivered(TargetId(4))), (Some(7), None));
    ledger.close().unwrap();
}
