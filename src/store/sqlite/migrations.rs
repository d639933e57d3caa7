//! The schema, one numbered step after the other.

use std::path::Path;

use rusqlite::config::DbConfig;
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
    include_str!("migrations/0005_folders_and_merges.sql"),
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
    // A step may change words of the schema itself; nothing else may (connection.rs).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    let taken = take_steps(connection, path);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    taken.map_err(|error| match error {
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
        let schema: i32 = transaction.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
        // Whoever has the file open reads the schema anew.
        transaction.pragma_update(None, "schema_version", schema.wrapping_add(1))?;
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
    use crate::store::sqlite::connection::open_writer;

    #[test]
    fn a_folder_that_is_none_is_refused_without_a_table_made_for_each_letter() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letterbox.db");
        let mut connection = open_writer(&path).unwrap();
        migrate(&mut connection, &path, false).unwrap();
        assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
        let insert =
            "INSERT INTO messages (seq, id, delivery_key, received_at, name, email, email_key, subject, body, folder)
                      VALUES (?1, randomblob(16), randomblob(16), 0, '', '', '', '', '', ?2)";
        let put = |connection: &Connection, seq: u32, folder: &str| connection.execute(insert, (seq, folder));
        for (seq, folder) in ["inbox", "archive", "spam"].into_iter().enumerate() {
            put(&connection, seq as u32, folder).unwrap();
        }
        // The words are the same for a connection that was opened since.
        for connection in [&connection, &open_writer(&path).unwrap()] {
            let refusal = put(connection, 9, "outbox").unwrap_err().to_string();
            assert!(refusal.contains("CHECK constraint failed: folder"), "{refusal}");
            let mut explain = connection.prepare(&format!("EXPLAIN {insert}")).unwrap();
            let codes: Vec<String> =
                explain.query_map((1, "inbox"), |row| row.get("opcode")).unwrap().map(|code| code.unwrap()).collect();
            assert!(codes.iter().any(|code| code == "OpenWrite") && !codes.iter().any(|code| code == "OpenEphemeral"));
            let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(verdict, "ok");
        }
    }

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
