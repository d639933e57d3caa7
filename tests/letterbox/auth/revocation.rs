//! R7: what was ended opens nothing on the very next request.

use letterbox::auth::{Client, Presented};
use letterbox::models::{EmailAddress, NewPassword, Role};

use super::{MEMBER, OTHER_PASSWORD, change_password, cookie, copy_of, is_in, recognise};
use crate::support::{Browser, OWNER, PASSWORD, TestApp};

/// Every way in that the cookies of `thief` could still be.
fn opens_nothing(app: &TestApp, thief: &Browser) {
    let (access, refresh) = (cookie(thief, "access_token"), cookie(thief, "refresh_token"));
    for tokens in [(Some(&access), None), (None, Some(&refresh)), (Some(&access), Some(&refresh))] {
        let known = recognise(app, tokens.0.map(String::as_str), tokens.1.map(String::as_str));
        assert!(known.is_err(), "{known:?}");
    }
    for path in ["/messages", "/account", "/account/tokens", "/users", "/logout", "/account/activity"] {
        let answer = copy_of(app, thief).get(path);
        assert!(answer.status == 303 && answer.header("location").starts_with("/login"), "{path}: {}", answer.status);
    }
    let posted = copy_of(app, thief).post("/account", &[("action", "name"), ("name", "Mallory")]);
    assert_eq!(posted.status, 303);
    assert_eq!(posted.header("location"), "/login?next=%2Faccount");
    let login = copy_of(app, thief).get("/login");
    assert_eq!(login.status, 200, "the login page is not fooled either");
}

/// A member who is signed in, and a copy of their cookies.
fn member(app: &TestApp) -> (Browser, Browser) {
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    assert!(is_in(&member));
    let copy = copy_of(app, &member);
    (member, copy)
}

#[test]
fn r7_after_the_logout() {
    let app = TestApp::start();
    let (member, thief) = member(&app);
    assert_eq!(member.post("/logout", &[]).status, 303);
    opens_nothing(&app, &thief);
}

#[test]
fn r7_after_a_logout_whose_refresh_cookie_a_neighbour_had_replaced() {
    let app = TestApp::start();
    let (member, thief) = member(&app);
    super::set_cookie(&member, "refresh_token", &format!("v1.{}.0.{}", "A".repeat(22), "A".repeat(43)));
    assert_eq!(member.post("/logout", &[]).status, 303);
    opens_nothing(&app, &thief);
}

#[test]
fn r7_after_it_was_ended_from_another_browser() {
    for action in ["end", "end-others"] {
        let app = TestApp::start();
        let (_, thief) = member(&app);
        let elsewhere = app.log_in(MEMBER);
        let handle = elsewhere.get("/account").hidden("session");
        let ended = elsewhere.post("/account", &[("action", action), ("session", &handle)]);
        assert_eq!(ended.status, 303);
        opens_nothing(&app, &thief);
        assert!(is_in(&elsewhere));
    }
}

#[test]
fn r7_after_the_password_was_changed() {
    let app = TestApp::start();
    let (_, thief) = member(&app);
    let elsewhere = app.log_in(MEMBER);
    assert_eq!(change_password(&elsewhere, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).status, 303);
    opens_nothing(&app, &thief);
    assert!(is_in(&elsewhere), "who changes it stays");
}

#[test]
fn r7_after_the_password_was_set_on_the_command_line() {
    let app = TestApp::start();
    let (_, thief) = member(&app);
    let (email, password) = (EmailAddress::parse("", MEMBER), NewPassword::parse("", OTHER_PASSWORD));
    let auth = &app.state.auth;
    app.block_on(auth.set_password(&email.unwrap(), &password.unwrap(), "tests", &Client::default())).unwrap();
    opens_nothing(&app, &thief);
}

#[test]
fn r7_after_the_role_was_changed_up_or_down() {
    let app = TestApp::start();
    let owner = app.owner();
    let (_, thief) = member(&app);
    assert_eq!(owner.post("/users", &[("action", "role"), ("email", MEMBER), ("role", "owner")]).status, 303);
    opens_nothing(&app, &thief);

    let promoted = app.log_in(MEMBER);
    assert_eq!(promoted.get("/users").status, 200);
    let thief = copy_of(&app, &promoted);
    assert_eq!(owner.post("/users", &[("action", "role"), ("email", MEMBER), ("role", "member")]).status, 303);
    let posted = promoted.post("/users", &[("action", "remove"), ("email", OWNER)]);
    assert_eq!(posted.header("location"), "/login?next=%2Fusers", "a page that was left open does nothing");
    opens_nothing(&app, &thief);
    assert!(is_in(&owner));
}

#[test]
fn r7_after_the_user_was_removed() {
    let app = TestApp::start();
    let owner = app.owner();
    let (member, thief) = member(&app);
    assert_eq!(owner.post("/users", &[("action", "remove"), ("email", MEMBER)]).status, 303);
    opens_nothing(&app, &thief);
    assert_eq!(member.post("/logout", &[]).status, 303, "the way out is open all the same");
    assert_eq!(super::try_login(&app.visitor(), MEMBER, PASSWORD).status, 422);
}

#[test]
fn logging_out_with_forged_tokens_ends_nobodys_session() {
    let app = TestApp::start();
    let (member, _) = member(&app);
    let refresh = cookie(&member, "refresh_token");
    let forged = format!("{}{}", refresh.rsplit_once('.').unwrap().0, format_args!(".{}", "A".repeat(43)));
    let presented = Presented { access: None, refresh: Some(&forged) };
    app.block_on(app.state.auth.log_out(presented, &Client::default())).unwrap();
    assert!(is_in(&member));
}

#[test]
fn a_new_login_in_the_same_browser_ends_the_session_it_had() {
    let app = TestApp::start();
    let (member, thief) = member(&app);
    assert_eq!(super::try_login(&member, MEMBER, PASSWORD).status, 303);
    assert_ne!(cookie(&member, "refresh_token"), cookie(&thief, "refresh_token"));
    assert!(is_in(&member));
    opens_nothing(&app, &thief);
}
