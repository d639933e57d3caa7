//! Reading changes nothing (R21), and what is read is dressed as it should be (R24, R26, R27, R28).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use letterbox::models::Role;
use rusqlite::types::ValueRef;

use super::{MEMBER, database};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp};

/// Every row of every table, as text.
pub fn digest(app: &TestApp) -> String {
    let database = database(app);
    let mut text = String::new();
    for table in ["messages", "folder_counts", "users", "sessions", "access_tokens", "events"] {
        let mut select = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let width = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            write!(text, "{table}").unwrap();
            for column in 0..width {
                match row.get_ref(column).unwrap() {
                    ValueRef::Text(value) => write!(text, " {:?}", String::from_utf8_lossy(value)),
                    value => write!(text, " {value:?}"),
                }
                .unwrap();
            }
            text.push('\n');
        }
    }
    text
}

/// All bytes of the database and its log, as text.
pub fn all_files(app: &TestApp) -> String {
    let read = |ending: &str| std::fs::read(format!("{}{ending}", app.database().display())).unwrap_or_default();
    ["", "-wal"].map(|ending| String::from_utf8_lossy(&read(ending)).into_owned()).concat()
}

/// A letterbox with a letter in it, users of all kinds, and its owner.
fn full() -> (TestApp, Browser) {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    app.log_in(OWNER);
    super::invite(&owner, "ina@example.com", "member");
    let visitor = app.visitor();
    let receipt = visitor.get("/contact").hidden("receipt");
    let letter = [("receipt", receipt.as_str()), ("name", "Ada"), ("email", "ada@example.com"), ("message", "Hello")];
    assert_eq!(visitor.post("/contact", &letter).status, 303);
    // The first request with the current refresh token leaves its mark once.
    owner.get("/messages");
    (app, owner)
}

fn links(page: &Answer) -> Vec<String> {
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let mut found = Vec::new();
    for attribute in ["href=\"", "action=\"", "src=\""] {
        found.extend(text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")));
    }
    found.retain(|link| link.starts_with('/') && !link.starts_with("//"));
    found
}

/// Follows every link from these places on, asking with each method; gives all that was seen.
fn crawl(browser: &Browser, methods: &[&str], see: &mut dyn FnMut(&str, &str, &Answer)) -> BTreeSet<String> {
    let starts = [
        "/",
        "/messages",
        "/account",
        "/account/tokens",
        "/users",
        "/account/activity",
        "/logout",
        "/login",
        "/login?next=/users",
        "/setup",
        "/setup?token=x",
        "/invitation",
        "/invitation?token=x",
        "/contact",
        "/contact/thanks",
        "/healthz",
        "/readyz",
        "/nothing",
        "/messages/nothing",
        "/messages?before=x",
        "/account?action=end-others",
        "/users?action=remove&email=member%40example.com",
        "/logout?confirm=1",
    ];
    let mut waiting: Vec<String> = starts.iter().map(|start| (*start).to_owned()).collect();
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        for method in methods {
            let answer = browser.send(method, &path, &[("accept", "text/html")], b"");
            see(method, &path, &answer);
            waiting.extend(links(&answer));
        }
    }
    seen
}

