//! Nobody overwrites what they have not seen.

use serde_json::json;

use super::{Program, problem};
use crate::support::TestApp;

#[test]
fn a_change_of_an_older_state_is_refused() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let path = format!("/messages/{}", program.letter("Engines"));
    let patch =
        |tag: &str, folder: &str| program.send_with("PATCH", &path, &[("if-match", tag)], &json!({"folder": folder}));
    assert_eq!(patch("\"1\"", "archive").status, 200);
    for stale in ["\"1\"", "\"3\"", "W/\"2\"", "\"\"", "\"1\", \"3\"", "\"99999999999999999999\""] {
        problem(&patch(stale, "spam"), 412);
    }
    for fresh in ["\"2\"", "\"1\" , \"2\"", "W/\"2\",\"2\"", "*", " * ", "2"] {
        assert_eq!(patch(fresh, "archive").status, 200, "{fresh}");
    }
    for malformed in ["\"2", "*, \"2\"", "\"2\" \"3\"", ""] {
        problem(&patch(malformed, "spam"), 400);
    }
    let whole = program.get(&path).json();
    problem(&program.send_with("PUT", &path, &[("if-match", "\"1\"")], &whole), 412);
    problem(&program.ask("DELETE", &path, &[("if-match", "\"1\"")], b""), 412);
    assert_eq!(program.get(&path).header("etag"), "\"2\"");
    assert_eq!(program.ask("DELETE", &path, &[("if-match", "\"2\"")], b"").status, 204);
    // What is not there is not found, whatever was believed of it.
    problem(&patch("*", "spam"), 404);
    problem(&patch("\"2\"", "spam"), 404);
}

#[test]
fn of_two_who_change_one_state_the_second_is_told() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let path = format!("/messages/{}", program.letter("Engines"));
    let outcomes: Vec<u16> = std::thread::scope(|scope| {
        let tasks: Vec<_> = ["archive", "spam", "trash", "archive", "spam", "trash"]
            .map(|folder| {
                let (app, token, path) = (&app, &program.token, &path);
                scope.spawn(move || {
                    let program = Program::with(app, token);
                    program.send_with("PATCH", path, &[("if-match", "\"1\"")], &json!({"folder": folder})).status
                })
            })
            .into();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|status| **status == 200).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|status| **status == 412).count(), 5, "{outcomes:?}");
    assert_eq!(program.get(&path).header("etag"), "\"2\"");
}

#[test]
fn what_is_known_already_is_not_sent_again() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let path = format!("/messages/{}", program.letter("Engines"));
    for known in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        for method in ["GET", "HEAD"] {
            let answer = program.ask(method, &path, &[("if-none-match", known)], b"");
            assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, "\"1\""), "{known}");
        }
    }
    assert_eq!(program.ask("GET", &path, &[("if-none-match", "\"2\"")], b"").status, 200);
    problem(&program.ask("GET", &path, &[("if-match", "\"2\"")], b""), 412);
    problem(&program.ask("DELETE", &path, &[("if-none-match", "*")], b""), 412);
    problem(&program.ask("DELETE", &path, &[("if-none-match", "\"1\"")], b""), 412);
    assert_eq!(program.ask("DELETE", &path, &[("if-none-match", "\"2\"")], b"").status, 204);
}

#[test]
fn a_change_on_the_page_is_a_change_here() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let id = program.letter("Engines");
    let path = format!("/messages/{id}");
    let browser = app.log_in(crate::support::OWNER);
    browser.get(&path);
    assert_eq!(program.get(&path).header("etag"), "\"2\"", "it was opened");
    browser.get(&path);
    assert_eq!(program.get(&path).header("etag"), "\"2\"", "and opening it again changes nothing");
    browser.post(&path, &[("action", "archive")]);
    problem(&program.send_with("PATCH", &path, &[("if-match", "\"2\"")], &json!({"folder": "spam"})), 412);
    assert_eq!(program.get(&path).json()["folder"], "archive");
}
