//! What is kept for calls: sealed, kept through a restart, and gone with whoever it belongs to.

use std::{io::Cursor, sync::atomic::Ordering};

use signin::{
    call_log::{CALLS_KEPT, CALLS_MAX, CallEntry, Direction},
    document::{Document, DocumentId, DocumentKind},
    domain_codes::DomainCodes,
    effect::Effect,
    ident::{AccountId, DomainId},
    mailbox::{Mailbox, NewMessage, RECORDING_BYTES_MAX, RecordingId},
    party::Party,
    records::Records,
    secret::SecretBytes,
    timestamp::{Seconds, Timestamp},
};
use store::{CommitError, Ledger, StoreError, Topic, engine::Shelf, restore};
use tokio::sync::broadcast::Receiver;

use crate::{
    host::{EngineHost, SqliteHost},
    world::*,
};

/// Something that no sealed text has by chance.
const SPOKEN: &str = "please call me back before noon";
const BOBS: &str = "Bob from the second floor";

fn put(mailbox: Mailbox) -> Effect {
    Effect::PutDocument(Box::new(Document::Mailbox(mailbox)))
}

fn sound(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

/// Leaves a message; what it is called.
fn leave(ledger: &Ledger, account: AccountId, text: &str) -> RecordingId {
    let from = Party::shown("202", BOBS);
    let bytes = u32::try_from(text.len()).unwrap();
    let new = NewMessage { at: NOW, from, length: Seconds(5), bytes };
    let (after, id) = ledger.mailbox(account).with(new).unwrap();
    ledger.commit(vec![put(after), Effect::PutRecording(account, id, sound(text))]).wait().unwrap();
    id
}

fn greet(ledger: &Ledger, account: AccountId, text: &str) {
    let effects = vec![
        put(ledger.mailbox(account).with_greeting(true)),
        Effect::PutRecording(account, RecordingId::Greeting, sound(text)),
    ];
    ledger.commit(effects).wait().unwrap();
}

fn heard(ledger: &Ledger, account: AccountId, id: RecordingId) -> Option<String> {
    let heard = ledger.recording(account, id).unwrap();
    heard.map(|bytes| String::from_utf8(bytes).unwrap())
}

fn call(at: Timestamp) -> CallEntry {
    CallEntry {
        at,
        direction: Direction::Missed,
        other: Party::shown("202", BOBS),
        talked: None,
        domain: DomainId::FIRST,
    }
}

fn log(ledger: &Ledger, account: AccountId) -> Vec<Timestamp> {
    ledger.call_log(account, later(1000)).unwrap().iter().map(|entry| entry.at).collect()
}

fn is_conflict(answer: &Result<(), CommitError>) -> bool {
    matches!(answer, Err(CommitError::Conflict { .. }))
}

pub(crate) fn recordings_rest_sealed_and_are_heard_after_a_restart(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let first = leave(&ledger, ANN, SPOKEN);
    let second = leave(&ledger, ANN, "another one");
    greet(&ledger, ANN, SPOKEN);
    let check = |ledger: &Ledger| {
        assert_eq!(heard(ledger, ANN, first).as_deref(), Some(SPOKEN));
        assert_eq!(heard(ledger, ANN, second).as_deref(), Some("another one"));
        assert_eq!(heard(ledger, ANN, RecordingId::Greeting).as_deref(), Some(SPOKEN));
        assert_eq!(heard(ledger, BOB, first), None);
        assert_eq!(heard(ledger, ANN, RecordingId::Message(9)), None);
        let mailbox = ledger.mailbox(ANN);
        assert_eq!((mailbox.version, mailbox.messages.len()), (3, 2));
        assert_eq!(mailbox.messages[0].from, Party::shown("202", BOBS));
    };
    check(&ledger);
    ledger.close().unwrap();
    let rows = host.rows(Shelf::Recording);
    assert_eq!(rows.len(), 3);
    let plain = unsealed(SPOKEN);
    assert!(rows.iter().all(|row| !row.body.contains(SPOKEN) && !row.body.contains(&plain)));
    check(&open(host));
}

/// As it would stand in a row that is not sealed.
fn unsealed(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}

pub(crate) fn a_recording_is_there_as_long_as_its_mailbox_names_it(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let commit = |effects| ledger.commit(effects).wait();
    let id = leave(&ledger, ANN, SPOKEN);
    greet(&ledger, ANN, "hello");
    let mailbox = ledger.mailbox(ANN);
    let stray = Effect::PutRecording(ANN, RecordingId::Message(9), sound("x"));
    assert!(is_conflict(&commit(vec![stray])), "nothing names it");
    let new = NewMessage { at: NOW, from: Party::default(), length: Seconds(1), bytes: 1 };
    let (silent, _) = mailbox.with(new).unwrap();
    assert!(is_conflict(&commit(vec![put(silent)])), "there is nothing to hear");
    let long = SecretBytes::new(vec![0; RECORDING_BYTES_MAX + 1]);
    assert!(is_conflict(&commit(vec![Effect::PutRecording(ANN, RecordingId::Greeting, long)])));
    let of_nobody = vec![put(Mailbox::untouched(AccountId(99)).next_version())];
    assert!(matches!(commit(of_nobody), Err(CommitError::Missing { .. })));
    assert!(is_conflict(&commit(vec![put(Mailbox::untouched(ADMIN).next_version())])));
    assert!(is_conflict(&commit(vec![put(mailbox.clone())])), "somebody changed it meanwhile");
    // Another greeting takes the place of the first.
    commit(vec![Effect::PutRecording(ANN, RecordingId::Greeting, sound("hi"))]).unwrap();
    assert_eq!(heard(&ledger, ANN, RecordingId::Greeting).as_deref(), Some("hi"));
    commit(vec![put(mailbox.without(1).unwrap())]).unwrap();
    assert_eq!(heard(&ledger, ANN, id), None);
    commit(vec![put(ledger.mailbox(ANN).with_greeting(false))]).unwrap();
    assert_eq!(heard(&ledger, ANN, RecordingId::Greeting), None);
    // With its sound it can come back.
    let back = ledger.mailbox(ANN).put_back(mailbox.messages[0].clone()).unwrap();
    commit(vec![put(back), Effect::PutRecording(ANN, id, sound(SPOKEN))]).unwrap();
    assert_eq!(heard(&ledger, ANN, id).as_deref(), Some(SPOKEN));
    ledger.close().unwrap();
    assert_eq!(host.rows(Shelf::Recording).len(), 1);
}

pub(crate) fn what_is_kept_for_calls_goes_with_its_user_and_its_domain(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for account in [ANN, BOB] {
        leave(&ledger, account, SPOKEN);
        greet(&ledger, account, SPOKEN);
        ledger.commit_behind(vec![Effect::NoteCall(account, call(NOW))]);
    }
    ledger.flush().wait().unwrap();
    let codes = DomainCodes { version: 1, ..DomainCodes::untouched(DomainId(2)) };
    let codes = Effect::PutDocument(Box::new(Document::ShortCodes(codes)));
    let missing = ledger.commit(vec![codes.clone()]).wait();
    assert!(matches!(missing, Err(CommitError::Missing { .. })));
    ledger.commit(vec![Effect::PutDomain(domain(2, 1, &["second.example"])), codes]).wait().unwrap();
    assert_eq!(ledger.short_codes(DomainId(2)).version, 1);
    // Also what is still behind, and what comes afterwards.
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(1)))]);
    ledger.commit(vec![Effect::DeleteAccount(ANN), Effect::DeleteDomain(DomainId(2))]).wait().unwrap();
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(2))), Effect::NoteCall(ADMIN, call(NOW))]);
    assert_eq!((ledger.document(DocumentId::Mailbox(ANN)), log(&ledger, ANN)), (None, vec![]));
    assert_eq!(ledger.short_codes(DomainId(2)).version, 0);
    ledger.close().unwrap();
    let of_bob = |shelf| host.rows(shelf).iter().filter(|row| row.key.key.contains('3')).count();
    for (shelf, count) in [(Shelf::Recording, 2), (Shelf::CallLog, 1), (Shelf::Document, 1)] {
        assert_eq!((host.rows(shelf).len(), of_bob(shelf)), (count, count), "{shelf:?}");
    }
    let ledger = open(host);
    assert_eq!(ledger.documents(DocumentKind::Mailbox).len(), 1);
    assert_eq!(heard(&ledger, BOB, RecordingId::Greeting).as_deref(), Some(SPOKEN));
}

