use std::fs::File;

use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Delivery, Messages as _, Purpose, Store as _};

use super::contract::sample::{at, delivery, id};
use super::{UNLIMITED, ask, eventually, form, open, receipt};
use crate::support::{Binary, Output, PASSWORD, block_on, letterbox};

#[test]
fn r48_one_receipt_sent_fifty_times_at_once_is_one_letter() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("data/letterbox.db");
    let server = Binary::start(directory.path(), &[UNLIMITED]);
    let receipt = receipt(&server.visitor());
    let letter = form(&receipt, "Once", "Said once, sent often");
    std::thread::scope(|scope| {
        for _ in 0..50 {
            let browser = server.visitor();
            scope.spawn(move || {
                let answer = browser.post("/contact", &letter);
                assert_eq!((answer.status, answer.header("location")), (303, "/contact/thanks"));
            });
        }
    });
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 1);

    // The server dies, and the visitor reloads the page of thanks.
    server.kill();
    let server = Binary::start(directory.path(), &[UNLIMITED]);
    assert_eq!(server.visitor().post("/contact", &letter).status, 303);
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 1);
    let other = form(&receipt, "Once", "Said differently");
    assert_eq!(server.visitor().post("/contact", &other).status, 303);
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 2, "other content is another letter");
}

/// The same letter, sent once more.
fn again(first: &Delivery) -> Delivery {
    Delivery { id: id(100), received_at: at(100), ..first.clone() }
}

#[test]
fn r48_a_letter_is_one_whatever_the_table_of_keys_knows_of_it_yet() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("letterbox.db");
    let keys = "SELECT count(*) FROM delivery_keys";
    let [one, two] = [1, 2].map(delivery);
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    let beside = SqliteStore::open(&database, Purpose::Command).unwrap();
    block_on(async {
        store.add_message(one.clone()).await.unwrap();
        beside.add_message(two.clone()).await.unwrap();
        // Each has come to one process and comes to the other.
        assert!(beside.add_message(again(&one)).await.unwrap().repeated);
        assert!(store.add_message(again(&two)).await.unwrap().repeated);
        beside.close().await;
        eventually("a table that knows both", || (ask::<u32>(&database, keys) == 2).then_some(()));
        assert!(store.add_message(again(&one)).await.unwrap().repeated);
        store.close().await;
    });
    drop((store, beside));
    // As if the process had died before the table followed.
    open(&database).execute_batch("DELETE FROM delivery_keys; UPDATE delivery_keys_known SET up_to = -1").unwrap();
    let store = SqliteStore::open(&database, Purpose::Serve).unwrap();
    block_on(async {
        assert_eq!(store.delivered(two.key).await.unwrap().map(|known| known.id), Some(id(2)));
        assert!(store.add_message(again(&one)).await.unwrap().repeated);
        store.check(at(0)).await.unwrap();
        store.close().await;
    });
    assert_eq!(ask::<u32>(&database, keys), 2, "known before the end, for the next start");
}

#[test]
fn r49_fifty_people_who_send_at_once_never_meet_a_locked_database() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("data/letterbox.db");
    let log = directory.path().join("log");
    let mut command = letterbox(directory.path(), &[UNLIMITED]);
    let server = Binary::start_command(command.stderr(File::create(&log).unwrap()));
    std::thread::scope(|scope| {
        for person in 0..50 {
            let browser = server.visitor();
            scope.spawn(move || {
                for number in 0..4 {
                    let subject = format!("Letter {number} of {person}");
                    let answer = browser.post("/contact", &form(&receipt(&browser), &subject, "Hello"));
                    assert_eq!(answer.status, 303, "{subject}");
                }
            });
        }
        for number in 0..5 {
            let mut add = letterbox(directory.path(), &[]);
            add.args(["user", "add", &format!("user{number}@example.com"), "--password-stdin"]);
            let output = Output::of(&mut add, PASSWORD);
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
    });
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM messages"), 200);
    assert_eq!(ask::<u32>(&database, "SELECT count(*) FROM users"), 5);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains("locked") && !log.contains("busy") && !log.contains("ERROR"), "{log}");
}
