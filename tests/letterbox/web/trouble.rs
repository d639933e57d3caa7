//! A store that fails: nobody loses a text, and nobody stays logged in.

use std::time::Duration;

use super::{letter, send_json, stored};
use crate::support::{STORE_SECRET, TestApp, Trouble};

fn app() -> (TestApp, Trouble) {
    let trouble = Trouble::default();
    let around = trouble.clone();
    (TestApp::with().store(move |inner| around.around(inner)).start(), trouble)
}

#[test]
fn a_letter_that_cannot_be_stored_comes_back_with_its_text_and_its_receipt() {
    let (app, trouble) = app();
    let visitor = app.visitor();
    let receipt = visitor.get("/contact").hidden("receipt");
    trouble.begin();
    let failed = visitor.post("/contact", &letter(&receipt, "do not lose me"));
    assert_eq!((failed.status, failed.header("retry-after")), (503, "5"));
    let html = failed.text();
    assert_eq!(failed.hidden("receipt"), receipt);
    assert!(html.contains("do not lose me</textarea>") && html.contains("Your text is still here"), "{html}");
    assert!(!html.contains(STORE_SECRET));
    let json = send_json(&visitor, "do not lose me");
    assert_eq!((json.status, json.header("retry-after")), (503, "5"));
    assert_eq!(json.header("content-type"), "application/problem+json");
    assert!(!json.text().contains(STORE_SECRET));
    trouble.end();
    assert_eq!(visitor.post("/contact", &letter(&receipt, "do not lose me")).status, 303);
    assert_eq!(stored(&app).len(), 1);
}

#[test]
fn logging_out_takes_the_cookies_back_even_when_the_store_fails() {
    let (app, trouble) = app();
    for expired in [false, true] {
        let owner = if expired { app.log_in(crate::support::OWNER) } else { app.owner() };
        if expired {
            app.clock.advance(Duration::from_mins(16));
        }
        trouble.begin();
        let out = owner.post("/logout", &[]);
        assert_eq!(out.status, 503, "nobody is told they are out while the session lives");
        assert_eq!(owner.cookies.borrow().keys().filter(|name| name.ends_with("_token")).count(), 0);
        trouble.end();
    }
}

#[test]
fn a_letter_can_be_read_while_nothing_can_be_written() {
    let (app, trouble) = app();
    let owner = app.owner();
    app.visitor().post("/contact", &letter("", "readable"));
    let path = format!("/messages/{}", stored(&app)[0].id);
    trouble.begin();
    assert_eq!(owner.get(&path).status, 503);
    trouble.end();
    assert!(owner.get(&path).text().contains("readable"));
}
