use std::sync::mpsc;

use super::*;
use crate::models::{DeliveryKey, MessageId};
use crate::store::sqlite::connection::open_writer;
use crate::store::sqlite::migrations::migrate;

/// A new store for letters, and where it is.
fn letters(directory: &tempfile::TempDir) -> (Connection, PathBuf) {
    let path = directory.path().join("letters.db");
    let mut connection = open_writer(&path).unwrap();
    migrate(&mut connection, &path, false).unwrap();
    (connection, path)
}

/// A writer on a table of numbers.
fn numbers(directory: &tempfile::TempDir) -> Writer {
    let (connection, path) = letters(directory);
    connection.execute_batch("CREATE TABLE numbers (number INTEGER)").unwrap();
    Writer::start(connection, path, Purpose::Command, Arc::default()).unwrap()
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

/// An act that keeps the writer busy until it is told to end: what comes meanwhile is done in the same transaction.
struct Busy {
    started: oneshot::Receiver<()>,
    finish: mpsc::Sender<()>,
}

impl Busy {
    fn new() -> (Self, impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        let (start, started) = oneshot::channel();
        let (finish, finished) = mpsc::channel();
        let act = move |_: &Connection| {
            let _ = start.send(());
            let _ = finished.recv();
            Ok(())
        };
        (Self { started, finish }, act)
    }

    /// Does both while the act goes on.
    async fn with<A, B>(self, one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
        self.started.await.unwrap();
        let (one, other, ()) = tokio::join!(one, other, async { self.finish.send(()).unwrap() });
        (one, other)
    }
}

#[tokio::test]
async fn nothing_of_a_transaction_is_acknowledged_when_the_disk_fails_under_one_act() {
    let directory = tempfile::tempdir().unwrap();
    let writer = numbers(&directory);
    let (busy, act) = Busy::new();
    let fails = writer.write(|connection| insert(connection).and_then(|()| Err::<(), _>(io_error())));
    let (busy, (works, fails)) = tokio::join!(writer.write(act), busy.with(writer.write(insert), fails));
    assert!(busy.is_err() && works.is_err() && fails.is_err());
    assert_eq!(count(&writer).await, 0);
    writer.write(insert).await.unwrap();
    assert_eq!(count(&writer).await, 1, "opened anew");
}

#[tokio::test]
async fn an_act_without_savepoint_fails_alone_only_before_its_first_change() {
    let directory = tempfile::tempdir().unwrap();
    let writer = numbers(&directory);
    let (busy, act) = Busy::new();
    let early = writer.write_without_savepoint(|_| Err::<(), _>(StoreError::Busy));
    let (busy, (works, early)) = tokio::join!(writer.write(act), busy.with(writer.write(insert), early));
    assert!(busy.is_ok() && works.is_ok() && matches!(early, Err(StoreError::Busy)));

    let (busy, act) = Busy::new();
    let late = |connection: &Connection| insert(connection).and_then(|()| Err::<(), _>(StoreError::Busy));
    let late = writer.write_without_savepoint(late);
    let (busy, (works, late)) = tokio::join!(writer.write(act), busy.with(writer.write(insert), late));
    assert!(busy.is_err() && works.is_err() && matches!(late, Err(StoreError::Busy)));
    writer.write(insert).await.unwrap();
    assert_eq!(count(&writer).await, 2);
}

#[tokio::test]
async fn a_database_that_was_taken_away_is_not_made_anew_after_the_disk_failed() {
    let directory = tempfile::tempdir().unwrap();
    let writer = numbers(&directory);
    let _ = writer.write(|_| Err::<(), _>(io_error())).await;
    std::fs::remove_file(directory.path().join("letters.db")).unwrap();
    assert!(matches!(writer.write(insert).await, Err(StoreError::Unavailable(_))));
    assert!(!directory.path().join("letters.db").exists());
}

#[tokio::test]
async fn what_an_act_had_remembered_is_forgotten_when_it_is_undone_or_lost() {
    let directory = tempfile::tempdir().unwrap();
    let (connection, path) = letters(&directory);
    let memory = Arc::<Memory>::default();
    let writer = Writer::start(connection, path, Purpose::Command, Arc::clone(&memory)).unwrap();
    let fails = || {
        let memory = Arc::clone(&memory);
        move |connection: &Connection| {
            memory.keys.add(connection, DeliveryKey::from_bytes([7; 16]), MessageId::from_bytes([1; 16]), 1)?;
            connection.execute("DELETE FROM folder_counts", [])?;
            Err::<(), _>(StoreError::Busy)
        }
    };
    let is_forgotten = || {
        let memory = Arc::clone(&memory);
        writer.write(move |_| Ok(memory.keys.is_nothing()))
    };
    let (undone, forgotten) = tokio::join!(writer.write(fails()), is_forgotten());
    assert!(undone.is_err() && forgotten.unwrap());
    let lost = writer.write_without_savepoint(fails()).await;
    assert!(lost.is_err() && is_forgotten().await.unwrap());
}

/// Has letters with these numbers wait to be indexed.
fn let_wait(connection: &Connection, first: u32, last: u32) {
    let some = "WITH RECURSIVE n (seq) AS (SELECT ?1 UNION ALL SELECT seq + 1 FROM n WHERE seq < ?2)
                INSERT INTO unindexed (seq, bytes) SELECT seq, 1 FROM n";
    connection.execute(some, [first, last]).unwrap();
}

#[test]
fn letters_that_come_before_those_that_wait_are_counted_too() {
    let directory = tempfile::tempdir().unwrap();
    let (connection, _) = letters(&directory);
    let mut followers = Followers::start(&connection, Arc::default(), Purpose::Serve).unwrap();
    for (first, last, is_too_much) in [(5_001, 5_200, false), (5_201, 6_000, false), (1, 1_400, true)] {
        let_wait(&connection, first, last);
        followers.committed(&connection);
        followers.look(&connection, false).unwrap();
        assert_eq!(followers.far_behind().index, is_too_much, "up to {last}");
    }
}

#[test]
fn what_another_process_has_indexed_meanwhile_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let (connection, path) = letters(&directory);
    let_wait(&connection, 1, 5_000);
    let mut followers = Followers::start(&connection, Arc::default(), Purpose::Serve).unwrap();
    followers.look(&connection, false).unwrap();
    let due = followers.far_behind();
    assert!(due.index);
    open_writer(&path).unwrap().execute("DELETE FROM unindexed", []).unwrap();
    let (jobs, outcomes) = followers.some(due);
    for mut job in jobs {
        assert!(job.run(&connection).is_ok());
        job.answer(None);
    }
    followers.committed(&connection);
    followers.done(outcomes);
    followers.look(&connection, true).unwrap();
    assert!(followers.far_behind().is_nothing());
}
