//! Renewal through real HTTP: nobody notices it, except whoever holds a copy.

use std::sync::Barrier;
use std::time::Duration;

use letterbox::auth::RecogniseError;
use letterbox::models::Role;

use super::{
    ACCESS_AND_MORE, MEMBER, cookie, copy_of, count_events, database, is_in, recognise, session, session_id, set_cookie,
};
use crate::support::{Browser, OWNER, TestApp};

/// The tokens a browser holds.
fn tokens(browser: &Browser) -> (String, String) {
    (cookie(browser, "access_token"), cookie(browser, "refresh_token"))
}

#[test]
fn r1_two_hundred_tabs_renew_at_once_and_each_answer_alone_keeps_the_session_alive() {
    const TABS: usize = 200;
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let owner = app.owner();
    let (_, refresh) = tokens(&owner);
    let before = session(&app, session_id(&refresh)).counter;
    app.clock.advance(ACCESS_AND_MORE);

    let ready = Barrier::new(TABS);
    let tabs: Vec<Browser> = std::thread::scope(|scope| {
        let tabs: Vec<_> = (0..TABS)
            .map(|_| {
                let (tab, ready) = (copy_of(&app, &owner), &ready);
                scope.spawn(move || {
                    ready.wait();
                    let answer = tab.get("/messages");
                    assert_eq!((answer.status, answer.set_cookies().len()), (200, 2), "{}", answer.text());
                    tab
                })
            })
            .collect();
        tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
    });

    let id = session_id(&refresh);
    assert_eq!(session(&app, id).counter, before + 1);
    for tab in &tabs {
        assert_eq!(cookie(tab, "refresh_token"), cookie(&tabs[0], "refresh_token"), "the same bytes for all");
    }
    // Whichever answer came last, its cookies live on, and through the next renewal as well.
    app.clock.advance(Duration::from_secs(60));
    assert!(tabs.iter().step_by(20).all(is_in));
    app.clock.advance(ACCESS_AND_MORE);
    assert!(is_in(&tabs[TABS - 1]));
    assert_eq!((session(&app, id).counter, count_events(&app, "token-reused")), (before + 2, 0));
}

#[test]
fn r2_a_token_two_generations_old_ends_its_session_within_and_outside_the_grace_and_no_other() {
    for wait in [Duration::ZERO, Duration::from_secs(29), Duration::from_secs(3_600)] {
        let app = TestApp::start();
        let owner = app.owner();
        let elsewhere = app.log_in(OWNER);
        let (_, first) = tokens(&owner);
        for _ in 0..2 {
            app.clock.advance(ACCESS_AND_MORE);
            assert!(is_in(&owner));
        }
        app.clock.advance(wait);
        let thief = app.visitor();
        set_cookie(&thief, "refresh_token", &first);
        let refused = thief.get("/messages");
        assert_eq!((refused.status, refused.header("location")), (303, "/login?next=%2Fmessages"));
        assert!(thief.cookies.borrow().is_empty(), "its cookies are taken back");
        let (access, refresh) = tokens(&owner);
        assert!(!is_in(&owner), "all tokens of the session are worthless on the very next request");
        assert!(matches!(recognise(&app, Some(&access), Some(&refresh)), Err(RecogniseError::Ended(Some(_)))));
        assert!(is_in(&elsewhere), "other sessions of the user stay");
        assert_eq!(count_events(&app, "token-reused"), 1);
    }
}

#[test]
fn r3_a_lost_answer_is_given_again_until_its_successor_was_seen_and_the_grace_is_over() {
    let app = TestApp::start();
    let owner = app.owner();
    app.clock.advance(ACCESS_AND_MORE);
    let unlucky = copy_of(&app, &owner);
    assert!(is_in(&unlucky), "this answer is lost: the owner's browser does not hear of it");
    app.clock.advance(Duration::from_secs(86_400));
    let old = copy_of(&app, &owner);
    assert!(is_in(&owner), "a day later the old token still renews");

    assert!(is_in(&owner), "a request with the successor");
    app.clock.advance(Duration::from_secs(31));
    assert!(!is_in(&old), "now the old token is a copy");
    assert!(!is_in(&owner), "and the session has ended");
}

