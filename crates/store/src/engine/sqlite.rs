//! The engine on SQLite: one file, `hookswitch.db`, in the data folder.
//!
//! Write-ahead log with `synchronous = FULL`, so that a commit rests on disk when it returns; readers have
//! connections of their own and see one moment each. A lock file keeps a second server out. At a clean stop the
//! checksum of the whole file is left beside it, so that a flipped bit is noticed even where nothing is stored.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    ops::ControlFlow,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::digest::{Context, SHA256};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{
    AuditRecord, Batch, EachAudit, Engine, MAC_LEN, Notes, Reader, Row, RowKey, Shelf, Snapshot, TAG_LEN,
    Turnover,
    again::write_again,
    notes::FileNotes,
    readers::{Readers, Reading},
};
use crate::{
    error::{OpenError, StoreError},
    fault,
};

/// The database, in the data folder.
pub const DATABASE_FILE: &str = "hookswitch.db";
/// SQLite's log beside it, there only while it is open and after a crash.
const LOG_FILE: &str = "hookswitch.db-wal";
/// Held by whoever has the database open.
pub const LOCK_FILE: &str = "hookswitch.lock";
/// The checksum of the database, there only while it is closed.
pub const SUM_FILE: &str = "hookswitch.db.sum";

/// The notes beside the database: see [`Notes`].
pub const NOTES_FILE: &str = "hookswitch.notes";

/// "HkSw", in the file's header: whose database it is.
const APPLICATION_ID: i64 = 0x486b_5377;
/// What leads from each schema to the next; the schema is the number of those that were carried out.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE record (
        shelf INTEGER NOT NULL,
        key   TEXT NOT NULL,
        body  TEXT NOT NULL,
        tag   BLOB NOT NULL,
        PRIMARY KEY (shelf, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        seq  INTEGER NOT NULL PRIMARY KEY,
        body TEXT NOT NULL,
        mac  BLOB NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE large (
        id    INTEGER NOT NULL PRIMARY KEY,
        shelf INTEGER NOT NULL,
        key   TEXT NOT NULL,
        tag   BLOB NOT NULL,
        body  TEXT NOT NULL,
        UNIQUE (shelf, key)
    ) STRICT;
    INSERT INTO large (shelf, key, tag, body)
        SELECT shelf, key, tag, body FROM record WHERE shelf IN (18, 19, 20) ORDER BY shelf, key;
    DELETE FROM record WHERE shelf IN (18, 19, 20);
",
];
/// What is asked of a table of rows.
struct Table {
    select: &'static str,
    select_tag: &'static str,
    insert: &'static str,
    update: &'static str,
    delete: &'static str,
}

macro_rules! table {
    ($name:literal) => {
        Table {
            select: concat!("SELECT body, tag FROM ", $name, " WHERE shelf = ?1 AND key = ?2"),
            select_tag: concat!("SELECT tag FROM ", $name, " WHERE shelf = ?1 AND key = ?2"),
            insert: concat!("INSERT INTO ", $name, " (shelf, key, body, tag) VALUES (?1, ?2, ?3, ?4)"),
            update: concat!("UPDATE ", $name, " SET body = ?3, tag = ?4 WHERE shelf = ?1 AND key = ?2"),
            delete: concat!("DELETE FROM ", $name, " WHERE shelf = ?1 AND key = ?2 RETURNING tag"),
        }
    };
}

/// Where small rows lie beside their keys.
const RECORD: Table = table!("record");
/// Where they do not: on the way to a key all rows that are passed are read, which large ones are too long for.
const LARGE: Table = table!("large");
/// Statements that are kept ready: those of both tables, and a few.
const STATEMENTS: usize = 24;

const fn table_of(shelf: Shelf) -> &'static Table {
    if shelf.is_large() { &LARGE } else { &RECORD }
}

