//! Getting in, going on, getting out.

use std::time::Duration;

use letterbox::models::{EndReason, Role};
use serde_json::json;

use super::{Program, log_in, places, post, problem};
use crate::support::{OWNER, PASSWORD, TestApp, Trouble};

fn field(answer: &crate::support::Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap().to_owned()
}

#[test]
fn a_login_gives_two_tokens_and_no_cookie() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let answer = log_in(&app, OWNER, PASSWORD);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert!(answer.set_cookies().is_empty());
    assert_eq!(answer.header("ratelimit-policy"), "\"login\";q=20;w=60");
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens.as_object().unwrap().len(), 4);
    let program = Program::with(&app, tokens["access_token"].as_str().unwrap());
    assert_eq!(program.get("/messages").status, 200);
}

#[test]
fn a_wrong_login_says_neither_what_is_wrong_nor_who_is_known() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let mut told = Vec::new();
    for (email, password) in [(OWNER, "wrong"), ("nobody@example.com", PASSWORD), ("", ""), ("\u{0}", "x")] {
        let answer = log_in(&app, email, password);
        let mut problem = problem(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"letterbox\"");
        assert_eq!(answer.header("ratelimit-policy"), "\"login\";q=20;w=60");
        problem.as_object_mut().unwrap().remove("request_id");
        told.push(problem);
    }
    assert!(told.iter().all(|problem| *problem == told[0]));
    let faulty = post(&app, "/auth/login", &json!({"email": 1, "pasword": "x"}));
    assert_eq!(places(&problem(&faulty, 422)), ["#/email", "#/password", "#/pasword"]);
}

#[test]
fn guessing_is_slowed_down_as_on_the_page_and_the_wait_is_told() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let refused = (0..60).map(|_| log_in(&app, OWNER, "wrong")).find(|answer| answer.status != 401).unwrap();
    problem(&refused, 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(refused.header("ratelimit"), format!("\"login\";r=0;t={wait}"));
    assert_eq!(refused.header("ratelimit-policy"), "\"login\";q=20;w=60");
    app.clock.advance(Duration::from_secs(wait));
    assert_ne!(log_in(&app, OWNER, PASSWORD).status, 429);
}

#[test]
fn a_refresh_token_is_spent_by_its_use() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let first = field(&log_in(&app, OWNER, PASSWORD), "refresh_token");
    let renewed = post(&app, "/auth/refresh", &json!({"refresh_token": first}));
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let second = field(&renewed, "refresh_token");
    assert_ne!(first, second);
    // The new token has arrived: its program uses what came with it.
    let program = Program::with(&app, &field(&renewed, "access_token"));
    assert_eq!(program.get("/messages").status, 200);
    app.clock.advance(Duration::from_secs(31));
    let stolen = post(&app, "/auth/refresh", &json!({"refresh_token": first}));
    problem(&stolen, 401);
    assert_eq!(stolen.header("www-authenticate"), "Bearer realm=\"letterbox\", error=\"invalid_token\"");
    // Somebody has a copy: the session is over for everybody.
    assert_eq!(post(&app, "/auth/refresh", &json!({"refresh_token": second})).status, 401);
    assert_eq!(program.get("/messages").status, 401);
}

#[test]
fn an_answer_that_was_lost_costs_no_session() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let first = field(&log_in(&app, OWNER, PASSWORD), "refresh_token");
    app.clock.advance(Duration::from_secs(2));
    let lost = field(&post(&app, "/auth/refresh", &json!({"refresh_token": first})), "refresh_token");
    app.clock.advance(Duration::from_secs(3_600));
    let again = post(&app, "/auth/refresh", &json!({"refresh_token": first}));
    assert_eq!((again.status, field(&again, "refresh_token")), (200, lost));
}

