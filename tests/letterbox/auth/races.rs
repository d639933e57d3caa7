//! Two things at once: what was proven a moment ago counts no more once it has been taken back.

use std::sync::Barrier;

use letterbox::auth::{AccountError, Client, LoginError};
use letterbox::models::{NewPassword, PasswordHash, Role, User};

use super::watched::Watch;
use super::{MEMBER, OTHER_PASSWORD, cookie, session_id};
use crate::support::{OWNER, PASSWORD, TestApp};

fn user(app: &TestApp, email: &str) -> User {
    app.block_on(app.state.store.user_by_email(email)).unwrap().unwrap().0
}

fn other_hash() -> PasswordHash {
    PasswordHash { scheme: "hmac-sha384-v1".to_owned(), hash: "$2b$10$of/another/password".to_owned() }
}

/// A member, and their password set to another just before the next `act` of the store.
fn password_set_just_before(act: &'static str) -> (Watch, TestApp, User) {
    let watch = Watch::default();
    let app = watch.app();
    app.add_user(MEMBER, Role::Member);
    let member = user(&app, MEMBER);
    let (id, now) = (member.id, app.state.clock.now());
    watch.just_before(act, move |store| async move {
        assert!(store.set_password(id, other_hash(), None, now).await.unwrap());
    });
    (watch, app, member)
}

#[test]
fn r7_a_login_with_the_old_password_does_not_slip_in_behind_its_change() {
    let (_watch, app, member) = password_set_just_before("add_session");
    let outcome = app.block_on(app.state.auth.log_in(MEMBER, PASSWORD, None, &Client::default()));
    assert!(matches!(outcome, Err(LoginError::Wrong)), "{outcome:?}");
    let now = app.state.clock.now();
    assert!(app.block_on(app.state.store.list_sessions(member.id, now)).unwrap().is_empty(), "no session is left");
}

#[test]
fn a_password_that_was_set_to_shut_somebody_out_is_not_overwritten_by_them() {
    let (watch, app, member) = password_set_just_before("nothing");
    let browser = app.log_in(MEMBER);
    let session = session_id(&cookie(&browser, "refresh_token"));
    let (id, now) = (member.id, app.state.clock.now());
    watch.just_before("change_password", move |store| async move {
        assert!(store.set_password(id, other_hash(), None, now).await.unwrap());
    });
    let new = NewPassword::parse("", OTHER_PASSWORD).unwrap();
    let auth = &app.state.auth;
    let outcome = app.block_on(auth.change_password(&member, session, PASSWORD, &new, &Client::default()));
    assert!(matches!(outcome, Err(AccountError::WrongPassword)), "{outcome:?}");
    assert!(app.block_on(app.state.store.user_by_email(MEMBER)).unwrap().unwrap().1 == other_hash());
}

#[test]
fn a_token_that_was_made_with_the_old_password_does_not_outlive_its_change() {
    let watch = Watch::default();
    let app = watch.app();
    app.add_user(MEMBER, Role::Member);
    let (id, browser, now) = (user(&app, MEMBER).id, app.log_in(MEMBER), app.state.clock.now());
    // All an owner's password reset does falls between the proof and the token.
    watch.just_before("add_token", move |store| async move {
        assert!(store.set_password(id, other_hash(), None, now).await.unwrap());
        store.remove_tokens(id).await.unwrap();
    });
    let fields = [("action", "make"), ("name", "Mine"), ("scope", "read"), ("expires", "never"), ("present", PASSWORD)];
    let answer = browser.post("/account/tokens", &fields);
    assert!(answer.status == 422 && !answer.text().contains("lbx_"), "{}", answer.text());
    assert!(app.block_on(app.state.store.list_tokens(id)).unwrap().is_empty(), "no token is left");
}

#[test]
fn a_user_who_is_removed_while_logging_in_is_told_what_strangers_are_told() {
    let watch = Watch::default();
    let app = watch.app();
    app.add_user(MEMBER, Role::Member);
    let id = user(&app, MEMBER).id;
    watch.just_before("add_session", move |store| async move {
        store.remove_user(id).await.unwrap();
    });
    let answer = super::try_login(&app.visitor(), MEMBER, PASSWORD);
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert!(answer.set_cookies().is_empty());
}

#[test]
fn of_many_spent_tokens_at_once_one_rings() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let owner = app.owner();
    let spent = owner.cookies.borrow().clone();
    for _ in 0..2 {
        app.clock.advance(super::ACCESS_AND_MORE);
        assert!(super::is_in(&owner));
    }
    at_once(20, |_| assert_eq!(super::with_cookies(&app, &spent).get("/messages").status, 303));
    assert_eq!(super::count_events(&app, "token-reused"), 1);
}

/// Does it so many times at once.
fn at_once<T: Send>(times: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let ready = Barrier::new(times);
    std::thread::scope(|scope| {
        let (act, ready) = (&act, &ready);
        let racers: Vec<_> = (0..times)
            .map(|number| {
                scope.spawn(move || {
                    ready.wait();
                    act(number)
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn an_invitation_that_is_accepted_by_many_at_once_lets_one_in() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let owner = app.owner();
    let link = super::invite(&owner, MEMBER, "member");
    let outcomes = at_once(8, |_| {
        let browser = app.visitor();
        let answer = super::accept(&browser, &link);
        (answer.status, browser.cookies.borrow().contains_key("access_token"))
    });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == (303, true)).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == (403, false)).count(), 7, "{outcomes:?}");
}

#[test]
fn two_owners_who_remove_or_demote_each_other_leave_an_owner() {
    let changes = [[("action", "remove"), ("role", "")], [("action", "role"), ("role", "member")]];
    for change in changes {
        let app = TestApp::with().limits(|limits| limits.workers = 2).start();
        let first = app.owner();
        app.add_user(MEMBER, Role::Owner);
        let second = app.log_in(MEMBER);
        let cookies = [first.cookies.borrow().clone(), second.cookies.borrow().clone()];
        at_once(2, |number| {
            let browser = super::with_cookies(&app, &cookies[number]);
            let other = [MEMBER, OWNER][number];
            browser.post("/users", &[change[0], change[1], ("email", other)])
        });
        let users = app.block_on(app.state.store.list_users()).unwrap();
        assert_eq!(users.iter().filter(|user| user.role == Role::Owner).count(), 1, "{users:?}");
    }
}

#[test]
fn one_address_that_is_invited_many_times_at_once_becomes_one_user() {
    let app = TestApp::with().limits(|limits| limits.workers = 2).start();
    let owner = app.owner();
    let cookies = owner.cookies.borrow().clone();
    let statuses = at_once(8, |_| {
        let browser = super::with_cookies(&app, &cookies);
        let fields = [("action", "invite"), ("name", "Ina"), ("email", MEMBER), ("role", "member")];
        browser.post("/users", &fields).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 7, "{statuses:?}");
}