/// Files up to this size are checked page by page at the start; larger ones rely on the tags of their rows.
const CHECKED_MAX: u64 = 256 * 1024 * 1024;
/// The log is brought into the database every so many pages.
const CHECKPOINT_PAGES: i64 = 4000;
/// How long it is, is looked at when this part of that may have come to it: to look costs as much as a row.
const LOOKS: i64 = 16;
/// Pages that a row may change; the census is one of them.
const ROW_PAGES: i64 = 3;
/// Bytes of a page, for rows that take several.
const PAGE: usize = 4096;

/// An open database. Fields are dropped in order: the lock goes last.
pub struct SqliteEngine {
    connection: Connection,
    notes: Arc<FileNotes>,
    readers: Readers,
    checkpoint_pages: i64,
    /// Pages that may have come to the log since it was looked at.
    unseen_pages: i64,
    path: Arc<Path>,
    sum: PathBuf,
    lock: File,
}

impl std::fmt::Debug for SqliteEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteEngine").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteEngine {
    /// The schema that this version writes.
    pub const SCHEMA: usize = MIGRATIONS.len();

    /// Opens the database in `folder`, or makes one; brings an older schema up to date.
    ///
    /// # Errors
    /// When it is in use, not ours, too new or damaged; in words with a remedy.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_after(folder, &FileNotes::this_boot())
    }

    /// The same on a machine whose present start has this name; for simulated power cuts.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_after(folder: &Path, boot: &str) -> Result<Self, OpenError> {
        let lock = lock(&folder.join(LOCK_FILE))?;
        let (path, sum) = (folder.join(DATABASE_FILE), folder.join(SUM_FILE));
        // Made here for its mode; SQLite gives the same to the log.
        private(OpenOptions::new().append(true).create(true)).open(&path).map_err(unusable(&path))?;
        let is_proven = check_sum(&path, &sum)?;
        let notes = folder.join(NOTES_FILE);
        let notes = Arc::new(FileNotes::open(&notes, boot).map_err(unusable(&notes))?);
        // From the first change on the checksum is no longer true, so it goes before anything can change; and it
        // is gone for good, or a power cut could bring it back to accuse a file that is in order.
        remove(&sum)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable(folder))?;
        let log = folder.join(LOG_FILE);
        write_again(&log).map_err(unusable(&log))?;
        let mut connection = Connection::open(&path).map_err(|error| cannot_open(&path, &error))?;
        prepare(&mut connection, &path, is_proven).map_err(|error| match error {
            Unprepared::Sqlite(error) => cannot_open(&path, &error),
            Unprepared::Open(error) => error,
        })?;
        // SQLite syncs the folder when it has made the log, and does not look at what comes of it. A log whose name is
        // not on disk is lost in a power cut with everything in it.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable(folder))?;
        let (readers, checkpoint_pages) = (Readers::default(), CHECKPOINT_PAGES);
        let path = path.into();
        Ok(Self { connection, notes, readers, checkpoint_pages, unseen_pages: i64::MAX, path, sum, lock })
    }

    /// Brings the log into the database more often than usual, so that a test needs fewer changes to see it.
    pub const fn checkpoint_every(&mut self, pages: u32) {
        self.checkpoint_pages = pages as i64;
    }

    /// Brings the log into the database when it is long and nobody reads. Where that fails, all is in the log still, and
    /// the next transaction tries again.
    fn checkpoint(&mut self) -> Result<(), rusqlite::Error> {
        if self.unseen_pages < self.checkpoint_pages / LOOKS {
            return Ok(());
        }
        let ask = |how: &str| {
            let mut statement = self.connection.prepare_cached(how)?;
            statement.query_row([], |row| Ok(row.get::<_, i64>("log")? - row.get::<_, i64>("checkpointed")?))
        };
        let mut left = ask("PRAGMA wal_checkpoint(NOOP)")?;
        if left >= self.checkpoint_pages {
            let done = self.readers.unless_reading(|| ask("PRAGMA wal_checkpoint(PASSIVE)")).transpose()?;
            left = done.unwrap_or(left);
        }
        if left < self.checkpoint_pages {
            self.unseen_pages = 0;
        }
        Ok(())
    }
}

