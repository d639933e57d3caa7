//! A form that comes back with its faults: for people the page again, for programs the same in JSON (RFC 9457).

use letterbox::models::Role;

use super::{FORM, HTML, JSON};
use crate::support::{Answer, Browser, OWNER, PASSWORD, TestApp, encode};

const MEMBER: &str = "member@example.com";

fn send(browser: &Browser, path: &str, accept: (&str, &str), fields: &[(&str, &str)]) -> Answer {
    let headers = [accept, ("content-type", FORM), ("sec-fetch-site", "same-origin")];
    browser.send("POST", path, &headers, encode(fields).as_bytes())
}

/// The same form is refused as a page and as JSON; the fields that the latter names.
fn refused(browser: &Browser, path: &str, fields: &[(&str, &str)], status: u16) -> Vec<String> {
    let page = send(browser, path, HTML, fields);
    assert_eq!((page.status, page.header("content-type")), (status, "text/html; charset=utf-8"), "{path}");
    let answer = send(browser, path, JSON, fields);
    let kind = answer.header("content-type");
    assert_eq!((answer.status, kind), (status, "application/problem+json"), "{path}: {}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    let problem = answer.json();
    assert_eq!((&problem["type"], &problem["status"]), (&"about:blank".into(), &status.into()), "{problem}");
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    let Some(errors) = problem["errors"].as_array() else { return Vec::new() };
    let field = |error: &serde_json::Value| {
        let field = error["field"].as_str().unwrap().to_owned();
        assert_eq!(error["pointer"], format!("#/{field}"));
        let told = error["detail"].as_str().unwrap().replace('\'', "&#39;");
        assert!(page.text().contains(&told), "{told} is told to people too");
        field
    };
    errors.iter().map(field).collect()
}

#[test]
fn every_form_of_accounts_tells_programs_which_fields_are_wrong() {
    let app = TestApp::start();
    let visitor = app.visitor();
    let token = app.block_on(app.state.auth.setup_token()).unwrap().unwrap();
    let fields = [("token", token.as_str()), ("email", "x"), ("password", "short"), ("password_again", "short")];
    assert_eq!(refused(&visitor, "/setup", &fields, 422), ["name", "email", "password"]);

    let owner = app.owner();
    app.add_user(MEMBER, Role::Member);
    assert_eq!(refused(&visitor, "/login", &[("email", OWNER), ("password", "guess")], 422), ["email"]);
    assert_eq!(refused(&owner, "/account", &[("action", "name")], 422), ["name"]);
    let fields = [("action", "password"), ("present", "guess"), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(refused(&owner, "/account", &fields, 422), ["present"]);
    let fields = [("action", "make"), ("name", "x"), ("scope", "read"), ("expires", "30"), ("present", "guess")];
    assert_eq!(refused(&owner, "/account/tokens", &fields, 422), ["present"]);
    let invite = |email| [("action", "invite"), ("name", "Ina"), ("email", email), ("role", "member")];
    assert_eq!(refused(&owner, "/users", &invite(MEMBER), 422), ["email"]);
    assert_eq!(refused(&owner, "/users", &[("action", "invite"), ("email", "x")], 422), ["name", "email"]);

    let page = send(&owner, "/users", HTML, &invite("ina@example.com")).text();
    let token = super::between(&page, "/invitation?token=", "<");
    let fields = [("token", token), ("password", "short"), ("password_again", "short")];
    assert_eq!(refused(&visitor, "/invitation", &fields, 422), ["password"]);
}

#[test]
fn what_cannot_be_done_now_is_told_to_programs_too() {
    let app = TestApp::start();
    let owner = app.owner();
    let last = [("action", "remove"), ("email", OWNER)];
    assert!(refused(&owner, "/users", &last, 409).is_empty());
    let told = send(&owner, "/users", JSON, &last).json();
    assert_eq!(told["detail"], "The last owner stays an owner. Make somebody else an owner first.");

    let visitor = app.visitor();
    let guess = [("email", MEMBER), ("password", "guess")];
    for _ in 0..10 {
        assert_eq!(send(&visitor, "/login", JSON, &guess).status, 422);
    }
    // Besieged, this address has one more try a minute.
    assert_eq!(send(&visitor, "/login", JSON, &guess).status, 422);
    assert!(refused(&visitor, "/login", &guess, 429).is_empty());
    let answer = send(&visitor, "/login", JSON, &guess);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("Too many tries."), "{answer:?}");
}
