//! Opening the database file, always with the same settings, and what an error of SQLite means to the house.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::room::LOG;
use crate::store::{Purpose, Result, StoreError};

/// Older ones can corrupt the database when the WAL is reset (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: i32 = 3_051_003;
const STATEMENT_CACHE: usize = 64;
/// Memory in which a connection keeps pages, in KiB: those of a search of common words among a million letters. It is
/// taken as it is filled; SQLite's own default is 2,000.
const PAGES_KEPT: i32 = 8 * 1_024;
/// The same for a server's writer: the delivery keys of half a million letters, which stand in no order and are gone
/// through from one end to the other as new ones are put among them.
const PAGES_KEPT_BY_WRITER: i32 = 16 * 1_024;
/// Pages in the log after which it is written home; SQLite's own default is 1,000. What is written over and over, as the
/// indexes are while many letters come, goes home less often.
const LOG_PAGES: u32 = 3_200;
/// They fit with a commit of some size into what is left to the log on a full disk. Each has a head of 24 bytes
/// (<https://sqlite.org/fileformat2.html#walformat>).
const _: () = assert!(LOG_PAGES as u64 * (4_096 + 24) + (2 << 20) <= LOG);
/// How long one process waits for another one's write, for example `letterbox user add` for the server.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the database for its one writer, and makes it if there is none (mode 0600).
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    refuse_old(rusqlite::version_number())?;
    create_private(path)?;
    reopen_writer(path)
}

/// Opens the database for its one writer, and makes nothing: one that is gone must not come back empty.
pub(super) fn reopen_writer(path: &Path) -> Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| refused(path, &error))?;
    settle(&connection).map_err(|error| refused(path, &error))?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = reopen_writer(path)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| refused(path, &error))?;
    Ok(connection)
}

/// Has a server's writer keep in memory what a statement may have to take back: in a file, it would be written for every
/// letter. The acts of a server are small; a command may make the whole search index anew, and leaves it in a file.
pub(super) fn settle_writer(connection: &Connection, purpose: Purpose) -> Result<()> {
    if purpose == Purpose::Serve {
        connection.pragma_update(None, "cache_size", -PAGES_KEPT_BY_WRITER)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
    }
    Ok(())
}

fn refuse_old(version: i32) -> Result<()> {
    if version >= OLDEST_SQLITE {
        return Ok(());
    }
    let (major, minor, patch) = (version / 1_000_000, version / 1_000 % 1_000, version % 1_000);
    Err(StoreError::Refused(format!(
        "This build carries SQLite {major}.{minor}.{patch}, which can damage a database; build Letterbox with SQLite \
         3.51.3 or newer."
    )))
}

fn create_private(path: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(StoreError::Refused(format!(
            "The database {} cannot be made ({error}); check that its directory exists and that this user may write there.",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Plans do not depend on the values that are bound. Where they do, a statement is parsed and planned anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL syncs the log before a commit returns. NORMAL loses acknowledged letters in a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // A negative number is one of KiB.
    connection.pragma_update(None, "cache_size", -PAGES_KEPT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(())
}

fn refused(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.display();
    StoreError::Refused(match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!(
                "{path} is not a database that SQLite can read ({error}); restore it from a backup, or name another file."
            )
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            format!("The database {path} cannot be opened ({error}); give this user the right to read and write it.")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!(
                "The database {path} is in use by another program that does not let go; stop that program and try again."
            )
        }
        _ => format!("The database {path} cannot be opened: {error}. Check the disk and the file."),
    })
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full(Box::new(error)),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => StoreError::Unavailable(Box::new(error)),
            _ => StoreError::Internal(Box::new(error)),
        }
    }
}

/// Whether the disk itself failed, so that what was written before can no longer be trusted to be there. A damaged search
/// index is not that: it can be made anew from the letters.
pub(super) fn is_io_failure(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.extended_code != ffi::SQLITE_CORRUPT_VTAB
            && matches!(error.code, ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    })
}

/// Whether an act failed because the disk did. A damaged search index is not that: it fails its own acts alone.
pub(super) fn comes_from_the_disk(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    cause
        .downcast_ref::<rusqlite::Error>()
        .is_some_and(|error| error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn number(connection: &Connection, pragma: &str) -> i64 {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
    }

    #[test]
    fn r55_every_connection_has_the_settings_that_keep_letters_safe() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letterbox.db");
        for (connection, query_only) in [(open_writer(&path).unwrap(), 0), (open_reader(&path).unwrap(), 1)] {
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(mode, "wal");
            assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
            for (pragma, value) in [
                ("synchronous", 2),
                ("trusted_schema", 0),
                ("foreign_keys", 1),
                ("busy_timeout", 5_000),
                ("wal_autocheckpoint", LOG_PAGES.into()),
                ("cache_size", (-PAGES_KEPT).into()),
                ("temp_store", 0),
                ("query_only", query_only),
            ] {
                assert_eq!(number(&connection, pragma), value, "{pragma}");
            }
            // SQLite built without memory mapping has no answer at all, which is as good.
            let mapped: Option<i64> = connection.pragma_query_value(None, "mmap_size", |row| row.get(0)).ok();
            assert_eq!(mapped.unwrap_or(0), 0);
        }
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn only_a_servers_writer_takes_statements_back_from_memory_and_keeps_more_pages() {
        let directory = tempfile::tempdir().unwrap();
        for (purpose, kept_in, pages) in [(Purpose::Serve, 2, PAGES_KEPT_BY_WRITER), (Purpose::Command, 0, PAGES_KEPT)]
        {
            let connection = open_writer(&directory.path().join("letterbox.db")).unwrap();
            settle_writer(&connection, purpose).unwrap();
            assert_eq!(number(&connection, "temp_store"), kept_in, "{purpose:?}");
            assert_eq!(number(&connection, "cache_size"), i64::from(-pages), "{purpose:?}");
        }
    }

    #[test]
    fn r55_an_sqlite_that_can_damage_a_database_is_refused_by_its_version() {
        assert!(refuse_old(3_051_003).is_ok() && refuse_old(4_000_000).is_ok());
        for (version, name) in [(3_051_002, "3.51.2"), (3_040_001, "3.40.1")] {
            let sentence = refuse_old(version).unwrap_err().to_string();
            assert!(sentence.contains(name) && sentence.contains("3.51.3 or newer"), "{sentence}");
        }
    }
}