enum Unprepared {
    Sqlite(rusqlite::Error),
    Open(OpenError),
}

impl From<rusqlite::Error> for Unprepared {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn prepare(connection: &mut Connection, path: &Path, is_proven: bool) -> Result<(), Unprepared> {
    use_log(connection, path)?;
    connection.pragma_update(None, "synchronous", "full")?;
    // See `SqliteEngine::checkpoint`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted is overwritten, not only forgotten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    let number = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let (application, schema) = (number("application_id")?, number("user_version")?);
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = (application, schema, objects) == (0, 0, 0);
    if !is_new && application != APPLICATION_ID {
        return Err(Unprepared::Open(OpenError::NotOurs { path: path.display().to_string() }));
    }
    let known = MIGRATIONS.len();
    let found = usize::try_from(schema).ok().filter(|found| is_new || *found > 0);
    let Some(found) = found else {
        let what = format!("it says that its schema is {schema}");
        return Err(Unprepared::Open(OpenError::Damaged { what }));
    };
    if found > known {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        return Err(Unprepared::Open(OpenError::NewerSchema { found: number(found), known: number(known) }));
    }
    let is_small = path.metadata().is_ok_and(|file| file.len() <= CHECKED_MAX);
    if !is_new && !is_proven && is_small {
        let word: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if word != "ok" {
            return Err(Unprepared::Open(OpenError::Damaged { what: word }));
        }
    }
    if found < known {
        migrate(connection, found)?;
    }
    Ok(())
}

/// Has SQLite keep a write-ahead log, and makes sure of it. Without one a transaction ends with a name that goes, and
/// nobody waits until that is on disk.
fn use_log(connection: &Connection, path: &Path) -> Result<(), Unprepared> {
    // The answer comes before the mode is on disk: whether a sync failed is known only when there is nothing more to
    // come, so this is no case for a function that takes the first row and goes.
    let mut statement = connection.prepare("PRAGMA journal_mode = wal")?;
    let answers = statement.query_map([], |row| row.get::<_, String>(0))?;
    let answers = answers.collect::<Result<Vec<_>, _>>()?;
    if answers == ["wal"] {
        return Ok(());
    }
    let problem = format!("it cannot be given a write-ahead log; its journal is {answers:?}");
    Err(Unprepared::Open(OpenError::Unusable { path: path.display().to_string(), problem }))
}

fn migrate(connection: &mut Connection, found: usize) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = private(OpenOptions::new().append(true).create(true)).open(path).map_err(unusable(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(unusable(path)(error)),
    }
}

fn unusable(path: &Path) -> impl Fn(std::io::Error) -> OpenError {
    move |error| OpenError::Unusable { path: path.display().to_string(), problem: error.to_string() }
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotOurs { path: path.display().to_string() },
        Some(
            rusqlite::ErrorCode::CannotOpen
            | rusqlite::ErrorCode::PermissionDenied
            | rusqlite::ErrorCode::ReadOnly
            | rusqlite::ErrorCode::DiskFull
            | rusqlite::ErrorCode::SystemIoFailure,
        ) => OpenError::Unusable { path: path.display().to_string(), problem: error.to_string() },
        _ => OpenError::Damaged { what: error.to_string() },
    }
}

/// Whether the file is, bit for bit, the one that the last clean stop left. Without a checksum (after a crash)
/// nothing is proven, and nothing wrong with that.
fn check_sum(path: &Path, sum: &Path) -> Result<bool, OpenError> {
    let said = match std::fs::read_to_string(sum) {
        Ok(said) => said,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(unusable(sum)(error)),
    };
    if said.trim_end() == sum_of(path).map_err(unusable(path))? {
        return Ok(true);
    }
    Err(OpenError::Altered { path: path.display().to_string(), sum: sum.display().to_string() })
}

