//! Which address answers to which method.

use super::{Program, problem};
use crate::support::TestApp;

const ID: &str = "01900000-0000-7000-8000-000000000000";

#[test]
fn every_address_says_what_it_answers_to() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let letter = format!("/messages/{ID}");
    let undo = format!("/messages/actions/{ID}/undo");
    for (path, allow) in [
        ("/auth/login", "POST, OPTIONS"),
        ("/auth/refresh", "POST, OPTIONS"),
        ("/auth/logout", "POST, OPTIONS"),
        ("/folders", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/messages", "GET, HEAD, POST, OPTIONS"),
        ("/messages/export", "GET, HEAD, OPTIONS"),
        ("/messages/actions", "POST, OPTIONS"),
        (undo.as_str(), "POST, OPTIONS"),
        (letter.as_str(), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let options = app.visitor().send("OPTIONS", &format!("/api/v1{path}"), &[], b"");
        assert_eq!((options.status, options.header("allow")), (204, allow), "{path}");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get"] {
            if !allow.split(", ").any(|allowed| allowed == method) {
                let answer = program.ask(method, path, &[], b"");
                problem(&answer, 405);
                assert_eq!(answer.header("allow"), allow, "{method} {path}");
            }
        }
    }
}

#[test]
fn head_is_get_without_a_body() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    let letter = format!("/messages/{}", program.letter("Engines"));
    for path in ["/messages", "/folders", &letter] {
        let (get, head) = (program.get(path), program.ask("HEAD", path, &[], b""));
        assert_eq!((head.status, head.body.len()), (200, 0));
        for header in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(header), get.header(header), "{path} {header}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_guarded_is_guarded() {
    let app = TestApp::start();
    let program = Program::of_owner(&app);
    for path in ["", "/", "/message", "/messages/", "/folders/", "/auth", "/../messages", "//messages", "/Messages"] {
        problem(&program.get(path), 404);
    }
    problem(&app.visitor().get("/api/v2/messages"), 404);
    for (method, path) in [
        ("GET", "/messages".to_owned()),
        ("POST", "/messages".to_owned()),
        ("GET", format!("/messages/{ID}")),
        ("PUT", format!("/messages/{ID}")),
        ("PATCH", format!("/messages/{ID}")),
        ("DELETE", format!("/messages/{ID}")),
        ("POST", "/messages/actions".to_owned()),
        ("POST", format!("/messages/actions/{ID}/undo")),
        ("GET", "/messages/export".to_owned()),
        ("GET", "/folders".to_owned()),
        ("POST", "/auth/logout".to_owned()),
    ] {
        let answer = app.visitor().send(method, &format!("/api/v1{path}"), &[], b"");
        problem(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"letterbox\"", "{method} {path}");
    }
}
