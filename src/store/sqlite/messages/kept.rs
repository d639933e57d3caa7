//! Letters whole, as a copy of the store takes and puts them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{WHOLE, message};
use crate::models::{DeliveryKey, Timestamp};
use crate::store::sqlite::bytes;
use crate::store::sqlite::memory::Memory;
use crate::store::{KeptLetter, Record, Result, StoreError};

/// How many columns `message` reads, the number included.
const WIDTH: usize = 11;

/// The letters whose names come after `after`, in the order of their names.
pub(in crate::store::sqlite) fn read(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT m.seq, {WHOLE}, m.delivery_key, m.trashed_at FROM messages m WHERE m.id > ?1 ORDER BY m.id LIMIT ?2"
    ))?;
    let mut rows = select.query(params![after, limit])?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(Record::Letter(kept(row)?));
    }
    Ok(letters)
}

fn kept(row: &Row<'_>) -> Result<KeptLetter> {
    Ok(KeptLetter {
        message: message(row)?,
        key: DeliveryKey::from_bytes(bytes(row, WIDTH)?),
        trashed_at: row.get::<_, Option<i64>>(WIDTH + 1)?.map(Timestamp::from_millis),
    })
}

/// Puts a letter in, or in place of the one with its name. What was done with that one can no longer be undone.
///
/// # Errors
/// [`StoreError::Internal`] when another letter came with its delivery key.
pub(in crate::store::sqlite) fn put(connection: &Connection, memory: &Memory, kept: &KeptLetter) -> Result<()> {
    let id = kept.message.id;
    if memory.keys.find(connection, kept.key)?.is_some_and(|known| known.id != id) {
        return Err(StoreError::Internal("two letters have one delivery key".into()));
    }
    let mut find = connection.prepare_cached("SELECT seq FROM messages WHERE id = ?1")?;
    let Some(seq) = find.query_row([id.as_bytes()], |row| row.get(0)).optional()? else {
        return insert(connection, memory, kept);
    };
    memory.keys.add(connection, kept.key, id, seq)?;
    write(connection, REPLACE, seq, kept)
}

/// Puts in a letter whose name and delivery key are not there yet.
///
/// What follows from it is written here. Triggers, as a change and a deletion have them, would have SQLite keep a copy of
/// each page that it changes, to be able to take the statement back.
pub(super) fn insert(connection: &Connection, memory: &Memory, kept: &KeptLetter) -> Result<()> {
    let message = &kept.message;
    let seq = memory.places.place(connection, message.id)?;
    memory.keys.add(connection, kept.key, message.id, seq)?;
    write(connection, INSERT, seq, kept)?;
    let mut count = connection
        .prepare_cached("UPDATE folder_counts SET total = total + 1, unread = unread + ?2 WHERE folder = ?1")?;
    count.execute(params![message.folder.as_str(), !message.read])?;
    let mut wait = connection.prepare_cached("INSERT OR IGNORE INTO unindexed (seq, bytes) VALUES (?1, ?2)")?;
    wait.execute(params![seq, message.letter.body.as_str().len()])?;
    Ok(())
}

fn write(connection: &Connection, sql: &str, seq: i64, kept: &KeptLetter) -> Result<()> {
    let message = &kept.message;
    let letter = &message.letter;
    connection.prepare_cached(sql)?.execute(params![
        seq,
        message.id.as_bytes(),
        kept.key.as_bytes(),
        message.received_at.millis(),
        letter.name.as_str(),
        letter.email.as_str(),
        letter.email.key(),
        letter.subject.as_str(),
        letter.body.as_str(),
        message.folder.as_str(),
        message.read,
        message.starred,
        message.version,
        kept.trashed_at.map(Timestamp::millis),
    ])?;
    Ok(())
}

const INSERT: &str = "INSERT INTO messages (seq, id, delivery_key, received_at, name, email, email_key, subject, body,
                           folder, read, starred, version, trashed_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const REPLACE: &str = "UPDATE messages SET id = ?2, delivery_key = ?3, received_at = ?4, name = ?5, email = ?6,
         email_key = ?7, subject = ?8, body = ?9, folder = ?10, read = ?11, starred = ?12, version = ?13, trashed_at = ?14,
         change_id = NULL, change_undo = NULL
     WHERE seq = ?1";
