//! The inbox: newest first, page by page, and only for those who are signed in.

use std::time::Duration;

use super::{HTML, between, letter_with, stored};
use crate::support::{Browser, TestApp};

/// Sends letters with the subjects 1 to `count`, a second apart.
fn with_letters(count: usize) -> TestApp {
    let app = TestApp::start();
    for number in 1..=count {
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(app.visitor().post("/contact", &letter_with("subject", &format!("No. {number}"))).status, 303);
    }
    app
}

/// The numbers of the letters on a page, from top to bottom.
fn numbers(html: &str) -> Vec<usize> {
    html.split("<bdi class=\"subject\" dir=\"auto\">No. ")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().parse().unwrap())
        .collect()
}

/// The link to the older or newer letters.
fn link(html: &str, rel: &str) -> Option<String> {
    html.contains(&format!("rel=\"{rel}\"")).then(|| between(html, &format!("rel=\"{rel}\" href=\""), "\"").to_owned())
}

fn descending(from: usize, to: usize) -> Vec<usize> {
    (to..=from).rev().collect()
}

#[test]
fn letters_are_listed_newest_first_fifty_a_page_in_both_directions() {
    let app = with_letters(120);
    let owner = app.owner();
    let page = |path: &str| owner.get(path).text();
    let first = page("/messages");
    assert_eq!((numbers(&first), link(&first, "prev")), (descending(120, 71), None));
    let second = page(&link(&first, "next").unwrap());
    assert_eq!(numbers(&second), descending(70, 21));
    // A letter that arrives meanwhile moves nothing.
    app.clock.advance(Duration::from_secs(1));
    app.visitor().post("/contact", &letter_with("subject", "No. 121"));
    let third = page(&link(&second, "next").unwrap());
    assert_eq!((numbers(&third), link(&third, "next")), (descending(20, 1), None));
    let back = page(&link(&third, "prev").unwrap());
    assert_eq!(numbers(&back), descending(70, 21));
    assert_eq!(numbers(&page(&link(&back, "prev").unwrap())), descending(120, 71));
    assert_eq!(numbers(&page("/messages"))[0], 121);
}

#[test]
fn a_page_that_has_emptied_says_so() {
    let app = with_letters(2);
    let owner = app.owner();
    let oldest = stored(&app)[1].id;
    let html = owner.get(&format!("/messages?before={oldest}")).text();
    assert!(html.contains("There is nothing on this page"), "{html}");
    let id = stored(&app)[0].id;
    app.block_on(app.state.store.delete_message(id)).unwrap();
    assert_eq!(
        owner.get(&format!("/messages?after={id}")).status,
        200,
        "a cursor need not name a letter that is there"
    );
}

#[test]
fn only_a_person_who_opens_a_letter_marks_it_read() {
    let app = with_letters(1);
    let owner = app.owner();
    let path = format!("/messages/{}", stored(&app)[0].id);
    let unread = || owner.get("/messages").text().matches("class=\"unread\"").count();
    assert!(owner.get("/messages").text().contains("<title>(1) Inbox"));
    owner.send("HEAD", &path, &[HTML], b"");
    for purpose in ["prefetch", "prefetch;prerender"] {
        assert_eq!(owner.send("GET", &path, &[HTML, ("sec-purpose", purpose)], b"").status, 200);
    }
    owner.send("OPTIONS", &path, &[], b"");
    app.visitor().get(&path);
    assert_eq!(unread(), 1);
    assert_eq!(owner.get(&path).status, 200);
    assert_eq!(unread(), 0);
    assert!(owner.get("/messages").text().contains("<title>Inbox"));
}

#[test]
fn links_that_are_not_whole_and_letters_that_are_not_there_are_told_so() {
    let app = with_letters(1);
    let owner = app.owner();
    let id = stored(&app)[0].id.to_string();
    let unknown = "01999999-9999-7999-8999-999999999999";
    for (path, status) in [
        ("/messages?before=x".to_owned(), 400),
        ("/messages?after=".to_owned(), 200),
        (format!("/messages?before={id}x"), 400),
        ("/messages?before=%ff".to_owned(), 400),
        (format!("/messages?before={unknown}&other=1"), 200),
        (format!("/messages/{unknown}"), 404),
        ("/messages/x".to_owned(), 404),
        ("/messages/".to_owned(), 404),
        (format!("/messages/{id}/x"), 404),
        (format!("/messages/{}", "9".repeat(5_000)), 404),
    ] {
        let answer = owner.get(&path);
        assert_eq!(answer.status, status, "{path}");
        if status != 200 {
            assert!(answer.text().contains("Back to the inbox"), "{path}: {}", answer.text());
        }
    }
}

#[test]
fn a_reply_begins_with_one_click() {
    let app = TestApp::start();
    app.visitor().post("/contact", &letter_with("subject", "Re: a&b?c=\u{e9}"));
    let html = app.owner().get(&format!("/messages/{}", stored(&app)[0].id)).text();
    assert!(html.contains("href=\"mailto:ada@example.com?subject=Re%3A%20a%26b%3Fc%3D%C3%A9\""), "{html}");
}

#[test]
fn private_pages_are_kept_by_nobody_and_run_our_scripts_alone() {
    let app = with_letters(1);
    let owner = app.owner();
    let letter = format!("/messages/{}", stored(&app)[0].id);
    for path in ["/", "/messages", letter.as_str(), "/logout", "/messages/x"] {
        let answer = owner.send("GET", path, &[HTML, ("accept-encoding", "br, gzip, zstd")], b"");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        // An error page runs no script at all.
        let scripts = if answer.status == 404 { "script-src 'none';" } else { "script-src 'self';" };
        assert!(answer.header("content-security-policy").contains(scripts), "{path}");
        assert_eq!(answer.header("content-encoding"), "", "r29 {path}");
        assert_eq!((answer.header("etag"), answer.header("last-modified")), ("", ""), "{path}");
    }
}

#[test]
fn r21_nothing_that_is_only_read_changes_the_database() {
    let app = with_letters(3);
    let owner = app.owner();
    let letter = format!("/messages/{}", stored(&app)[0].id);
    // Opening a letter marks it read, once: that is what opening means.
    owner.get(&letter);
    let before = stored(&app);
    let read = |browser: &Browser| {
        for path in [
            "/",
            "/contact",
            "/contact/thanks",
            "/login",
            "/logout",
            "/setup",
            "/messages",
            &letter,
            "/messages?action=delete",
        ] {
            for method in ["GET", "HEAD", "OPTIONS"] {
                browser.send(method, path, &[HTML], b"");
            }
        }
    };
    read(&owner);
    read(&app.visitor());
    assert_eq!(stored(&app), before);
    assert_eq!(owner.get("/messages").status, 200, "GET /logout asks, and does not log out");
}
