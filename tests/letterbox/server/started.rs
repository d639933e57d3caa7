//! A write that was started is finished, whoever goes away.

use std::time::Duration;

use letterbox::store::StoreError;
use rusqlite::Connection;

use super::client::{Client, GET, ask, assert_last_page, letter, patient, until};
use crate::support::TestApp;

/// Keeps the store's writer waiting until dropped, as `letterbox user add` in another process would.
pub struct Lock(Connection);

impl Lock {
    pub fn on(database: &std::path::Path) -> Self {
        let connection = Connection::open(database).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

fn letters(app: &TestApp) -> Result<u64, StoreError> {
    let folder = letterbox::models::Folder::Inbox;
    Ok(app.block_on(app.state.store.count_messages(folder))?.total)
}

#[test]
fn r39_a_client_that_resets_does_not_cut_a_write_that_was_started() {
    let app = TestApp::with().limits(|limits| limits.per_address = 1).limits(patient).start();
    let mut client = Client::connect(app.port());
    client.send(GET);
    assert!(client.answer().is_some());
    let lock = Lock::on(&app.database());
    client.send(&letter("Sent then gone"));
    // The one worker takes what came in order: answering these, it has taken the letter.
    for _ in 0..5 {
        assert!(ask(app.port(), "/healthz").starts_with("HTTP/1.1 200 "));
    }
    client.reset();
    // The place of its connection is free again: nobody waits for the answer any more.
    until("the reset is noticed", || ask(app.port(), "/contact").starts_with("HTTP/1.1 200 "));
    assert_eq!(letters(&app).unwrap(), 0);
    drop(lock);
    until("the letter is stored", || letters(&app).unwrap() == 1);
}

#[test]
fn r39_a_handler_that_is_dropped_does_not_cut_a_write_that_was_started() {
    let app = TestApp::with().limits(|limits| limits.timeouts.handler = Duration::from_millis(300)).start();
    let lock = Lock::on(&app.database());
    let mut client = Client::connect(app.port());
    client.send(&letter("Sent then timed out"));
    assert_last_page(&client.hear_out(), "503");
    assert_eq!(letters(&app).unwrap(), 0);
    drop(lock);
    until("the letter is stored", || letters(&app).unwrap() == 1);
}
