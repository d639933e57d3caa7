//! Which letter came with a delivery key: what keeps a letter that is sent twice from being stored twice.
//!
//! The table of keys follows the letters a moment later. Keys stand in no order, so that each new one is written to
//! another page of it; many that are put there in their order share pages. Until then they are here, in memory. A key
//! also stands in the row of its letter, in the same transaction as all of it, and those that the table may not know are
//! read from there at the next start: no crash makes one letter of two, or two of one.

mod filter;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use self::filter::Filter;
use super::bytes;
use crate::models::{DeliveryKey, MessageId, Timestamp};
use crate::store::{Delivered, Result, StoreError};

/// Keys that may wait, in about 2 MB of memory. The more there are, the more of them share a page in the end.
const MANY: usize = 32_768;
/// Keys that are put into the table together. New letters wait for them some milliseconds.
const TOGETHER: usize = 1_024;
/// Keys that the filter learns of meanwhile, for each of them. Until it knows all, letters wait about as long again.
const LEARNED: usize = 16;
/// How often some are settled until none is left, unless others write all the time.
pub(super) const ROUNDS: usize = 2 * MANY / TOGETHER;

/// The keys that the table may not know yet. Those of letters that were deleted meanwhile may be among them: what is found
/// here counts only if there is such a letter.
#[derive(Default)]
pub(super) struct DeliveryKeys {
    waiting: Mutex<Waiting>,
    /// Of all keys as the writer sees them, which alone asks; locked before those that wait.
    filter: Mutex<Filter>,
}

#[derive(Default)]
struct Waiting {
    letters: BTreeMap<DeliveryKey, MessageId>,
    /// The table knows the keys of all letters up to this number...
    known: i64,
    /// ...and of all up to this one once the keys have been gone through to their end, if nobody else wrote meanwhile.
    round: Option<i64>,
    /// The last key of this round that was put into the table.
    last: Option<DeliveryKey>,
}

/// What was put into the table, once its transaction is there.
pub(super) struct Settled {
    keys: Vec<(DeliveryKey, MessageId)>,
    known: Option<i64>,
    last: Option<DeliveryKey>,
}

impl DeliveryKeys {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn filter(&self) -> MutexGuard<'_, Filter> {
        self.filter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the keys of all letters that the table may not know: at first, and when another process has written or changes
    /// were lost.
    pub(super) fn load(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.filter().forget();
        let mut waiting = self.waiting();
        waiting.known =
            connection.prepare_cached("SELECT up_to FROM delivery_keys_known")?.query_row([], |row| row.get(0))?;
        waiting.letters.clear();
        let mut select = connection.prepare_cached("SELECT delivery_key, id FROM messages WHERE seq > ?1")?;
        let mut rows = select.query([waiting.known])?;
        while let Some(row) = rows.next()? {
            waiting.letters.insert(DeliveryKey::from_bytes(bytes(row, 0)?), MessageId::from_bytes(bytes(row, 1)?));
        }
        // Of letters that came while it went on, this round may have passed the keys.
        (waiting.round, waiting.last) = (None, None);
        Ok(())
    }

    /// The letter that came with `key`, as the writer sees it within a transaction.
    pub(super) fn find(&self, connection: &Connection, key: DeliveryKey) -> rusqlite::Result<Option<Delivered>> {
        if self.filter().is_absent(key) { Ok(None) } else { self.look_up(connection, key) }
    }

    /// The same as a reader sees it.
    pub(super) fn look_up(&self, connection: &Connection, key: DeliveryKey) -> rusqlite::Result<Option<Delivered>> {
        let waiting = self.waiting().letters.get(&key).copied();
        if let Some(id) = waiting
            && let Some(delivered) = with_key(connection, id, key)?
        {
            return Ok(Some(delivered));
        }
        in_table(connection, key)
    }

    /// Notes the key of a letter that is stored with the number `seq` in the same transaction, now or next.
    pub(super) fn add(&self, connection: &Connection, key: DeliveryKey, id: MessageId, seq: i64) -> Result<()> {
        self.filter().mark(key);
        let mut waiting = self.waiting();
        if seq > waiting.round.map_or(waiting.known, |round| round.max(waiting.known)) {
            waiting.letters.insert(key, id);
            return Ok(());
        }
        // At the next start nobody would look for it in its row.
        let mut insert = connection.prepare_cached(
            "INSERT INTO delivery_keys (key, seq) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET seq = ?2",
        )?;
        insert.execute(params![key.as_bytes(), seq])?;
        // One that waits with this key is gone, unless it is the same: then the table may still lose it.
        if waiting.letters.get(&key).is_some_and(|waits| *waits != id) {
            waiting.letters.remove(&key);
        }
        Ok(())
    }

    /// Whether the table knows every key.
    pub(super) fn is_nothing(&self) -> bool {
        self.waiting().letters.is_empty()
    }

    /// Whether there are so many that they should no longer be kept.
    pub(super) fn is_too_much(&self) -> bool {
        self.waiting().letters.len() >= MANY
    }

