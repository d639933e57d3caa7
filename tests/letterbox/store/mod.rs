//! The store: one contract for every engine, and what each of them must withstand.

mod alike;
mod backup;
mod closing;
mod contract;
mod counting;
mod crash;
mod faults;
mod fresh;
mod group_commit;
mod inbox;
mod mongo;
mod once;
mod plans;
mod search;
mod together;
mod unindexed;

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::support::{Answer, Binary, Browser};

/// Limits off, so that a test may send as many letters as it likes from one address.
const UNLIMITED: (&str, &str) = ("CONTACT_PER_MINUTE", "0");

/// The letter named `subject`, as a form sends it.
fn form<'a>(receipt: &'a str, subject: &'a str, message: &'a str) -> [(&'a str, &'a str); 5] {
    [("receipt", receipt), ("name", "Ada"), ("email", "ada@example.com"), ("subject", subject), ("message", message)]
}

/// A new form's receipt.
fn receipt(browser: &Browser) -> String {
    browser.get("/contact").hidden("receipt")
}

/// Writes a letter on a new form and sends it.
fn send(server: &Binary, subject: &str) -> Answer {
    let browser = server.visitor();
    browser.post("/contact", &form(&receipt(&browser), subject, "Hello"))
}

/// The database as somebody else sees it.
fn open(database: &Path) -> Connection {
    Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

/// What a question with one answer is answered.
fn ask<T: rusqlite::types::FromSql>(database: &Path, question: &str) -> T {
    open(database).query_row(question, [], |row| row.get(0)).unwrap()
}

/// Waits until `look` finds something.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not come");
        std::thread::yield_now();
    }
}