fn sum_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(data_encoding::HEXLOWER.encode(context.finish().as_ref())),
            length => context.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(path)(error)),
        _ => Ok(()),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Engine(error.to_string()),
        }
    }
}

impl Engine for SqliteEngine {
    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(SqliteReader { path: Arc::clone(&self.path), readers: self.readers.clone() })
    }

    fn notes(&self) -> Arc<dyn Notes> {
        Arc::<FileNotes>::clone(&self.notes)
    }

    fn write(
        &mut self,
        batch: &Batch,
        census: &mut dyn FnMut(&Turnover) -> Result<Row, StoreError>,
    ) -> Result<(), StoreError> {
        let transaction = Writing::begin(&self.connection)?;
        if fault::fails("sqlite.write") {
            return Err(StoreError::Engine("a fault was wanted".into()));
        }
        let mut turnover = Turnover::default();
        for row in &batch.puts {
            put(&self.connection, row, &mut turnover)?;
        }
        for key in &batch.deletes {
            let tag = self
                .connection
                .prepare_cached(table_of(key.shelf).delete)?
                .query_row(params![key.shelf.number(), key.key], |row| row.get(0))
                .optional()?;
            if let Some(tag) = tag {
                turnover.gone.push((key.shelf, tag));
                *turnover.growth.entry(key.shelf).or_default() -= 1;
            }
        }
        {
            if let Some(cut) = batch.audit_cut {
                self.connection
                    .prepare_cached("DELETE FROM audit WHERE seq <= ?1")?
                    .execute([signed(cut)?])?;
            }
            let mut insert =
                self.connection.prepare_cached("INSERT INTO audit (seq, body, mac) VALUES (?1, ?2, ?3)")?;
            for record in &batch.audit {
                insert.execute(params![signed(record.seq)?, record.body, record.mac])?;
            }
        }
        let census = census(&turnover)?;
        put(&self.connection, &census, &mut turnover)?;
        if fault::fails("sqlite.commit") {
            return Err(StoreError::Engine("a fault was wanted".into()));
        }
        transaction.commit()?;
        self.unseen_pages = self.unseen_pages.saturating_add(pages(batch));
        if let Err(error) = self.checkpoint() {
            tracing::warn!(%error, "the log cannot be brought into the database; it grows");
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch("DELETE FROM record; DELETE FROM large; DELETE FROM audit;")?;
        transaction.commit()?;
        for place in 0..super::NOTES {
            self.notes.put(place, &[])?;
        }
        Ok(())
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        // VACUUM copies what is there into a new file, by way of the log.
        self.connection.execute_batch("VACUUM")?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        let Self { connection, notes, path, sum, lock, .. } = *self;
        drop(notes);
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?;
        connection.close().map_err(|(_, error)| error)?;
        if busy != 0 {
            // Somebody is still reading, so a part is in the log: a checksum of the file would prove too much.
            return Ok(());
        }
        let io = |error: std::io::Error| StoreError::Engine(error.to_string());
        let draft = sum.with_extension("sum-new");
        let mut file =
            private(OpenOptions::new().write(true).create(true).truncate(true)).open(&draft).map_err(io)?;
        writeln!(file, "{}", sum_of(&path).map_err(io)?).map_err(io)?;
        file.sync_all().map_err(io)?;
        std::fs::rename(&draft, &sum).map_err(io)?;
        drop(lock);
        Ok(())
    }
}

/// A transaction that writes; rolled back unless it is committed. rusqlite's own has SQLite read its two statements anew
/// each time.
struct Writing<'a>(&'a Connection);

impl<'a> Writing<'a> {
    fn begin(connection: &'a Connection) -> Result<Self, rusqlite::Error> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> Result<(), rusqlite::Error> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction cannot be taken back");
        }
    }
}

