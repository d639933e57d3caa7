//! The embedded store: one SQLite file, one writer, readers of their own.

mod audit;
mod backup;
mod connection;
mod coordination;
mod delivery_keys;
mod memory;
mod messages;
mod migrations;
mod readers;
mod records;
mod room;
mod search_index;
mod sessions;
mod tokens;
mod users;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use tokio::sync::watch;

pub use backup::backup;

use self::memory::Memory;
use self::readers::Readers;
use self::room::Room;
use self::writer::Writer;
use crate::models::Timestamp;
use crate::store::{Purpose, Result, Store, StoreError, StoreReport};

/// Letters, users and sessions in one file.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    room: Room,
    memory: Arc<Memory>,
    /// Tells open pages that letters have come.
    arrivals: watch::Sender<u64>,
    /// Held for as long as this process serves; the system lets go of it however the process ends.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with a sentence for the operator: not writable, not a database, of a newer version, or
    /// served by another process already.
    pub fn open(path: &Path, purpose: Purpose) -> Result<Self> {
        let lock = match purpose {
            Purpose::Serve => Some(lock(path)?),
            Purpose::Command => None,
        };
        let mut connection = connection::open_writer(path)?;
        let beside_server = purpose == Purpose::Command && is_served(path);
        migrations::migrate(&mut connection, path, beside_server)?;
        let memory = Arc::<Memory>::default();
        Ok(Self {
            writer: Writer::start(connection, path.to_owned(), purpose, Arc::clone(&memory))?,
            readers: Readers::start(path)?,
            room: Room::beside(path),
            memory,
            arrivals: watch::Sender::new(0),
            _lock: lock,
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<()> {
        self.readers.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    async fn check(&self, now: Timestamp) -> Result<StoreReport> {
        let report = self.readers.read_patiently(move |connection| look_over(connection, now)).await?;
        // Through the writer, because this check has the form of an INSERT; it alone compares index and letters.
        self.writer.write(search_index::check).await?;
        Ok(report)
    }

    async fn rebuild_search_index(&self) -> Result<()> {
        self.writer.write(search_index::rebuild).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn look_over(connection: &Connection, now: Timestamp) -> Result<StoreReport> {
    // A search first: the search index judges itself by what this connection last knew of it, and would call it damage
    // that the writer has merged parts of it since.
    let search = "SELECT EXISTS (SELECT 1 FROM messages_search WHERE messages_search MATCH '\"a\"')";
    connection.query_row(search, [], |_| Ok(()))?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Internal(verdict.into()));
    }
    delivery_keys::look_over(connection)?;
    let live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL AND min(idle_expires_at, expires_at) > ?1";
    Ok(StoreReport {
        engine: format!("SQLite {}", rusqlite::version()),
        schema: migrations::version(connection)?,
        messages: connection.query_row("SELECT sum(total) FROM folder_counts", [], |row| row.get(0))?,
        users: connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?,
        sessions: connection.query_row(live, [now.millis()], |row| row.get(0))?,
    })
}

/// Whether a process holds the right to serve the database at `path`.
pub fn is_served(path: &Path) -> bool {
    File::open(lock_name(path)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn lock_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Takes the right to serve this database, or says who has it.
fn lock(path: &Path) -> Result<File> {
    let name = lock_name(path);
    let refused = |why: String| {
        StoreError::Refused(format!("{} cannot be used ({why}); check that this user may write there.", name.display()))
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|error| refused(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Refused(format!(
            "Another Letterbox is serving {} already; stop it first, or give this one a DATA_DIR of its own.",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(refused(error.to_string())),
    }
}

/// A blob of exactly `N` bytes.
fn bytes<const N: usize>(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; N]> {
    row.get(column)
}

/// A text, where it lies in SQLite's memory. Most of what a list reads is text that has to be proven UTF-8.
fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str> {
    let value = row.get_ref(column)?;
    let ValueRef::Text(bytes) = value else {
        let name = row.as_ref().column_name(column)?.to_owned();
        return Err(rusqlite::Error::InvalidColumnType(column, name, value.data_type()).into());
    };
    simdutf8::basic::from_utf8(bytes)
        .map_err(|_| StoreError::Internal(format!("column {column} holds a text that is not UTF-8").into()))
}
