//! Searching the letters that the search index does not know yet.
//!
//! They get an index of their own, in memory and for one search. FTS5 judges every letter by itself: what matches in
//! that index and what matches in the large one is together what would match in one index of all letters.

use rusqlite::{Connection, params};

use super::find::{Span, Words};
use crate::store::Result;
use crate::store::sqlite::text;

/// Splits text into words exactly as the search index does (migrations/0002_search_index.sql); keeps nothing but words.
const INDEX: &str = "CREATE VIRTUAL TABLE letters USING fts5 (
    name, email, subject, body, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
)";

/// The numbers of those that wait within `span`, pass `filter` (a condition on `m` that begins with AND) and are meant by
/// `words`, in ascending order.
pub(super) fn meant(connection: &Connection, words: &Words, filter: &str, span: Span) -> Result<Vec<i64>> {
    let mut any = connection.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM unindexed u CROSS JOIN messages m ON m.seq = u.seq
                        WHERE u.seq BETWEEN ?1 AND ?2 {filter})"
    ))?;
    if !any.query_row([span.first, span.last], |row| row.get(0))? {
        return Ok(Vec::new());
    }
    let index = Connection::open_in_memory()?;
    index.execute_batch(INDEX)?;
    let all = fill(&index, connection, filter, span)?;
    let mut select = index.prepare("SELECT rowid FROM letters WHERE letters MATCH ?1 ORDER BY rowid")?;
    let matching = select.query_map([&words.expression], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    if words.are_wanted {
        return Ok(matching);
    }
    Ok(all.into_iter().filter(|seq| matching.binary_search(seq).is_err()).collect())
}

/// Indexes the letters in question and gives their numbers.
fn fill(index: &Connection, connection: &Connection, filter: &str, span: Span) -> Result<Vec<i64>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT m.seq, m.name, m.email, m.subject, m.body FROM unindexed u CROSS JOIN messages m ON m.seq = u.seq
         WHERE u.seq BETWEEN ?1 AND ?2 {filter} ORDER BY u.seq"
    ))?;
    let mut rows = select.query([span.first, span.last])?;
    let together = index.unchecked_transaction()?;
    let mut insert =
        together.prepare("INSERT INTO letters (rowid, name, email, subject, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        insert.execute(params![seq, text(row, 1)?, text(row, 2)?, text(row, 3)?, text(row, 4)?])?;
        all.push(seq);
    }
    drop(insert);
    together.commit()?;
    Ok(all)
}
