//! Backups: one file, of one moment, that comes back whole or not at all.

use std::{
    io::Cursor,
    sync::atomic::{AtomicBool, Ordering},
};

use signin::{
    dice::SeededDice,
    effect::Effect,
    ident::{AccountId, ExtensionId},
    records::Records,
    verdict::Verdict,
};
use store::{BackupSummary, Ledger, MasterKeys, OpenError, RestoreError, restore};

use crate::{
    host::{EngineHost, Fault, FaultyEngine},
    world::*,
};

fn backed_up(ledger: &Ledger) -> Vec<u8> {
    let mut file = Vec::new();
    ledger.backup(&mut file, NOW, &mut |_, _| ()).unwrap();
    file
}

fn restored(file: &[u8], host: &dyn EngineHost) -> Result<BackupSummary, RestoreError> {
    restore(&mut Cursor::new(file), host.open().unwrap(), &masters(), &mut |_, _| ())
}

fn is_new(host: &dyn EngineHost) -> bool {
    host.audit().is_empty() && store::engine::Shelf::ALL.into_iter().all(|shelf| host.rows(shelf).is_empty())
}

pub(crate) fn a_backup_comes_back_in_an_empty_store(host: &dyn EngineHost) {
    let ledger = furnished(host);
    // What is still behind belongs to it.
    ledger.commit_behind(vec![Effect::PutRegistration(registration(X201, &[later(60)]))]);
    let mut file = Vec::new();
    let mut told = Vec::new();
    let summary = ledger.backup(&mut file, NOW, &mut |done, total| told.push((done, total))).unwrap();
    assert_eq!((summary.created_at, summary.audit_rows), (NOW, 1));
    assert_eq!(told.last(), Some(&(summary.rows + 1, summary.rows + 1)));
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(!text.contains(CODE), "a code is never in a backup");
    let elsewhere = host.another();
    assert_eq!(restored(&file, &*elsewhere).unwrap(), summary);
    let copy = open(&*elsewhere);
    assert_eq!(copy.account(ANN), ledger.account(ANN));
    assert_eq!(copy.registration(X201), ledger.registration(X201));
    assert_eq!(copy.settings(), ledger.settings());
    assert!(matches!(Phone::new("201", CODE).sign_in(&copy, NOW).0, Verdict::Accept(_)));
    copy.commit(vec![Effect::Audit(event("restored", None))]).wait().unwrap();
    assert_eq!(copy.verify_audit(&mut |_, _| ()).unwrap().rows, 2);
}

pub(crate) fn a_backup_under_load_is_of_one_moment(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let is_over = AtomicBool::new(false);
    let file = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Each commit makes an account and an extension that name each other.
            for n in 0_u32.. {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let (account, number) = (AccountId(1000 + n), ExtensionId(1000 + n));
                let effects = vec![
                    Effect::PutAccount(user(account, &format!("u{n}"), Some(number))),
                    Effect::PutExtension(extension(number, &format!("9{n}"), Some(account))),
                    Effect::Audit(event("made", None)),
                ];
                ledger.commit(effects).wait().unwrap();
            }
        });
        while ledger.figures().accounts < 100 {
            std::thread::yield_now();
        }
        let file = backed_up(&ledger);
        is_over.store(true, Ordering::SeqCst);
        file
    });
    let elsewhere = host.another();
    restored(&file, &*elsewhere).unwrap();
    let copy = open(&*elsewhere);
    let figures = copy.figures();
    assert!(figures.accounts >= 100);
    assert_eq!(figures.users, figures.extensions);
    let rows = copy.verify_audit(&mut |_, _| ()).unwrap().rows;
    assert_eq!(rows, figures.extensions as u64 - 1);
}

