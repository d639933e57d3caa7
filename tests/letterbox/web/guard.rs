//! The guard: who is let in, who is sent where, and how a login outlives its access token.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{HTML, JSON, letter, stored};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp};

const PRIVATE: [&str; 8] =
    ["/", "/messages", "/messages/x", "/messages/x/y", "/logout", "/account", "/account/activity", "/users"];
/// More than the life of an access token.
const LATER: Duration = Duration::from_mins(16);

fn tokens(browser: &Browser) -> BTreeMap<String, String> {
    let jar = browser.cookies.borrow();
    jar.iter().filter(|(name, _)| name.ends_with("_token")).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Both login cookies were set anew, with every attribute.
fn renewed(answer: &Answer, https: bool) {
    let cookies: Vec<&str> = answer.set_cookies().into_iter().filter(|cookie| cookie.contains("_token=")).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        let prefix = if https { "__Host-" } else { "" };
        assert!(
            ["access_token=", "refresh_token="].iter().any(|name| cookie.starts_with(&format!("{prefix}{name}"))),
            "{cookie}"
        );
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert_eq!(cookie.contains("Secure"), https, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[test]
fn strangers_are_sent_to_the_login_and_programs_are_told_401() {
    let app = TestApp::start();
    app.visitor().post("/contact", &letter("", "private words"));
    let path = format!("/messages/{}", stored(&app)[0].id);
    for path in PRIVATE.into_iter().chain([path.as_str()]) {
        let page = app.visitor().get(path);
        assert_eq!(page.status, 303, "{path}");
        let next = page.header("location").strip_prefix("/login").unwrap().strip_prefix("?next=").unwrap_or_default();
        let next = percent_encoding::percent_decode_str(next).decode_utf8().unwrap();
        let expected = if ["/", "/logout"].contains(&path) { "" } else { path };
        assert_eq!(next, expected, "{path}");
        let program = app.visitor().send("GET", path, &[JSON], b"");
        assert_eq!((program.status, program.header("content-type")), (401, "application/problem+json"), "{path}");
        assert_ne!(program.header("www-authenticate"), "", "{path}");
        for answer in [page, program] {
            assert!(!answer.text().contains("private words") && answer.set_cookies().is_empty(), "{path}");
        }
    }
}

#[test]
fn after_the_login_the_user_is_where_they_wanted_to_go() {
    let app = TestApp::start();
    app.owner();
    let visitor = app.visitor();
    let login = visitor.get("/messages?before=0198&x=a%26b").header("location").to_owned();
    let next = visitor.get(&login).hidden("next");
    let fields = [("email", OWNER), ("password", PASSWORD), ("next", next.replace("&#38;", "&").leak() as &str)];
    let answer = visitor.post("/login", &fields);
    assert_eq!((answer.status, answer.header("location")), (303, "/messages?before=0198&x=a%26b"));
    assert_eq!(visitor.get("/login").header("location"), "/messages", "whoever is signed in goes on");
    assert_eq!(visitor.get("/").header("location"), "/messages");
}

#[test]
fn r22_no_next_leads_to_another_site() {
    let app = TestApp::start();
    app.add_user(OWNER, letterbox::models::Role::Owner);
    let evil = [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https://me@evil.example",
        "javascript:alert(1)",
        "/%2f/evil.example",
        "/;@evil.example",
        "?x",
        "/..//evil.com",
        "/messages\r\nset-cookie: a=b",
        "/messages\\..\\..\\evil",
    ];
    for next in evil {
        // Nobody may log in this often at once.
        app.clock.advance(Duration::from_secs(90));
        let visitor = app.visitor();
        let answer = visitor.post("/login", &[("email", OWNER), ("password", PASSWORD), ("next", next)]);
        assert_eq!((answer.status, answer.header("location")), (303, "/messages"), "{next:?}");
        let encoded = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        assert_eq!(visitor.get(&format!("/login?next={encoded}")).header("location"), "/messages", "{next:?}");
        assert_eq!(app.visitor().get(&format!("/login?next={encoded}")).hidden("next"), "", "{next:?}");
    }
}

#[test]
fn r5_an_expired_access_token_is_renewed_on_whatever_is_asked() {
    for https in [false, true] {
        let app = TestApp::with();
        let app = if https { app.setting("PUBLIC_URL", "https://letters.example") } else { app }.start();
        let owner = app.owner();
        for (method, path, status) in [
            ("GET", "/messages", 200),
            ("HEAD", "/messages", 200),
            ("GET", "/", 303),
            ("GET", "/messages/nothing", 404),
            ("GET", "/messages/no/thing", 404),
            ("GET", "/messages?before=x", 400),
            ("POST", "/messages", 415),
            ("GET", "/login", 303),
        ] {
            app.clock.advance(LATER);
            let before = tokens(&owner);
            let answer = owner.send(method, path, &[HTML], b"");
            assert_eq!(answer.status, status, "{method} {path}");
            renewed(&answer, https);
            let after = tokens(&owner);
            assert!(before.iter().all(|(name, value)| after[name] != *value), "{method} {path}");
            assert!(owner.get("/messages").set_cookies().is_empty(), "the new tokens are good: {method} {path}");
        }
    }
}

#[test]
fn r1_tabs_that_renew_at_once_all_stay_signed_in() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let owner = app.owner();
    app.clock.advance(LATER);
    let tabs: Vec<Browser> = (0..20)
        .map(|_| {
            let tab = app.visitor();
            tab.cookies.replace(owner.cookies.borrow().clone());
            tab
        })
        .collect();
    let tabs: Vec<Browser> = std::thread::scope(|scope| {
        let load = |tab: Browser| {
            scope.spawn(move || {
                let answer = tab.get("/messages");
                assert_eq!(answer.status, 200);
                renewed(&answer, false);
                tab
            })
        };
        let loading: Vec<_> = tabs.into_iter().map(load).collect();
        loading.into_iter().map(|tab| tab.join().unwrap()).collect()
    });
    let refresh: std::collections::BTreeSet<String> =
        tabs.iter().map(|tab| tokens(tab)["refresh_token"].clone()).collect();
    assert_eq!(refresh.len(), 1, "all were given the same token: {refresh:?}");
    app.clock.advance(LATER);
    assert!(tabs.iter().all(|tab| tab.get("/messages").status == 200));
}

#[test]
fn r2_a_copied_token_ends_the_session_and_its_user_is_told_why() {
    let app = TestApp::start();
    let (owner, thief) = (app.owner(), app.visitor());
    thief.cookies.replace(owner.cookies.borrow().clone());
    for _ in 0..2 {
        app.clock.advance(LATER);
        assert_eq!(owner.get("/messages").status, 200);
    }
    let other_device = app.log_in(OWNER);
    let caught = thief.get("/messages");
    assert_eq!(caught.status, 303);
    assert!(tokens(&thief).is_empty());
    assert_eq!(owner.get("/messages").status, 303, "nobody keeps that session");
    assert_eq!(other_device.get("/messages").status, 200, "the others stay");
    let back = app.log_in(OWNER);
    assert!(back.get("/messages").text().contains("an old copy of its key was used"));
    assert!(!back.get("/messages").text().contains("an old copy of its key"), "it is said once");
}

#[test]
fn r7_r8_logging_out_ends_the_session_at_once_also_with_an_expired_access_token() {
    let app = TestApp::start();
    for expired in [false, true] {
        let owner = if expired { app.log_in(OWNER) } else { app.owner() };
        let copy = app.visitor();
        copy.cookies.replace(owner.cookies.borrow().clone());
        if expired {
            app.clock.advance(LATER);
        }
        let out = owner.post("/logout", &[]);
        assert_eq!((out.status, out.header("location")), (303, "/login"));
        for cookie in out.set_cookies().into_iter().filter(|cookie| cookie.contains("_token=")) {
            assert!(cookie.contains("Max-Age=0") && cookie.contains("Path=/"), "{cookie}");
        }
        assert!(tokens(&owner).is_empty());
        assert!(owner.get("/login").text().contains("You are logged out."));
        assert_eq!(copy.get("/messages").status, 303, "the tokens open nothing any more");
    }
    assert_eq!(app.visitor().post("/logout", &[]).status, 303, "whoever is out already is out");
}

#[test]
fn r43_the_session_cookie_is_short_and_no_login() {
    let app = TestApp::start();
    let owner = app.owner();
    let long = "x".repeat(3_000);
    owner.post("/logout", &[("flash", &long)]);
    let owner = app.log_in(OWNER);
    owner.post("/logout", &[]);
    let session = owner.cookies.borrow()["session"].clone();
    assert!(session.len() < 4_096);
    for (path, fields) in [
        ("/login", [("email", long.as_str()), ("next", long.as_str())]),
        ("/setup", [("name", &long), ("token", &long)]),
    ] {
        for cookie in [session.as_str(), long.as_str(), "x"] {
            let cookie = format!("session={cookie}");
            let visitor = app.visitor();
            let body = crate::support::encode(&fields);
            let headers = [HTML, ("content-type", super::FORM), ("cookie", cookie.as_str())];
            let answers = [
                visitor.send("POST", path, &headers, body.as_bytes()),
                visitor.send("GET", path, &[HTML, headers[2]], b""),
            ];
            for cookie in answers.iter().flat_map(Answer::set_cookies) {
                assert!(cookie.len() < 4_096, "{path}: {} bytes", cookie.len());
            }
        }
    }
    let signed_in = app.log_in(OWNER);
    signed_in.cookies.borrow_mut().retain(|name, _| name == "session");
    assert_eq!(signed_in.get("/messages").status, 303, "the session cookie alone opens nothing");
}

#[test]
fn a_login_that_is_wrong_tells_not_what_and_keeps_the_address() {
    let app = TestApp::start();
    app.add_user(OWNER, letterbox::models::Role::Owner);
    let told: Vec<String> = [(OWNER, "wrong password"), ("nobody@example.com", PASSWORD), (OWNER, "")]
        .map(|(email, password)| {
            let visitor = app.visitor();
            let answer = visitor.post("/login", &[("email", email), ("password", password)]);
            assert_eq!((answer.status, answer.header("cache-control")), (422, "no-store"));
            assert!(answer.set_cookies().is_empty());
            let html = answer.text();
            assert!(html.contains(&format!("value=\"{email}\"")) && !html.contains("wrong password"), "{html}");
            html.replace(email, "")
        })
        .into();
    assert!(told.iter().all(|html| *html == told[0]), "the answers are the same");
}
