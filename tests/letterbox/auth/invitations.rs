//! `/invitation`: a link that works once, for seven days, for whoever it was made for.

use std::time::Duration;

use letterbox::models::Role;

use super::{MEMBER, OTHER_PASSWORD, accept, count_events, invite, is_in, link_in, try_login};
use crate::support::{Answer, OWNER, PASSWORD, TestApp};

const WEEK: Duration = Duration::from_hours(7 * 24);

fn stale(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("Ask for a new link"));
    assert!(answer.set_cookies().is_empty() && !answer.text().contains(MEMBER));
}

#[test]
fn who_is_invited_chooses_a_password_and_is_in() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    assert!(owner.get("/users").text().contains("<span class=\"tag\">invited</span>"));
    assert!(!owner.get("/users").text().contains("/invitation?"), "the link is shown once");
    assert_eq!(try_login(&app.visitor(), MEMBER, PASSWORD).status, 422, "nobody is in before");
    assert_eq!(try_login(&app.visitor(), MEMBER, "").status, 422);

    let guest = app.visitor();
    let form = guest.get(&link);
    assert_eq!((form.status, form.header("cache-control")), (200, "no-store"));
    assert!(form.text().contains(MEMBER) && form.set_cookies().is_empty());
    let accepted = accept(&guest, &link);
    assert_eq!((accepted.status, accepted.header("location")), (303, "/messages"));
    assert!(guest.get("/messages").text().contains("Welcome. The letterbox is open for you."));
    assert!(is_in(&guest) && guest.get("/users").status == 403);
    assert!(!owner.get("/users").text().contains("<span class=\"tag\">invited</span>"));
    assert_eq!(try_login(&app.visitor(), MEMBER, PASSWORD).status, 303);
}

#[test]
fn a_link_works_once() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    let guest = app.visitor();
    assert_eq!(accept(&guest, &link).status, 303);
    stale(&app.visitor().get(&link));
    stale(&accept(&app.visitor(), &link));
    super::change_password(&guest, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD);
    stale(&accept(&app.visitor(), &link));
    assert_eq!(count_events(&app, "invitation-accepted"), 1);
}

#[test]
fn a_link_works_for_seven_days_and_not_a_moment_more() {
    let app = TestApp::start();
    let owner = app.owner();
    let (first, second) = (invite(&owner, MEMBER, "member"), invite(&owner, "late@example.com", "member"));
    app.clock.advance(WEEK - Duration::from_millis(1));
    assert_eq!(accept(&app.visitor(), &first).status, 303);
    app.clock.advance(Duration::from_millis(1));
    stale(&app.visitor().get(&second));
    stale(&accept(&app.visitor(), &second));
}

#[test]
fn a_new_link_makes_the_one_before_worthless() {
    let app = TestApp::start();
    let owner = app.owner();
    let first = invite(&owner, MEMBER, "member");
    let again = owner.post("/users", &[("action", "invite-again"), ("email", MEMBER)]);
    let second = link_in(&again);
    assert_ne!(first, second);
    stale(&accept(&app.visitor(), &first));
    assert_eq!(accept(&app.visitor(), &second).status, 303);
    let third = owner.post("/users", &[("action", "invite-again"), ("email", MEMBER)]);
    assert_eq!(third.status, 409, "who is in needs no link");
    assert!(third.text().contains("They have accepted or were removed meanwhile"));
}

#[test]
fn the_link_of_somebody_who_was_removed_or_invited_anew_opens_nothing() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "owner");
    owner.post("/users", &[("action", "remove"), ("email", MEMBER)]);
    stale(&accept(&app.visitor(), &link));
    invite(&owner, MEMBER, "member");
    stale(&accept(&app.visitor(), &link));
}

#[test]
fn what_the_owner_has_changed_meanwhile_counts() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "owner");
    owner.post("/users", &[("action", "role"), ("email", MEMBER), ("role", "member")]);
    let guest = app.visitor();
    assert_eq!(accept(&guest, &link).status, 303);
    assert_eq!(guest.get("/users").status, 403);
}

#[test]
fn an_address_that_somebody_has_is_not_invited_in_whatever_case() {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    for email in [OWNER, "MEMBER@EXAMPLE.com", " member@example.com "] {
        let fields = [("action", "invite"), ("name", "Ina Again"), ("email", email), ("role", "owner")];
        let answer = owner.post("/users", &fields);
        assert_eq!(answer.status, 422);
        let text = answer.text();
        assert!(text.contains("A user with this address exists already") && text.contains("Ina Again"), "{text}");
    }
    let nobody = owner.post("/users", &[("action", "invite"), ("name", ""), ("email", "no address")]);
    assert!(nobody.status == 422 && !nobody.text().contains("/invitation?"));
    assert_eq!(count_events(&app, "user-invited"), 0);
}

#[test]
fn a_password_that_is_refused_leaves_the_link_good() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    let token = link.split_once('=').unwrap().1;
    for (password, again) in
        [("short", "short"), ("password2026!", "password2026!"), (PASSWORD, OTHER_PASSWORD), ("", "")]
    {
        let fields = [("token", token), ("password", password), ("password_again", again)];
        let answer = app.visitor().post("/invitation", &fields);
        assert_eq!(answer.status, 422, "{password}");
        assert!(!answer.text().contains(PASSWORD) && answer.set_cookies().is_empty());
        assert_eq!(answer.hidden("token"), token);
    }
    assert_eq!(accept(&app.visitor(), &link).status, 303);
}

#[test]
fn an_edited_link_opens_nothing() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    let token = link.split_once('=').unwrap().1;
    for at in 0..token.len() {
        let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let edited = format!("/invitation?token={}{other}{}", &token[..at], &token[at + 1..]);
        stale(&app.visitor().get(&edited));
    }
    for path in ["/invitation", "/invitation?token=", "/invitation?token=%00", "/invitation?token=a&token=b"] {
        let status = app.visitor().get(path).status;
        assert!([400, 403].contains(&status), "{path}: {status}");
    }
}

#[test]
fn who_accepts_in_a_browser_of_somebody_else_takes_no_session_over() {
    let app = TestApp::start();
    let owner = app.owner();
    let link = invite(&owner, MEMBER, "member");
    let shared = super::copy_of(&app, &owner);
    assert_eq!(accept(&shared, &link).status, 303);
    assert!(shared.get("/account").text().contains(MEMBER));
    assert!(!is_in(&owner), "the session this browser had is over, as after a login");
}