pub(crate) fn any_flipped_bit_of_a_backup_is_refused(host: &dyn EngineHost) {
    let file = backed_up(&furnished(host));
    let elsewhere = host.another();
    let mut dice = SeededDice(3);
    for round in 0..400 {
        let bytes: [u8; 8] = signin::dice::roll(&mut dice);
        let bit = usize::try_from(u64::from_be_bytes(bytes)).unwrap() % (file.len() * 8);
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(restored(&flipped, &*elsewhere).is_err(), "round {round}, bit {bit}");
    }
    assert!(is_new(&*elsewhere));
    restored(&file, &*elsewhere).unwrap();
}

pub(crate) fn a_backup_that_is_cut_off_is_refused(host: &dyn EngineHost) {
    let file = backed_up(&furnished(host));
    let elsewhere = host.another();
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for kept in 0..lines.len() {
        let cut = lines[..kept].concat();
        assert!(restored(&cut, &*elsewhere).is_err(), "{kept} lines");
        let mut cut = lines.clone();
        cut.remove(kept);
        assert!(restored(&cut.concat(), &*elsewhere).is_err(), "without line {kept}");
    }
    assert!(is_new(&*elsewhere));
}

pub(crate) fn a_backup_under_another_key_is_refused(host: &dyn EngineHost) {
    let file = backed_up(&furnished(host));
    let elsewhere = host.another();
    let wrong = MasterKeys::create(&mut SeededDice(99));
    let answer = restore(&mut Cursor::new(&file), elsewhere.open().unwrap(), &wrong, &mut |_, _| ());
    let error = answer.unwrap_err();
    assert!(matches!(&error, RestoreError::WrongKey { needed, .. } if needed == masters().current_id()));
    assert!(error.to_string().contains("key file"));
    assert!(is_new(&*elsewhere));
    // A key that was replaced meanwhile still opens it.
    let rotated = masters().rotate(&mut SeededDice(98));
    restore(&mut Cursor::new(&file), elsewhere.open().unwrap(), &rotated, &mut |_, _| ()).unwrap();
}

pub(crate) fn a_backup_of_a_newer_version_is_refused(host: &dyn EngineHost) {
    let file = String::from_utf8(backed_up(&furnished(host))).unwrap();
    let newer = file.replacen("\"format\":1", "\"format\":2", 1);
    assert_eq!(restored(newer.as_bytes(), &*host.another()), Err(RestoreError::Newer { found: 2 }));
    assert_eq!(restored(b"{}\n", &*host.another()), Err(RestoreError::NotABackup));
    assert_eq!(restored(b"", &*host.another()), Err(RestoreError::NotABackup));
    assert_eq!(restored(b"\x00\xff\n", &*host.another()), Err(RestoreError::NotABackup));
}

pub(crate) fn a_restore_into_a_store_in_use_is_refused(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let file = backed_up(&ledger);
    ledger.close().unwrap();
    assert_eq!(restored(&file, host), Err(RestoreError::NotEmpty));
    assert!(open(host).account(ANN).is_some());
}

pub(crate) fn an_interrupted_restore_is_noticed_and_can_be_repeated(host: &dyn EngineHost) {
    let ledger = furnished(host);
    let accounts = (100..3100).map(|n| Effect::PutAccount(user(AccountId(n), &format!("u{n}"), None)));
    ledger.commit(accounts.collect()).wait().unwrap();
    let file = backed_up(&ledger);
    let elsewhere = host.another();
    let fault = Fault::default();
    fault.writes_left.store(2, Ordering::SeqCst);
    let engine = FaultyEngine { inner: elsewhere.open().unwrap(), fault };
    let answer = restore(&mut Cursor::new(&file), Box::new(engine), &masters(), &mut |_, _| ());
    assert!(matches!(answer, Err(RestoreError::Store(_))));
    assert_eq!(try_open(&*elsewhere, masters()).err(), Some(OpenError::Unfinished));
    restored(&file, &*elsewhere).unwrap();
    assert_eq!(open(&*elsewhere).figures().accounts, 3003);
}
