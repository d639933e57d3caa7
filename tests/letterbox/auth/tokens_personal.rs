//! `/account/tokens`: keys for programs, and what they open.

use std::time::Duration;

use letterbox::auth::{Client, RecogniseError, TOKENS_MAX};
use letterbox::models::{EmailAddress, NewPassword, Role, Scope, User};
use proptest::prelude::*;

use super::watched::Watch;
use super::{MEMBER, OTHER_PASSWORD, change_password, count_events, fuzz, is_in};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp, Trouble};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_hours(24);

fn try_make(browser: &Browser, name: &str, scope: &str, expires: &str, present: &str) -> Answer {
    let fields = [("action", "make"), ("name", name), ("scope", scope), ("expires", expires), ("present", present)];
    browser.post("/account/tokens", &fields)
}

/// Makes a token by the form and gives its text.
pub fn make(browser: &Browser, name: &str, scope: &str, expires: &str) -> String {
    let password = PASSWORD;
    let answer = try_make(browser, name, scope, expires, password);
    assert_eq!(answer.status, 200, "{}", answer.text());
    token_in(&answer).unwrap_or_else(|| panic!("no token in {}", answer.text()))
}

fn token_in(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let from = text.find("lbx_")?;
    Some(text[from..].split('<').next().unwrap().to_owned())
}

fn revoke(browser: &Browser, id: &str) -> Answer {
    browser.post("/account/tokens", &[("action", "revoke"), ("token", id)])
}

fn recognise(app: &TestApp, token: &str) -> Result<(User, Scope), RecogniseError> {
    app.block_on(app.state.auth.recognise_token(token))
}

fn opens(app: &TestApp, token: &str) -> bool {
    recognise(app, token).is_ok()
}

fn member() -> (TestApp, Browser) {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    (app, member)
}

