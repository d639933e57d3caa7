//! The place of a letter in the order of the list, as a number.
//!
//! A row's number is the first 63 bits of its id, moved up or down where two ids begin alike, so that the numbers
//! always stand in the order of the ids. The search index knows only numbers: this is what lets it be walked from the
//! newest letter down, page by page, without sorting all hits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::models::MessageId;
use crate::store::sqlite::bytes;
use crate::store::{Result, StoreError};

/// Gives letters their places.
#[derive(Default)]
pub(in crate::store::sqlite) struct Places {
    /// Above this id and this number there is no letter.
    top: Mutex<Option<(MessageId, i64)>>,
}

impl Places {
    fn top(&self) -> MutexGuard<'_, Option<(MessageId, i64)>> {
        self.top.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another process may have stored letters, or changes were lost.
    pub(in crate::store::sqlite) fn forget(&self) {
        *self.top() = None;
    }

    /// A free number for a new letter between those of its neighbours. Makes room where there is none.
    pub(super) fn place(&self, connection: &Connection, id: MessageId) -> Result<i64> {
        let mut top = self.top();
        if top.is_none() {
            *top = last(connection)?;
        }
        let place = match *top {
            None => wanted(id),
            // Among letters that come at the same time it may be either.
            Some((last, _)) if id < last => return between(connection, id, &mut top),
            Some((_, seq)) => wanted(id).max(above(seq)?),
        };
        *top = Some((id, place));
        Ok(place)
    }
}

fn between(connection: &Connection, id: MessageId, top: &mut Option<(MessageId, i64)>) -> Result<i64> {
    let floor = at_or_below(connection, id, "<")?.map_or(Ok(0), above)?;
    match at_or_above(connection, id, ">")? {
        Some(above) if above <= floor => {
            *top = None;
            make_room(connection, floor).map(|()| floor)
        }
        Some(above) => Ok(wanted(id).max(floor).min(above - 1)),
        None => {
            // The letter at the top was deleted.
            *top = None;
            Ok(wanted(id).max(floor))
        }
    }
}

fn last(connection: &Connection) -> Result<Option<(MessageId, i64)>> {
    let mut select = connection.prepare_cached("SELECT id, seq FROM messages ORDER BY seq DESC LIMIT 1")?;
    Ok(select.query_row([], |row| Ok((MessageId::from_bytes(bytes(row, 0)?), row.get(1)?))).optional()?)
}

fn above(seq: i64) -> Result<i64> {
    seq.checked_add(1).ok_or_else(no_room)
}

/// The number of the last letter whose id is `order` (`<` or `<=`) than `id`.
pub(super) fn at_or_below(connection: &Connection, id: MessageId, order: &str) -> Result<Option<i64>> {
    neighbour(connection, id, order, "DESC")
}

/// The number of the first letter whose id is `order` (`>` or `>=`) than `id`.
pub(super) fn at_or_above(connection: &Connection, id: MessageId, order: &str) -> Result<Option<i64>> {
    neighbour(connection, id, order, "ASC")
}

fn neighbour(connection: &Connection, id: MessageId, order: &str, way: &str) -> Result<Option<i64>> {
    let sql = format!("SELECT seq FROM messages WHERE id {order} ?1 ORDER BY id {way} LIMIT 1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}

fn wanted(id: MessageId) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id.as_bytes()[..8]);
    (u64::from_be_bytes(first) >> 1).cast_signed()
}

/// Moves the letters that stand one upon the other from `from` on up by one.
fn make_room(connection: &Connection, from: i64) -> Result<()> {
    let mut end = from;
    let mut taken = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM messages WHERE seq = ?1)")?;
    while taken.query_row([end], |row| row.get(0))? {
        end = end.checked_add(1).ok_or_else(no_room)?;
    }
    let mut lift = connection.prepare_cached("UPDATE messages SET seq = ?2 WHERE seq = ?1")?;
    for seq in (from..end).rev() {
        lift.execute(params![seq, seq + 1])?;
    }
    Ok(())
}

fn no_room() -> StoreError {
    StoreError::Internal("no number is left above the last letter".into())
}
