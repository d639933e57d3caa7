//! Stores that are full of letters, made once and kept in `target`.

mod bare;
mod house;
mod mongod;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use letterbox::models::MessageId;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use bare::Bare;
pub use house::House;
pub use mongod::Mongod;

use crate::process::{add_owner, letterbox};

/// A directory whose `data` holds so many letters and an owner. Delete `target/bench-letters-N` to have it made anew.
pub fn seeded(letters: u64) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let directory = target.join(format!("bench-letters-{letters}"));
    if !directory.exists() {
        eprintln!("filling a store with {letters} letters");
        let half_done = directory.with_extension("part");
        let _ = std::fs::remove_dir_all(&half_done);
        std::fs::create_dir_all(&half_done).unwrap();
        let mut seed = letterbox(&half_done, &[]);
        assert!(seed.args(["seed", &letters.to_string()]).stdout(Stdio::null()).status().unwrap().success());
        add_owner(&half_done, &[]);
        std::fs::rename(&half_done, &directory).unwrap();
    }
    directory
}

/// The database of a Letterbox that runs in `directory`.
pub fn database(directory: &Path) -> PathBuf {
    directory.join("data/letterbox.db")
}

/// As one would who reads much: without locks around each call, and without planning a statement anew at each run.
pub fn open_to_read(database: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    connection
}

/// How many letters there are.
pub fn count(database: &Path) -> u64 {
    open_to_read(database).query_row("SELECT sum(total) FROM folder_counts", [], |row| row.get(0)).unwrap()
}

/// How many letters a search for a word finds.
pub fn count_found(database: &Path, word: &str) -> u64 {
    let sql = "SELECT count(*) FROM messages_search WHERE messages_search MATCH ?1";
    open_to_read(database).query_row(sql, [word], |row| row.get(0)).unwrap()
}

/// A letter of the inbox in the middle of all.
fn middle(database: &Path) -> MessageId {
    let sql =
        "SELECT id FROM messages WHERE folder = 'inbox' AND seq <= (SELECT (min(seq) + max(seq)) / 2 FROM messages)
               ORDER BY seq DESC LIMIT 1";
    MessageId::from_bytes(open_to_read(database).query_row(sql, [], |row| row.get(0)).unwrap())
}
