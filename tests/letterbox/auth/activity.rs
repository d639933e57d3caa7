//! `/account/activity`: what happened to accounts and logins.

use std::time::Duration;

use letterbox::models::Role;

use super::{ACCESS_AND_MORE, MEMBER, OTHER_PASSWORD, change_password, copy_of, events, invite, is_in, try_login};
use crate::support::{Browser, OWNER, PASSWORD, TestApp, encode};

fn kinds(app: &TestApp) -> Vec<String> {
    let mut kinds: Vec<String> = events(app).into_iter().map(|event| event.0).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[test]
fn everything_that_happens_to_accounts_and_logins_is_written_down_with_who_and_whom() {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    app.log_in(MEMBER);
    try_login(&app.visitor(), MEMBER, "not the password");
    let handle = member.get("/account").hidden("session");
    member.post("/account", &[("action", "end"), ("session", &handle)]);
    change_password(&member, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD);
    let copy = copy_of(&app, &member);
    for _ in 0..2 {
        app.clock.advance(ACCESS_AND_MORE);
        is_in(&member);
    }
    is_in(&copy);
    super::tokens_personal::make(&owner, "Backup", "read", "30");
    let token = owner.get("/account/tokens").hidden("token");
    owner.post("/account/tokens", &[("action", "revoke"), ("token", &token)]);
    let link = invite(&owner, "ina@example.com", "member");
    let ina = app.visitor();
    super::accept(&ina, &link);
    ina.post("/logout", &[]);
    owner.post("/users", &[("action", "role"), ("email", "ina@example.com"), ("role", "owner")]);
    owner.post("/users", &[("action", "remove"), ("email", "ina@example.com")]);

    let entries = events(&app);
    let home = "127.0.0.0/24";
    for (kind, actor, subject, network) in [
        ("user-added", "tests", MEMBER, ""),
        ("logged-in", MEMBER, "", home),
        ("login-failed", MEMBER, "", home),
        ("session-ended", MEMBER, "", home),
        ("password-changed", MEMBER, MEMBER, home),
        ("token-reused", MEMBER, "", home),
        ("user-invited", OWNER, "ina@example.com", home),
        ("invitation-accepted", "ina@example.com", "", home),
        ("logged-out", "ina@example.com", "", home),
        ("access-token-made", OWNER, "Backup", home),
        ("access-token-revoked", OWNER, "Backup", home),
        ("role-changed", OWNER, "ina@example.com", home),
        ("user-removed", OWNER, "ina@example.com", home),
    ] {
        let wanted = (kind.to_owned(), actor.to_owned(), subject.to_owned(), network.to_owned());
        assert!(entries.contains(&wanted), "{wanted:?} in {entries:?}");
    }
    assert_eq!(kinds(&app).len(), 13, "every kind there is");
    let page = owner.get("/account/activity").text();
    for words in ["Logged in:", "Wrong password:", "Logged out:", "a spent key came back", "Invitation accepted by"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(page.contains("ina@example.com"), "an entry outlives its user");
}

fn try_from(browser: &Browser, address: &str, email: &str) -> u16 {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", address),
    ];
    let body = encode(&[("email", email), ("password", "not the password")]);
    browser.send("POST", "/login", &headers, body.as_bytes()).status
}

#[test]
fn what_was_typed_for_an_address_that_nobody_has_is_never_kept_and_networks_are_shortened() {
    let app = TestApp::with().setting("TRUSTED_PROXIES", "127.0.0.1").start();
    app.add_user(OWNER, Role::Owner);
    assert_eq!(try_from(&app.visitor(), "198.51.100.77", "hunter2@typed.in.the.wrong.field"), 422);
    assert_eq!(try_from(&app.visitor(), "198.51.100.78", "correct horse battery staple"), 422);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(try_from(&app.visitor(), "2001:db8:1:2:3:4:5:6", OWNER), 422);
    let failed: Vec<_> = events(&app).into_iter().filter(|event| event.0 == "login-failed").collect();
    let wanted = [(OWNER, "2001:db8:1::/48"), ("", "198.51.100.0/24"), ("", "198.51.100.0/24")];
    assert_eq!(failed.iter().map(|event| (event.1.as_str(), event.3.as_str())).collect::<Vec<_>>(), wanted);
    let file = super::crawl::all_files(&app);
    for never in ["hunter2", "typed.in.the.wrong", "198.51.100.77", "3:4:5:6", "horse battery"] {
        assert!(!file.contains(never), "{never} is in the database");
    }
    app.clock.advance(super::CALM);
    let owner = app.log_in(OWNER);
    assert!(owner.get("/account/activity").text().contains("somebody unknown"));
}

#[test]
fn entries_are_forgotten_after_ninety_days() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    app.clock.advance(Duration::from_hours(90 * 24));
    app.add_user(MEMBER, Role::Member);
    app.block_on(app.state.auth.forget_the_old()).unwrap();
    assert_eq!(events(&app).len(), 2, "at ninety days they are there");
    app.clock.advance(Duration::from_millis(1));
    app.block_on(app.state.auth.forget_the_old()).unwrap();
    assert_eq!(events(&app).iter().map(|event| event.2.as_str()).collect::<Vec<_>>(), [MEMBER]);
}

#[test]
fn the_log_is_paged_to_its_end_and_a_damaged_link_is_told_so() {
    let app = TestApp::start();
    let owner = app.owner();
    for number in 0..120 {
        app.clock.advance(Duration::from_millis(1));
        let fields =
            [("action", "invite"), ("name", "X"), ("email", &format!("u{number}@example.com")), ("role", "member")];
        assert_eq!(owner.post("/users", &fields).status, 200);
    }
    let mut path = "/account/activity".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = owner.get(&path).text();
        seen.extend(page.split("<bdi>u").skip(1).map(|rest| rest.split('@').next().unwrap().parse::<u32>().unwrap()));
        let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
        path = rest.split('"').next().unwrap().to_owned();
    }
    assert_eq!(seen, (0..120).rev().collect::<Vec<_>>());
    for before in ["x", "", "0198", "%00", "' OR 1=1"] {
        let status = owner.get(&format!("/account/activity?before={}", before.replace(' ', "%20"))).status;
        assert_eq!(status, 400, "{before}");
    }
}
