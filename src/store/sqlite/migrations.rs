//! The schema, one numbered step after the other.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{Result, StoreError};

/// Marks the file as Letterbox's own: "LBOX" in ASCII (<https://sqlite.org/pragma.html#pragma_application_id>).
const APPLICATION_ID: i32 = 0x4C42_4F58;

/// Append only: a step that has been released is never edited.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_letters_users_sessions.sql"),
    include_str!("migrations/0002_search_index.sql"),
    include_str!("migrations/0003_unindexed_letters.sql"),
    include_str!("migrations/0004_delivery_keys.sql"),
];

/// Brings the schema up to date. Each step is one transaction, so an interrupted start leaves a whole schema. A server that
/// runs relies on the schema that it found: `beside_server` has a store that is behind refused.
pub(super) fn migrate(connection: &mut Connection, path: &Path, beside_server: bool) -> Result<()> {
    recognise(connection, path)?;
    let found = version(connection)?;
    if found > 0 && (found as usize) < STEPS.len() {
        if beside_server {
            return Err(StoreError::Refused(format!(
                "An older Letterbox is serving {}; stop it, and start this one in its place.",
                path.display()
            )));
        }
        tracing::info!(schema = found, "the store is brought up to date; with very many letters it takes a while");
    }
    take_steps(connection, path).map_err(|error| match error {
        StoreError::Full(_) => StoreError::Refused(format!(
            "There is no room to bring {} up to date, and it was left as it was; free about as much on its disk as it \
             takes itself, and start again.",
            path.display()
        )),
        other => other,
    })
}

fn take_steps(connection: &mut Connection, path: &Path) -> Result<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = version(&transaction)?;
        let Some(step) = STEPS.get(done as usize) else {
            transaction.finish()?;
            return if done as usize == STEPS.len() { Ok(()) } else { Err(newer(done, path)) };
        };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", done + 1)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
}

/// Number of the last step applied.
pub(super) fn version(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn recognise(connection: &Connection, path: &Path) -> Result<()> {
    let mark: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if mark == APPLICATION_ID || (mark == 0 && tables == 0) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{} is a database of another program; name another file in DATABASE_URL.",
        path.display()
    )))
}

fn newer(found: u32, path: &Path) -> StoreError {
    StoreError::Refused(format!(
        "The store {} was made by a newer Letterbox (schema {found}, this one knows {}); run that newer version.",
        path.display(),
        STEPS.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_finds_no_room_for_a_step_is_left_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.execute_batch(STEPS[1]).unwrap();
        connection
            .execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2"))
            .unwrap();
        let pages: u32 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 2).unwrap();
        let refusal = migrate(&mut connection, Path::new("letterbox.db"), false).unwrap_err().to_string();
        assert!(refusal.contains("no room to bring letterbox.db up to date"), "{refusal}");
        assert_eq!(version(&connection).unwrap(), 3, "the small step had room");
        connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
        migrate(&mut connection, Path::new("letterbox.db"), false).unwrap();
        assert_eq!(version(&connection).unwrap() as usize, STEPS.len());
    }
}
