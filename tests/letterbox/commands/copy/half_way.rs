//! A copy that does not come to its end, and the next one.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Purpose, Store};
use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::{HERE, THERE, copy, filled, verified};
use crate::support::letterbox;

/// Several batches.
const LETTERS: u32 = 3_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A copy with some letters across and others not. It is stopped, as a process is, until it is told to go on.
fn half_way(directory: &Path) -> Child {
    for _ in 0..20 {
        for name in ["there.db", "there.db-wal", "there.db-shm"] {
            let _ = std::fs::remove_file(directory.join(name));
        }
        let watching = empty_store(&directory.join("there.db"));
        let mut copying = letterbox(directory, &[]);
        copying.args(["copy", HERE, THERE]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = copying.spawn().unwrap();
        if stopped_half_way(&child, &watching) {
            return child;
        }
        // It was faster than this test.
        send(&child, Signal::KILL);
        child.wait().unwrap();
    }
    panic!("every copy had ended before it could be stopped");
}

/// Makes an empty store and looks into it, which keeps no writer waiting. Looking into one that is just being made
/// would: the step to the write-ahead log waits for nobody and fails.
fn empty_store(database: &Path) -> Connection {
    let store = SqliteStore::open(database, Purpose::Command).unwrap();
    let watching = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    watching.busy_timeout(PATIENCE).unwrap();
    assert_eq!(letters(&watching), 0);
    tokio::runtime::Runtime::new().unwrap().block_on(Store::close(&store));
    watching
}

fn letters(watching: &Connection) -> u32 {
    watching.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap()
}

/// Stops a copy when the first letters are there; false when too many are by then.
fn stopped_half_way(child: &Child, watching: &Connection) -> bool {
    let start = Instant::now();
    while letters(watching) == 0 {
        assert!(start.elapsed() < PATIENCE, "no letter arrives");
        std::thread::yield_now();
    }
    send(child, Signal::STOP);
    letters(watching) <= LETTERS / 2
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn a_copy_that_was_killed_is_just_run_again() {
    let directory = filled(LETTERS);
    let mut child = half_way(directory.path());
    send(&child, Signal::KILL);
    child.wait().unwrap();
    let copied = copy(directory.path(), HERE, THERE, &[]);
    let digests = verified(&copied);
    let written = copied.stdout.lines().find_map(|line| line.strip_suffix(" records were written.")).unwrap();
    assert!((1..=2_500).contains(&written.parse::<u32>().unwrap()), "{written}: what was there is not copied again");
    assert_eq!(verified(&copy(directory.path(), HERE, "sqlite:third.db", &[])), digests);
}

#[test]
fn a_copy_that_is_interrupted_says_how_to_go_on() {
    let directory = filled(LETTERS);
    let child = half_way(directory.path());
    send(&child, Signal::INT);
    send(&child, Signal::CONT);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.contains("Run the same command again"), "{told}");
    verified(&copy(directory.path(), HERE, THERE, &[]));
}
