//! Letters are created, read, replaced, changed and removed.

use serde_json::{Value, json};

use super::{Program, letter, places, problem};
use crate::support::TestApp;

#[test]
fn a_letter_is_created_and_has_an_address() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let answer = program.send("POST", "/messages", &letter("Engines"));
    assert_eq!((answer.status, answer.header("etag")), (201, "\"1\""));
    let created = answer.json();
    let id = created["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/messages/{id}"));
    let expected = json!({
        "id": id, "form": "contact", "received_at": "2026-11-21T08:05:00.250Z", "name": "Ada",
        "email": "ada@example.com", "subject": "Engines", "body": "Dear Olive,\nit computes.",
        "folder": "inbox", "read": false, "starred": false,
    });
    assert_eq!(created, expected);
    assert_eq!(program.stored(id), expected);
    assert_eq!(program.stored(id)["read"], false, "reading it here marks nothing");
}

#[test]
fn any_text_comes_back_byte_for_byte() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    for (sent, expected) in [
        ("\u{feff}\u{202e}日本 👩‍👩‍👧‍👦 \u{10ffff}", "\u{feff}\u{202e}日本 👩‍👩‍👧‍👦 \u{10ffff}"),
        ("a\r\nb\n\tc  ", "a\nb\n\tc  "),
        ("</script>\"\\&amp;", "</script>\"\\&amp;"),
    ] {
        let answer = program.send("POST", "/messages", &json!({"name": "Å", "email": "a@b.example", "body": sent}));
        assert_eq!(answer.json()["body"], expected);
        assert_eq!(answer.json()["subject"], "");
    }
    // The longest letter fits, every character of it escaped.
    let escaped = "\\ud83d\\ude00".repeat(10_000);
    let body = format!("{{\"name\":\"A\",\"email\":\"a@b.example\",\"body\":\"{escaped}\"}}");
    let answer = program.ask("POST", "/messages", &[("content-type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["body"], "😀".repeat(10_000));
}

#[test]
fn every_fault_of_a_letter_is_named_by_its_pointer() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    for (body, expected) in [
        (json!({}), vec!["#/name", "#/email", "#/body"]),
        (
            json!({"name": "", "email": "x", "subject": "a\nb", "body": ""}),
            vec!["#/name", "#/email", "#/subject", "#/body"],
        ),
        (
            json!({"name": null, "email": 1, "subject": [], "body": {}}),
            vec!["#/name", "#/email", "#/subject", "#/body"],
        ),
        (
            json!({"name": "A", "email": "a@b.example", "body": "x", "folder": "spam", "x/y": 1}),
            vec!["#/folder", "#/x~1y"],
        ),
        (json!({"name": "A", "email": "a@b.example", "body": "x".repeat(10_001)}), vec!["#/body"]),
        (json!([1]), vec!["#"]),
        (json!("text"), vec!["#"]),
        (Value::Null, vec!["#"]),
    ] {
        let mut found = problem(&program.send("POST", "/messages", &body), 422);
        let mut places: Vec<String> = places(&found).into_iter().map(str::to_owned).collect();
        places.sort();
        let mut expected: Vec<&str> = expected;
        expected.sort_unstable();
        assert_eq!(places, expected, "{}", found.take());
    }
    assert_eq!(program.get("/messages").json()["items"], json!([]));
}

#[test]
fn the_same_key_with_the_same_letter_is_one_letter_and_with_another_a_conflict() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let send = |program: &Program, key: &str, subject| {
        program.send_with("POST", "/messages", &[("idempotency-key", key)], &letter(subject))
    };
    let first = send(&program, "4711", "One");
    let again = send(&program, "4711", "One");
    assert_eq!((again.status, again.header("location")), (201, first.header("location")));
    assert_eq!(again.json(), first.json());
    problem(&send(&program, "4711", "Two"), 409);
    assert_eq!(send(&program, "4712", "One").status, 201);
    problem(&send(&program, &"k".repeat(256), "One"), 400);
    problem(&send(&program, "", "One"), 400);
    // Everybody has keys of their own.
    app.add_user("member@example.com", letterbox::models::Role::Member);
    let other = Program::log_in(&app, "member@example.com");
    assert_ne!(send(&other, "4711", "One").header("location"), first.header("location"));
    assert_eq!(program.get("/messages").json()["items"].as_array().unwrap().len(), 3);
}

