//! Letters whole, as a copy of the store takes and puts them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{WHOLE, message, place};
use crate::models::{DeliveryKey, Timestamp};
use crate::store::sqlite::bytes;
use crate::store::{KeptLetter, Record, Result};

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
pub(in crate::store::sqlite) fn put(connection: &Connection, kept: &KeptLetter) -> Result<()> {
    let message = &kept.message;
    let mut find = connection.prepare_cached("SELECT seq FROM messages WHERE id = ?1")?;
    let found: Option<i64> = find.query_row([message.id.as_bytes()], |row| row.get(0)).optional()?;
    let (sql, seq) = match found {
        Some(seq) => (REPLACE, seq),
        None => (INSERT, place::place(connection, message.id)?),
    };
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
