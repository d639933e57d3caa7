//! How much may be sent (R34).

use super::{FORM, HTML, JSON, Pairs, stored};
use crate::support::{Answer, OWNER, PASSWORD, TestApp, Wire, encode};

const SMALL: usize = 16 * 1024;
const CONTACT: usize = 1024 * 1024;

/// A form of exactly `size` bytes, by a field that nobody asks for.
fn filled(fields: &[(&str, &str)], size: usize) -> Vec<u8> {
    let form = format!("{}&filler=", encode(fields));
    let filler = "x".repeat(size - form.len());
    (form + &filler).into_bytes()
}

fn json_of(size: usize) -> Vec<u8> {
    let json = r#"{"name":"Ada","email":"ada@example.com","message":"Hello"}"#;
    format!("{json}{}", " ".repeat(size - json.len())).into_bytes()
}

/// The same request, once with its length told and once in chunks.
fn both_ways(app: &TestApp, path: &str, kind: &str, accept: (&str, &str), body: &[u8]) -> [Answer; 2] {
    let told = app.visitor().send("POST", path, &[("content-type", kind), accept], body);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\naccept: {}\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        accept.1
    );
    let mut request = head.into_bytes();
    for chunk in body.chunks(8_000) {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend_from_slice(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    [told, Wire::ask(app.port(), request)]
}

#[test]
fn r34_bodies_at_the_limit_pass_and_one_byte_more_gets_413() {
    let app = TestApp::start();
    app.owner();
    let letter = [("name", "Ada"), ("email", "ada@example.com"), ("message", "Hello")];
    let login = [("email", OWNER), ("password", PASSWORD)];
    let cases: [(&str, usize, u16, Pairs); 3] = [
        ("/contact", CONTACT, 303, &letter),
        ("/login", SMALL, 303, &login),
        // There is an owner already: the form is read, and then there is nothing to set up.
        ("/setup", SMALL, 404, &[]),
    ];
    for (path, limit, status, fields) in cases {
        for answer in both_ways(&app, path, FORM, HTML, &filled(fields, limit)) {
            assert_eq!(answer.status, status, "{path} at its limit: {}", answer.text());
        }
        for accept in [HTML, JSON] {
            for answer in both_ways(&app, path, FORM, accept, &filled(fields, limit + 1)) {
                assert_eq!(answer.status, 413, "{path} above its limit");
                let title = "That is too much";
                assert!(
                    answer.text().contains(title) && answer.text().contains(&limit.to_string()),
                    "{}",
                    answer.text()
                );
            }
        }
    }
    for (size, status) in [(CONTACT, 201), (CONTACT + 1, 413)] {
        for answer in both_ways(&app, "/contact", "application/json", JSON, &json_of(size)) {
            assert_eq!(answer.status, status, "JSON of {size} bytes: {}", answer.text());
        }
    }
    assert_eq!(stored(&app).len(), 4, "what was too much was not stored");
}

#[test]
fn r34_a_length_that_is_told_too_large_is_refused_before_it_is_sent() {
    let app = TestApp::start();
    let request = format!(
        "POST /contact HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncontent-type: {FORM}\r\ncontent-length: 99999999999\r\n\r\n"
    );
    let mut wire = Wire::open(app.port());
    wire.send(request);
    wire.send(vec![b'x'; CONTACT + 1]);
    let answer = wire.answer();
    assert_eq!(answer.status, 413, "{}", answer.text());
}
