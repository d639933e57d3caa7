//! The one writer: a thread that takes whatever waits into one transaction and answers each caller after the commit.
//!
//! One `fdatasync` then serves every letter that arrived while the last one ran (group commit). An act that fails is
//! undone alone, by its savepoint. After the disk has failed once, nothing is acknowledged until the database was
//! opened anew, its log written home and the file looked over: what the kernel could not write it may since have
//! forgotten, and a later "success" would stand on it.
//!
//! The search index follows when nothing else is to be done, or when too much waits for it.

mod job;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::job::{Act, Close, Job, Undo};
use super::connection::{BUSY_TIMEOUT, is_io_failure, reopen_writer, settle_writer};
use super::search_index::{Waiting, index_some};
use crate::store::{Purpose, Result, StoreError};

/// Acts that may wait for the writer. Beyond it callers are told that the store is busy.
const QUEUE: usize = 4_096;
/// Acts that share one commit.
const BATCH: usize = 512;
/// How long nothing must have come before letters are indexed. In a stream of letters there are shorter gaps all the
/// time; to index the few that have come since the last one would cost more than to take them in.
const QUIET: Duration = Duration::from_millis(50);
/// How long indexing rests after it has failed.
const REST: Duration = Duration::from_secs(60);

/// Hands acts to the writer's thread.
pub(super) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread on an open and migrated connection.
    pub(super) fn start(connection: Connection, path: PathBuf, purpose: Purpose) -> Result<Self> {
        settle_writer(&connection, purpose)?;
        // A command leaves letters that wait to the server until it writes itself: most only read.
        let waiting = match purpose {
            Purpose::Serve => Waiting::count(&connection)?,
            Purpose::Command => Waiting::default(),
        };
        let (queue, jobs) = sync_channel(QUEUE);
        let desk = Desk { connection: Some(connection), path, purpose, waiting, indexing_failed: None };
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || desk.work(&jobs))
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Self { queue, thread: std::sync::Mutex::new(Some(thread)) })
    }

    /// Does `act` within a transaction and answers after its commit. The act is done even if the caller goes away.
    pub(super) async fn write<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.send(Act::new(act)).await
    }

    /// The same for an act that changes nothing when it fails, a single INSERT for example: it is spared the savepoint.
    pub(super) async fn write_all_or_nothing<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.send(Act::all_or_nothing(act)).await
    }

    async fn send<T>(&self, (job, answer): (impl Job + 'static, oneshot::Receiver<Result<T>>)) -> Result<T> {
        self.queue.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }

    /// Does what waits, then closes the database.
    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        // A full queue is drained by the writer within moments; waiting for a place must not block the runtime.
        let queue = self.queue.clone();
        let sent = tokio::task::spawn_blocking(move || queue.send(Box::new(Close { reply })).is_ok()).await;
        if sent.unwrap_or(false) {
            let _ = answer.await;
        }
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it has been closed".into())
}

/// Why a transaction as a whole did not come to be.
struct Lost {
    error: StoreError,
    /// Whether the database can no longer be trusted before it was looked over.
    disk_failed: bool,
}

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        Self { disk_failed: is_io_failure(&error), error: error.into() }
    }
}

/// Where the writer's thread sits.
struct Desk {
    /// None after the disk failed, until the database was opened anew and checked.
    connection: Option<Connection>,
    path: PathBuf,
    purpose: Purpose,
    /// What was left to index after the last commit.
    waiting: Waiting,
    /// When indexing failed, unless it has worked since.
    indexing_failed: Option<Instant>,
}

impl Desk {
    fn work(mut self, jobs: &Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next(jobs) {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && !batch.last().is_some_and(|job| job.is_last())
                && let Ok(next) = jobs.try_recv()
            {
                batch.push(next);
            }
            let last = batch.last().is_some_and(|job| job.is_last());
            self.run(batch);
            if last {
                return;
            }
        }
    }

    /// The next job. Letters are indexed while none comes, and before it if too much waits.
    fn next(&mut self, jobs: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        while self.can_index() && self.waiting.is_too_much() && self.rest().is_zero() {
            self.index();
        }
        while self.can_index() {
            match jobs.recv_timeout(self.rest().max(QUIET)) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.index(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        jobs.recv().ok()
    }

    fn can_index(&self) -> bool {
        self.connection.is_some() && !self.waiting.is_nothing()
    }

    /// How long indexing has yet to rest.
    fn rest(&self) -> Duration {
        self.indexing_failed.map_or(Duration::ZERO, |at| REST.saturating_sub(at.elapsed()))
    }

    fn index(&mut self) {
        let (job, mut outcome) = Act::new(index_some);
        self.run(vec![Box::new(job)]);
        let outcome = outcome.try_recv().unwrap_or_else(|_| Err(closed()));
        if let Err(error) = &outcome {
            tracing::error!(error = %error, "letters could not be indexed; each search reads them until they are");
        }
        self.indexing_failed = outcome.err().map(|_| Instant::now());
    }

    fn run(&mut self, mut batch: Vec<Box<dyn Job>>) {
        let outcome = self.recover().and_then(|()| self.commit_together(&mut batch));
        if let Err(error) = &outcome {
            tracing::error!(error = %error, acts = batch.len(), "the store could not commit");
        }
        for job in batch {
            job.answer(outcome.as_ref().err().map(again));
        }
        if let Some(connection) = &self.connection
            && let Err(error) = self.waiting.look_again(connection)
        {
            tracing::warn!(error = %error, "how many letters wait to be indexed is not known");
        }
    }

    fn commit_together(&mut self, batch: &mut [Box<dyn Job>]) -> Result<()> {
        let Some(connection) = &self.connection else { return Err(closed()) };
        let Err(Lost { error, disk_failed }) = transact(connection, batch) else { return Ok(()) };
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        if disk_failed {
            tracing::error!(error = %error, "the disk failed; nothing is acknowledged until the store was checked");
        }
        if disk_failed || !connection.is_autocommit() {
            self.connection = None;
        } else if matches!(error, StoreError::Full(_)) {
            give_back_the_log(connection);
        }
        Err(error)
    }

    /// After a failure of the disk: opens anew, writes the log home, looks the file over.
    fn recover(&mut self) -> Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = reopen_writer(&self.path)?;
        settle_writer(&connection, self.purpose)?;
        let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy {
            return Err(StoreError::Unavailable("a reader keeps the log from being written home".into()));
        }
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Internal(verdict.into()));
        }
        tracing::warn!("the store was opened anew and checked; letters are accepted again");
        self.connection = Some(connection);
        Ok(())
    }
}

