//! Access tokens: what is refused, one fault at a time, and how keys rotate.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use letterbox::auth::{AccessTokens, Claims, SigningKey};
use letterbox::keyring::Keyring;
use letterbox::models::{Role, SessionId, Timestamp, UserId};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::watched::Watch;
use super::{cookie, recognise};
use crate::support::{OWNER, TestApp};

const NOW: i64 = 1_800_000_000;
const SECRET: [u8; 32] = [9; 32];

fn tokens() -> AccessTokens {
    AccessTokens::new(&[SigningKey { id: "kid1".to_owned(), secret: SECRET }]).unwrap()
}

fn header() -> Value {
    json!({"alg": "HS256", "typ": "at+jwt", "kid": "kid1"})
}

fn claims() -> Value {
    let user = UserId::new(Timestamp::from_millis(1_000));
    json!({
        "iss": "letterbox", "aud": "letterbox", "sub": user.to_string(), "sid": SessionId::from_bytes([3; 16]).to_string(),
        "role": "owner", "iat": NOW, "exp": NOW + 900,
    })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of this head and these claims, rightly signed.
fn signed(header: &Value, claims: &Value) -> String {
    signed_with(header, claims, &SECRET)
}

fn signed_with(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&text).finalize().into_bytes();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn accepted(token: &str) -> bool {
    tokens().read(token, at(NOW + 1)).is_some()
}

#[test]
fn r11_what_these_tests_sign_is_accepted_when_it_is_right() {
    assert!(accepted(&signed(&header(), &claims())));
}

#[test]
fn r11_a_claim_that_is_missing_or_wrong_is_refused() {
    let wrong = [
        ("aud", vec![json!("other"), json!(["other"]), json!(""), json!(null), json!(7), json!({})]),
        ("iss", vec![json!("other"), json!("Letterbox"), json!(""), json!(null), json!(7)]),
        ("sub", vec![json!("nobody"), json!(""), json!(null), json!(7), json!("00000000000000000000000000000000")]),
        ("sid", vec![json!("short"), json!(""), json!(null), json!([3]), json!("A".repeat(23)), json!("+".repeat(22))]),
        ("role", vec![json!("admin"), json!("Owner"), json!(""), json!(null), json!(["owner"])]),
        ("iat", vec![json!("now"), json!(null), json!({}), json!(i64::MAX), json!(u64::MAX)]),
        ("exp", vec![json!("later"), json!(null), json!([]), json!(i64::MIN), json!(-1), json!(0), json!(i64::MAX)]),
    ];
    for (name, values) in wrong {
        assert!(!accepted(&signed(&header(), &without(claims(), name))), "without {name}");
        for value in values {
            assert!(!accepted(&signed(&header(), &with(claims(), name, value.clone()))), "{name} = {value}");
        }
    }
}

#[test]
fn r11_a_head_that_is_missing_something_or_wrong_is_refused() {
    for name in ["alg", "typ", "kid"] {
        assert!(!accepted(&signed(&without(header(), name), &claims())), "without {name}");
    }
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!(null)),
        ("kid", json!("kid2")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("kid", json!("../../dev/null")),
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("hs256")),
        ("alg", json!("RS256")),
        ("alg", json!("HS512")),
        ("alg", json!("ES256")),
        ("alg", json!(null)),
    ] {
        assert!(!accepted(&signed(&with(header(), name, value.clone()), &claims())), "{name} = {value}");
    }
}

#[test]
fn r11_another_algorithm_is_refused_with_a_signature_that_fits_it() {
    let none = format!("{}.{}.", part(&with(header(), "alg", json!("none"))), part(&claims()));
    assert!(!accepted(&none));
    let text = format!("{}.{}", part(&with(header(), "alg", json!("HS512"))), part(&claims()));
    let mac = Hmac::<Sha512>::new_from_slice(&SECRET).unwrap().chain_update(&text).finalize().into_bytes();
    assert!(!accepted(&format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))));
    let ours = signed(&header(), &claims());
    let (head, rest) = ours.split_once('.').unwrap();
    assert!(!accepted(&format!("{head}.{}.", rest.split('.').next().unwrap())), "without a signature");
}

#[test]
fn r11_a_foreign_or_empty_key_is_refused_and_so_is_whatever_was_edited() {
    for secret in [&[8; 32][..], &[], &[9; 31], b"kid1"] {
        assert!(!accepted(&signed_with(&header(), &claims(), secret)));
    }
    let token = signed(&header(), &claims());
    for (at, original) in token.char_indices() {
        let other = if original == 'A' { 'B' } else { 'A' };
        let edited = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(!accepted(&edited), "edited at {at}");
    }
    for cut in 0..token.len() {
        assert!(!accepted(&token[..cut]), "cut at {cut}");
    }
    assert!(!accepted(&format!("{token}A")) && !accepted(&format!(" {token}")) && !accepted(&format!("{token}.")));
}