#[test]
fn r3_within_thirty_seconds_the_token_before_is_a_race_also_when_its_successor_was_seen() {
    let app = TestApp::start();
    let owner = app.owner();
    app.clock.advance(ACCESS_AND_MORE);
    let slow = copy_of(&app, &owner);
    assert!(is_in(&owner) && is_in(&owner));
    app.clock.advance(Duration::from_secs(30));
    assert!(is_in(&slow));
    assert_eq!(tokens(&slow).1, tokens(&owner).1);
}

#[test]
fn r4_forged_and_unknown_tokens_end_nothing_and_one_ahead_of_a_restored_store_only_leads_to_the_login() {
    let app = TestApp::start();
    let owner = app.owner();
    let (_, refresh) = tokens(&owner);
    let mut parts: Vec<&str> = refresh.split('.').collect();
    let mac = parts[3].to_owned();
    let other_mac = format!("{}{}", if mac.starts_with('A') { 'B' } else { 'A' }, &mac[1..]);
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    parts[3] = &other_mac;
    let forged = parts.join(".");
    parts[3] = &mac;
    parts[2] = "7";
    let raised = parts.join(".");
    parts[1] = &unknown;
    let stranger = parts.join(".");
    for token in [&forged, &raised, &stranger] {
        assert!(matches!(recognise(&app, None, Some(token)), Err(RecogniseError::Nobody)), "{token}");
    }
    app.clock.advance(ACCESS_AND_MORE);
    assert!(is_in(&owner));

    // The store is set back, as from a backup: the browser's token is ahead of it.
    let newest = tokens(&owner).1;
    database(&app).execute("UPDATE sessions SET counter = 0", []).unwrap();
    app.clock.advance(ACCESS_AND_MORE);
    assert!(matches!(recognise(&app, None, Some(&newest)), Err(RecogniseError::Nobody)));
    assert!(!is_in(&owner));
    assert!(session(&app, session_id(&newest)).ended.is_none(), "no alarm");
    assert_eq!(count_events(&app, "token-reused"), 0);
}

#[test]
fn r5_a_form_sent_with_an_expired_access_token_is_done_once_with_its_body() {
    let app = TestApp::start();
    let owner = app.owner();
    app.clock.advance(ACCESS_AND_MORE);
    let renamed = owner.post("/account", &[("action", "name"), ("name", "Olive the Second")]);
    assert_eq!((renamed.status, renamed.header("location")), (303, "/account"), "the form's own answer");
    let cookies = renamed.set_cookies().join("\n");
    assert!(cookies.contains("access_token=ey") && cookies.contains("refresh_token=v1."), "{cookies}");
    assert_eq!(renamed.header("cache-control"), "no-store");
    assert!(owner.get("/account").text().contains("Olive the Second"));

    app.clock.advance(ACCESS_AND_MORE);
    super::invite(&owner, MEMBER, "member");
    assert_eq!(count_events(&app, "user-invited"), 1, "once");
    app.clock.advance(ACCESS_AND_MORE);
    let wrong = owner.post("/users", &[("action", "dance"), ("email", MEMBER)]);
    assert_eq!((wrong.status, wrong.set_cookies().len()), (400, 2), "fresh cookies on an error page too");
}

#[test]
fn r5_programs_get_renewed_too_and_are_told_401_when_it_is_over() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    let json = [("accept", "application/json")];
    app.clock.advance(ACCESS_AND_MORE);
    let forbidden = member.send("GET", "/users", &json, b"");
    assert_eq!((forbidden.status, forbidden.set_cookies().len()), (403, 2));
    app.clock.advance(Duration::from_hours(31 * 24));
    let over = member.send("GET", "/messages", &json, b"");
    assert_eq!((over.status, over.header("content-type")), (401, "application/problem+json"));
    assert!(member.cookies.borrow().keys().all(|name| !name.ends_with("_token")), "{:?}", member.cookies);
}

#[test]
fn a_store_that_cannot_note_that_a_token_was_seen_keeps_nobody_from_reading() {
    let app = TestApp::start();
    let owner = app.owner();
    let stop = "CREATE TRIGGER stop BEFORE UPDATE ON sessions WHEN new.current_seen = 1
                BEGIN SELECT RAISE(ABORT, 'no room'); END";
    database(&app).execute_batch(stop).unwrap();
    assert_eq!(owner.get("/messages").status, 200);
}
