//! `/account`: one's own name, password and sessions.

use letterbox::models::Role;

use super::{MEMBER, OTHER_PASSWORD, change_password, count_events, is_in, log_in_with, try_login};
use crate::support::{Browser, OWNER, PASSWORD, TestApp};

fn member() -> (TestApp, Browser) {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    (app, member)
}

/// The sentence of what has just happened, as a page tells it to screen readers.
fn notice(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("role=\"status\">").expect("a place for notices");
    let inner = rest.split_once("</div>").unwrap().0;
    inner.strip_prefix("<p>").and_then(|inner| inner.strip_suffix("</p>"))
}

#[test]
fn a_name_is_changed_shown_and_told_once() {
    let (_app, member) = member();
    let answer = member.post("/account", &[("action", "name"), ("name", "  Ada L\u{f6}v  ")]);
    assert_eq!((answer.status, answer.header("location")), (303, "/account"));
    let page = member.get("/account").text();
    assert_eq!(notice(&page), Some("Your name is saved."));
    assert!(page.contains("value=\"Ada L\u{f6}v\""), "{page}");
    assert_eq!(notice(&member.get("/account").text()), None, "shown once");
}

#[test]
fn a_name_that_is_no_name_comes_back_with_what_was_typed() {
    let (_app, member) = member();
    for name in ["", "   ", "two\nlines", &"x".repeat(101), "a\u{7}b"] {
        let answer = member.post("/account", &[("action", "name"), ("name", name)]);
        assert_eq!(answer.status, 422, "{name:?}");
        assert!(answer.text().contains("<title>Error: Your account"), "{name:?}");
    }
    let answer = member.post("/account", &[("action", "name"), ("name", "\"><script>alert(1)</script>\n")]);
    assert!(answer.status == 303 || !answer.text().contains("<script>alert"), "{}", answer.text());
    assert!(!member.get("/account").text().contains("<script>alert"));
}

#[test]
fn a_name_is_text_on_every_page_that_shows_it() {
    let app = TestApp::start();
    let owner = app.owner();
    let name = "\"'><img src=x onerror=alert(1)>";
    assert_eq!(owner.post("/account", &[("action", "name"), ("name", name)]).status, 303);
    for path in [
        "/account",
        "/users",
        "/messages",
        "/logout",
        "/account/activity",
        "/account/tokens",
        "/nothing",
        "/messages/nothing",
    ] {
        let text = owner.get(path).text();
        assert!(!text.contains("<img src=x"), "{path}: {text}");
    }
}

#[test]
fn the_password_changes_only_with_the_present_one() {
    let (app, member) = member();
    let answer = change_password(&member, "not the password", OTHER_PASSWORD, OTHER_PASSWORD);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("This is not your present password"));
    assert!(!answer.text().contains(OTHER_PASSWORD) && !answer.text().contains("not the password"));
    log_in_with(&app, MEMBER, PASSWORD);

    assert_eq!(change_password(&member, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).status, 303);
    let page = member.get("/account").text();
    assert_eq!(notice(&page), Some("Your password is changed. All other sessions have ended."));
    assert_eq!(try_login(&app.visitor(), MEMBER, PASSWORD).status, 422);
    log_in_with(&app, MEMBER, OTHER_PASSWORD);
}

#[test]
fn a_new_password_is_refused_when_it_is_short_long_common_or_typed_differently() {
    let (app, member) = member();
    let long = ('!'..='~').cycle().take(1_001).collect::<String>();
    for (new, again, told) in [
        ("", "", "Choose a password"),
        ("eleven byte", "eleven byte", "shorter than 12"),
        (long.as_str(), long.as_str(), "longer than 1000"),
        ("password2026!", "password2026!", "one of those that are tried first"),
        (OTHER_PASSWORD, "seven teapots on a dry roof", "The two passwords are not the same"),
        (OTHER_PASSWORD, "", "The two passwords are not the same"),
    ] {
        let answer = change_password(&member, PASSWORD, new, again);
        assert_eq!(answer.status, 422, "{new}");
        assert!(answer.text().contains(told), "{new}: {}", answer.text());
    }
    assert_eq!(count_events(&app, "password-changed"), 0);
    assert!(is_in(&member));
}