/// Pages that a batch may bring to the log.
fn pages(batch: &Batch) -> i64 {
    // How many rows go is not known here: look.
    if batch.audit_cut.is_some() {
        return i64::MAX;
    }
    let rows = batch.puts.len() + batch.deletes.len() + batch.audit.len() + 1;
    let bytes = batch.puts.iter().map(|row| row.body.len()).sum::<usize>()
        + batch.audit.iter().map(|record| record.body.len()).sum::<usize>();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    number(rows).saturating_mul(ROW_PAGES).saturating_add(number(bytes / PAGE))
}

/// Puts a row, and notes what it replaces.
fn put(connection: &Connection, row: &Row, turnover: &mut Turnover) -> Result<(), rusqlite::Error> {
    let (shelf, key) = (row.key.shelf, &row.key.key);
    let table = table_of(shelf);
    let before = connection
        .prepare_cached(table.select_tag)?
        .query_row(params![shelf.number(), key], |row| row.get(0))
        .optional()?;
    let change = match before {
        Some(tag) => {
            turnover.gone.push((shelf, tag));
            table.update
        }
        None => {
            *turnover.growth.entry(shelf).or_default() += 1;
            table.insert
        }
    };
    connection.prepare_cached(change)?.execute(params![shelf.number(), key, row.body, row.tag])?;
    Ok(())
}

fn signed(seq: u64) -> Result<i64, StoreError> {
    i64::try_from(seq).map_err(|_| StoreError::Engine("the audit is full".into()))
}

struct SqliteReader {
    path: Arc<Path>,
    readers: Readers,
}

impl Reader for SqliteReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let reading = self.readers.begin();
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.execute_batch("BEGIN")?;
        // The moment is that of the first reading, so read at once.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        Ok(Box::new(SqliteSnapshot(connection, reading)))
    }
}

/// The connection ends before the reading does.
struct SqliteSnapshot(Connection, #[expect(dead_code, reason = "held, not looked at")] Reading);

impl Snapshot for SqliteSnapshot {
    fn rows(&mut self, each: &mut dyn FnMut(Row) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut statement = self.0.prepare(
            "SELECT shelf, key, body, tag FROM record UNION ALL SELECT shelf, key, body, tag FROM large
            ORDER BY shelf, key",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let shelf = Shelf::numbered(number).ok_or_else(|| {
                StoreError::Damaged(format!("a row on a shelf {number}, which does not exist"))
            })?;
            let key = RowKey { shelf, key: row.get(1)? };
            each(Row { key, body: row.get(2)?, tag: row.get::<_, [u8; TAG_LEN]>(3)? })?;
        }
        Ok(())
    }

    fn row(&mut self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        let found = self
            .0
            .prepare_cached(table_of(key.shelf).select)?
            .query_row(params![key.shelf.number(), key.key], |row| {
                Ok((row.get(0)?, row.get::<_, [u8; TAG_LEN]>(1)?))
            })
            .optional()?;
        Ok(found.map(|(body, tag)| Row { key: key.clone(), body, tag }))
    }

    fn audit(&mut self, after: u64, each: &mut EachAudit<'_>) -> Result<(), StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut statement = self.0.prepare("SELECT seq, body, mac FROM audit WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = statement.query([after])?;
        each_record(&mut rows, each)
    }

    fn audit_newest(&mut self, before: Option<u64>, each: &mut EachAudit<'_>) -> Result<(), StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        let mut statement =
            self.0.prepare("SELECT seq, body, mac FROM audit WHERE seq < ?1 ORDER BY seq DESC")?;
        let mut rows = statement.query([before])?;
        each_record(&mut rows, each)
    }
}

fn each_record(rows: &mut rusqlite::Rows<'_>, each: &mut EachAudit<'_>) -> Result<(), StoreError> {
    while let Some(row) = rows.next()? {
        let seq = u64::try_from(row.get::<_, i64>(0)?)
            .map_err(|_| StoreError::Damaged("an audit row has a number below zero".into()))?;
        let record = AuditRecord { seq, body: row.get(1)?, mac: row.get::<_, [u8; MAC_LEN]>(2)? };
        if let ControlFlow::Break(()) = each(record)? {
            break;
        }
    }
    Ok(())
}
