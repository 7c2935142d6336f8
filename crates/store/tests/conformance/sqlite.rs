//! What only an engine with files can be asked: who else has them open, and what happened to them meanwhile.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rusqlite::Connection;
use signin::{dice::SeededDice, effect::Effect, ident::AccountId, records::Records, verdict::Verdict};
use store::{
    OpenError,
    engine::{
        Batch, DATABASE_FILE, Engine as _, LOCK_FILE, NOTES_FILE, Row, RowKey, SUM_FILE, Shelf, SqliteEngine,
        TAG_LEN,
    },
};

use crate::{
    host::{EngineHost, SqliteHost},
    world::*,
};

#[test]
fn a_second_server_is_kept_out() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    let error = SqliteEngine::open(&host.folder()).unwrap_err();
    assert!(matches!(&error, OpenError::InUse { path } if path.ends_with(LOCK_FILE)), "{error}");
    ledger.close().unwrap();
    open(&host).close().unwrap();
}

#[test]
fn files_belong_to_their_owner_alone() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    let modes = || {
        let files = fs::read_dir(host.folder()).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect::<Vec<_>>()
    };
    assert!(modes().len() >= 3 && modes().iter().all(|mode| *mode == 0o600), "{:?}", modes());
    ledger.close().unwrap();
    assert!(modes().iter().all(|mode| *mode == 0o600), "{:?}", modes());
}

#[test]
fn a_newer_schema_is_refused_with_a_remedy() {
    let host = SqliteHost::new();
    furnished(&host).close().unwrap();
    fs::remove_file(host.folder().join(SUM_FILE)).unwrap();
    let connection = Connection::open(host.folder().join(DATABASE_FILE)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = SqliteEngine::open(&host.folder()).unwrap_err();
    assert_eq!(error, OpenError::NewerSchema { found: 99, known: 2 });
    assert!(error.to_string().contains("Install the version"));
}

#[test]
fn rows_of_the_first_schema_are_found_where_the_second_has_them() {
    let host = SqliteHost::new();
    let key = |shelf, key: &str| RowKey { shelf, key: key.into() };
    let row = |key| Row { key, body: "{}".into(), tag: [7; TAG_LEN] };
    // As they lay there: large ones among the others.
    let connection = Connection::open(host.folder().join(DATABASE_FILE)).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE record (shelf INTEGER NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, tag BLOB NOT NULL,
                PRIMARY KEY (shelf, key)) STRICT, WITHOUT ROWID;
            CREATE TABLE audit (seq INTEGER NOT NULL PRIMARY KEY, body TEXT NOT NULL, mac BLOB NOT NULL) STRICT;
            WITH RECURSIVE shelf (number) AS (VALUES (0) UNION ALL SELECT number + 1 FROM shelf WHERE number < 20)
                INSERT INTO record SELECT number, 'one', '{}', unhex('07070707070707070707070707070707') FROM shelf;
            PRAGMA application_id = 0x486b5377; PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    let engine = SqliteEngine::open(&host.folder()).unwrap();
    let mut snapshot = engine.reader().snapshot().unwrap();
    let mut found = Vec::new();
    snapshot
        .rows(&mut |row| {
            found.push(row);
            Ok(())
        })
        .unwrap();
    let all = Shelf::ALL.map(|shelf| row(key(shelf, "one")));
    assert_eq!(found, all);
    for row in all {
        assert_eq!(snapshot.row(&row.key).unwrap(), Some(row));
    }
}

#[test]
fn what_is_no_database_of_ours_is_refused() {
    let host = SqliteHost::new();
    fs::write(host.folder().join(DATABASE_FILE), "my shopping list, which is no database at all").unwrap();
    assert!(matches!(SqliteEngine::open(&host.folder()), Err(OpenError::NotOurs { .. })));
    let other = SqliteHost::new();
    let connection = Connection::open(other.folder().join(DATABASE_FILE)).unwrap();
    connection.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(connection);
    assert!(matches!(SqliteEngine::open(&other.folder()), Err(OpenError::NotOurs { .. })));
    assert!(matches!(SqliteEngine::open(Path::new("/nonexistent/folder")), Err(OpenError::Unusable { .. })));
}

#[test]
fn what_was_acknowledged_is_there_after_the_power_fails() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    for round in 0..20 {
        let id = AccountId(100 + round);
        ledger.commit(vec![Effect::PutAccount(user(id, &format!("u{round}"), None))]).wait().unwrap();
        // The files as they lie there, while the server still runs.
        let crashed = SqliteHost::new();
        for file in fs::read_dir(host.folder()).unwrap() {
            let file = file.unwrap();
            if !file.file_name().to_string_lossy().ends_with("-shm") {
                fs::copy(file.path(), crashed.folder().join(file.file_name())).unwrap();
            }
        }
        let copy = open(&crashed);
        assert!(copy.account(id).is_some(), "round {round}");
        copy.verify_audit(&mut |_, _| ()).unwrap();
    }
}

