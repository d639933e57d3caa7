//! Lists and folders.

use serde_json::{Value, json};

use super::{Program, places, problem};
use crate::support::{Answer, TestApp};

fn subjects(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let items = answer.json()["items"].clone();
    items.as_array().unwrap().iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
}

/// The list behind a link of a page.
fn follow(program: &Program, link: &Value) -> Answer {
    program.get(link.as_str().unwrap().strip_prefix("/api/v1").unwrap())
}

#[test]
fn a_list_is_read_page_by_page_both_ways() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    assert_eq!(program.get("/messages").json(), json!({"items": [], "next": null, "previous": null}));
    for number in 1..=5 {
        app.clock.advance(std::time::Duration::from_secs(1));
        program.letter(&number.to_string());
    }
    let first = program.get("/messages?limit=2&folder=inbox");
    assert_eq!(subjects(&first), ["5", "4"]);
    let page = first.json();
    assert_eq!(page["previous"], Value::Null);
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        next,
        format!("/api/v1/messages?limit=2&folder=inbox&before={}", page["items"][1]["id"].as_str().unwrap())
    );
    assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
    let second = follow(&program, &page["next"]);
    assert_eq!(subjects(&second), ["3", "2"]);
    let page = second.json();
    let links = format!(
        "<{}>; rel=\"next\", <{}>; rel=\"prev\"",
        page["next"].as_str().unwrap(),
        page["previous"].as_str().unwrap()
    );
    assert_eq!(second.header("link"), links);
    let third = follow(&program, &page["next"]);
    assert_eq!((subjects(&third), &third.json()["next"]), (vec!["1".to_owned()], &Value::Null));
    let back = follow(&program, &third.json()["previous"]);
    assert_eq!(subjects(&back), ["3", "2"]);
    let top = follow(&program, &back.json()["previous"]);
    assert_eq!((subjects(&top), &top.json()["previous"]), (vec!["5".to_owned(), "4".to_owned()], &Value::Null));
    assert_eq!(top.json()["next"], first.json()["next"]);
    assert_eq!(program.get("/messages?limit=5").header("link"), "");
}

#[test]
fn filters_mean_what_they_mean_on_the_page() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let ids = ["rye bread", "cake", "bread", "spam"].map(|subject| {
        app.clock.advance(std::time::Duration::from_secs(1));
        program.letter(subject)
    });
    let patch = |id: &String, change: Value| {
        assert_eq!(program.send("PATCH", &format!("/messages/{id}"), &change).status, 200);
    };
    patch(&ids[0], json!({"starred": true}));
    patch(&ids[1], json!({"read": true}));
    patch(&ids[2], json!({"folder": "archive"}));
    patch(&ids[3], json!({"folder": "spam"}));
    for (query, expected) in [
        ("", vec!["cake", "rye bread"]),
        ("?folder=archive", vec!["bread"]),
        ("?starred=1", vec!["rye bread"]),
        ("?starred=true&unread=0", vec!["rye bread"]),
        ("?unread=true", vec!["rye bread"]),
        ("?starred=false", vec!["cake", "rye bread"]),
        ("?q=bread", vec!["bread", "rye bread"]),
        ("?q=bread&folder=inbox", vec!["rye bread"]),
        ("?q=in:spam", vec!["spam"]),
        ("?q=%22rye%20bread%22+is:starred", vec!["rye bread"]),
        ("?q=nothing", vec![]),
        ("?q=", vec!["cake", "rye bread"]),
    ] {
        assert_eq!(subjects(&program.get(&format!("/messages{query}"))), expected, "{query}");
    }
}

#[test]
fn a_parameter_that_is_wrong_or_unknown_is_refused_by_its_name() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    for (query, expected) in [
        ("/messages?limit=0", vec!["limit"]),
        ("/messages?limit=201&unread=maybe&order=newest", vec!["limit", "unread", "order"]),
        ("/messages?page=1", vec!["page"]),
        ("/messages?before=x", vec!["before"]),
        ("/folders?x=1", vec!["x"]),
        ("/messages/01900000-0000-7000-8000-000000000000?fields=id", vec!["fields"]),
        ("/messages/export?limit=5", vec!["limit"]),
        ("/messages/export?format=pdf", vec!["format"]),
    ] {
        assert_eq!(places(&problem(&program.get(query), 422)), expected, "{query}");
    }
}

#[test]
fn folders_are_told_with_their_counts() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let ids = ["1", "2", "3"].map(|subject| program.letter(subject));
    program.send("PATCH", &format!("/messages/{}", ids[0]), &json!({"folder": "archive", "read": true}));
    let expected = json!({"items": [
        {"folder": "inbox", "total": 2, "unread": 2},
        {"folder": "archive", "total": 1, "unread": 0},
        {"folder": "spam", "total": 0, "unread": 0},
        {"folder": "trash", "total": 0, "unread": 0},
    ]});
    assert_eq!(program.get("/folders").json(), expected);
}
