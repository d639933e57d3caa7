//! Passwords, and the hashes in the store.

use std::sync::Arc;

use letterbox::auth::{Auth, Client, LoginError, NewAccount};
use letterbox::keyring::Keyring;
use letterbox::models::{PasswordHash, Role};
use letterbox::store::Store;
use rusqlite::params;

use super::watched::Watch;
use super::{MEMBER, OTHER_PASSWORD, change_password, database, log_in_with, try_login};
use crate::support::{OWNER, PASSWORD, TestApp};

fn add_user(app: &TestApp, email: &str, password: &str) {
    let account = NewAccount::parse("Test Person", email, password, password).unwrap();
    app.block_on(app.state.auth.add_user(account, Role::Member, "tests", &Client::default())).unwrap();
}

fn stored(app: &TestApp, email: &str) -> PasswordHash {
    app.block_on(app.state.store.user_by_email(email)).unwrap().unwrap().1
}

fn plant(app: &TestApp, scheme: &str, hash: &str) {
    let changed =
        database(app).execute("UPDATE users SET password_scheme = ?1, password_hash = ?2", params![scheme, hash]);
    assert_eq!(changed.unwrap(), 1);
}

#[test]
fn r14_long_and_odd_passwords_log_in_with_exactly_themselves() {
    let emoji: String = ('😀'..='🙏').cycle().take(64).collect();
    let ascii: String = ('!'..='~').cycle().take(200).collect();
    let nul = "twelve bytes\0and more".to_owned();
    let spaces = "  spaces at both ends  ".to_owned();
    let edge: String = ('!'..='~').cycle().take(1_000).collect();
    for password in [emoji, ascii, nul, spaces, edge] {
        let app = TestApp::start();
        add_user(&app, MEMBER, &password);
        let others = [
            password.chars().take(password.chars().count() - 1).collect::<String>(),
            format!("{password}x"),
            format!("{password}\0"),
            format!("{password}\0{password}"),
            password.trim().to_owned() + " ",
            password.replace('\0', ""),
            password.bytes().take(72).map(char::from).collect(),
        ];
        for other in others.iter().filter(|other| **other != password) {
            let answer = try_login(&app.visitor(), MEMBER, other);
            assert_eq!(answer.status, 422, "{other:?} for {password:?}");
        }
        log_in_with(&app, MEMBER, &password);
    }
}

#[test]
fn r14_a_password_and_the_same_after_a_nul_differ() {
    let app = TestApp::start();
    add_user(&app, MEMBER, "twelve bytes");
    assert_eq!(try_login(&app.visitor(), MEMBER, "twelve bytes\0twelve bytes").status, 422);
    assert_eq!(try_login(&app.visitor(), MEMBER, "twelve bytes\0").status, 422);
    log_in_with(&app, MEMBER, "twelve bytes");
}

#[test]
fn r14_a_password_of_another_unicode_form_or_case_is_another_password() {
    let app = TestApp::start();
    add_user(&app, MEMBER, "caf\u{e9} with a clich\u{e9}");
    assert_eq!(try_login(&app.visitor(), MEMBER, "cafe\u{301} with a cliche\u{301}").status, 422);
    assert_eq!(try_login(&app.visitor(), MEMBER, "Caf\u{e9} with a clich\u{e9}").status, 422);
    log_in_with(&app, "MEMBER@example.COM", "caf\u{e9} with a clich\u{e9}");
}

#[test]
fn r15_a_planted_or_damaged_hash_makes_the_login_fail_in_the_normal_way() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let PasswordHash { scheme, hash: good } = stored(&app, MEMBER);
    let of_cost = |cost: &str| format!("$2b${cost}${}", &good[7..]);
    let scheme = scheme.as_str();
    let planted = [
        (scheme, of_cost("31")),
        (scheme, of_cost("16")),
        (scheme, of_cost("09")),
        (scheme, of_cost("04")),
        (scheme, of_cost("00")),
        (scheme, of_cost("99")),
        (scheme, of_cost("-1")),
        (scheme, String::new()),
        (scheme, good[..59].to_owned()),
        (scheme, format!("{good}x")),
        (scheme, "$2b$10$".to_owned()),
        (scheme, good.replace("$2b$", "$9z$")),
        (scheme, "é".repeat(30)),
        (scheme, good.replace(&good[20..30], "!!!!!!!!!!")),
        ("", good.clone()),
        ("argon2id", good.clone()),
        ("invited", good.clone()),
    ];
    for (scheme, hash) in planted {
        plant(&app, scheme, &hash);
        app.clock.advance(super::CALM);
        // Cost 31 would take days, were it honoured.
        let answer = try_login(&app.visitor(), MEMBER, PASSWORD);
        assert_eq!(answer.status, 422, "{scheme} {hash}: {}", answer.text());
        assert!(answer.text().contains("The email address or the password is not right"));
    }
    plant(&app, scheme, &good);
    log_in_with(&app, MEMBER, PASSWORD);
}