#[test]
fn a_log_that_lost_what_was_acknowledged_is_refused() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    ledger.commit(vec![Effect::PutAccount(user(AccountId(100), "carl", None))]).wait().unwrap();
    let crashed = SqliteHost::new();
    for file in fs::read_dir(host.folder()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), crashed.folder().join(file.file_name())).unwrap();
    }
    // Without its last bit SQLite takes the log for one whose last transaction never was.
    let log = crashed.folder().join(format!("{DATABASE_FILE}-wal"));
    let mut bytes = fs::read(&log).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&log, bytes).unwrap();
    let error = try_open(&crashed, masters()).unwrap_err();
    assert_eq!(error, OpenError::Outdated { missing: 1 });
    // Whoever would rather have what is left says so.
    fs::remove_file(crashed.folder().join(NOTES_FILE)).unwrap();
    assert!(open(&crashed).account(AccountId(100)).is_none());
}

#[test]
fn nothing_of_the_log_is_brought_in_while_somebody_reads() {
    let host = SqliteHost::new();
    let mut engine = SqliteEngine::open(&host.folder()).unwrap();
    let write = |engine: &mut SqliteEngine, number: u32| {
        let row = |key: &str| {
            let key = RowKey { shelf: Shelf::Account, key: key.into() };
            Row { key, body: "{}".into(), tag: [7; TAG_LEN] }
        };
        let batch = Batch { puts: vec![row(&number.to_string())], ..Batch::default() };
        engine.write(&batch, &mut |_| Ok(row("census"))).unwrap();
        fs::read(host.folder().join(DATABASE_FILE)).unwrap()
    };
    let before = write(&mut engine, 1);
    let reading = engine.reader().snapshot().unwrap();
    engine.checkpoint_every(1);
    assert_eq!(write(&mut engine, 2), before, "not even what is older than the reading");
    drop(reading);
    assert_ne!(write(&mut engine, 3), before);
}

/// Flips one bit at a time and opens; what opens must be what was written, down to the last sign-in.
fn flip(rounds: u32, seed: u64, has_sum: bool) -> u32 {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    let put = (100..200).flat_map(|n| {
        let id = AccountId(n);
        [Effect::PutAccount(user(id, &format!("u{n}"), None)), Effect::PutCredential(code(id, CODE))]
    });
    ledger.commit(put.collect()).wait().unwrap();
    let figures = ledger.figures();
    ledger.close().unwrap();
    let file = host.folder().join(DATABASE_FILE);
    let whole = fs::read(&file).unwrap();
    let sum = fs::read(host.folder().join(SUM_FILE)).unwrap();
    let mut dice = SeededDice(seed);
    let mut unnoticed = 0;
    for round in 0..rounds {
        let chance = usize::try_from(u64::from_be_bytes(signin::dice::roll(&mut dice))).unwrap();
        let bit = chance % (whole.len() * 8);
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        for stale in [format!("{DATABASE_FILE}-wal"), format!("{DATABASE_FILE}-shm"), SUM_FILE.into()] {
            let _not_there = fs::remove_file(host.folder().join(stale));
        }
        fs::write(&file, &flipped).unwrap();
        if has_sum {
            fs::write(host.folder().join(SUM_FILE), &sum).unwrap();
        }
        let Ok(engine) = host.open() else { continue };
        let opened = store::Ledger::open(engine, masters(), [7; 32], dice_of(round));
        let Ok(ledger) = opened else { continue };
        if ledger.verify_audit(&mut |_, _| ()).is_err() {
            continue;
        }
        unnoticed += 1;
        let now = ledger.figures();
        assert_eq!(
            (now.accounts, now.credentials, now.extensions, now.audit_rows),
            (figures.accounts, figures.credentials, figures.extensions, figures.audit_rows),
            "bit {bit}"
        );
        assert!(matches!(Phone::new("201", CODE).sign_in(&ledger, NOW).0, Verdict::Accept(_)), "bit {bit}");
        assert!(!matches!(Phone::new("201", "0000").sign_in(&ledger, NOW).0, Verdict::Accept(_)));
    }
    unnoticed
}

fn dice_of(round: u32) -> Box<SeededDice> {
    Box::new(SeededDice(u64::from(round).wrapping_mul(0x9e37_79b9)))
}

#[test]
fn any_flipped_bit_of_a_closed_store_is_noticed() {
    assert_eq!(flip(200, 1, true), 0);
}

#[test]
fn a_flipped_bit_after_a_crash_is_noticed_or_says_nothing() {
    // Without the checksum of a clean stop, bits where nothing is stored may go unnoticed: they change nothing.
    let unnoticed = flip(200, 2, false);
    assert!(unnoticed < 100, "{unnoticed} of 200");
}

#[test]
fn after_a_reseal_no_file_holds_what_the_old_key_opens() {
    let host = SqliteHost::new();
    let ledger = furnished(&host);
    let codes = (0..300).flat_map(|n| {
        let id = AccountId(100 + n);
        [Effect::PutAccount(user(id, &format!("u{n}"), None)), Effect::PutCredential(code(id, CODE))]
    });
    ledger.commit(codes.collect()).wait().unwrap();
    ledger.close().unwrap();
    let old: Vec<String> = host.rows(Shelf::Credential).into_iter().map(|row| row.body).collect();
    let held = || {
        let files = fs::read_dir(host.folder()).unwrap();
        let bytes: Vec<u8> = files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        old.iter().filter(|body| memchr::memmem::find(&bytes, body.as_bytes()).is_some()).count()
    };
    assert_eq!(held(), 301);
    let new = masters().rotate(&mut SeededDice(12));
    store::reseal(host.open().unwrap(), &new, &mut *dice(), &mut |_, _| ()).unwrap();
    assert_eq!(held(), 0);
}
