//! One thing with many letters, and taking it back.

use serde_json::{Value, json};

use super::{Program, places, problem};
use crate::support::TestApp;

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

fn act(program: &Program, action: &str, ids: &[&str]) -> Value {
    let answer = program.send("POST", "/messages/actions", &json!({"action": action, "ids": ids}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn many_letters_are_changed_at_once_and_what_came_of_it_is_told() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let ids = ["1", "2", "3"].map(|subject| program.letter(subject));
    let ids = ids.each_ref().map(String::as_str);
    act(&program, "archive", &ids[..1]);
    let told = act(&program, "archive", &[ids[0], ids[1], NOBODY]);
    assert_eq!((&told["changed"], &told["unchanged"], &told["gone"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(program.stored(ids[1])["folder"], "archive");
    assert_eq!(program.stored(ids[2])["folder"], "inbox");
    let nothing = act(&program, "archive", &ids[..1]);
    assert_eq!(nothing, json!({"changed": 0, "unchanged": 1, "gone": 0, "undo": null}));
    for (action, member, value) in [
        ("star", "starred", json!(true)),
        ("unstar", "starred", json!(false)),
        ("read", "read", json!(true)),
        ("unread", "read", json!(false)),
        ("spam", "folder", json!("spam")),
        ("trash", "folder", json!("trash")),
        ("inbox", "folder", json!("inbox")),
    ] {
        act(&program, action, &[ids[2]]);
        assert_eq!(program.stored(ids[2])[member], value, "{action}");
    }
}

#[test]
fn what_was_done_can_be_taken_back_once() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let ids = ["1", "2"].map(|subject| program.letter(subject));
    let told = act(&program, "trash", &ids.each_ref().map(String::as_str));
    let undo = format!("/messages/actions/{}/undo", told["undo"].as_str().unwrap());
    program.send("PATCH", &format!("/messages/{}", ids[0]), &json!({"starred": true}));
    for restored in [1, 0] {
        let answer = program.ask("POST", &undo, &[], b"");
        assert_eq!((answer.status, answer.json()), (200, json!({"restored": restored})));
    }
    assert_eq!(program.stored(&ids[0])["folder"], "trash", "somebody has changed it since");
    assert_eq!(program.stored(&ids[1])["folder"], "inbox");
    problem(&program.ask("POST", "/messages/actions/x/undo", &[], b""), 404);
}

#[test]
fn what_is_wrong_with_an_action_is_named_by_its_pointer() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("1");
    let many: Vec<String> = (0..201).map(|number| format!("01900000-0000-7000-8000-{number:012}")).collect();
    for (body, expected) in [
        (json!({}), vec!["#/action", "#/ids"]),
        (json!({"action": "delete", "ids": [id]}), vec!["#/action"]),
        (json!({"action": "star", "ids": []}), vec!["#/ids"]),
        (json!({"action": "star", "ids": many}), vec!["#/ids"]),
        (json!({"action": "star", "ids": id}), vec!["#/ids"]),
        (json!({"action": "star", "ids": [id, id.to_uppercase(), 5, id]}), vec!["#/ids/2", "#/ids/1", "#/ids/3"]),
        (json!({"action": "star", "ids": [id], "folder": "inbox"}), vec!["#/folder"]),
    ] {
        let found = problem(&program.send("POST", "/messages/actions", &body), 422);
        assert_eq!(places(&found), expected, "{body}");
    }
    assert_eq!(program.stored(&id)["starred"], false);
    assert_eq!(act(&program, "star", &many[..200].iter().map(String::as_str).collect::<Vec<_>>())["gone"], 200);
}
