//! So many letters a minute from one address, and whose address it is (R38).

use std::time::Duration;

use super::{FORM, HTML, JSON, letter, stored};
use crate::support::{Answer, TestApp, encode};

fn app(per_minute: u32, trusted: &str) -> TestApp {
    let builder = TestApp::with().setting("CONTACT_PER_MINUTE", per_minute);
    if trusted.is_empty() { builder.start() } else { builder.setting("TRUSTED_PROXIES", trusted).start() }
}

/// A letter that came through proxies which say so.
fn forwarded(app: &TestApp, headers: &[(&str, &str)]) -> u16 {
    let headers = [&[HTML, ("content-type", FORM)], headers].concat();
    app.visitor().send("POST", "/contact", &headers, encode(&letter("", "Hello")).as_bytes()).status
}

/// A 429 says when to come back, in its head and in words.
fn wait_of(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429);
    let seconds = answer.header("retry-after").parse().unwrap();
    assert!(answer.text().contains(&format!("{seconds} second")), "{}", answer.text());
    seconds
}

#[test]
fn one_letter_too_many_gets_429_with_text_and_receipt_kept_and_passes_later() {
    let app = app(2, "");
    let visitor = app.visitor();
    let receipt = visitor.get("/contact").hidden("receipt");
    for message in ["one", "two"] {
        assert_eq!(visitor.post("/contact", &letter(&receipt, message)).status, 303);
    }
    let refused = visitor.post("/contact", &letter(&receipt, "three <&>"));
    assert_eq!(wait_of(&refused), 30);
    assert_eq!(refused.hidden("receipt"), receipt);
    let html = refused.text();
    assert!(html.contains("three &#60;&#38;&#62;</textarea>") && html.contains("value=\"Ada Lovelace\""), "{html}");
    assert!(html.contains("id=\"notice\" role=\"alert\" tabindex=\"-1\" autofocus"), "{html}");

    let json = app.visitor().post_json("/contact", r#"{"name":"A","email":"a@b.c","message":"x"}"#);
    assert_eq!((wait_of(&json), json.header("content-type")), (30, "application/problem+json"));

    assert_eq!(visitor.post("/contact", &letter(&receipt, "two")).status, 303, "that letter is there already");
    app.clock.advance(Duration::from_secs(29));
    assert_eq!(wait_of(&visitor.post("/contact", &letter(&receipt, "three <&>"))), 1);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(visitor.post("/contact", &letter(&receipt, "three <&>")).status, 303);
    assert_eq!(stored(&app).len(), 3);
}

#[test]
fn faulty_letters_are_not_counted_and_zero_is_no_limit() {
    let limited = app(1, "");
    for _ in 0..5 {
        assert_eq!(limited.visitor().post("/contact", &[]).status, 422);
    }
    assert_eq!(limited.visitor().post("/contact", &letter("", "one")).status, 303);
    let free = app(0, "");
    assert!((0..50).all(|_| free.visitor().post("/contact", &letter("", "one")).status == 303));
}

#[test]
fn r38_nobody_changes_their_address_by_saying_so() {
    let app = app(1, "");
    assert_eq!(forwarded(&app, &[("x-forwarded-for", "192.0.2.1")]), 303);
    for lie in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"] {
        let value = if lie == "forwarded" { "for=192.0.2.2" } else { "192.0.2.2" };
        assert_eq!(forwarded(&app, &[(lie, value)]), 429, "{lie}");
    }
}

#[test]
fn r38_behind_a_trusted_proxy_the_rightmost_stranger_counts_and_ipv6_by_64() {
    let app = app(1, "127.0.0.1, 10.0.0.0/8");
    let from = |chain: &str| forwarded(&app, &[("x-forwarded-for", chain)]);
    assert_eq!(from("192.0.2.1"), 303);
    assert_eq!(from("9.9.9.9, 192.0.2.1"), 429, "what stands further left is the client's own word");
    assert_eq!(from("192.0.2.1, 10.1.2.3"), 429, "our own proxies are looked through");
    assert_eq!(from("192.0.2.1, 198.51.100.1"), 303);
    assert_eq!(from("2001:db8:1:2::1"), 303);
    assert_eq!(from("2001:db8:1:2:ffff:ffff:ffff:ffff"), 429);
    assert_eq!(from("2001:db8:1:3::1"), 303);
    assert_eq!(forwarded(&app, &[("forwarded", "for=\"[2001:db8:1:3::9]:4711\"")]), 429);
    assert_eq!(from("::ffff:192.0.2.1"), 429);
}

#[test]
fn r38_host_and_scheme_are_those_of_the_settings_whatever_is_forwarded() {
    let app = app(0, "127.0.0.1");
    let owner = app.owner();
    let lies = [
        HTML,
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
    ];
    let inbox = owner.send("GET", "/messages", &lies, b"");
    assert_eq!(inbox.status, 200);
    assert!(inbox.text().contains(&app.url("/contact")) && !inbox.text().contains("evil.example"), "{}", inbox.text());
    assert_eq!(inbox.header("strict-transport-security"), "");
    let json = owner.send("GET", "/nothing", &[&lies[1..], &[JSON]].concat(), b"");
    assert!(!json.text().contains("evil"), "{}", json.text());
}