pub(crate) fn mailboxes_do_not_wait_for_each_other(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let before = ledger.figures().transactions;
    let switched = |account| put(Mailbox { is_off: true, ..Mailbox::untouched(account).next_version() });
    for id in 100..200 {
        ledger.commit(vec![Effect::PutAccount(user(AccountId(id), &format!("u{id}"), None))]).wait().unwrap();
    }
    let between = ledger.figures().transactions;
    let commits: Vec<_> = (100..200).map(|id| ledger.commit(vec![switched(AccountId(id))])).collect();
    commits.into_iter().for_each(|commit| commit.wait().unwrap());
    let after = ledger.figures().transactions;
    assert!(after - between < between - before, "they share transactions");
    assert_eq!(ledger.documents(DocumentKind::Mailbox).len(), 100);
}

pub(crate) fn calls_are_logged_a_moment_later_and_bounded(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    let (mut topics, writes) = (ledger.subscribe(), fault.writes.load(Ordering::SeqCst));
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(NOW)), Effect::NoteCall(ANN, call(later(1)))]);
    assert_eq!(log(&ledger, ANN), [later(1), NOW], "before it rests");
    ledger.flush().wait().unwrap();
    assert!(std::iter::from_fn(|| topics.try_recv().ok()).any(|topic| topic == Topic::Calls));
    assert_eq!(fault.writes.load(Ordering::SeqCst), writes + 3, "a page, the row, and the page is torn out");
    assert_eq!(log(&ledger, ANN), [later(1), NOW], "told once");
    ledger.commit(vec![Effect::NoteCall(ANN, call(later(2)))]).wait().unwrap();
    // A disk that is full for a while loses none.
    fault.fails.store(true, Ordering::SeqCst);
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(3)))]);
    assert!(ledger.flush().wait().is_err());
    assert_eq!(log(&ledger, ANN).len(), 4);
    fault.fails.store(false, Ordering::SeqCst);
    ledger.close().unwrap();
    let rows = host.rows(Shelf::CallLog);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(!row.body.contains(BOBS) && !row.body.contains(&unsealed(BOBS)));
    let ledger = open(host);
    assert_eq!(log(&ledger, ANN), [3, 2, 1, 0].map(later));
    assert!(log(&ledger, BOB).is_empty());
    for second in 4..200 {
        ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(second)))]);
        if second % 50 == 0 {
            ledger.flush().wait().unwrap();
        }
    }
    let last = |ledger: &Ledger| {
        let log = log(ledger, ANN);
        (log.len(), log.first().copied(), log.last().copied())
    };
    let expected = (CALLS_MAX, Some(later(199)), Some(later(100)));
    assert_eq!(last(&ledger), expected);
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!(last(&ledger), expected);
    assert!(ledger.call_log(ANN, later(199).after(CALLS_KEPT)).unwrap().is_empty(), "after ninety days");
}

