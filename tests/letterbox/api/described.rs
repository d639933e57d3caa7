//! The API describes itself, and the description is true.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Program, problem};
use crate::support::TestApp;

fn document(app: &TestApp) -> Value {
    let answer = app.visitor().send("GET", "/api/v1/openapi.json", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

#[test]
fn every_address_and_method_is_described_and_nothing_else() {
    let app = TestApp::start();
    let document = document(&app);
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let listed = [
        "auth/login",
        "auth/logout",
        "auth/refresh",
        "folders",
        "messages",
        "messages/actions",
        "messages/actions/{id}/undo",
        "messages/export",
        "messages/{id}",
        "openapi.json",
    ];
    let expected: BTreeSet<String> = listed.iter().map(|path| format!("/api/v1/{path}")).collect();
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (path, methods) in paths {
        let path = path.replace("{id}", "01900000-0000-7000-8000-000000000000");
        let allow = app.visitor().send("OPTIONS", &path, &[], b"").header("allow").to_lowercase();
        let allowed: BTreeSet<&str> =
            allow.split(", ").filter(|method| !["head", "options"].contains(method)).collect();
        assert_eq!(methods.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), allowed, "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_guarded_operation_says_so() {
    let app = TestApp::start();
    let document = document(&app);
    let mut open = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "403", "405", "422", "500", "503"] {
                assert!(responses.contains_key(status), "{path} {status}");
            }
            if operation["security"].is_null() {
                open.push(path.as_str());
            } else {
                assert!(responses.contains_key("401"), "{path}");
            }
        }
    }
    assert_eq!(open, ["/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/openapi.json"]);
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(reference) if name == "$ref" => found.push(reference),
            _ => collect(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[test]
fn the_limits_of_the_description_are_those_of_the_rules() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let schemas = document(&app)["components"]["schemas"].clone();
    let properties = &schemas["NewLetter"]["properties"];
    for member in ["name", "subject", "body"] {
        let most = properties[member]["maxLength"].as_u64().unwrap() as usize;
        let send = |length| {
            let mut letter = super::letter("x");
            letter[member] = "ä".repeat(length).into();
            program.send("POST", "/messages", &letter)
        };
        assert_eq!(send(most).status, 201, "{member}");
        problem(&send(most + 1), 422);
    }
    assert_eq!(schemas["NewLetter"]["additionalProperties"], false);
    assert_eq!(schemas["Message"]["required"].as_array().unwrap().len(), 10);
}

#[test]
fn people_read_the_same_on_a_page_without_script() {
    let app = TestApp::start();
    let answer = app.visitor().get("/api");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let page = answer.text();
    for methods in document(&app)["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("<h2 id=\"{id}\">{}</h2>", operation["summary"].as_str().unwrap())), "{id}");
        }
    }
    assert!(page.contains("href=\"/api/v1/openapi.json\"") && !page.contains("<script"));
    assert!(page.contains("May be left out.") && page.contains("One of inbox, archive, spam, trash."));
    assert_eq!(app.visitor().send("DELETE", "/api", &[], b"").status, 405);
}