/// One IMMEDIATE transaction over all jobs: it never has to turn a read lock into a write lock, which SQLite refuses
/// at once, whatever the busy timeout.
fn transact(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), Lost> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for job in batch.iter_mut() {
        let undoable = !job.is_all_or_nothing();
        if undoable {
            connection.prepare_cached("SAVEPOINT act")?.execute([])?;
        }
        let kept = job.run(connection);
        if matches!(kept, Err(Undo::Everything)) {
            let error = StoreError::Unavailable("the disk failed under another act of the same transaction".into());
            return Err(Lost { error, disk_failed: true });
        }
        if connection.is_autocommit() {
            // SQLite has undone everything by itself, as it does when the disk is full.
            let error = StoreError::Full("the transaction was rolled back".into());
            return Err(Lost { error, disk_failed: false });
        }
        if undoable {
            if kept.is_err() {
                connection.prepare_cached("ROLLBACK TO act")?.execute([])?;
            }
            connection.prepare_cached("RELEASE act")?.execute([])?;
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// On a full disk the log may hold what others need: it is written home and cut to nothing, if no reader is in the
/// way. Should that fail too, nothing is worse than before.
fn give_back_the_log(connection: &Connection) {
    let _ = connection.busy_timeout(Duration::ZERO);
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = connection.busy_timeout(BUSY_TIMEOUT);
}

/// The same bad news for every caller of a lost transaction.
fn again(error: &StoreError) -> StoreError {
    let told = error.to_string();
    match error {
        StoreError::Full(_) => StoreError::Full(told.into()),
        StoreError::Internal(_) => StoreError::Internal(told.into()),
        _ => StoreError::Unavailable(told.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::open_writer;
    use super::*;

    /// A writer on a table of numbers.
    fn numbers(directory: &tempfile::TempDir) -> Writer {
        let path = directory.path().join("numbers.db");
        let connection = open_writer(&path).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER)").unwrap();
        Writer::start(connection, path, Purpose::Command).unwrap()
    }

    fn insert(connection: &Connection) -> Result<()> {
        connection.execute("INSERT INTO numbers VALUES (1)", [])?;
        Ok(())
    }

    async fn count(writer: &Writer) -> u32 {
        let count =
            |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0))?);
        writer.write(count).await.unwrap()
    }

    fn io_error() -> StoreError {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_WRITE), None).into()
    }

    #[tokio::test]
    async fn an_act_that_fails_is_undone_alone() {
        let directory = tempfile::tempdir().unwrap();
        let writer = numbers(&directory);
        let fails = writer.write(|connection| insert(connection).and_then(|()| Err::<(), _>(StoreError::Busy)));
        let (fails, works) = tokio::join!(fails, writer.write(insert));
        assert!(matches!(fails, Err(StoreError::Busy)) && works.is_ok());
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn an_act_that_panics_is_undone_and_the_writer_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let writer = numbers(&directory);
        let panics = writer.write(|connection| insert(connection).map(|()| panic!("on purpose"))).await;
        assert!(matches!(panics, Err::<(), _>(StoreError::Internal(_))));
        writer.write(insert).await.unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn nothing_of_a_transaction_is_acknowledged_when_the_disk_fails_under_one_act() {
        let directory = tempfile::tempdir().unwrap();
        let writer = numbers(&directory);
        // While one act keeps the writer busy, two others wait, and so become one transaction.
        let (start, started) = oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel();
        let busy = writer.write(move |_| {
            let _ = start.send(());
            let _ = finished.recv();
            Ok(())
        });
        let others = async {
            started.await.unwrap();
            let fails = writer.write(|connection| insert(connection).and_then(|()| Err::<(), _>(io_error())));
            tokio::join!(writer.write(insert), fails, async { finish.send(()).unwrap() })
        };
        let (busy, (works, fails, ())) = tokio::join!(busy, others);
        assert!(busy.is_ok() && works.is_err() && fails.is_err());
        assert_eq!(count(&writer).await, 0);
        writer.write(insert).await.unwrap();
        assert_eq!(count(&writer).await, 1, "opened anew");
    }

    #[tokio::test]
    async fn a_database_that_was_taken_away_is_not_made_anew_after_the_disk_failed() {
        let directory = tempfile::tempdir().unwrap();
        let writer = numbers(&directory);
        let _ = writer.write(|_| Err::<(), _>(io_error())).await;
        std::fs::remove_file(directory.path().join("numbers.db")).unwrap();
        assert!(matches!(writer.write(insert).await, Err(StoreError::Unavailable(_))));
        assert!(!directory.path().join("numbers.db").exists());
    }
}
