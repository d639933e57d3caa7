//! What the login cookies look like, and whose cookies are believed.

use letterbox::models::Role;

use super::{MEMBER, cookie, set_cookie, try_login};
use crate::support::{Browser, OWNER, PASSWORD, TestApp};

const HTTPS: &str = "https://letters.example";

fn https() -> TestApp {
    TestApp::with().setting("PUBLIC_URL", HTTPS).start()
}

fn names(browser: &Browser) -> Vec<String> {
    browser.cookies.borrow().keys().cloned().collect()
}

fn attributes(cookie: &str) -> Vec<&str> {
    let mut rest: Vec<&str> = cookie.split("; ").skip(1).filter(|part| !part.starts_with("Max-Age=")).collect();
    rest.sort_unstable();
    rest
}

#[test]
fn r9_over_https_every_cookie_has_the_host_prefix_and_all_attributes() {
    let app = https();
    app.add_user(OWNER, Role::Owner);
    let owner = app.visitor();
    let given = try_login(&owner, OWNER, PASSWORD);
    assert_eq!(names(&owner), ["__Host-access_token", "__Host-device", "__Host-refresh_token"]);
    let named = owner.post("/account", &[("action", "name"), ("name", "Olive")]);
    let out = owner.post("/logout", &[]);
    for cookie in given.set_cookies().into_iter().chain(named.set_cookies()).chain(out.set_cookies()) {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert_eq!(attributes(cookie), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{cookie}");
        assert!(cookie.len() < 4_096);
    }
    let removed = out.set_cookies().iter().filter(|cookie| cookie.contains("_token=;")).count();
    assert_eq!(removed, 2, "{:?}", out.set_cookies());
}

#[test]
fn r9_over_http_the_names_are_plain_and_nothing_is_secure() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let owner = app.visitor();
    let given = try_login(&owner, OWNER, PASSWORD);
    assert_eq!(names(&owner), ["access_token", "device", "refresh_token"]);
    let named = owner.post("/account", &[("action", "name"), ("name", "Olive")]);
    for cookie in given.set_cookies().into_iter().chain(named.set_cookies()) {
        assert_eq!(attributes(cookie), ["HttpOnly", "Path=/", "SameSite=Lax"], "{cookie}");
    }
}

#[test]
fn r9_the_two_sets_of_names_are_never_accepted_together() {
    for (app, ours, others) in [(https(), "__Host-", ""), (TestApp::start(), "", "__Host-")] {
        let owner = app.owner();
        let value = |name: &str| cookie(&owner, &format!("{ours}{name}"));
        let other = app.visitor();
        for name in ["access_token", "refresh_token"] {
            set_cookie(&other, &format!("{others}{name}"), &value(name));
        }
        assert_eq!(other.get("/messages").status, 303);
        assert_eq!(owner.get("/messages").status, 200);
    }
}

#[test]
fn r9_a_cookie_whose_name_only_decodes_to_ours_is_not_ours() {
    // Any neighbour of the host may set `%5F%5FHost-…` for the whole domain; browsers guard `__Host-…` only.
    for (app, prefix) in [(https(), "__Host-"), (TestApp::start(), "")] {
        let owner = app.owner();
        let disguised: Vec<String> = ["access_token", "refresh_token"]
            .iter()
            .map(|name| {
                let real = format!("{prefix}{name}");
                format!("{}={}", real.replace('_', "%5F"), cookie(&owner, &real))
            })
            .collect();
        let tossed = disguised.join("; ");
        let answer = app.visitor().send("GET", "/messages", &[("cookie", &tossed)], b"");
        assert_eq!(answer.status, 303, "{tossed}");
    }
}

#[test]
fn what_a_neighbour_leaves_in_the_cookie_header_hides_no_login() {
    let app = TestApp::start();
    let owner = app.owner();
    let ours = format!("refresh_token={}", cookie(&owner, "refresh_token"));
    for foreign in [&b"name=J\xfcrgen"[..], b"nameless", b"=", b"%ff=%ff", b";;;", b"access_tokenx=1", b"a=\"b;c\""] {
        let header = [foreign, b"; ", ours.as_bytes()].concat();
        let request = [b"GET /messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ", &header[..], b"\r\n\r\n"];
        let answer = super::raw(app.port(), &request.concat());
        assert!(answer.starts_with("HTTP/1.1 200"), "{:?}: {answer}", String::from_utf8_lossy(foreign));
    }
}

#[test]
fn nobody_gets_a_login_cookie_who_did_not_log_in() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let visitor = app.visitor();
    for _ in 0..3 {
        assert_eq!(try_login(&visitor, MEMBER, "not the password").status, 422);
    }
    visitor.get("/login");
    visitor.get("/messages");
    visitor.get("/invitation?token=x");
    visitor.get("/setup?token=x");
    assert!(visitor.cookies.borrow().is_empty(), "{:?}", visitor.cookies);
}

#[test]
fn what_a_browser_brings_along_is_not_what_it_is_given() {
    let app = TestApp::start();
    let attacker = app.owner();
    app.add_user(MEMBER, Role::Member);
    // The victim's browser was handed the attacker's cookies before it logs in.
    let victim = super::copy_of(&app, &attacker);
    assert_eq!(try_login(&victim, MEMBER, PASSWORD).status, 303);
    for name in ["access_token", "refresh_token", "device"] {
        assert_ne!(cookie(&victim, name), cookie(&attacker, name), "{name}");
    }
    assert!(victim.get("/account").text().contains(MEMBER));
    assert!(!super::is_in(&attacker), "and what it had is over");
}
