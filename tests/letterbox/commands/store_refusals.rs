//! A store that cannot be served: one sentence that says why and what to do, and exit code 1.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::{Binary, letterbox};

/// Runs a command that must not succeed, and gives the one sentence it ends with.
fn refusal(command: &mut Command) -> String {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut child = command.env("RUST_LOG", "error").stderr(File::create(&log).unwrap()).spawn().unwrap();
    let start = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if start.elapsed() < Duration::from_secs(60) => std::thread::yield_now(),
            None => {
                child.kill().unwrap();
                panic!("it serves");
            }
        }
    };
    let told = fs::read_to_string(log).unwrap();
    assert_eq!((status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.starts_with("letterbox: ") && told.ends_with(".\n"), "{told}");
    told
}

/// `letterbox` and `letterbox check` alike refuse, with all of `words`.
fn both_refuse(directory: &Path, settings: &[(&str, &str)], words: &[&str]) {
    for command in ["serve", "check"] {
        let told = refusal(letterbox(directory, settings).arg(command));
        assert!(words.iter().all(|word| told.contains(word)), "{command}: {told}");
    }
}

/// A directory with a store that has been served before.
fn served_before() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    Binary::start(directory.path(), &[]).kill();
    directory
}

#[test]
fn a_store_of_a_newer_letterbox_is_refused_and_left_alone() {
    let directory = served_before();
    let database = directory.path().join("data/letterbox.db");
    let connection = Connection::open(&database).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    both_refuse(directory.path(), &[], &["letterbox.db", "newer Letterbox", "schema 99", "run that newer version"]);
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("diary.txt");
    let text = "Dear diary, this is not a database. ".repeat(300);
    fs::write(&file, &text).unwrap();
    both_refuse(directory.path(), &[("DATABASE_URL", "sqlite:diary.txt")], &["diary.txt", "is not a database"]);
    assert_eq!(fs::read_to_string(file).unwrap(), text);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let connection = Connection::open(directory.path().join("shop.db")).unwrap();
    connection.execute_batch("CREATE TABLE orders (number INTEGER)").unwrap();
    both_refuse(directory.path(), &[("DATABASE_URL", "sqlite:shop.db")], &["shop.db", "another program"]);
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn a_second_server_on_the_same_store_is_refused_and_the_first_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let first = Binary::start(directory.path(), &[]);
    let told = refusal(letterbox(directory.path(), &[]).arg("serve"));
    assert!(told.contains("Another Letterbox is serving") && told.contains("DATA_DIR"), "{told}");
    assert_eq!(first.visitor().get("/readyz").status, 200);
    // However the first one ends, the next may start.
    first.kill();
    assert_eq!(Binary::start(directory.path(), &[]).visitor().get("/readyz").status, 200);
}

#[test]
fn a_place_where_nothing_can_be_written_is_refused_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let told = refusal(letterbox(directory.path(), &[("DATA_DIR", "file/data")]).arg("serve"));
    assert!(told.contains("DATA_DIR") && told.contains("file/data"), "{told}");
    let elsewhere = [("DATABASE_URL", "sqlite:file/letterbox.db")];
    let told = refusal(letterbox(directory.path(), &elsewhere).arg("serve"));
    assert!(told.contains("file/letterbox.db"), "{told}");
}

#[test]
fn a_backup_of_a_store_that_is_not_there_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let told = refusal(letterbox(directory.path(), &[]).args(["backup", "copy.db"]));
    assert!(told.contains("There is no store") && !directory.path().join("copy.db").exists(), "{told}");
}