#[test]
fn a_patch_changes_folder_and_marks_and_nothing_else() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    let path = format!("/messages/{id}");
    let mut expected = program.stored(&id);
    for (patch, tag) in [
        (json!({"read": true}), "\"2\""),
        (json!({"read": true}), "\"2\""),
        (json!({}), "\"2\""),
        (json!({"folder": "archive", "starred": true, "read": false}), "\"3\""),
        (json!({"folder": "trash"}), "\"4\""),
    ] {
        let answer = program.send("PATCH", &path, &patch);
        for (member, value) in patch.as_object().unwrap() {
            expected[member] = value.clone();
        }
        assert_eq!((answer.status, answer.header("etag"), answer.json()), (200, tag, expected.clone()));
        assert_eq!(program.stored(&id), expected);
    }
    for (patch, place) in [
        (json!({"folder": "attic"}), "#/folder"),
        (json!({"folder": "Inbox"}), "#/folder"),
        (json!({"folder": null}), "#/folder"),
        (json!({"read": 1}), "#/read"),
        (json!({"starred": "true"}), "#/starred"),
        (json!({"subject": "x"}), "#/subject"),
    ] {
        let found = problem(&program.send("PATCH", &path, &patch), 422);
        assert_eq!(places(&found), [place]);
    }
    let merge = [("content-type", "application/merge-patch+json")];
    assert_eq!(program.ask("PATCH", &path, &merge, b"{\"folder\":\"inbox\"}").status, 200);
    problem(&program.ask("PUT", &path, &merge, b"{}"), 415);
}

#[test]
fn a_put_replaces_the_whole_letter_and_what_was_fetched_can_be_put_back() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    let path = format!("/messages/{id}");
    let fetched = program.stored(&id);
    let same = program.send("PUT", &path, &fetched);
    assert_eq!((same.status, same.header("etag"), same.json()), (200, "\"1\"", fetched.clone()));
    let mut other = json!({
        "name": "Bob", "email": "bob@example.org", "body": "Another text", "folder": "spam", "read": true, "starred": true,
    });
    let answer = program.send("PUT", &path, &other);
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    for (member, value) in
        [("id", &fetched["id"]), ("form", &fetched["form"]), ("received_at", &fetched["received_at"])]
    {
        other[member] = value.clone();
    }
    other["subject"] = json!("");
    assert_eq!(program.stored(&id), other);
    let mut contradicting = other.clone();
    contradicting["id"] = json!("01900000-0000-7000-8000-000000000000");
    contradicting["received_at"] = json!("2026-11-21T08:05:00Z");
    contradicting["form"] = json!("other");
    let found = problem(&program.send("PUT", &path, &contradicting), 422);
    assert_eq!(places(&found), ["#/id", "#/form", "#/received_at"]);
    let found = problem(&program.send("PUT", &path, &letter("x")), 422);
    assert_eq!(places(&found), ["#/folder", "#/read", "#/starred"]);
    assert_eq!(program.stored(&id), other);
}

#[test]
fn a_letter_is_deleted_for_good_wherever_it_lies() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    let path = format!("/messages/{id}");
    let answer = program.delete(&path);
    assert_eq!((answer.status, answer.body.len(), answer.header("content-type")), (204, 0, ""));
    for method in ["GET", "DELETE"] {
        problem(&program.ask(method, &path, &[], b""), 404);
    }
    problem(&program.send("PATCH", &path, &json!({"read": true})), 404);
    let mut whole = letter("x");
    (whole["folder"], whole["read"], whole["starred"]) = (json!("inbox"), json!(false), json!(false));
    problem(&program.send("PUT", &path, &whole), 404);
}

#[test]
fn a_letter_has_one_address_and_one_spelling_of_it() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    // An encoded letter of the alphabet is that letter (RFC 3986 §6.2.2.2).
    let encoded = format!("%{:02X}{}", id.as_bytes()[0], &id[1..]);
    assert_eq!(program.get(&format!("/messages/{encoded}")).status, 200);
    for other in [
        id.to_uppercase(),
        id.replace('-', ""),
        format!("{{{id}}}"),
        format!("{id}/"),
        format!("{id}%00"),
        format!("{id}%20"),
        format!("{id}%2F"),
        "%FF".to_owned(),
        "0".to_owned(),
        "..%2f..%2fetc".to_owned(),
        "01900000-0000-7000-8000-000000000000".to_owned(),
    ] {
        problem(&program.get(&format!("/messages/{other}")), 404);
    }
}
