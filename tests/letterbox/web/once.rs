//! Exactly once: the same receipt with the same content is one letter.

use std::collections::BTreeSet;

use letterbox::models::{Draft, Letter};
use serde_json::json;

use super::{JSON, letter, stored};
use crate::support::{Binary, Browser, TestApp};

fn receipt(visitor: &Browser) -> String {
    visitor.get("/contact").hidden("receipt")
}

/// Sends each letter and says how many there are then.
fn after_sending(app: &TestApp, letters: &[(&str, &str)]) -> usize {
    for (receipt, message) in letters {
        let answer = app.visitor().post("/contact", &letter(receipt, message));
        assert_eq!((answer.status, answer.header("location")), (303, "/contact/thanks"), "{}", answer.text());
    }
    stored(app).len()
}

#[test]
fn r48_a_letter_sent_twice_is_one_letter_also_a_day_later() {
    let app = TestApp::start();
    let receipt = receipt(&app.visitor());
    assert_eq!(after_sending(&app, &[(&receipt, "one"), (&receipt, "one")]), 1);
    app.clock.advance(std::time::Duration::from_hours(24));
    assert_eq!(after_sending(&app, &[(&receipt, "one")]), 1);
}

#[test]
fn r48_other_content_with_the_same_receipt_is_another_letter() {
    let app = TestApp::start();
    let receipt = receipt(&app.visitor());
    let letters = ["one", "one ", "One", "one\n"].map(|message| (receipt.as_str(), message));
    assert_eq!(after_sending(&app, &letters), 4);
    assert_eq!(after_sending(&app, &letters), 4);
}

#[test]
fn r48_a_receipt_that_is_not_ours_keeps_no_letter_out() {
    let app = TestApp::start();
    let genuine = receipt(&app.visitor());
    let edited = format!("{}{}", &genuine[1..], &genuine[..1]);
    let long = "A".repeat(5_000);
    let forged = ["", "1", &edited, &long, "\u{0}", "<b>"];
    let letters: Vec<(&str, &str)> = forged.iter().flat_map(|receipt| [(*receipt, "same"); 2]).collect();
    assert_eq!(after_sending(&app, &letters), letters.len());
}

#[test]
fn r48_twenty_at_once_are_one_letter_with_one_answer() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let receipt = receipt(&app.visitor());
    let body = json!({"name": "Ada", "email": "a@b.c", "message": "all at once", "receipt": receipt}).to_string();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let send = |visitor: Browser| {
            scope.spawn({
                let body = &body;
                move || visitor.post_json("/contact", body)
            })
        };
        let senders: Vec<_> = (0..20).map(|_| send(app.visitor())).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let different: BTreeSet<String> = answers.iter().map(|answer| answer.json().to_string()).collect();
    assert_eq!((different.len(), stored(&app).len()), (1, 1), "{different:?}");
    assert!(answers.iter().all(|answer| answer.status == 201));
}

#[test]
fn r48_an_idempotency_key_does_for_programs_what_the_receipt_does_for_people() {
    let app = TestApp::start();
    let send = |key: &str, message: &str| {
        let headers = [JSON, ("content-type", "application/json"), ("idempotency-key", key)];
        let body = json!({"name": "Ada", "email": "a@b.c", "message": message}).to_string();
        let answer = app.visitor().send("POST", "/contact", &headers, body.as_bytes());
        (answer.status, answer.json()["id"].clone())
    };
    let first = send("order-1", "one");
    assert_eq!(first.0, 201);
    assert_eq!(send("order-1", "one"), first);
    assert_ne!(send("order-1", "two"), first);
    assert_ne!(send("order-2", "one"), first);
    assert_eq!(stored(&app).len(), 3);
    assert_eq!(send(&"k".repeat(255), "one").0, 201);
    assert_eq!(send(&"k".repeat(256), "one").0, 400);
    assert_eq!(send("", "one").0, 400);
}

#[test]
fn r48_r13_a_page_that_was_open_while_the_key_changed_still_sends_once() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = ("the old key, thirty-two bytes and more", "another key, thirty-two bytes and more");
    let send = |server: &Binary, receipt: &str| {
        let body = json!({"name": "Ada", "email": "a@b.c", "message": "slowly typed", "receipt": receipt}).to_string();
        server.visitor().post_json("/contact", &body).json()["id"].as_str().unwrap().to_owned()
    };
    let before = Binary::start(directory.path(), &[("SECRET_KEY", old)]);
    let receipt = receipt(&before.visitor());
    let first = send(&before, &receipt);
    before.terminate();
    before.wait();
    let after = Binary::start(directory.path(), &[("SECRET_KEY", new), ("SECRET_KEY_PREVIOUS", old)]);
    assert_eq!(send(&after, &receipt), first);
    drop(after);
    let forgotten = Binary::start(directory.path(), &[("SECRET_KEY", new)]);
    assert_ne!(send(&forgotten, &receipt), first, "a key that is gone signs nothing any more");
}

#[test]
fn a_letter_of_the_form_and_the_same_letter_as_json_are_one() {
    let app = TestApp::start();
    let receipt = receipt(&app.visitor());
    let sent = [("receipt", receipt.as_str()), ("name", "Ada"), ("email", "a@b.c"), ("message", "a\r\nb")];
    assert_eq!(app.visitor().post("/contact", &sent).status, 303);
    let body = json!({"name": "Ada", "email": "a@b.c", "message": "a\nb", "receipt": receipt}).to_string();
    assert_eq!(app.visitor().post_json("/contact", &body).status, 201);
    let draft = Draft { name: "Ada".into(), email: "a@b.c".into(), message: "a\nb".into(), ..Draft::default() };
    let letters: Vec<Letter> = stored(&app).into_iter().map(|message| message.letter).collect();
    assert_eq!(letters, [Letter::parse(&draft).unwrap()]);
}