#[test]
fn r11_a_token_is_refused_from_the_instant_of_its_expiry_on() {
    let token = signed(&header(), &claims());
    let exp = NOW + 900;
    let just_before = Timestamp::from_millis(exp * 1_000 - 1);
    assert!(tokens().read(&token, just_before).is_some());
    assert!(tokens().read(&token, at(exp)).is_none(), "exactly then");
    assert!(tokens().read(&token, at(exp + 1)).is_none(), "a second later");
    assert!(tokens().read_expired(&token).is_some(), "for closing the door it will do");
}

#[test]
fn r11_a_token_of_more_than_4_kib_is_refused() {
    let padded = |length: usize| signed(&header(), &with(claims(), "pad", json!("x".repeat(length))));
    let overhead = padded(0).len();
    let fits = (0..3_000).rev().map(padded).find(|token| token.len() <= 4_096).unwrap();
    assert!(overhead < 1_000 && fits.len() >= 4_094 && accepted(&fits));
    assert!(!accepted(&padded(2_900)) && !accepted(&"a".repeat(1 << 20)));
}

#[test]
fn r11_a_right_token_of_a_session_that_is_not_its_users_is_nobodys() {
    let app = TestApp::start();
    let owner = app.owner();
    let access = AccessTokens::new(&keys(&app)).unwrap();
    let now = app.state.clock.now();
    let claims = access.read(&cookie(&owner, "access_token"), now).unwrap();
    let known = |claims: &Claims| recognise(&app, Some(&access.issue(claims).unwrap()), None).is_ok();
    assert!(known(&claims));
    assert!(!known(&Claims { sub: UserId::new(now), ..claims.clone() }));
    assert!(!known(&Claims { sid: SessionId::from_bytes([0; 16]), ..claims.clone() }));
    // What the token says of the role is not what counts.
    app.add_user(super::MEMBER, Role::Member);
    let member = app.log_in(super::MEMBER);
    let theirs = access.read(&cookie(&member, "access_token"), now).unwrap();
    super::set_cookie(&member, "access_token", &access.issue(&Claims { role: Role::Owner, ..theirs }).unwrap());
    assert_eq!(member.get("/users").status, 403);
}

fn keys(app: &TestApp) -> Vec<SigningKey> {
    let keyring = Keyring::load(&app.state.config).unwrap();
    let secrets = keyring.all("letterbox access token v1");
    keyring.kids().into_iter().zip(secrets).map(|(id, secret)| SigningKey { id: id.to_owned(), secret }).collect()
}

const OLD: &str = "the old secret key of at least 32 bytes";
const NEW: &str = "the new secret key of at least 32 bytes";

/// A token with this secret for the session that `app` knows.
fn token_of(app: &TestApp, owner: &crate::support::Browser, secret: &str) -> String {
    let elsewhere = TestApp::with().setting("SECRET_KEY", secret).start();
    let claims = AccessTokens::new(&keys(app)).unwrap().read_expired(&cookie(owner, "access_token")).unwrap();
    AccessTokens::new(&keys(&elsewhere)).unwrap().issue(&claims).unwrap()
}

#[test]
fn r13_while_keys_rotate_old_tokens_stay_good_and_new_ones_name_the_new_key() {
    let app = TestApp::with().setting("SECRET_KEY", NEW).setting("SECRET_KEY_PREVIOUS", OLD).start();
    let owner = app.owner();
    let new_kid = keys(&app)[0].id.clone();
    let head = cookie(&owner, "access_token").split('.').next().unwrap().to_owned();
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    assert_eq!(head, json!({"alg": "HS256", "typ": "at+jwt", "kid": new_kid}));

    let old = token_of(&app, &owner, OLD);
    assert!(recognise(&app, Some(&old), None).is_ok());
    app.clock.advance(super::ACCESS_AND_MORE);
    assert!(recognise(&app, Some(&old), None).is_err(), "until it expires");
}

#[test]
fn r13_an_unknown_key_is_refused_without_asking_the_store() {
    let watch = Watch::default();
    let app = watch.app();
    let owner = app.owner();
    let foreign = token_of(&app, &owner, OLD);
    let access = cookie(&owner, "access_token");
    watch.take();
    assert!(recognise(&app, Some(&foreign), None).is_err());
    let json = [("accept", "application/json"), ("cookie", &format!("access_token={foreign}"))];
    assert_eq!(app.visitor().send("GET", "/messages", &json, b"").status, 401);
    assert_eq!(watch.take(), Vec::<&str>::new());
    assert!(recognise(&app, Some(&access), None).is_ok());
    assert_eq!(watch.take(), ["session"], "the watch does watch");
}

#[test]
fn r12_no_key_is_no_start() {
    assert!(AccessTokens::new(&[]).is_err());
    for secret in ["swordfish", &"x".repeat(31)] {
        let directory = tempfile::tempdir().unwrap();
        let output =
            crate::support::Output::of(&mut crate::support::letterbox(directory.path(), &[("SECRET_KEY", secret)]), "");
        assert!(output.code != 0 && output.stderr.contains("SECRET_KEY"), "{secret:?}: {output:?}");
        assert!(!output.stderr.contains(secret), "{output:?}");
    }
    let app = TestApp::with().setting("SECRET_KEY", "x".repeat(31) + "y").start();
    app.add_user(OWNER, Role::Owner);
    app.log_in(OWNER);
}
