//! What the writer remembers of the letters from one transaction to the next.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::delivery_keys::DeliveryKeys;
use super::messages::place::Places;

/// It is true as long as nobody else writes and nothing is lost; if so, it is read anew.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) keys: DeliveryKeys,
    pub(super) places: Places,
    /// The database as the writer's connection has last seen it (<https://sqlite.org/pragma.html#pragma_data_version>).
    seen: Mutex<Option<i64>>,
}

impl Memory {
    /// Learns of letters that another process has stored, and forgets those that were lost. To be asked within each
    /// transaction before anything else.
    pub(super) fn catch_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen != Some(version) {
            self.places.forget();
            self.keys.load(connection)?;
            *seen = Some(version);
        }
        Ok(())
    }

    /// What it remembers may be of changes that were lost, or of a connection that counts the changes by others anew.
    pub(super) fn doubt(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