    /// Puts the next keys into the table, and has the filter learn some that are there.
    pub(super) fn settle_some(&self, connection: &Connection) -> Result<Settled> {
        self.settle(connection, TOGETHER)
    }

    fn settle(&self, connection: &Connection, together: usize) -> Result<Settled> {
        self.learn_some(connection, LEARNED * together)?;
        let (keys, is_all, round) = {
            let mut waiting = self.waiting();
            let keys = waiting.next(together);
            let is_all = keys.len() == waiting.letters.len();
            if waiting.last.is_none() {
                waiting.round = Some(highest(connection)?);
            }
            (keys, is_all, waiting.round)
        };
        // The index of the ids alone tells the number: to read the row as well would cost another page for each. There is
        // none for a letter that was deleted, which is passed over. An INSERT from a SELECT would do the same, but may be
        // of many rows, and SQLite keeps a copy of what such a statement changes, to be able to take it back.
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO delivery_keys (key, seq) VALUES (?1, (SELECT seq FROM messages WHERE id = ?2))
             ON CONFLICT (key) DO UPDATE SET seq = excluded.seq",
        )?;
        for (key, id) in &keys {
            insert.execute(params![key.as_bytes(), id.as_bytes()])?;
        }
        let is_end = keys.len() < together;
        let known = match round {
            _ if is_all => Some(highest(connection)?),
            Some(round) if is_end => Some(round),
            _ => None,
        };
        if let Some(known) = known {
            connection.prepare_cached("UPDATE delivery_keys_known SET up_to = max(up_to, ?1)")?.execute([known])?;
        }
        let last = keys.last().map(|(key, _)| *key).filter(|_| !is_end);
        Ok(Settled { keys, known, last })
    }

    /// Readers ask for the keys that wait, and are not kept from it while the table is read.
    fn learn_some(&self, connection: &Connection, together: usize) -> rusqlite::Result<()> {
        let mut filter = self.filter();
        if filter.knows_nothing() {
            filter.begin(self.waiting().letters.keys());
        }
        filter.learn_some(connection, together)
    }

    /// The transaction that put them into the table is there.
    pub(super) fn settled(&self, settled: Settled) {
        let mut waiting = self.waiting();
        for (key, id) in settled.keys {
            if waiting.letters.get(&key) == Some(&id) {
                waiting.letters.remove(&key);
            }
        }
        waiting.known = waiting.known.max(settled.known.unwrap_or(waiting.known));
        waiting.last = settled.last;
    }
}

impl Waiting {
    fn next(&self, together: usize) -> Vec<(DeliveryKey, MessageId)> {
        let from = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        self.letters.range((from, Bound::Unbounded)).take(together).map(|(key, id)| (*key, *id)).collect()
    }
}

/// Whether the table has the keys that it has to know. SQLite's own check of the file does not compare the two.
pub(super) fn look_over(connection: &Connection) -> Result<()> {
    let unknown: u64 = connection.query_row(
        "SELECT count(*) FROM messages m WHERE m.seq <= (SELECT up_to FROM delivery_keys_known)
         AND NOT EXISTS (SELECT 1 FROM delivery_keys k WHERE k.key = m.delivery_key AND k.seq = m.seq)",
        [],
        |row| row.get(0),
    )?;
    if unknown == 0 {
        return Ok(());
    }
    Err(StoreError::Internal(format!("{unknown} letters are missing among the delivery keys").into()))
}

fn in_table(connection: &Connection, key: DeliveryKey) -> rusqlite::Result<Option<Delivered>> {
    let mut select = connection.prepare_cached(
        "SELECT m.id, m.received_at FROM delivery_keys k CROSS JOIN messages m ON m.seq = k.seq
         WHERE k.key = ?1 AND m.delivery_key = ?1",
    )?;
    let delivered = |row: &rusqlite::Row<'_>| {
        let (id, received_at) = (MessageId::from_bytes(bytes(row, 0)?), Timestamp::from_millis(row.get(1)?));
        Ok(Delivered { id, received_at, repeated: true })
    };
    select.query_row([key.as_bytes()], delivered).optional()
}

fn with_key(connection: &Connection, id: MessageId, key: DeliveryKey) -> rusqlite::Result<Option<Delivered>> {
    let mut select =
        connection.prepare_cached("SELECT received_at FROM messages WHERE id = ?1 AND delivery_key = ?2")?;
    let delivered = |row: &rusqlite::Row<'_>| {
        Ok(Delivered { id, received_at: Timestamp::from_millis(row.get(0)?), repeated: true })
    };
    select.query_row(params![id.as_bytes(), key.as_bytes()], delivered).optional()
}

/// The number of the last letter.
fn highest(connection: &Connection) -> rusqlite::Result<i64> {
    let mut select = connection.prepare_cached("SELECT coalesce(max(seq), -1) FROM messages")?;
    select.query_row([], |row| row.get(0))
}

#[cfg(test)]
mod tests;
