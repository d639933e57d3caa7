//! Whatever somebody types is text and nothing else (R44).

use letterbox::auth::{Client, NewAccount};

use super::{JSON, letter_with, stored};
use crate::support::{Answer, OWNER, PASSWORD, TestApp};

const PROBE: &str = "\"'><img src=x onerror=alert(1)>";
const INERT: &str = "&#34;&#39;&#62;&#60;img src=x onerror=alert(1)&#62;";

/// The page shows the probe at least so many times, each time as text.
fn inert(answer: &Answer, times: usize, what: &str) {
    let html = answer.text();
    assert!(!html.contains("<img src=x"), "{what}: {html}");
    assert!(html.matches(INERT).count() >= times, "{what} shows it {} times: {html}", html.matches(INERT).count());
}

#[test]
fn r44_the_probe_is_inert_in_every_field_of_every_form() {
    let app = TestApp::with().setting("SITE_NAME", PROBE).setting("SITE_INTRO", PROBE).start();
    let visitor = app.visitor();
    inert(&visitor.get("/contact"), 3, "the site's name and intro");
    for field in ["name", "email", "subject", "message", "receipt"] {
        let fields = letter_with(field, PROBE)
            .map(|(name, value)| (name, if name == "subject" && field != name { "a\nb" } else { value }));
        let expected = if field == "receipt" { 0 } else { 1 };
        let answer =
            visitor.post("/contact", &fields.map(|(name, value)| (name, if field == name { PROBE } else { value })));
        assert!(matches!(answer.status, 303 | 422), "{field}");
        inert(&answer, if answer.status == 422 { expected } else { 0 }, field);
    }
    let token = app.block_on(app.state.auth.setup_token()).unwrap().unwrap();
    let setup =
        [("token", token.as_str()), ("name", PROBE), ("email", PROBE), ("password", PROBE), ("password_again", "x")];
    inert(&visitor.post("/setup", &setup), 2, "set-up");
    inert(&visitor.post("/login", &[("email", PROBE), ("password", PROBE), ("next", PROBE)]), 1, "login");
    let probe = percent_encoding::utf8_percent_encode(PROBE, percent_encoding::NON_ALPHANUMERIC).to_string();
    for path in ["/login?next=", "/setup?token=", "/", "/contact?name=", "/static/", "/messages?before="] {
        inert(&visitor.get(&format!("{path}{probe}")), 0, path);
    }
    let json = visitor.send("GET", &format!("/{probe}"), &[JSON], b"");
    assert_eq!(json.header("content-type"), "application/problem+json");
}

#[test]
fn r44_the_probe_is_inert_in_the_inbox_and_on_the_letter() {
    let app = TestApp::start();
    let account = NewAccount::parse(PROBE, OWNER, PASSWORD, PASSWORD).unwrap();
    let client = Client::default();
    let added = app.state.auth.add_user(account, letterbox::models::Role::Owner, "tests", &client);
    app.block_on(added).unwrap();
    let owner = app.log_in(OWNER);
    let fields = [("name", PROBE), ("email", "'=`{}|/?*&%$#!@example.com"), ("subject", PROBE), ("message", PROBE)];
    let sent = app.visitor().post("/contact", &fields);
    assert_eq!(sent.status, 303, "{}", sent.text());
    inert(&owner.get("/messages"), 4, "the inbox: user, sender, subject, preview");
    let letter = owner.get(&format!("/messages/{}", stored(&app)[0].id));
    inert(&letter, 5, "the letter: user, title, heading, sender, text");
    let reply = super::between(&letter.text(), "href=\"mailto:", "\"").to_owned();
    assert!(reply.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%@.-_?=".contains(&byte)), "{reply}");
    assert_eq!(reply.matches('?').count(), 1, "nothing slips into the head of the answer: {reply}");
    inert(&owner.get("/messages/nothing"), 1, "an error page names the user");
    inert(&owner.post("/users", &[("action", "add"), ("name", PROBE), ("email", PROBE), ("role", PROBE)]), 1, "users");
    inert(&owner.post("/account", &[("action", PROBE), ("name", PROBE), ("password", PROBE)]), 1, "account");
    for path in ["/account", "/account/tokens", "/users", "/account/activity"] {
        inert(&owner.get(path), 1, path);
    }
}
