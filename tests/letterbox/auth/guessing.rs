//! Guessing is slow, and shuts nobody out: the table of `src/auth/attempts.rs`, line by line, and R19.

use std::net::IpAddr;
use std::time::Duration;

use letterbox::auth::{Client, LoginError};
use letterbox::models::Role;

use super::{MEMBER, OTHER_PASSWORD, change_password, cookie, set_cookie};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp, encode};

const WRONG: &str = "not the password";

/// A letterbox that believes the proxy these tests are.
fn behind_a_proxy() -> TestApp {
    TestApp::with().setting("TRUSTED_PROXIES", "127.0.0.1").start()
}

/// Tries to log in from an address.
fn from(address: &str, browser: &Browser, email: &str, password: &str) -> Answer {
    let headers = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", address),
    ];
    browser.send("POST", "/login", &headers, encode(&[("email", email), ("password", password)]).as_bytes())
}

fn retry_after(answer: &Answer) -> Duration {
    assert_eq!(answer.status, 429, "{}", answer.text());
    Duration::from_secs(answer.header("retry-after").parse().unwrap())
}

/// One try below HTTP: `None` when it was let through and was wrong, else how long to wait.
fn guess(app: &TestApp, email: &str, address: &str, device: Option<&str>) -> Option<Duration> {
    let client = Client { address: Some(address.parse::<IpAddr>().unwrap()), device: String::new() };
    match app.block_on(app.state.auth.log_in(email, WRONG, device, &client)) {
        Err(LoginError::Wrong) => None,
        Err(LoginError::TooMany(wait)) => Some(wait),
        other => panic!("{other:?}"),
    }
}

fn seconds(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(count))
}

#[test]
fn r19_under_attack_the_owner_gets_in_at_once_from_a_known_browser_and_soon_from_a_new_one() {
    let app = behind_a_proxy();
    app.add_user(OWNER, Role::Owner);
    let known = app.visitor();
    assert_eq!(from("192.0.2.1", &known, OWNER, PASSWORD).status, 303);

    let attacker = app.visitor();
    let attack = || -> (usize, usize) {
        let answers: Vec<u16> =
            (1..=50).map(|host| from(&format!("198.51.100.{host}"), &attacker, OWNER, WRONG).status).collect();
        assert!(answers.iter().all(|status| [422, 429].contains(status)), "{answers:?}");
        (answers.len(), answers.iter().filter(|status| **status == 422).count())
    };
    let (mut sent, mut checked) = (0, 0);
    for _ in 0..20 {
        let (now_sent, now_checked) = attack();
        (sent, checked) = (sent + now_sent, checked + now_checked);
        app.clock.advance(Duration::from_secs(3));
    }
    assert_eq!(sent, 1_000);
    assert!(checked <= 10 + 50 + 10, "{checked} guesses were looked at in a minute");

    let again = app.visitor();
    set_cookie(&again, "device", &cookie(&known, "device"));
    assert_eq!(from("203.0.113.7", &again, OWNER, PASSWORD).status, 303, "at once");

    let (new, mut waited) = (app.visitor(), Duration::ZERO);
    loop {
        let answer = from("203.0.113.99", &new, OWNER, PASSWORD);
        if answer.status == 303 {
            break;
        }
        let wait = retry_after(&answer);
        waited += wait;
        assert!(waited <= Duration::from_secs(60), "within the documented minute");
        app.clock.advance(wait);
        attack();
    }
}

#[test]
fn r19_a_known_browser_may_try_ten_times_and_then_every_six_seconds_and_nobody_elses_tries_count() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let device = app.block_on(app.state.auth.log_in(OWNER, PASSWORD, None, &Client::default())).unwrap().device;
    for number in 1..=20 {
        guess(&app, OWNER, &format!("198.51.100.{number}"), None);
    }
    let guess = || guess(&app, OWNER, "192.0.2.1", Some(&device));
    assert!((0..10).all(|_| guess().is_none()));
    assert_eq!(guess(), seconds(6));
    app.clock.advance(Duration::from_secs(6));
    assert_eq!((guess(), guess()), (None, seconds(6)));
}

#[test]
fn r19_an_address_may_try_twenty_times_and_then_every_three_seconds_whatever_the_account() {
    let app = TestApp::start();
    let guess = |number: u32| guess(&app, &format!("user{number}@example.com"), "192.0.2.1", None);
    assert!((0..20).all(|number| guess(number).is_none()));
    assert_eq!(guess(20), seconds(3));
    app.clock.advance(Duration::from_secs(3));
    assert_eq!((guess(21), guess(22)), (None, seconds(3)));
}

