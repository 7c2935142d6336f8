//! Old rows of the audit go, and what is left is still proved.

use signin::{
    effect::{AuditCut, Effect},
    records::Records as _,
    reporting::{Reporting, Retention},
    timestamp::Timestamp,
};
use store::{AuditState, CUT_MAX, Ledger, engine::Shelf, restore};

use crate::{host::EngineHost, world::*};

const DAY: u32 = 86_400;

/// One row a day, the first one on the day of `NOW`; so the row with number n is n - 1 days younger.
fn diary(host: &dyn EngineHost, days: u32, retention: Retention) -> std::sync::Arc<Ledger> {
    let ledger = furnished(host);
    let put = |day: u32| {
        let mut row = event(&format!("day {day}"), None);
        row.at = later(day * DAY);
        Effect::Audit(row)
    };
    ledger.commit((1..days).map(put).collect()).wait().unwrap();
    let reporting = Reporting { version: ledger.reporting().version + 1, retention, ..Reporting::default() };
    ledger.commit(vec![Effect::PutReporting(Box::new(reporting))]).wait().unwrap();
    ledger
}

/// Removes what is due now; the numbers of the first and the last row that went.
fn cut(ledger: &Ledger, now: Timestamp) -> Option<(u64, u64)> {
    let due = ledger.due_rows(now).unwrap()?;
    let mut told = event("audit", None);
    told.at = now;
    ledger.commit(vec![Effect::CutAudit(due.cut), Effect::Audit(told)]).wait().unwrap();
    Some((due.first, due.cut.through))
}

fn verified(ledger: &Ledger) -> (u64, u64) {
    let AuditState { first, rows, .. } = ledger.verify_audit(&mut |_, _| ()).unwrap();
    (first, rows)
}

