//! What no well-behaved program sends.

use super::{Program, letter, problem};
use crate::support::{Answer, TestApp};

fn post(program: &Program, kind: &str, body: &[u8]) -> Answer {
    program.ask("POST", "/messages", &[("content-type", kind)], body)
}

#[test]
fn what_is_no_json_is_told_with_line_and_column() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let nested = "[".repeat(1_000);
    let name = "{\"name\": \"A\", \"name\": \"B\", \"email\": \"a@b.example\", \"body\": \"x\"}";
    for (body, words) in [
        (&b""[..], "empty"),
        (b"{\"name\":\n  oops}", "line 2 column 3"),
        (b"{\"name\": \"A\"} {}", "line 1 column 15"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{\"name\": \"\xff\"}", "not UTF-8 at line 1 column 11"),
        (b"name=Ada&email=ada", "line 1 column"),
        (name.as_bytes(), "\"name\" stands twice"),
        (nested.as_bytes(), "nested deeper than 16"),
        (b"{\"name\": 1e999}", "out of range"),
        (b"\0", "line 1 column 1"),
    ] {
        let problem = problem(&post(&program, "application/json", body), 400);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let body = letter("x").to_string();
    for kind in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; x=y",
    ] {
        assert_eq!(post(&program, kind, body.as_bytes()).status, 201, "{kind}");
    }
    for kind in [
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=iso-8859-1",
        "application/merge-patch+json",
    ] {
        problem(&post(&program, kind, body.as_bytes()), 415);
    }
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    problem(&program.ask("POST", "/messages", &headers, body.as_bytes()), 415);
}

#[test]
fn a_body_over_its_limit_is_refused_whatever_it_says() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let limit = 256 * 1024;
    let problem = problem(&post(&program, "application/json", &vec![b' '; limit + 1]), 413);
    assert!(problem["detail"].as_str().unwrap().contains("262144 bytes"), "{problem}");
    assert_eq!(post(&program, "application/json", &vec![b' '; limit]).status, 400);
}

#[test]
fn an_answer_that_nobody_takes_is_not_given_and_nothing_is_done() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let body = letter("x").to_string();
    for accept in ["text/html", "*/*;q=0", "application/xml", "application/json;q=0, */*"] {
        let headers = [("content-type", "application/json"), ("accept", accept)];
        problem(&program.ask("POST", "/messages", &headers, body.as_bytes()), 406);
        problem(&program.ask("GET", "/messages", &[("accept", accept)], b""), 406);
    }
    assert_eq!(program.get("/messages").json()["items"].as_array().unwrap().len(), 0);
    for accept in ["*/*", "application/json", "text/html, */*;q=0.1", "application/*"] {
        let answer = program.ask("GET", "/messages", &[("accept", accept)], b"");
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    }
}