#[test]
fn an_alarm_is_left_for_a_person_to_see() {
    let app = TestApp::start();
    let browser = app.owner();
    let spent = browser.cookies.borrow()["refresh_token"].clone();
    app.clock.advance(Duration::from_secs(1_000));
    browser.get("/messages");
    browser.get("/messages");
    app.clock.advance(Duration::from_secs(31));
    assert_eq!(post(&app, "/auth/refresh", &json!({"refresh_token": spent})).status, 401);
    Program::log_in(&app, OWNER);
    let page = app.log_in(OWNER).get("/messages").text();
    assert!(page.contains("an old copy of its key was used"), "{page}");
}

#[test]
fn a_logout_ends_the_session_at_once() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let tokens = log_in(&app, OWNER, PASSWORD);
    let program = Program::with(&app, &field(&tokens, "access_token"));
    let answer = program.ask("POST", "/auth/logout", &[], b"");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(program.get("/messages").status, 401);
    let refresh = json!({"refresh_token": field(&tokens, "refresh_token")});
    assert_eq!(post(&app, "/auth/refresh", &refresh).status, 401);
    assert_eq!(program.ask("POST", "/auth/logout", &[], b"").status, 401);
}

#[test]
fn only_a_live_access_token_in_its_own_header_opens_anything() {
    let app = TestApp::start();
    let browser = app.owner();
    let (access, refresh) = {
        let jar = browser.cookies.borrow();
        (jar["access_token"].clone(), jar["refresh_token"].clone())
    };
    let bare = "Bearer realm=\"letterbox\"";
    let invalid = "Bearer realm=\"letterbox\", error=\"invalid_token\"";
    // The cookies of a browser that is signed in are no way in.
    let with_cookies = browser.send("GET", "/api/v1/messages", &[], b"");
    problem(&with_cookies, 401);
    assert_eq!(with_cookies.header("www-authenticate"), bare);
    assert!(with_cookies.set_cookies().is_empty());
    for (authorization, challenge) in [
        (format!("Bearer {refresh}"), invalid),
        (format!("Bearer {access}x"), invalid),
        (format!("Bearer {access} {access}"), invalid),
        ("Bearer a.b.c".to_owned(), invalid),
        (format!("Bearer {}", "x".repeat(5_000)), invalid),
        (format!("Basic {access}"), bare),
        (access.clone(), bare),
        ("Bearer".to_owned(), bare),
    ] {
        let answer = app.visitor().send("GET", "/api/v1/messages", &[("authorization", &authorization)], b"");
        problem(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), challenge, "{authorization}");
    }
    let in_query = app.visitor().get(&format!("/api/v1/messages?access_token={access}"));
    problem(&in_query, 401);
    let program = Program::with(&app, &access);
    assert_eq!(program.get("/messages").status, 200);
    let twice = app.visitor();
    let line = format!("Bearer {access}");
    let twice = twice.send("GET", "/api/v1/messages", &[("authorization", &line), ("authorization", &line)], b"");
    problem(&twice, 400);
    app.clock.advance(Duration::from_secs(15 * 60));
    problem(&program.get("/messages"), 401);
}

#[test]
fn a_session_that_is_ended_from_elsewhere_opens_nothing_from_that_moment_on() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    app.log_in(OWNER);
    let store = &app.state.store;
    let (user, _) = app.block_on(store.user_by_email(OWNER)).unwrap().unwrap();
    app.block_on(store.end_sessions(user.id, None, EndReason::Revoked, app.state.clock.now())).unwrap();
    problem(&program.get("/messages"), 401);
}

#[test]
fn a_store_that_fails_is_told_as_such_and_nobody_is_shut_out() {
    let trouble = Trouble::default();
    let around = trouble.clone();
    let app = TestApp::with().store(move |inner| around.around(inner)).start();
    let program = Program::of_owner(&app);
    trouble.begin();
    for answer in [program.get("/messages"), log_in(&app, OWNER, PASSWORD)] {
        problem(&answer, 503);
        assert_eq!(answer.header("retry-after"), "5");
    }
    trouble.end();
    assert_eq!(program.get("/messages").status, 200);
}
