//! Readers: threads with connections of their own. In WAL they never wait for the writer, nor it for them.

mod desk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::desk::Desk;
use super::connection::open_reader;
use super::writer::closed;
use crate::store::{Result, StoreError};

/// Reads at the same time.
const READERS: usize = 4;
/// Of those that are quickly done, no more are called than there are cores: to switch between them costs more than they
/// do. But two always are, so that a page that has to come from the disk does not stop all others.
const CALLED_AT_LEAST: usize = 2;
/// Answers that are told together, so that whoever waits for them is woken once.
const TOGETHER: usize = 16;
/// How long the first of them may have waited when another read is begun. Only reads that are quickly done come in
/// between.
const KEPT: Duration = Duration::from_millis(1);

/// Longest life of a read: whoever asked is told by then, and a snapshot that lives on keeps the log from shrinking.
const LONGEST: Duration = Duration::from_secs(5);
/// Steps of SQLite's machine between two looks at the clock, well under a millisecond.
const STEPS: i32 = 20_000;

/// Something to read.
struct Read {
    /// Whether it is done within a moment once its pages are in memory: a few rows along an index.
    is_brief: bool,
    act: Box<dyn FnOnce(&mut Connection) -> Answer + Send>,
}

/// Tells whoever asked.
type Answer = Box<dyn FnOnce()>;

/// Hands reads to a thread that is free.
pub(super) struct Readers {
    desk: Arc<Desk<Read>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    closing: Arc<AtomicBool>,
}

impl Readers {
    /// Starts the threads.
    pub(super) fn start(path: &Path) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(READERS, usize::from);
        let desk = Arc::new(Desk::new(READERS, cores.clamp(CALLED_AT_LEAST, READERS)));
        let readers = Self { desk, threads: Mutex::default(), closing: Arc::default() };
        for number in 0..READERS {
            let mut connection = open_reader(path)?;
            let desk = Arc::clone(&readers.desk);
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{}", number + 1))
                .spawn(move || serve(&mut connection, &desk, number))
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            readers.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(readers)
    }

    /// Reads within one snapshot, for at most five seconds.
    pub(super) async fn read<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.read_within(Some(LONGEST), false, act).await
    }

    /// The same for a few rows along an index, which are quickly there however many others there are.
    pub(super) async fn read_briefly<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.read_within(Some(LONGEST), true, act).await
    }

    /// Reads within one snapshot, however long it takes: for looking a whole store over.
    pub(super) async fn read_patiently<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.read_within(None, false, act).await
    }

    /// Reads a few rows with one statement: SQLite reads them from one snapshot by itself, and is done before anybody
    /// could stop it.
    pub(super) async fn look_up<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.ask(true, |connection| act(connection)).await
    }

    async fn read_within<T, F>(&self, longest: Option<Duration>, is_brief: bool, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let closing = Arc::clone(&self.closing);
        self.ask(is_brief, move |connection| {
            let end = longest.map(|longest| Instant::now() + longest);
            interruptible(connection, closing, end, act)
        })
        .await
    }

    async fn ask<T, F>(&self, is_brief: bool, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let act = Box::new(move |connection: &mut Connection| -> Answer {
            // Whoever asked has gone: the read is worth nothing any more.
            if reply.is_closed() {
                return Box::new(|| ());
            }
            let outcome = act(connection);
            Box::new(move || drop(reply.send(outcome)))
        });
        self.desk.put(Read { is_brief, act })?;
        answer.await.map_err(|_| closed())?
    }

    /// Answers what waits and closes the connections: the writer's is then the last one, which writes the log home.
    pub(super) async fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.desk.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        let _ = tokio::task::spawn_blocking(join).await;
    }
}

impl Drop for Readers {
    /// A store that is not closed, or never came about, leaves no threads behind.
    fn drop(&mut self) {
        self.desk.close();
    }
}

fn serve(connection: &mut Connection, desk: &Desk<Read>, number: usize) {
    let mut answers = Vec::with_capacity(TOGETHER);
    while let Some(first) = desk.next(number) {
        let begun = Instant::now();
        let mut next = Some(first);
        while let Some(Read { is_brief, act }) = next {
            let away = (!is_brief).then(|| {
                tell(&mut answers);
                desk.away()
            });
            match catch_unwind(AssertUnwindSafe(|| act(&mut *connection))) {
                Ok(answer) => answers.push(answer),
                // Whoever asked hears of a panic by the answer that never comes; the thread stays for the others, and
                // they must not be stopped when the time of this read is over.
                Err(_) => drop(connection.progress_handler(0, None::<fn() -> bool>)),
            }
            drop(away);
            let may_wait = answers.len() < TOGETHER && begun.elapsed() < KEPT;
            next = if may_wait { desk.more() } else { None };
        }
        // Before the answers: whoever receives one may ask for more at once, and would wake another thread.
        desk.set_free(number);
        tell(&mut answers);
    }
}

fn tell(answers: &mut Vec<Answer>) {
    answers.drain(..).for_each(|answer| answer());
}

/// A read that ends in [`StoreError::Unavailable`] when its time is over or the store closes.
fn interruptible<T>(
    connection: &mut Connection,
    closing: Arc<AtomicBool>,
    end: Option<Instant>,
    act: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let is_over = move || end.is_some_and(|end| Instant::now() >= end) || closing.load(Ordering::Relaxed);
    connection.progress_handler(STEPS, Some(is_over))?;
    let result = in_snapshot(connection, act);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    result
}

/// A transaction that only reads. What begins and ends it is prepared once, for it is there with every read.
struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    fn begin(connection: &'a Connection) -> Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Nothing was written, so either will do; a COMMIT takes half the time.
        let end = |how| self.0.prepare_cached(how).and_then(|mut end| end.execute([]));
        let _ = end("COMMIT");
        if !self.0.is_autocommit() {
            let _ = end("ROLLBACK");
        }
    }
}

fn in_snapshot<T>(connection: &Connection, act: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let snapshot = Snapshot::begin(connection)?;
    act(snapshot.0)
}

#[cfg(test)]
mod tests {
    use super::super::connection::open_writer;
    use super::*;

    #[tokio::test]
    async fn a_read_that_panicked_stops_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letterbox.db");
        let _writer = open_writer(&path).unwrap();
        let readers = Readers::start(&path).unwrap();
        let panics = || readers.read_within(Some(Duration::ZERO), false, |_| -> Result<()> { panic!("on purpose") });
        // Whichever threads these were, they are asked afterwards, for far more than the steps between two looks.
        for _ in 0..READERS {
            assert!(panics().await.is_err());
        }
        let count =
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n LIMIT 100000) SELECT max(n) FROM n";
        for _ in 0..2 * READERS {
            let counted =
                readers.look_up(move |connection| Ok(connection.query_row(count, [], |row| row.get::<_, u32>(0))?));
            assert_eq!(counted.await.unwrap(), 100_000);
        }
        readers.close().await;
    }
}