pub(crate) fn old_rows_go_and_what_is_left_is_whole(host: &dyn EngineHost) {
    let ledger = diary(host, 10, Retention { days: 3, rows: 1000 });
    let due = ledger.due_rows(later(9 * DAY)).unwrap().unwrap();
    assert_eq!((due.first, due.cut.through, due.until), (1, 6, later(5 * DAY)));
    assert_eq!(cut(&ledger, later(9 * DAY)), Some((1, 6)));
    assert_eq!(cut(&ledger, later(9 * DAY)), None, "once a day");
    assert_eq!(verified(&ledger), (7, 5));
    assert_eq!(ledger.figures().audit_rows, 5);
    ledger.close().unwrap();
    assert_eq!(host.audit().iter().map(|row| row.seq).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
    let ledger = open(host);
    assert_eq!(ledger.reporting().retention.days, 3);
    assert_eq!(verified(&ledger), (7, 5));
    assert_eq!(ledger.figures().audit_rows, 5);
    assert_eq!(cut(&ledger, later(10 * DAY)), Some((7, 7)));
    assert_eq!(cut(&ledger, later(100 * DAY)), Some((8, 11)), "but for the last one");
    assert_eq!(verified(&ledger), (12, 2));
    ledger.close().unwrap();
}

pub(crate) fn no_more_rows_are_kept_than_the_rule_says(host: &dyn EngineHost) {
    let ledger = diary(host, 10, Retention { days: 0, rows: 10 });
    assert!(!ledger.has_excess_rows());
    assert_eq!(cut(&ledger, later(1000 * DAY)), None, "nothing goes because of its age");
    ledger.commit(vec![Effect::Audit(event("one more", None))]).wait().unwrap();
    assert!(ledger.has_excess_rows());
    assert_eq!(cut(&ledger, later(DAY)), Some((1, 1)));
    assert_eq!(verified(&ledger).1, 11);
    ledger.close().unwrap();
}

pub(crate) fn old_rows_go_a_part_at_a_time(host: &dyn EngineHost) {
    let rows = u32::try_from(CUT_MAX).unwrap() + 10;
    let ledger = diary(host, rows, Retention { days: 1, rows: 100_000 });
    assert_eq!(cut(&ledger, later(rows * DAY)), Some((1, CUT_MAX)));
    assert_eq!(cut(&ledger, later(rows * DAY)), Some((CUT_MAX + 1, CUT_MAX + 9)));
    assert_eq!(cut(&ledger, later(rows * DAY)), None);
    assert_eq!(verified(&ledger), (CUT_MAX + 10, 3));
    ledger.close().unwrap();
}

pub(crate) fn nothing_is_cut_from_an_audit_that_is_not_whole(host: &dyn EngineHost) {
    let rule = Retention { days: 3, rows: 1000 };
    diary(host, 10, rule).close().unwrap();
    let kept = host.audit();
    for number in 1..=7 {
        let mut edited = kept[number - 1].clone();
        edited.body = edited.body.replace("Phone", "Fax  ");
        host.put_audit(&edited);
        let ledger = open(host);
        assert_eq!(ledger.due_rows(later(9 * DAY)).unwrap_err().seq, edited.seq);
        ledger.close().unwrap();
        host.put_audit(&kept[number - 1]);
    }
    let ledger = open(host);
    assert_eq!(cut(&ledger, later(9 * DAY)), Some((1, 6)));
    ledger.close().unwrap();
}

pub(crate) fn who_cuts_more_than_the_rule_did_or_puts_rows_back_is_found(host: &dyn EngineHost) {
    let ledger = diary(host, 10, Retention { days: 3, rows: 1000 });
    ledger.flush().wait().unwrap();
    ledger.close().unwrap();
    let before = host.audit();
    let ledger = open(host);
    cut(&ledger, later(9 * DAY)).unwrap();
    ledger.close().unwrap();
    let number = |host: &dyn EngineHost| {
        let ledger = open(host);
        let broken = ledger.verify_audit(&mut |_, _| ()).unwrap_err();
        ledger.close().unwrap();
        broken.seq
    };
    host.put_audit(&before[5]);
    assert_eq!(number(host), 6);
    host.remove_audit(6);
    host.remove_audit(7);
    assert_eq!(number(host), 7);
    host.put_audit(&before[6]);
    let mut edited = before[6].clone();
    edited.mac[0] ^= 1;
    host.put_audit(&edited);
    assert_eq!(number(host), 7);
    host.put_audit(&before[6]);
    let ledger = open(host);
    assert_eq!(verified(&ledger), (7, 5));
    // What is not there any more, or not yet, cannot be cut.
    for through in [6, 12] {
        let cut = AuditCut { through, link: [1; 32] };
        ledger.commit(vec![Effect::CutAudit(cut)]).wait().unwrap();
        assert_eq!(verified(&ledger), (7, 5));
    }
    ledger.close().unwrap();
}

pub(crate) fn a_cut_that_fails_changes_nothing(host: &dyn EngineHost) {
    diary(host, 10, Retention { days: 3, rows: 1000 }).close().unwrap();
    let (ledger, fault) = open_faulty(host);
    let due = ledger.due_rows(later(9 * DAY)).unwrap().unwrap();
    fault.fails.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(ledger.commit(vec![Effect::CutAudit(due.cut)]).wait().is_err());
    fault.fails.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(verified(&ledger), (1, 10));
    assert_eq!(cut(&ledger, later(9 * DAY)), Some((1, 6)));
    assert_eq!(verified(&ledger), (7, 5));
    ledger.close().unwrap();
}

pub(crate) fn an_audit_that_was_cut_comes_back_from_a_backup(host: &dyn EngineHost) {
    let ledger = diary(host, 10, Retention { days: 3, rows: 1000 });
    cut(&ledger, later(9 * DAY)).unwrap();
    let mut file = Vec::new();
    let summary = ledger.backup(&mut file, NOW, &mut |_, _| ()).unwrap();
    assert_eq!(summary.audit_rows, 5);
    ledger.close().unwrap();
    let other = host.another();
    let mut input = std::io::Cursor::new(file);
    restore(&mut input, other.open().unwrap(), &masters(), &mut |_, _| ()).unwrap();
    let ledger = open(&*other);
    assert_eq!(verified(&ledger), (7, 5));
    assert_eq!(ledger.reporting().retention.days, 3);
    ledger.close().unwrap();
}

pub(crate) fn where_things_are_reported_rests_sealed_and_is_sealed_again(host: &dyn EngineHost) {
    diary(host, 1, Retention { days: 1234, rows: 1000 }).close().unwrap();
    let rows = host.rows(Shelf::Reporting);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(!row.body.contains("1234") && !row.body.contains("retention"));
    let new = masters().rotate(&mut *dice());
    store::reseal(host.open().unwrap(), &new, &mut *dice(), &mut |_, _| ()).unwrap();
    let ledger = try_open(host, new.newest()).unwrap();
    assert_eq!(ledger.reporting().retention.days, 1234);
    // From an old version it is a conflict.
    let stale = Effect::PutReporting(Box::new(Reporting { version: 1, ..Reporting::default() }));
    assert!(ledger.commit(vec![stale]).wait().is_err());
    ledger.close().unwrap();
}
