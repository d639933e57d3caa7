//! Whatever is presented as a token, nobody falls over it, and nobody is taken for somebody.

use letterbox::auth::{AccessTokens, RefreshToken, SigningKey};
use letterbox::models::{Role, Timestamp};
use letterbox::page::local_next;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{MEMBER, cookie, invite, recognise};
use crate::support::{OWNER, TestApp};

pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// `genuine` with something replaced, taken away, put in, repeated or swapped; or nothing like it.
pub fn near(genuine: &str) -> BoxedStrategy<String> {
    let genuine = genuine.to_owned();
    let length = genuine.len();
    let edit = (0..length, 0..length, "[ -~]{0,4}").prop_map({
        let genuine = genuine.clone();
        move |(from, to, put)| {
            let (from, to) = (from.min(to), from.max(to));
            format!("{}{put}{}", &genuine[..from], &genuine[to..])
        }
    });
    let repeated = (1..4_usize).prop_map({
        let genuine = genuine.clone();
        move |times| vec![genuine.clone(); times + 1].join(".")
    });
    let swapped = (0..length).prop_map({
        let genuine = genuine.clone();
        move |at| {
            let mut bytes = genuine.clone().into_bytes();
            bytes[at] = if bytes[at].is_ascii_lowercase() { bytes[at].to_ascii_uppercase() } else { b'z' };
            String::from_utf8(bytes).unwrap()
        }
    });
    let parts = proptest::collection::vec("[A-Za-z0-9_-]{0,60}", 0..6).prop_map(|parts| parts.join("."));
    let other = genuine.clone();
    prop_oneof![4 => edit, 1 => repeated, 3 => swapped, 2 => parts, 1 => any::<String>()]
        .prop_filter("the genuine one is another matter", move |text| *text != other)
        .boxed()
}

#[test]
fn no_text_but_the_genuine_one_is_an_access_token() {
    let app = TestApp::start();
    let owner = app.owner();
    let access = cookie(&owner, "access_token");
    let checked = runner(400).run(&near(&access), |text| {
        prop_assert!(recognise(&app, Some(&text), None).is_err());
        prop_assert!(recognise(&app, Some(&text), Some(&text)).is_err());
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn no_text_but_the_genuine_one_is_a_refresh_token() {
    let app = TestApp::start();
    let owner = app.owner();
    let refresh = cookie(&owner, "refresh_token");
    let checked = runner(400).run(&near(&refresh), |text| {
        prop_assert!(recognise(&app, None, Some(&text)).is_err());
        // One token has one spelling.
        prop_assert!(RefreshToken::parse(&text).is_none_or(|token| token.to_string() == text));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(super::session(&app, super::session_id(&refresh)).ended.is_none(), "and nothing of it rang");
    assert!(super::is_in(&owner));
}

#[test]
fn any_bytes_can_be_asked_of_an_access_token() {
    let tokens = AccessTokens::new(&[SigningKey { id: "k".to_owned(), secret: [1; 32] }]).unwrap();
    let checked = runner(2_000).run(&any::<String>(), |text| {
        prop_assert!(tokens.read(&text, Timestamp::from_millis(0)).is_none());
        prop_assert!(tokens.read_expired(&text).is_none());
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn no_text_but_the_genuine_one_is_a_set_up_token() {
    let app = TestApp::start();
    let token = app.block_on(app.state.auth.setup_token()).unwrap().unwrap();
    let checked = runner(1_000).run(&near(&token), |text| {
        prop_assert!(!app.state.auth.accepts_setup_token(&text));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(app.state.auth.accepts_setup_token(&token));
}

#[test]
fn no_text_but_the_genuine_one_is_an_invitation() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    let token = link.split_once('=').unwrap().1;
    let checked = runner(300).run(&near(token), |text| {
        prop_assert!(app.block_on(app.state.auth.invited(&text)).is_err());
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(app.block_on(app.state.auth.invited(token)).is_ok());
}

#[test]
fn no_device_token_opens_anything_or_breaks_a_login() {
    let app = TestApp::start();
    let owner = app.owner();
    let device = cookie(&owner, "device");
    let checked = runner(40).run(&near(&device), |text| {
        app.clock.advance(super::CALM);
        let client = letterbox::auth::Client::default();
        let wrong = app.block_on(app.state.auth.log_in(OWNER, "a wrong password", Some(&text), &client));
        prop_assert!(matches!(wrong, Err(letterbox::auth::LoginError::Wrong)));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn whatever_next_is_it_is_a_visible_local_path_or_nothing() {
    let piece = prop_oneof![
        Just("/".to_owned()),
        Just("\\".to_owned()),
        Just("//".to_owned()),
        Just("..".to_owned()),
        Just("@".to_owned()),
        Just("messages".to_owned()),
        Just("/messages".to_owned()),
        Just("/users".to_owned()),
        Just("evil.example".to_owned()),
        Just("https:".to_owned()),
        Just("%2f".to_owned()),
        Just("?".to_owned()),
        Just("#".to_owned()),
        Just(";".to_owned()),
        any::<String>(),
    ];
    let next = proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let base = url::Url::parse("https://letters.example/login").unwrap();
    let checked = runner(5_000).run(&next, |next| {
        if let Some(path) = local_next(&next) {
            let there = base.join(path).unwrap();
            prop_assert_eq!(there.origin(), base.origin());
            prop_assert!(path.starts_with('/') && !path.starts_with("//"));
        }
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn no_cookie_header_and_no_query_is_a_mistake_of_ours() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let names = ["access_token", "refresh_token", "device", "session", "__Host-access_token", "x"];
    let pair = (proptest::sample::select(names.to_vec()), proptest::collection::vec(0x20_u8..=0xff, 0..80));
    let request = (
        proptest::collection::vec(pair, 0..5),
        proptest::sample::select(vec!["/messages", "/login", "/invitation", "/setup", "/account", "/logout", "/users"]),
        proptest::sample::select(vec!["token", "next", "before", "x"]),
        "[!-~&&[^#?]]{0,60}",
        any::<bool>(),
    );
    let checked = runner(150).run(&request, |(cookies, path, name, value, post)| {
        let method = if post { "POST" } else { "GET" };
        let mut head =
            format!("{method} {path}?{name}={value} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
        head.extend_from_slice(b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\nCookie: ");
        for (name, value) in cookies {
            head.extend_from_slice(format!("{name}=").as_bytes());
            head.extend(value.into_iter().filter(|byte| *byte != 0x7f));
            head.extend_from_slice(b"; ");
        }
        head.extend_from_slice(b"x=y\r\n\r\n");
        let answer = super::raw(app.port(), &head);
        let status: u16 = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        prop_assert!((200..500).contains(&status), "{}", answer);
        let given = answer.contains("set-cookie: access_token=e") || answer.contains("set-cookie: device=");
        prop_assert!(!given, "{}", answer);
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}