#[test]
fn r21_no_get_head_or_options_changes_anything_but_the_read_mark() {
    let (app, owner) = full();
    let before = digest(&app);
    let seen = crawl(&owner, &["OPTIONS", "HEAD"], &mut |_, _, _| {});
    assert!(seen.len() >= 20 && digest(&app) == before, "neither HEAD nor OPTIONS leaves a read mark");
    let seen = crawl(&owner, &["GET"], &mut |_, path, answer| assert!(answer.status < 500, "{path}"));
    let letter = seen.iter().find(|path| path.starts_with("/messages/0")).expect("the letter was found").clone();
    let after = digest(&app);
    assert_ne!(after, before, "the digest does see the read mark");
    let without_letters = |digest: &str| -> Vec<String> {
        let lines = digest.lines().filter(|line| !line.starts_with("messages") && !line.starts_with("folder_counts"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(without_letters(&after), without_letters(&before));
    assert_eq!(owner.get(&letter).status, 200);
    assert_eq!(digest(&app), after, "once read it stays as it is");
    let member = app.log_in(MEMBER);
    member.get("/messages");
    let before = digest(&app);
    crawl(&member, &["GET", "HEAD", "OPTIONS"], &mut |_, _, _| {});
    crawl(&app.visitor(), &["GET", "HEAD", "OPTIONS"], &mut |_, _, _| {});
    assert_eq!(digest(&app), before);
}

#[test]
fn r24_r26_r28_every_answer_has_its_headers_and_no_page_an_inline_style_or_script() {
    let (_app, owner) = full();
    crawl(&owner, &["GET", "HEAD", "OPTIONS", "POST", "DELETE"], &mut |method, path, answer| {
        let at = format!("{method} {path} {}", answer.status);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src '") && !policy.contains("unsafe"), "{at}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{at}: {name}");
        }
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{at}");
        let cleared = answer.header("clear-site-data");
        assert!(!cleared.contains("cookies") && !cleared.contains('*'), "{at}: {cleared}");
        let public = ["/contact", "/static", "/healthz", "/readyz"].iter().any(|start| path.starts_with(start));
        if !public || !answer.set_cookies().is_empty() {
            assert_eq!(answer.header("cache-control"), "no-store", "{at}");
        }
        let is_page = answer.header("content-type").starts_with("text/html");
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        if is_page {
            assert!(!text.contains(" style=") && !text.contains("<style") && !text.contains("javascript:"), "{at}");
            let scripts = text.matches("<script").count();
            assert_eq!(
                scripts,
                text.matches("<script src=\"/static/").count() + text.matches("<script defer src=\"/static/").count(),
                "{at}"
            );
            let handlers = [" onclick=", " onload=", " onerror=", " onsubmit="];
            assert!(handlers.iter().all(|handler| !text.contains(handler)), "{at}");
        }
    });
}

#[test]
fn r22_whatever_next_asks_for_the_login_ends_on_its_own_origin() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let evil = [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https://me@evil.example",
        "https://evil.example/messages",
        "javascript:alert(1)",
        "/%2f/evil.example",
        "/;@evil.example",
        "?x",
        "/..//evil.example",
        "/messages\r\nSet-Cookie: a=b",
        "/messages\\..\\",
        "//evil.example/messages",
        "/messages\0",
        "///evil.example",
        "/login",
        "/logout",
        "data:text/html,x",
        "messages",
        "",
        "/users\u{2028}",
        "http:/evil.example",
    ];
    let base = url::Url::parse(&app.url("/login")).unwrap();
    for next in evil {
        app.clock.advance(super::CALM);
        let browser = app.visitor();
        let form = browser.send("GET", &format!("/login?{}", crate::support::encode(&[("next", next)])), &[], b"");
        assert_eq!(form.hidden("next"), "", "{next:?}");
        let fields = [("email", MEMBER), ("password", PASSWORD), ("next", next)];
        let answer = browser.post("/login", &fields);
        assert_eq!((answer.status, answer.header("location")), (303, "/messages"), "{next:?}");
        let signed_in = browser.send("GET", &format!("/login?{}", crate::support::encode(&[("next", next)])), &[], b"");
        assert_eq!((signed_in.status, signed_in.header("location")), (303, "/messages"), "{next:?}");
    }
    for next in ["/messages?before=0198", "/account", "/users?x=//evil.example", "/messages/..//evil.example", "/"] {
        app.clock.advance(super::CALM);
        let answer = app.visitor().post("/login", &[("email", MEMBER), ("password", PASSWORD), ("next", next)]);
        let location = answer.header("location");
        assert_eq!(base.join(location).unwrap().origin(), base.origin(), "{location}");
        assert_eq!(location, next);
    }
}