/// Waits until calls are told of: they are on a page, or forgotten.
fn wait_for_calls(topics: &mut Receiver<Topic>) {
    while !matches!(topics.blocking_recv(), Ok(Topic::Calls)) {}
}

pub(crate) fn calls_on_pages_are_there_after_a_crash(host: &dyn EngineHost) {
    let (ledger, fault) = open_faulty(host);
    furnish(&ledger);
    let mut topics = ledger.subscribe();
    let note = |account, second| {
        ledger.commit_behind(vec![Effect::NoteCall(account, call(later(second)))]);
    };
    for second in 0..3 {
        note(ANN, second);
        note(BOB, second);
        wait_for_calls(&mut topics);
    }
    ledger.commit(vec![Effect::ForgetCalls(BOB)]).wait().unwrap();
    wait_for_calls(&mut topics);
    note(BOB, 5);
    wait_for_calls(&mut topics);
    // Nothing comes to its row any more.
    fault.fails.store(true, Ordering::SeqCst);
    assert!(ledger.close().is_err());
    let pages = host.rows(Shelf::CallPage);
    assert!(pages.iter().all(|page| !page.body.contains(BOBS) && !page.body.contains(&unsealed(BOBS))));
    assert!(pages.len() >= 5, "one of them says what was forgotten");
    assert!(host.rows(Shelf::CallLog).is_empty());
    let ledger = open(host);
    let logs = |ledger: &Ledger| (log(ledger, ANN), log(ledger, BOB));
    let expected = ([2, 1, 0].map(later).to_vec(), vec![later(5)]);
    assert_eq!(logs(&ledger), expected);
    ledger.close().unwrap();
    assert_eq!((host.rows(Shelf::CallPage).len(), host.rows(Shelf::CallLog).len()), (0, 2));
    assert_eq!(logs(&open(host)), expected);
}

