//! The first start: one link, one owner.

use std::time::Duration;

use super::HTML;
use crate::support::{Browser, OWNER, PASSWORD, TestApp};

fn token(app: &TestApp) -> String {
    app.block_on(app.state.auth.setup_token()).unwrap().unwrap()
}

fn account<'a>(token: &'a str, email: &'a str) -> [(&'a str, &'a str); 5] {
    [("token", token), ("name", "Olive"), ("email", email), ("password", PASSWORD), ("password_again", PASSWORD)]
}

#[test]
fn a_wrong_or_expired_link_gets_403_and_makes_nobody() {
    let app = TestApp::start();
    let token = token(&app);
    let edited = format!("B{}", &token[1..]);
    let check = |token: &str, status: u16| {
        let visitor = app.visitor();
        assert_eq!(visitor.get(&format!("/setup?token={token}")).status, status, "GET with {token}");
        if status == 403 {
            assert_eq!(visitor.post("/setup", &account(token, OWNER)).status, 403, "POST with {token}");
        }
    };
    for wrong in ["", "x", &edited, &token[1..]] {
        check(wrong, 403);
    }
    check(&token, 200);
    app.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    check(&token, 200);
    app.clock.advance(Duration::from_secs(1));
    check(&token, 403);
    assert_eq!(app.block_on(app.state.store.count_users()).unwrap(), 0);
    assert_eq!(app.visitor().get("/setup").status, 403);
}

#[test]
fn of_two_who_race_one_becomes_the_owner() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let token = token(&app);
    let outcomes: Vec<(u16, Browser)> = std::thread::scope(|scope| {
        let race = |email: &'static str| {
            let (visitor, token) = (app.visitor(), &token);
            scope.spawn(move || (visitor.post("/setup", &account(token, email)).status, visitor))
        };
        let racers = ["one@example.com", "two@example.com"].map(race);
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let mut statuses: Vec<u16> = outcomes.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert_eq!(app.block_on(app.state.store.list_users()).unwrap().len(), 1);
    for (status, browser) in outcomes {
        assert_eq!(browser.get("/messages").status, if status == 303 { 200 } else { 303 });
    }
    assert_eq!(app.visitor().get(&format!("/setup?token={token}")).status, 404, "and then there is nothing to set up");
    assert_eq!(app.visitor().post("/setup", &account(&token, "three@example.com")).status, 404);
}

#[test]
fn faults_are_told_beside_their_fields_and_passwords_are_not_sent_back() {
    let app = TestApp::start();
    let token = token(&app);
    let visitor = app.visitor();
    let cases = [
        ("name", "", "Enter your name."),
        ("email", "no address", "mail"),
        ("password", "short", "shorter than 12"),
        ("password_again", "something else", "not the same"),
    ];
    for (field, value, words) in cases {
        let fields = account(&token, OWNER).map(|(name, old)| (name, if name == field { value } else { old }));
        let answer = visitor.post("/setup", &fields);
        let html = answer.text();
        assert_eq!((answer.status, answer.header("cache-control")), (422, "no-store"), "{field}");
        assert!(super::between(&html, &format!("id=\"error-{field}\""), "</p>").contains(words), "{field}: {html}");
        assert!(!html.contains(PASSWORD) && answer.hidden("token") == token, "{html}");
    }
    assert_eq!(visitor.post("/setup", &account(&token, OWNER)).status, 303);
    assert!(visitor.send("GET", "/messages", &[HTML], b"").text().contains("Welcome. This letterbox is yours."));
}
