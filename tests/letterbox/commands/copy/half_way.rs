//! A copy that does not come to its end, and the next one.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::{HERE, THERE, copy, filled, verified};
use crate::support::letterbox;

/// Several batches.
const LETTERS: u32 = 3_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A copy with some letters across and others not. It cannot go on as long as the connection holds the target.
fn half_way(directory: &Path) -> (Child, Connection) {
    for _ in 0..20 {
        for name in ["there.db", "there.db-wal", "there.db-shm"] {
            let _ = std::fs::remove_file(directory.join(name));
        }
        let mut copying = letterbox(directory, &[]);
        copying.args(["copy", HERE, THERE]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = copying.spawn().unwrap();
        match held(&directory.join("there.db")) {
            Some(connection) => return (child, connection),
            // It was faster than this test.
            None => drop(child.wait()),
        }
    }
    panic!("every copy had ended before it could be held");
}

/// Holds a database that letters are being copied into; `None` when they all are there.
fn held(database: &Path) -> Option<Connection> {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < PATIENCE, "no letter arrives");
        let Some((connection, letters)) = try_hold(database) else {
            std::thread::yield_now();
            continue;
        };
        match letters {
            0 => drop(connection),
            LETTERS => return None,
            _ => return Some(connection),
        }
    }
}

fn try_hold(database: &Path) -> Option<(Connection, u32)> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    connection.busy_timeout(PATIENCE).ok()?;
    connection.execute_batch("BEGIN IMMEDIATE").ok()?;
    let letters = connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).ok()?;
    Some((connection, letters))
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn a_copy_that_was_killed_is_just_run_again() {
    let directory = filled(LETTERS);
    let (mut child, connection) = half_way(directory.path());
    send(&child, Signal::KILL);
    child.wait().unwrap();
    drop(connection);
    let copied = copy(directory.path(), HERE, THERE, &[]);
    let digests = verified(&copied);
    let written = copied.stdout.lines().find_map(|line| line.strip_suffix(" records were written.")).unwrap();
    assert!((1..=2_500).contains(&written.parse::<u32>().unwrap()), "{written}: what was there is not copied again");
    assert_eq!(verified(&copy(directory.path(), HERE, "sqlite:third.db", &[])), digests);
}

#[test]
fn a_copy_that_is_interrupted_says_how_to_go_on() {
    let directory = filled(LETTERS);
    let (child, connection) = half_way(directory.path());
    send(&child, Signal::INT);
    drop(connection);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.contains("Run the same command again"), "{told}");
    verified(&copy(directory.path(), HERE, THERE, &[]));
}
