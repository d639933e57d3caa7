//! What is accepted comes back byte for byte; and no bytes whatever break anything.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::{FORM, HTML, JSON, between, stored, unescape};
use crate::support::{Answer, TestApp, encode};

/// Any character that a letter may have.
fn character() -> impl Strategy<Value = char> {
    let telling =
        prop::sample::select(vec!['<', '>', '"', '\'', '&', ';', '\\', '\u{202e}', '\u{feff}', '\u{fffd}', '🦀']);
    prop_oneof![3 => any::<char>(), 1 => telling].prop_filter("a control character", |c| !c.is_control())
}

fn line(max: usize) -> impl Strategy<Value = String> {
    let one_line = character().prop_filter("a line break", |c| !matches!(c, '\u{2028}' | '\u{2029}'));
    prop::collection::vec(one_line, 0..max).prop_map(String::from_iter)
}

fn text(max: usize) -> impl Strategy<Value = String> {
    let break_or_not = prop_oneof![8 => character(), 1 => Just('\n'), 1 => Just('\t')];
    prop::collection::vec(break_or_not, 1..max).prop_map(String::from_iter)
}

/// Tries the promise on 64 values; a failure is reported with the smallest value that breaks it.
fn for_any<S: Strategy>(values: S, promise: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(error) = TestRunner::new(config).run(&values, promise) {
        panic!("{error}");
    }
}

/// The letter's page shows exactly this.
fn on_its_page(answer: &Answer, name: &str, subject: &str, body: &str) {
    let html = answer.text();
    assert_eq!(unescape(between(&html, "<div class=\"letter-body\" dir=\"auto\">", "</div>")), body);
    assert_eq!(unescape(between(&html, "<bdi class=\"from\" dir=\"auto\">", "</bdi>")), name);
    let heading = if subject.is_empty() { "(no subject)" } else { subject };
    let start = if subject.is_empty() { "<h1 class=\"none\">" } else { "<h1 dir=\"auto\">" };
    assert_eq!(unescape(between(&html, start, "</h1>")), heading);
}

#[test]
fn any_text_comes_back_byte_for_byte() {
    let app = TestApp::start();
    let owner = app.owner();
    for_any((line(60), line(150), text(400), any::<bool>()), |(name, subject, body, as_form)| {
        let name = if name.trim().is_empty() { "Ada" } else { name.trim() };
        let (kind, sent) = if as_form {
            (FORM, encode(&[("name", name), ("email", "a@b.c"), ("subject", &subject), ("message", &body)]))
        } else {
            let fields = json!({"name": name, "email": "a@b.c", "subject": subject, "message": body});
            ("application/json", fields.to_string())
        };
        let answer = app.visitor().send("POST", "/contact", &[JSON, ("content-type", kind)], sent.as_bytes());
        prop_assert_eq!(answer.status, 201, "{}", answer.text());
        let told = answer.json();
        let expected = (Some(name), Some(&*subject), Some(&*body));
        prop_assert_eq!((told["name"].as_str(), told["subject"].as_str(), told["body"].as_str()), expected);
        let id = told["id"].as_str().unwrap();
        let kept = app.block_on(app.state.store.message(id.parse().unwrap())).unwrap().unwrap().letter;
        prop_assert_eq!((kept.name.as_str(), kept.subject.as_str(), kept.body.as_str()), (name, &*subject, &*body));
        on_its_page(&owner.get(&format!("/messages/{id}")), name, &subject, &body);
        Ok(())
    });
}

#[test]
fn any_bytes_get_an_answer_that_is_no_failure() {
    let app = TestApp::start();
    for_any((prop::collection::vec(any::<u8>(), 0..2_000), any::<bool>(), any::<bool>()), |(bytes, json, html)| {
        let kind = if json { "application/json" } else { FORM };
        let headers = [("content-type", kind), if html { HTML } else { JSON }];
        for path in ["/contact", "/login", "/setup"] {
            let answer = app.visitor().send("POST", path, &headers, &bytes);
            prop_assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        }
        Ok(())
    });
}

#[test]
fn any_values_in_form_and_json_get_an_answer_that_is_no_failure() {
    let app = TestApp::start();
    for_any((any::<String>(), any::<String>(), any::<String>(), any::<String>()), |(name, email, subject, message)| {
        let fields = [("name", &*name), ("email", &*email), ("subject", &*subject), ("message", &*message)];
        let answer = app.visitor().post("/contact", &fields);
        prop_assert!(matches!(answer.status, 303 | 422), "{}", answer.status);
        let body = json!({"name": name, "email": email, "subject": subject, "message": message});
        let answer = app.visitor().post_json("/contact", &body.to_string());
        prop_assert!(matches!(answer.status, 201 | 422), "{}", answer.status);
        Ok(())
    });
}

#[test]
fn the_longest_letter_comes_back_byte_for_byte() {
    let app = TestApp::start();
    let (name, subject, body) = ("🦀".repeat(100), "\u{10ffff}".repeat(200), "&\u{e000}\n\t<".repeat(2_000));
    let fields = [("name", &*name), ("email", "a@b.c"), ("subject", &*subject), ("message", &*body)];
    assert_eq!(app.visitor().post("/contact", &fields).status, 303);
    let letter = stored(&app).remove(0);
    assert_eq!(letter.letter.body.as_str(), body);
    on_its_page(&app.owner().get(&format!("/messages/{}", letter.id)), &name, &subject, &body);
}
