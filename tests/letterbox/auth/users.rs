//! `/users`: owners manage who holds a key, and an owner is always left.

use letterbox::models::Role;

use super::{MEMBER, count_events, is_in};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp};

fn role(browser: &Browser, email: &str, role: &str) -> Answer {
    browser.post("/users", &[("action", "role"), ("email", email), ("role", role)])
}

fn remove(browser: &Browser, email: &str) -> Answer {
    browser.post("/users", &[("action", "remove"), ("email", email)])
}

fn roles(app: &TestApp) -> Vec<(String, Role)> {
    let users = app.block_on(app.state.store.list_users()).unwrap();
    let mut roles: Vec<_> = users.into_iter().map(|user| (user.email.as_str().to_owned(), user.role)).collect();
    // Two who were added in the same millisecond stand in any order.
    roles.sort_by(|left, right| left.0.cmp(&right.0));
    roles
}

#[test]
fn members_get_403_for_every_page_and_every_change_of_owners() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    assert!(is_in(&member));
    let before = super::crawl::digest(&app);
    for path in ["/users", "/account/activity"] {
        let answer = member.get(path);
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("This page is for owners") && !answer.text().contains(OWNER));
    }
    for action in ["invite", "invite-again", "role", "remove", "nonsense"] {
        let fields = [("action", action), ("email", MEMBER), ("role", "owner"), ("name", "Mallory")];
        assert_eq!(member.post("/users", &fields).status, 403, "{action}");
    }
    let json = member.send("GET", "/users", &[("accept", "application/json")], b"");
    assert_eq!((json.status, json.header("content-type")), (403, "application/problem+json"));
    assert_eq!(super::crawl::digest(&app), before, "nothing has been changed");
    assert!(!member.get("/account").text().contains("/users"), "nor is the way shown");
}

#[test]
fn an_owner_sees_everybody_changes_roles_and_removes() {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    let page = owner.get("/users").text();
    assert!(page.contains(OWNER) && page.contains(MEMBER));
    assert_eq!(role(&owner, MEMBER, "owner").status, 303);
    assert!(owner.get("/users").text().contains("The role of member@example.com is changed; they log in anew."));
    assert_eq!(roles(&app)[0], (MEMBER.to_owned(), Role::Owner));

    let second = app.log_in(MEMBER);
    assert_eq!(role(&second, OWNER, "member").status, 303);
    assert!(!is_in(&owner));
    assert_eq!(app.log_in(OWNER).get("/users").status, 403);
    assert_eq!(remove(&second, OWNER).status, 303);
    assert_eq!(roles(&app), [(MEMBER.to_owned(), Role::Owner)]);
    assert_eq!(super::try_login(&app.visitor(), OWNER, PASSWORD).status, 422);
}

#[test]
fn the_role_somebody_has_already_ends_nothing() {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    assert_eq!(role(&owner, MEMBER, "member").status, 303);
    assert_eq!(role(&owner, OWNER, "owner").status, 303);
    assert!(is_in(&member) && is_in(&owner));
    assert_eq!(count_events(&app, "role-changed"), 0);
}

#[test]
fn the_last_owner_stays_and_an_invited_owner_does_not_count() {
    let app = TestApp::start();
    let owner = app.owner();
    let refused = |owner: &Browser| {
        for answer in [remove(owner, OWNER), role(owner, OWNER, "member"), remove(owner, "OWNER@EXAMPLE.COM")] {
            assert_eq!(answer.status, 409);
            assert!(answer.text().contains("The last owner stays an owner"), "{}", answer.text());
        }
        assert!(is_in(owner));
    };
    refused(&owner);
    app.add_user(MEMBER, Role::Member);
    refused(&owner);
    let link = super::invite(&owner, "second@example.com", "owner");
    refused(&owner);
    assert_eq!(super::accept(&app.visitor(), &link).status, 303);
    assert_eq!(role(&owner, OWNER, "member").status, 303, "now there is another");
    assert!(!is_in(&owner));
}

#[test]
fn an_invited_owner_may_be_made_a_member_or_removed() {
    let app = TestApp::start();
    let owner = app.owner();
    super::invite(&owner, "second@example.com", "owner");
    assert_eq!(role(&owner, "second@example.com", "member").status, 303);
    assert_eq!(role(&owner, "second@example.com", "owner").status, 303);
    assert_eq!(remove(&owner, "second@example.com").status, 303);
    assert_eq!(roles(&app).len(), 1);
}

#[test]
fn a_page_that_was_left_open_is_told_what_has_changed() {
    let app = TestApp::start();
    let owner = app.owner();
    for answer in [remove(&owner, MEMBER), role(&owner, MEMBER, "owner")] {
        assert_eq!(answer.status, 409);
        assert!(answer.text().contains("Somebody else has removed this user already"));
    }
    let again = owner.post("/users", &[("action", "invite-again"), ("email", MEMBER)]);
    assert_eq!(again.status, 409);
}

#[test]
fn what_no_form_of_ours_sends_is_400_and_changes_nothing() {
    let app = TestApp::start();
    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    assert!(is_in(&owner));
    let before = super::crawl::digest(&app);
    for fields in [
        vec![],
        vec![("action", "role"), ("email", MEMBER)],
        vec![("action", "role"), ("email", MEMBER), ("role", "admin")],
        vec![("action", "role"), ("email", MEMBER), ("role", "Owner")],
        vec![("action", "remove"), ("email", "not an address")],
        vec![("action", "remove")],
        vec![("action", "sudo"), ("email", MEMBER)],
    ] {
        assert_eq!(owner.post("/users", &fields).status, 400, "{fields:?}");
    }
    assert_eq!(super::crawl::digest(&app), before);
}

#[test]
fn names_and_addresses_of_users_are_text_wherever_they_stand() {
    let app = TestApp::start();
    let owner = app.owner();
    let name = "\"'><img src=x onerror=alert(1)>";
    let email = "x'&`onclick=alert{}@example.com";
    let fields = [("action", "invite"), ("name", name), ("email", email), ("role", "member")];
    let invited = owner.post("/users", &fields);
    assert_eq!(invited.status, 200, "{}", invited.text());
    let again = owner.post("/users", &fields);
    assert_eq!(again.status, 422, "twice: the form comes back with both");
    let removed = remove(&owner, email);
    assert_eq!(removed.status, 303);
    let mut pages = vec![invited.text(), again.text(), owner.get("/users").text()];
    pages.push(owner.get("/account/activity").text());
    for page in pages {
        assert!(!page.contains("<img src=x") && !page.contains("x'&`") && page.contains("onclick=alert"), "{page}");
    }
}
