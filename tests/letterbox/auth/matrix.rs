//! R20: what another site sends changes nothing, on every route where something can change.

use letterbox::models::Role;

use super::crawl::digest;
use super::{MEMBER, OTHER_PASSWORD};
use crate::support::{OWNER, PASSWORD, TestApp, encode};

type Headers<'a> = Vec<(&'static str, &'a str)>;
/// Where it is sent, the fields, and the status of its answer.
type Form = (&'static str, Vec<(&'static str, &'static str)>, u16);

/// The table of security.md §1.7, and whether a request is let through.
fn sites<'a>(own: &'a str, https: &'a str) -> Vec<(Headers<'a>, bool)> {
    let site = |site: &'static str| vec![("sec-fetch-site", site), ("origin", "https://evil.example")];
    let origin = |origin: &'a str| vec![("origin", origin)];
    vec![
        (site("same-origin"), true),
        (site("none"), true),
        (site("same-site"), false),
        (site("cross-site"), false),
        (site("Same-Origin"), false),
        (site("anything else"), false),
        (vec![("sec-fetch-site", "cross-site"), ("origin", own)], false),
        (vec![("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-origin")], false),
        (origin(own), true),
        (origin(https), true),
        (origin("https://evil.example"), false),
        (origin("http://127.0.0.1:1"), false),
        (origin("null"), false),
        (origin("://"), false),
        (vec![("origin", "null"), ("x-forwarded-host", "null")], false),
        (vec![], true),
    ]
}

/// Every form that changes something, and what its answer is when it comes from here.
fn forms() -> Vec<Form> {
    vec![
        ("/login", vec![("email", MEMBER), ("password", "not the password")], 422),
        ("/login", vec![("email", OWNER), ("password", PASSWORD)], 303),
        ("/account", vec![("action", "name"), ("name", "Olive")], 303),
        (
            "/account",
            vec![
                ("action", "password"),
                ("present", "x"),
                ("password", OTHER_PASSWORD),
                ("password_again", OTHER_PASSWORD),
            ],
            422,
        ),
        ("/account", vec![("action", "end"), ("session", "x")], 303),
        ("/account", vec![("action", "end-others")], 303),
        (
            "/account/tokens",
            vec![
                ("action", "make"),
                ("name", "x"),
                ("scope", "read-write"),
                ("expires", "never"),
                ("present", PASSWORD),
            ],
            200,
        ),
        ("/account/tokens", vec![("action", "revoke"), ("token", "x")], 303),
        ("/users", vec![("action", "invite"), ("name", "Ina"), ("email", "ina@example.com"), ("role", "owner")], 200),
        ("/users", vec![("action", "invite-again"), ("email", MEMBER)], 409),
        ("/users", vec![("action", "role"), ("email", MEMBER), ("role", "owner")], 303),
        ("/users", vec![("action", "remove"), ("email", MEMBER)], 303),
        ("/invitation", vec![("token", "x"), ("password", PASSWORD), ("password_again", PASSWORD)], 403),
        ("/setup", vec![("token", "x")], 404),
        ("/logout", vec![], 303),
    ]
}

#[test]
fn r20_every_form_of_accounts_follows_the_table_of_sites() {
    for (path, fields, from_here) in forms() {
        let app = TestApp::start();
        let own = app.url("").trim_end_matches('/').to_owned();
        let public = app.state.public_url.origin().to_owned();
        let owner = app.owner();
        app.add_user(MEMBER, Role::Member);
        app.log_in(OWNER);
        owner.get("/account");
        let (mut refused, mut passed) = (0, None);
        for (headers, allowed) in sites(&own, &public) {
            if allowed {
                passed = Some(headers);
                continue;
            }
            let before = digest(&app);
            let mut all = headers.clone();
            all.push(("content-type", "application/x-www-form-urlencoded"));
            let answer = owner.send("POST", path, &all, encode(&fields).as_bytes());
            assert_eq!(answer.status, 403, "{path} {fields:?} {headers:?}");
            assert!(answer.set_cookies().is_empty() && answer.text().contains("sent from another site"));
            assert_eq!(digest(&app), before, "{path} {headers:?}");
            refused += 1;
        }
        assert_eq!(refused, 11);
        assert!(passed.is_some());
        let answer = owner.send(
            "POST",
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            encode(&fields).as_bytes(),
        );
        assert_eq!(answer.status, from_here, "{path} {fields:?}: {}", answer.text());
    }
}

#[test]
fn r20_what_comes_from_here_passes_whatever_way_the_browser_says_so() {
    let app = TestApp::start();
    let own = app.url("").trim_end_matches('/').to_owned();
    let public = app.state.public_url.origin().to_owned();
    let owner = app.owner();
    for (headers, _) in sites(&own, &public).into_iter().filter(|(_, allowed)| *allowed) {
        for (path, field) in [("/account", ("action", "end-others")), ("/users", ("action", "nonsense"))] {
            let mut all = headers.clone();
            all.push(("content-type", "application/x-www-form-urlencoded"));
            let answer = owner.send("POST", path, &all, encode(&[field]).as_bytes());
            assert!([303, 400].contains(&answer.status), "{path} {headers:?}: {}", answer.status);
        }
    }
}

#[test]
fn r20_behind_a_proxy_the_origin_is_that_of_the_public_url() {
    let app = TestApp::with().setting("PUBLIC_URL", "https://letters.example").start();
    app.add_user(OWNER, Role::Owner);
    for (origin, status) in [
        ("https://letters.example", 303),
        ("http://letters.example", 403),
        ("https://letters.example:8443", 403),
        ("https://letters.example.evil.example", 403),
        ("https://evil.example/https://letters.example", 403),
        ("https://LETTERS.example", 403),
    ] {
        app.clock.advance(super::CALM);
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)];
        let body = encode(&[("email", OWNER), ("password", PASSWORD)]);
        assert_eq!(app.visitor().send("POST", "/login", &headers, body.as_bytes()).status, status, "{origin}");
    }
}

#[test]
fn r20_no_other_method_gets_around_it() {
    let app = TestApp::start();
    let owner = app.owner();
    assert!(super::is_in(&owner));
    let before = digest(&app);
    for method in ["PUT", "PATCH", "DELETE", "QUERY", "post", "TRACE"] {
        for path in ["/account", "/users", "/logout", "/login", "/invitation"] {
            let headers = [
                ("sec-fetch-site", "cross-site"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("x-http-method-override", "POST"),
            ];
            let status = owner.send(method, path, &headers, b"action=end-others&_method=POST").status;
            assert!([403, 405, 400].contains(&status), "{method} {path}: {status}");
        }
    }
    let override_get = owner.send("GET", "/logout?_method=POST", &[("x-http-method-override", "POST")], b"");
    assert_eq!(override_get.status, 200);
    assert_eq!(digest(&app), before);
}
