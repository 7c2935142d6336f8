//! The limit: the same rows in a plain SQLite table with the indexes that somebody sensible would make, and the rows of a page
//! read from it. No page, no encryption, nobody's rights: what is left when all else is taken away.

use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::office::people;
use crate::figures::Rounds;

/// What is asked for a page: rows of the page, and how many there are in all.
pub(super) struct Query {
    pub(super) from: &'static str,
    pub(super) order: &'static str,
    /// Text that one of the columns has in it; everything when empty.
    pub(super) search: String,
    /// The columns that are searched.
    pub(super) columns: &'static [&'static str],
    pub(super) offset: u32,
}

/// The tables.
pub(super) struct Limit(Connection);

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, full_name TEXT NOT NULL COLLATE NOCASE,
        number TEXT NOT NULL, digits INTEGER NOT NULL, seen INTEGER, agent TEXT NOT NULL, contact TEXT NOT NULL);
    CREATE UNIQUE INDEX person_name ON person (name);
    CREATE INDEX person_full_name ON person (full_name, name);
    CREATE UNIQUE INDEX person_number ON person (digits, number);
    CREATE INDEX person_seen ON person (seen, name);
    CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL,
        actor TEXT NOT NULL COLLATE NOCASE, subject TEXT NOT NULL COLLATE NOCASE, agent TEXT NOT NULL, address TEXT NOT NULL,
        changes TEXT NOT NULL);
    CREATE INDEX event_actor ON event (actor, seq);
    CREATE INDEX event_subject ON event (subject, seq);
    CREATE INDEX event_outcome ON event (outcome, seq);
";

impl Limit {
    /// As many people as the office has, and three events for each: made, extension made, phone registered.
    pub(super) fn new(folder: &Path, count: u32) -> anyhow::Result<Self> {
        let mut connection = Connection::open(folder.join("limit.sqlite"))?;
        connection.execute_batch(SCHEMA)?;
        let write = connection.transaction()?;
        {
            let mut person = write.prepare("INSERT INTO person VALUES (NULL, ?, ?, ?, ?, NULL, ?, ?)")?;
            let mut event = write
                .prepare("INSERT INTO event VALUES (NULL, 0, ?, 'accepted', ?, ?, ?, '127.0.0.1', ?)")?;
            for someone in people(count) {
                let number = someone.number.to_string();
                let contact = format!("sip:{number}@127.0.0.1:40000");
                let digits = i64::try_from(number.len())?;
                person.execute(params![
                    someone.name,
                    someone.full_name,
                    number,
                    digits,
                    "flood/1.0",
                    contact
                ])?;
                event.execute(params!["account-created", "console", someone.name, "", someone.full_name])?;
                event.execute(params!["extension-created", "console", number, "", ""])?;
                event.execute(params!["registered", number, number, "flood/1.0", contact])?;
            }
        }
        write.commit()?;
        connection.execute_batch("ANALYZE")?;
        Ok(Self(connection))
    }

    /// Microseconds that a page of this takes, the median of so many.
    pub(super) fn micros(&self, query: &Query, rounds: u32) -> anyhow::Result<f64> {
        let likes: Vec<String> = query.columns.iter().map(|column| format!("{column} LIKE ?1")).collect();
        let filter = match (query.search.as_str(), likes.is_empty()) {
            ("", _) | (_, true) => "?1 = ?1".to_owned(),
            _ => likes.join(" OR "),
        };
        let needle = format!("%{}%", query.search);
        let Query { from, order, offset, .. } = query;
        let mut page = self.0.prepare(&format!(
            "SELECT * FROM {from} WHERE {filter} ORDER BY {order} LIMIT 50 OFFSET {offset}"
        ))?;
        let mut total = self.0.prepare(&format!("SELECT count(*) FROM {from} WHERE {filter}"))?;
        let mut took = Rounds::default();
        for _ in 0..=rounds {
            let began = Instant::now();
            let mut rows = page.query([&needle])?;
            let mut bytes = 0;
            while let Some(row) = rows.next()? {
                bytes += row.get_ref(2)?.as_bytes_or_null()?.map_or(0, <[u8]>::len);
            }
            let found: u32 = total.query_row([&needle], |row| row.get(0))?;
            std::hint::black_box((bytes, found));
            took.push(began.elapsed().as_secs_f64() * 1e6);
        }
        Ok(took.median())
    }
}
