//! The one writer: a thread that takes whatever waits into one transaction and answers each caller after the commit.
//!
//! One `fdatasync` then serves every letter that arrived while the last one ran (group commit). An act that fails is
//! undone alone, by its savepoint. After the disk has failed once, nothing is acknowledged until the database was
//! opened anew, its log written home and the file looked over: what the kernel could not write it may since have
//! forgotten, and a later "success" would stand on it.
//!
//! What follows the letters is done when nothing else is to do, or when too much waits for it (followers.rs).

mod followers;
mod job;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::followers::{Due, Followers};
use self::job::{Act, Close, Job, Undo};
use super::connection::{BUSY_TIMEOUT, is_io_failure, reopen_writer, settle_writer};
use super::delivery_keys::ROUNDS;
use super::is_served;
use super::memory::Memory;
use crate::store::{Purpose, Result, StoreError};

/// Acts that may wait for the writer. Beyond it callers are told that the store is busy.
const QUEUE: usize = 4_096;
/// Acts that share one commit.
const BATCH: usize = 512;

/// Hands acts to the writer's thread.
pub(super) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread on an open and migrated connection.
    pub(super) fn start(connection: Connection, path: PathBuf, purpose: Purpose, memory: Arc<Memory>) -> Result<Self> {
        settle_writer(&connection, purpose)?;
        let followers = Followers::start(&connection, Arc::clone(&memory), purpose)?;
        let (queue, jobs) = sync_channel(QUEUE);
        let desk = Desk { connection: Some(connection), path, purpose, memory, followers };
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

    /// The same for an act that as good as never fails once it has begun to write, and is done so often that a savepoint,
    /// for which SQLite keeps a copy of each page that is changed, would show. If it does fail then, so does everything in
    /// its transaction.
    pub(super) async fn write_without_savepoint<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.send(Act::without_savepoint(act)).await
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
    memory: Arc<Memory>,
    followers: Followers,
}

impl Desk {
    fn work(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Some(first) = self.next(queue) {
            let mut batch = Batch { jobs: vec![first], queue: Some(queue) };
            batch.take_in();
            if self.run(batch) {
                return self.finish();
            }
        }
    }

    /// The next job. What follows the letters is done while none comes, and before it if too much waits.
    fn next(&mut self, queue: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
        self.look(false);
        let mut due = self.followers.far_behind();
        while self.follow(due) {
            due = Due { table: false, ..self.followers.far_behind() };
        }
        while self.connection.is_some()
            && let Some(quiet) = self.followers.quiet()
        {
            match queue.recv_timeout(quiet) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.look(true),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            for _ in 0..ROUNDS {
                if !self.follow(self.followers.waiting()) {
                    break;
                }
                if let Ok(job) = queue.try_recv() {
                    return Some(job);
                }
            }
        }
        queue.recv().ok()
    }

    /// Puts what is left of the keys into their table, so that the next start need not look for them. A command beside a
    /// server leaves them to it.
    fn finish(&mut self) {
        if self.purpose == Purpose::Command && is_served(&self.path) {
            return;
        }
        self.look(true);
        for _ in 0..ROUNDS {
            if !self.follow(Due { index: false, ..self.followers.waiting() }) {
                return;
            }
        }
    }

    /// Does some of what is due. Tells whether there was anything.
    fn follow(&mut self, due: Due) -> bool {
        if self.connection.is_none() || due.is_nothing() {
            return false;
        }
        let (jobs, outcomes) = self.followers.some(due);
        self.run(Batch { jobs, queue: None });
        self.followers.done(outcomes);
        self.look(true);
        true
    }

    fn look(&mut self, is_quiet: bool) {
        if let Some(connection) = &self.connection
            && let Err(error) = self.followers.look(connection, is_quiet)
        {
            tracing::warn!(%error, "how many letters wait to be indexed is not known");
        }
    }

    /// Commits the jobs together and answers. Tells whether the last one of all was among them.
    fn run(&mut self, mut batch: Batch<'_>) -> bool {
        let outcome = self.recover().and_then(|()| self.commit_together(&mut batch));
        if let Err(error) = &outcome {
            tracing::error!(error = %error, acts = batch.jobs.len(), "the store could not commit");
        }
        let was_last = batch.has_last();
        if let Some(connection) = &self.connection {
            self.followers.committed(connection);
        }
        for job in batch.jobs {
            job.answer(outcome.as_ref().err().map(again));
        }
        was_last
    }

    fn commit_together(&mut self, batch: &mut Batch<'_>) -> Result<()> {
        let Some(connection) = &self.connection else { return Err(closed()) };
        let Err(Lost { error, disk_failed }) = transact(connection, &self.memory, batch) else { return Ok(()) };
        self.memory.doubt();
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

/// Jobs that share one commit.
struct Batch<'a> {
    jobs: Vec<Box<dyn Job>>,
    /// From where more of them come meanwhile.
    queue: Option<&'a Receiver<Box<dyn Job>>>,
}

impl Batch<'_> {
    /// Takes in what has come.
    fn take_in(&mut self) {
        while self.jobs.len() < BATCH
            && !self.has_last()
            && let Some(queue) = self.queue
            && let Ok(next) = queue.try_recv()
        {
            self.jobs.push(next);
        }
    }

    fn has_last(&self) -> bool {
        self.jobs.last().is_some_and(|job| job.is_last())
    }
}

/// One IMMEDIATE transaction over all jobs: it never has to turn a read lock into a write lock, which SQLite refuses
/// at once, whatever the busy timeout. What comes while it goes on has its place in it too: a commit costs as much for a
/// few as for many.
fn transact(connection: &Connection, memory: &Memory, batch: &mut Batch<'_>) -> Result<(), Lost> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    memory.catch_up(connection)?;
    let mut done = 0;
    while let Some(job) = batch.jobs.get_mut(done) {
        run_within(connection, memory, job.as_mut())?;
        done += 1;
        if done == batch.jobs.len() {
            batch.take_in();
        }
    }
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Runs a job and undoes what it did if it fails.
fn run_within(connection: &Connection, memory: &Memory, job: &mut dyn Job) -> Result<(), Lost> {
    let has_savepoint = job.has_savepoint();
    let changes = connection.total_changes();
    if has_savepoint {
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
    let is_half_done = kept.is_err() && connection.total_changes() != changes;
    if is_half_done && !has_savepoint {
        let error = StoreError::Unavailable("another act of the same transaction failed halfway".into());
        return Err(Lost { error, disk_failed: false });
    }
    if has_savepoint {
        if kept.is_err() {
            connection.prepare_cached("ROLLBACK TO act")?.execute([])?;
        }
        connection.prepare_cached("RELEASE act")?.execute([])?;
    }
    if is_half_done {
        memory.doubt();
        memory.catch_up(connection)?;
    }
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
mod tests;