#[test]
fn r19_all_strangers_together_may_try_an_account_ten_times_and_then_each_once_a_minute_sixty_in_all() {
    for email in [OWNER, "nobody@example.com"] {
        let app = TestApp::start();
        app.add_user(OWNER, Role::Owner);
        let guess = |host: u32| guess(&app, email, &format!("198.51.100.{host}"), None);
        assert!((0..10).all(|_| guess(1).is_none()));
        assert_eq!((guess(1), guess(1)), (None, seconds(60)), "used up: once a minute");
        // Two addresses may share a bucket, seldom; such a one is passed over.
        let mut anew = (2..).map(&guess).filter(|outcome| *outcome != seconds(60));
        assert!(anew.by_ref().take(59).all(|outcome| outcome.is_none()), "whoever comes anew may still try");
        assert_eq!(anew.next(), Some(seconds(1)), "sixty in all");
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(anew.next(), Some(None));
        app.clock.advance(Duration::from_secs(90));
        assert_eq!(guess(1), None);
    }
}

#[test]
fn r19_a_household_is_one_address_and_a_spelling_of_an_account_is_that_account() {
    let app = TestApp::start();
    for host in 0..20 {
        guess(&app, &format!("user{host}@example.com"), &format!("2001:db8:1:2::{host:x}"), None);
    }
    assert!(guess(&app, "another@example.com", "2001:db8:1:2:ffff::1", None).is_some());
    assert!(guess(&app, "another@example.com", "2001:db8:1:3::1", None).is_none());

    let app = TestApp::start();
    for (host, email) in ["a@example.com", "A@EXAMPLE.com", " a@example.com "].iter().cycle().take(12).enumerate() {
        guess(&app, email, &format!("198.51.100.{}", host / 6), None);
    }
    assert!(guess(&app, "a@Example.com", "198.51.100.1", None).is_some());
}

#[test]
fn r19_a_device_of_one_account_is_a_stranger_to_another() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    app.add_user(MEMBER, Role::Member);
    let device = app.block_on(app.state.auth.log_in(MEMBER, PASSWORD, None, &Client::default())).unwrap().device;
    let guess = || guess(&app, OWNER, "198.51.100.1", Some(&device));
    assert!((0..11).all(|_| guess().is_none()));
    assert_eq!(guess(), seconds(60));
}

/// What an answer shows to somebody who wants to know whether an account exists.
fn face(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, headers, answer.text())
}

#[test]
fn r19_an_account_that_exists_is_answered_as_one_that_does_not() {
    let app = behind_a_proxy();
    app.add_user("known@example.com", Role::Owner);
    let owner = app.log_in("known@example.com");
    super::invite(&owner, "asked@example.com", "member");
    app.clock.advance(super::CALM);
    let faces = ["known@example.com", "asked@example.com", "empty@example.com"].map(|email| {
        let tries = (0..16).map(|round| {
            let answer = from(&format!("198.51.100.{}", round / 8), &app.visitor(), email, WRONG);
            let mut face = face(&answer);
            face.2 = face.2.replace(email, "EMAIL");
            face
        });
        let tries: Vec<_> = tries.collect();
        app.clock.advance(super::CALM);
        tries
    });
    assert!(faces[0].iter().any(|face| face.0 == 429) && faces[0].iter().any(|face| face.0 == 422));
    assert_eq!(faces[0], faces[2], "known and unknown");
    assert_eq!(faces[1], faces[2], "invited and unknown");
}

#[test]
fn a_limited_login_shows_the_form_again_with_the_address_and_without_the_password() {
    let app = behind_a_proxy();
    let visitor = app.visitor();
    let answers: Vec<Answer> = (0..12).map(|_| from("198.51.100.1", &visitor, OWNER, "s3cret typed here")).collect();
    let limited = answers.last().unwrap();
    assert_eq!(retry_after(limited), Duration::from_secs(60));
    let text = limited.text();
    assert!(text.contains("Please wait 60 seconds") && text.contains(OWNER) && !text.contains("s3cret"), "{text}");
}

#[test]
fn the_present_password_cannot_be_guessed_quickly_within_a_session_either() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    let change = |present: &str| change_password(&member, present, OTHER_PASSWORD, OTHER_PASSWORD);
    assert!((0..10).all(|_| change(WRONG).status == 422));
    assert_eq!(retry_after(&change(PASSWORD)), Duration::from_secs(6));
    app.clock.advance(Duration::from_secs(6));
    assert_eq!(change(PASSWORD).status, 303);
}
