use std::path::Path;

use futures_util::future::join_all;
use letterbox::models::Folder;
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Messages as _, Purpose, Store as _};

use super::contract::sample;
use super::open;
use crate::support::block_on;

#[test]
fn r57_letters_that_wait_for_the_disk_together_share_a_commit() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    let other = open(&database);
    let before = commits(&database);
    for round in 0..4 {
        // Another process writes: all fifty have come before the writer gets its turn.
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let letters = join_all((0..50).map(|number| store.add_message(sample::delivery(round * 50 + number))));
        let (delivered, ()) =
            block_on(async { tokio::join!(letters, async { other.execute_batch("COMMIT").unwrap() }) });
        assert!(delivered.iter().all(Result::is_ok));
    }
    let commits = commits(&database) - before;
    assert!((1..=20).contains(&commits), "{commits} commits for 200 letters");
    block_on(store.close());
}

#[test]
fn a_letter_that_cannot_be_stored_takes_none_of_its_transaction_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    block_on(store.add_message(sample::delivery(20))).unwrap();
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Two of them have the name of one that is there already.
    let letters = [19, 20, 21, 20, 22].map(|number| store.add_message(sample::delivery(number)));
    let (delivered, ()) =
        block_on(async { tokio::join!(join_all(letters), async { other.execute_batch("COMMIT").unwrap() }) });
    assert_eq!(delivered.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false, true]);
    block_on(async {
        assert_eq!(store.count_messages(Folder::Inbox).await.unwrap().total, 4);
        let page = store.list_messages(sample::inbox(9)).await.unwrap();
        assert_eq!(sample::ids(&page), [22, 21, 20, 19].map(sample::id));
        store.check(sample::at(0)).await.unwrap();
        store.close().await;
    });
}

/// Commits in the log: frames that name the size of the database after them (<https://sqlite.org/fileformat2.html#walformat>).
fn commits(database: &Path) -> usize {
    let log = std::fs::read(database.with_extension("db-wal")).unwrap();
    let (header, frames) = log.split_at(32);
    let page = u32::from_be_bytes(header[8..12].try_into().unwrap()) as usize;
    let of_this_log = |frame: &&[u8]| frame[8..16] == header[16..24];
    frames.chunks_exact(24 + page).take_while(of_this_log).filter(|frame| frame[4..8] != [0; 4]).count()
}