#[test]
fn a_token_is_made_shown_once_and_kept_only_as_a_hash() {
    let (app, member) = member();
    assert!(member.get("/account/tokens").text().contains("You have none."));
    let answer = try_make(&member, "  Nightly <b>backup</b> ", "read", "90", PASSWORD);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let token = token_in(&answer).unwrap();
    assert!(token.len() == 68 && token[4..].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let headers = format!("{:?}", answer.headers);
    assert!(!headers.contains("lbx_") && !headers.contains(&token[4..]), "{headers}");

    let (user, scope) = recognise(&app, &token).unwrap();
    assert_eq!((user.email.as_str(), scope), (MEMBER, Scope::Read));
    let list = member.get("/account/tokens").text();
    assert!(list.contains("Nightly &#60;b&#62;backup&#60;/b&#62;") && !list.contains("lbx_"), "{list}");
    assert!(list.contains("<span class=\"tag\">read</span>") && list.contains("expires <time"), "{list}");
    let secret = &token[token.len() - 40..];
    assert!(!list.contains(secret) && !super::crawl::all_files(&app).contains(secret));
    assert_eq!(count_events(&app, "access-token-made"), 1);
}

#[test]
fn a_revoked_token_opens_nothing_at_once() {
    let (app, member) = member();
    let [first, second] = ["First", "Second"].map(|name| make(&member, name, "read-write", "never"));
    assert_eq!(recognise(&app, &first).unwrap().1, Scope::ReadAndWrite);
    // The newest stands on top.
    let id = member.get("/account/tokens").hidden("token");
    let answer = revoke(&member, &id);
    assert_eq!((answer.status, answer.header("location")), (303, "/account/tokens"));
    assert!(opens(&app, &first) != opens(&app, &second), "one of them, whichever was made later");
    assert!(member.get("/account/tokens").text().contains("That token is revoked."));
    for stale in [id.as_str(), "", "nonsense", "' OR 1=1 --"] {
        assert_eq!(revoke(&member, stale).status, 303);
        assert!(member.get("/account/tokens").text().contains("That token had been revoked already."), "{stale}");
    }
    assert_eq!(count_events(&app, "access-token-revoked"), 1);
}

#[test]
fn nobody_sees_or_revokes_somebody_elses_token() {
    let (app, member) = member();
    let owner = app.log_in(OWNER);
    let token = make(&member, "Mine alone", "read", "never");
    let id = member.get("/account/tokens").hidden("token");
    assert!(!owner.get("/account/tokens").text().contains("Mine alone"));
    assert_eq!(revoke(&owner, &id).status, 303);
    assert!(owner.get("/account/tokens").text().contains("That token had been revoked already."));
    assert!(opens(&app, &token));
    assert_eq!(app.visitor().get("/account/tokens").header("location"), "/login?next=%2Faccount%2Ftokens");
}

#[test]
fn nobody_makes_a_token_without_the_present_password() {
    let (app, member) = member();
    for present in ["", "not the password", OTHER_PASSWORD] {
        let answer = try_make(&member, "Backup", "read-write", "30", present);
        assert_eq!((answer.status, token_in(&answer)), (422, None));
        let page = answer.text();
        assert!(page.contains("This is not your present password") && page.contains("value=\"Backup\""), "{page}");
        assert!(page.contains("value=\"read-write\" checked") && page.contains("value=\"30\" checked"), "{page}");
        assert!(present.is_empty() || !page.contains(present));
    }
    for _ in 0..7 {
        try_make(&member, "Backup", "read", "30", "guess");
    }
    let answer = try_make(&member, "Backup", "read", "30", PASSWORD);
    assert_eq!((answer.status, answer.header("retry-after"), token_in(&answer)), (429, "6", None));
    assert_eq!(count_events(&app, "access-token-made"), 0);
    assert_eq!(count_events(&app, "login-failed"), 10);
}

#[test]
fn a_form_with_a_bad_name_comes_back_and_one_that_is_not_ours_changes_nothing() {
    let (app, member) = member();
    assert!(is_in(&member));
    let before = super::crawl::digest(&app);
    for name in ["", "  ", "two\nlines", &"x".repeat(61)] {
        let answer = try_make(&member, name, "read", "30", PASSWORD);
        assert_eq!(answer.status, 422, "{name:?}");
        assert!(answer.text().contains("<title>Error: Access tokens"), "{name:?}");
    }
    for (scope, expires) in [("", "30"), ("admin", "30"), ("read", ""), ("read", "31"), ("read", "0")] {
        assert_eq!(try_make(&member, "x", scope, expires, PASSWORD).status, 400, "{scope} {expires}");
    }
    for fields in [&[][..], &[("action", "")], &[("action", "promote")]] {
        assert_eq!(member.post("/account/tokens", fields).status, 400, "{fields:?}");
    }
    assert_eq!(super::crawl::digest(&app), before);
}

#[test]
fn a_user_has_so_many_tokens_and_no_more() {
    let (app, member) = member();
    make(&member, "0", "read", "never");
    let (user, proof) = app.block_on(app.state.store.user_by_email(MEMBER)).unwrap().unwrap();
    let auth = &app.state.auth;
    for number in 1..TOKENS_MAX {
        let name = letterbox::models::TokenName::parse("name", &number.to_string()).unwrap();
        let lifetime = letterbox::models::TokenLifetime::Endless;
        app.block_on(auth.make_token(&user, &proof, name, Scope::Read, lifetime, &Client::default())).unwrap();
    }
    let answer = try_make(&member, "One too many", "read", "30", PASSWORD);
    assert_eq!((answer.status, token_in(&answer)), (409, None));
    assert!(answer.text().contains("You have 50 access tokens already."), "{}", answer.text());
    let id = answer.hidden("token");
    revoke(&member, &id);
    make(&member, "In its place", "read", "30");
}

#[test]
fn an_expired_token_opens_nothing_is_listed_as_such_and_forgotten_later() {
    let (app, member) = member();
    let [short, endless] = ["30", "never"].map(|expires| make(&member, expires, "read", expires));
    app.clock.advance(30 * DAY - Duration::from_millis(1));
    assert!(opens(&app, &short));
    app.clock.advance(Duration::from_millis(1));
    assert!(matches!(recognise(&app, &short), Err(RecogniseError::Ended(None))));
    assert!(opens(&app, &endless));
    let tokens = || app.log_in(MEMBER).get("/account/tokens").text();
    assert_eq!(tokens().matches("<span class=\"tag\">expired</span>").count(), 1);
    app.clock.advance(90 * DAY);
    app.block_on(app.state.auth.forget_the_old()).unwrap();
    assert!(tokens().contains("expired</span>"), "at ninety days it is there");
    app.clock.advance(Duration::from_millis(1));
    app.block_on(app.state.auth.forget_the_old()).unwrap();
    assert!(!tokens().contains("expired</span>") && opens(&app, &endless));
}

#[test]
fn the_last_use_is_noted_once_a_minute() {
    let watch = Watch::default();
    let app = watch.app();
    let owner = app.owner();
    let token = make(&owner, "Backup", "read", "never");
    let user = recognise(&app, &token).unwrap().0;
    let last = || app.block_on(app.state.auth.tokens_of(&user)).unwrap()[0].last_used_at.unwrap();
    let first = last();
    app.clock.advance(MINUTE);
    watch.take();
    assert!(opens(&app, &token) && opens(&app, &token));
    assert_eq!(watch.take(), ["token", "token"], "a read and no more");
    assert_eq!(last(), first);
    app.clock.advance(Duration::from_millis(1));
    assert!(opens(&app, &token));
    assert_eq!(last(), first.plus(MINUTE + Duration::from_millis(1)));
    assert!(owner.get("/account/tokens").text().contains("last used <time"));
}

#[test]
fn a_token_acts_as_its_user_is_now_and_ends_with_them() {
    let (app, member) = member();
    let owner = app.log_in(OWNER);
    let token = make(&member, "Backup", "read-write", "never");
    assert_eq!(recognise(&app, &token).unwrap().0.role, Role::Member);
    owner.post("/users", &[("action", "role"), ("email", MEMBER), ("role", "owner")]);
    assert!(!is_in(&member));
    assert_eq!(recognise(&app, &token).unwrap().0.role, Role::Owner);
    owner.post("/users", &[("action", "remove"), ("email", MEMBER)]);
    assert!(matches!(recognise(&app, &token), Err(RecogniseError::Nobody)));
}

#[test]
fn a_token_outlives_a_password_its_user_changes_and_not_one_that_somebody_else_sets() {
    let (app, member) = member();
    let owner = app.log_in(OWNER);
    let [token, other] = [make(&member, "Backup", "read", "never"), make(&owner, "Backup", "read", "never")];
    assert_eq!(change_password(&member, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).status, 303);
    assert!(opens(&app, &token));
    assert!(member.get("/account").text().contains("Your access tokens go on working"));
    let (email, password) = (EmailAddress::parse("", MEMBER).unwrap(), NewPassword::parse("", PASSWORD).unwrap());
    app.block_on(app.state.auth.set_password(&email, &password, "tests", &Client::default())).unwrap();
    assert!(!opens(&app, &token) && opens(&app, &other));
    assert_eq!(count_events(&app, "access-token-revoked"), 1);
}

#[test]
fn no_text_but_the_genuine_one_is_a_token() {
    let (app, member) = member();
    let token = make(&member, "Backup", "read", "never");
    let checked = fuzz::runner(400).run(&fuzz::near(&token), |text| {
        prop_assert!(recognise(&app, &text).is_err());
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
    let access = super::cookie(&member, "access_token");
    assert!(!opens(&app, &access) && !is_in_with(&app, &token), "the two kinds are not taken for each other");
    assert!(opens(&app, &token));
}

/// Whether the pages, whose keys are cookies, take this for one.
fn is_in_with(app: &TestApp, token: &str) -> bool {
    let bearer = format!("Bearer {token}");
    let cookie = format!("access_token={token}; refresh_token={token}");
    [("authorization", bearer.as_str()), ("cookie", cookie.as_str())]
        .iter()
        .any(|header| app.visitor().send("GET", "/messages", &[*header], b"").status == 200)
}

#[test]
fn a_store_that_fails_is_no_answer_and_makes_no_token() {
    let trouble = Trouble::default();
    let around = trouble.clone();
    let app = TestApp::with().store(move |inner| around.around(inner)).start();
    let owner = app.owner();
    let token = make(&owner, "Backup", "read", "never");
    trouble.begin();
    assert!(matches!(recognise(&app, &token), Err(RecogniseError::Store(_))));
    assert_eq!(try_make(&owner, "Another", "read", "30", PASSWORD).status, 503);
    trouble.end();
    assert!(opens(&app, &token));
}