#[test]
fn all_sessions_are_listed_and_one_is_ended_by_its_button() {
    let (app, member) = member();
    let phone = app.visitor();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604 <script>"),
    ];
    let body = crate::support::encode(&[("email", MEMBER), ("password", PASSWORD)]);
    assert_eq!(phone.send("POST", "/login", &headers, body.as_bytes()).status, 303);
    let tablet = app.log_in(MEMBER);

    let page = phone.get("/account");
    assert!(page.text().contains("Safari on iPhone") && !page.text().contains("604"));
    assert_eq!(page.text().matches("name=\"session\"").count(), 2, "every other one has a button");
    let refresh = super::cookie(&tablet, "refresh_token");
    let sid = refresh.split('.').nth(1).unwrap();
    assert!(!page.text().contains(sid), "the session's id stays between browser and store");

    let handles: Vec<String> = (1..=2)
        .map(|part| {
            page.text().split("name=\"session\" value=\"").nth(part).unwrap().split('"').next().unwrap().to_owned()
        })
        .collect();
    let end = |handle: &str| phone.post("/account", &[("action", "end"), ("session", handle)]);
    assert_eq!(end(&handles[0]).status, 303);
    assert_eq!(notice(&phone.get("/account").text()), Some("That session has ended."));
    assert_eq!([&member, &tablet].into_iter().filter(|browser| is_in(browser)).count(), 1);
    for stale in [handles[0].as_str(), "", "nonsense", "' OR 1=1 --"] {
        assert_eq!(end(stale).status, 303);
        assert_eq!(notice(&phone.get("/account").text()), Some("That session had ended already."), "{stale}");
    }
    let others = phone.post("/account", &[("action", "end-others")]);
    assert_eq!(others.status, 303);
    assert_eq!(notice(&phone.get("/account").text()), Some("All other sessions have ended."));
    assert!(is_in(&phone) && !is_in(&member) && !is_in(&tablet));
    assert_eq!(count_events(&app, "session-ended"), 2);
}

#[test]
fn nobody_ends_somebody_elses_session() {
    let (app, member) = member();
    let owner = app.owner();
    let second = app.log_in(MEMBER);
    let handle = second.get("/account").hidden("session");
    let answer = owner.post("/account", &[("action", "end"), ("session", &handle)]);
    assert_eq!(answer.status, 303);
    assert_eq!(notice(&owner.get("/account").text()), Some("That session had ended already."));
    assert!(is_in(&member) && is_in(&second));
}

#[test]
fn a_form_that_is_not_ours_is_told_so_and_changes_nothing() {
    let (app, member) = member();
    assert!(is_in(&member));
    let before = super::crawl::digest(&app);
    for fields in [&[][..], &[("action", "")], &[("action", "promote")], &[("Action", "name"), ("name", "x")]] {
        assert_eq!(member.post("/account", fields).status, 400, "{fields:?}");
    }
    let json = member.send("POST", "/account", &[("content-type", "application/json")], b"{\"action\":\"name\"}");
    assert_eq!(json.status, 415);
    let text = member.send("POST", "/account", &[("content-type", "text/plain")], b"action=end-others");
    assert_eq!(text.status, 415);
    assert_eq!(super::crawl::digest(&app), before);
}

#[test]
fn who_was_robbed_is_told_once_at_the_next_login_from_whatever_browser() {
    let app = TestApp::start();
    let owner = app.owner();
    let stolen = super::copy_of(&app, &owner);
    for _ in 0..2 {
        app.clock.advance(super::ACCESS_AND_MORE);
        assert!(is_in(&owner));
    }
    assert!(!is_in(&stolen) && !is_in(&owner));
    app.add_user(MEMBER, Role::Member);
    assert_eq!(notice(&app.log_in(MEMBER).get("/messages").text()), None, "nobody else is told");
    let elsewhere = app.log_in(OWNER);
    let told = elsewhere.get("/messages").text();
    assert!(notice(&told).is_some_and(|text| text.contains("an old copy of its key was used")), "{told}");
    assert_eq!(notice(&elsewhere.get("/messages").text()), None, "once on the page");
    assert_eq!(notice(&app.log_in(OWNER).get("/messages").text()), None, "once in all");
}