pub(crate) fn a_call_log_is_forgotten_when_somebody_says_so(host: &dyn EngineHost) {
    let ledger = furnished(host);
    for account in [ANN, BOB] {
        ledger.commit_behind(vec![Effect::NoteCall(account, call(NOW))]);
    }
    ledger.flush().wait().unwrap();
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(1)))]);
    ledger.commit(vec![Effect::ForgetCalls(ANN)]).wait().unwrap();
    assert_eq!((log(&ledger, ANN), log(&ledger, BOB)), (vec![], vec![NOW]));
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(2)))]);
    ledger.close().unwrap();
    let ledger = open(host);
    assert_eq!((log(&ledger, ANN), log(&ledger, BOB)), (vec![later(2)], vec![NOW]));
}

pub(crate) fn recordings_and_call_logs_are_in_a_backup_and_under_a_new_key(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let id = leave(&ledger, ANN, SPOKEN);
    // More than one part of what is loaded, restored and sealed again at once.
    let large = "x".repeat(RECORDING_BYTES_MAX);
    for _ in 0..9 {
        leave(&ledger, BOB, &large);
    }
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(NOW))]);
    let mut file = Vec::new();
    ledger.backup(&mut file, NOW, &mut |_, _| ()).unwrap();
    ledger.close().unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(!text.contains(SPOKEN) && !text.contains(&unsealed(SPOKEN)));
    let elsewhere = host.another();
    restore(&mut Cursor::new(&file), elsewhere.open().unwrap(), &masters(), &mut |_, _| ()).unwrap();
    let check = |ledger: &Ledger| {
        assert_eq!(heard(ledger, ANN, id).as_deref(), Some(SPOKEN));
        assert!(heard(ledger, BOB, RecordingId::Message(9)).is_some_and(|heard| heard == large));
        assert_eq!(log(ledger, ANN), [NOW]);
        ledger.close().unwrap();
    };
    check(&open(&*elsewhere));
    let new = masters().rotate(&mut *dice());
    let done = store::reseal(elsewhere.open().unwrap(), &new, &mut *dice(), &mut |_, _| ()).unwrap();
    assert_eq!(done.resealed, 1 + 1 + 10 + 1, "the keys, a code, the recordings, a call log");
    check(&try_open(&*elsewhere, new.newest()).unwrap());
}

pub(crate) fn a_recording_or_a_call_log_that_was_changed_is_not_told(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let (first, second) = (leave(&ledger, ANN, SPOKEN), leave(&ledger, ANN, "another one"));
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(NOW))]);
    ledger.close().unwrap();
    let recordings = host.rows(Shelf::Recording);
    let logs = host.rows(Shelf::CallLog);
    let ledger = open(host);
    let mut moved = recordings[0].clone();
    moved.body.clone_from(&recordings[1].body);
    host.put_row(&moved);
    let mut changed = logs[0].clone();
    changed.body = changed.body.replace('A', "B");
    host.put_row(&changed);
    let answers = [first, second].map(|id| ledger.recording(ANN, id));
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(StoreError::Damaged(_)))).count(), 1);
    assert!(matches!(ledger.call_log(ANN, NOW), Err(StoreError::Damaged(_))));
    // What comes is logged all the same.
    ledger.commit_behind(vec![Effect::NoteCall(ANN, call(later(1)))]);
    ledger.flush().wait().unwrap();
    assert_eq!(log(&ledger, ANN), [later(1)]);
}

#[test]
fn nothing_that_was_said_or_called_is_in_the_files() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    leave(&ledger, ANN, SPOKEN);
    ledger.commit_behind(vec![Effect::NoteCall(
        BOB,
        CallEntry { other: Party::shown("", "Carol Singer"), ..call(NOW) },
    )]);
    ledger.close().unwrap();
    for entry in std::fs::read_dir(host.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for planted in [SPOKEN, "Carol Singer"] {
            let forms = [planted.to_owned(), unsealed(planted)];
            assert!(forms.iter().all(|form| !bytes.windows(form.len()).any(|part| part == form.as_bytes())));
        }
    }
}