#[test]
fn r15_a_damaged_hash_does_not_break_the_account_page_either() {
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let member = app.log_in(MEMBER);
    plant(&app, "hmac-sha384-v1", "nonsense");
    let answer = change_password(&member, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("This is not your present password"));
}

/// The same letterbox with another cost.
fn at_cost(app: &TestApp, cost: u32, store: Arc<dyn Store>) -> Auth {
    let mut config = app.state.config.clone();
    config.bcrypt_cost = cost;
    letterbox::app::auth(&config, &Keyring::load(&config).unwrap(), store, Arc::new(app.clock.clone())).unwrap()
}

#[test]
fn r16_a_login_renews_a_hash_of_another_cost_once() {
    let watch = Watch::default();
    let app = TestApp::start();
    app.add_user(MEMBER, Role::Member);
    let auth = at_cost(&app, 11, watch.around(Arc::clone(&app.state.store)));
    let log_in = |password: &str| {
        app.clock.advance(super::CALM);
        app.block_on(auth.log_in(MEMBER, password, None, &Client::default()))
    };
    assert!(matches!(log_in("not the password"), Err(LoginError::Wrong)));
    assert!(stored(&app, MEMBER).hash.starts_with("$2b$10$"), "a wrong password renews nothing");
    log_in(PASSWORD).unwrap();
    let renewed = stored(&app, MEMBER);
    assert!(renewed.hash.starts_with("$2b$11$"));
    log_in(PASSWORD).unwrap();
    assert!(stored(&app, MEMBER) == renewed, "once");
    let renewals = watch.take().into_iter().filter(|act| *act == "renew_password_hash").count();
    assert_eq!(renewals, 1);
}

#[test]
fn r16_a_password_that_is_changed_meanwhile_is_not_overwritten_and_the_old_one_opens_nothing() {
    let watch = Watch::default();
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let cheap = stored(&app, OWNER);
    let auth = at_cost(&app, 11, watch.around(Arc::clone(&app.state.store)));
    let id = app.block_on(app.state.store.list_users()).unwrap()[0].id;
    let now = app.state.clock.now();
    let other = PasswordHash { scheme: cheap.scheme, hash: cheap.hash.replace("$10$", "$12$") };
    let set = other.clone();
    watch.just_before("renew_password_hash", move |store| async move {
        assert!(store.set_password(id, set, None, now).await.unwrap());
    });
    let outcome = app.block_on(auth.log_in(OWNER, PASSWORD, None, &Client::default()));
    assert!(matches!(outcome, Err(LoginError::Wrong)), "{outcome:?}");
    assert!(stored(&app, OWNER) == other);
    assert!(app.block_on(app.state.store.list_sessions(id, now)).unwrap().is_empty());
}

#[test]
fn r16_two_logins_that_renew_the_hash_at_once_both_succeed() {
    let watch = Watch::default();
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    app.add_user(MEMBER, Role::Member);
    // Another hash of the same password, as the other login makes it.
    let (old, other) = (stored(&app, OWNER), stored(&app, MEMBER));
    let auth = at_cost(&app, 11, watch.around(Arc::clone(&app.state.store)));
    let id = app.block_on(app.state.store.list_users()).unwrap();
    let id = id.iter().find(|user| user.email.as_str() == OWNER).unwrap().id;
    watch.just_before("renew_password_hash", move |store| async move {
        assert!(store.renew_password_hash(id, &old, other).await.unwrap());
    });
    let outcome = app.block_on(auth.log_in(OWNER, PASSWORD, None, &Client::default()));
    assert!(outcome.is_ok(), "{outcome:?}");
}
