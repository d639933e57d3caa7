//! The search index follows the letters, a moment later and many at a time.
//!
//! FTS5 writes a piece of its index for every commit and every savepoint it lives through. Letter by letter that costs
//! several times what the letters themselves do; a thousand letters at once cost hardly more than one. Which letters it
//! does not know yet stands in the same transaction as the letters, so no crash can lose one of them to the search.

use rusqlite::Connection;

use crate::store::Result;

/// Letters that may wait, about. A search reads them: some milliseconds' work.
const LETTERS: u64 = 2_048;
/// Letters that are indexed together. New ones wait for them some milliseconds; with half as many at once some 5 % fewer
/// letters could be taken in.
const TOGETHER: u64 = 1_024;
/// Bytes of text that may wait, and that are indexed together: about what FTS5 gathers in memory before it writes.
const BYTES: u64 = 1 << 20;

/// Rows that change with a letter that comes: its own, the one that counts it, and the one that says it waits.
const ROWS: u64 = 3;

/// How much waits to be indexed.
#[derive(Clone, Copy, Default)]
pub(super) struct Waiting {
    letters: u64,
    bytes: u64,
    /// The last one that is counted.
    last: Option<i64>,
}

impl Waiting {
    /// Counts those that have come after the last one. So many rows were changed meanwhile: if that is more than twice
    /// what these letters did, others may have come before it, and all are counted anew. As many again may be missed until
    /// the next look when it is quiet, or after some were indexed.
    pub(super) fn look_on(&mut self, connection: &Connection, changed: u64) -> Result<()> {
        let before = self.letters;
        self.count_on(connection)?;
        if 2 * ROWS * (self.letters - before) < changed { self.look_again(connection) } else { Ok(()) }
    }

    /// Counts all of them anew.
    pub(super) fn look_again(&mut self, connection: &Connection) -> Result<()> {
        *self = Self::default();
        self.count_on(connection)
    }

    fn count_on(&mut self, connection: &Connection) -> Result<()> {
        let mut select = connection
            .prepare_cached("SELECT count(*), coalesce(sum(bytes), 0), max(seq) FROM unindexed WHERE seq > ?1")?;
        let last = self.last.unwrap_or(i64::MIN);
        let (letters, bytes, last): (u64, u64, Option<i64>) =
            select.query_row([last], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        *self = Self { letters: self.letters + letters, bytes: self.bytes + bytes, last: last.or(self.last) };
        Ok(())
    }

    /// Whether the index knows every letter.
    pub(super) fn is_nothing(self) -> bool {
        self.letters == 0
    }

    /// Whether more waits than a search should have to read.
    pub(super) fn is_too_much(self) -> bool {
        self.letters >= LETTERS || self.bytes >= BYTES
    }
}

/// Indexes the first of the letters that wait, so many that nobody waits long for it.
pub(super) fn index_some(connection: &Connection) -> Result<()> {
    let mut select = connection.prepare_cached("SELECT seq, bytes FROM unindexed ORDER BY seq LIMIT ?1")?;
    let mut rows = select.query([TOGETHER])?;
    let (mut last, mut bytes) = (None, 0);
    while bytes < BYTES
        && let Some(row) = rows.next()?
    {
        last = Some(row.get(0)?);
        bytes += row.get::<_, u64>(1)?;
    }
    drop(rows);
    last.map_or(Ok(()), |last| index_up_to(connection, last))
}

/// Whether the index holds exactly what the letters say; those that wait are indexed first. SQLite's own check of the
/// file does not compare the two.
pub(super) fn check(connection: &Connection) -> Result<()> {
    index_up_to(connection, i64::MAX)?;
    connection.execute("INSERT INTO messages_search (messages_search, rank) VALUES ('integrity-check', 1)", [])?;
    Ok(())
}

/// Makes the index anew from the letters.
pub(super) fn rebuild(connection: &Connection) -> Result<()> {
    connection.execute("INSERT INTO messages_search (messages_search) VALUES ('rebuild')", [])?;
    connection.execute("DELETE FROM unindexed", [])?;
    Ok(())
}

/// In the order of the numbers: FTS5 writes out what it has gathered whenever one is not above the one before.
fn index_up_to(connection: &Connection, last: i64) -> Result<()> {
    let mut index = connection.prepare_cached(
        "INSERT INTO messages_search (rowid, name, email, subject, body)
         SELECT m.seq, m.name, m.email, m.subject, m.body FROM unindexed u CROSS JOIN messages m ON m.seq = u.seq
         WHERE u.seq <= ?1 ORDER BY u.seq",
    )?;
    index.execute([last])?;
    connection.prepare_cached("DELETE FROM unindexed WHERE seq <= ?1")?.execute([last])?;
    Ok(())
}
