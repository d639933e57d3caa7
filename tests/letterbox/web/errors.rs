//! What goes wrong is said in the house's words, and its cause in the log alone (R32, R33, R45).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use letterbox::page;

use super::{FORM, HTML, JSON, Pairs};
use crate::support::{Answer, Log, STORE_SECRET, TestApp, Trouble, Wire};

const PANIC: &str = "the words of a panic";

async fn panics() -> HttpResponse {
    panic!("{PANIC}\r\nwith a second line")
}

#[derive(Template)]
#[template(source = "<p>half a page</p>{{ stubborn }}", ext = "html")]
struct Stubborn {
    stubborn: CannotBeShown,
}

struct CannotBeShown;

impl fmt::Display for CannotBeShown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

async fn half_a_page() -> HttpResponse {
    page::html(StatusCode::OK, &Stubborn { stubborn: CannotBeShown })
}

fn app() -> TestApp {
    Log::listen();
    TestApp::with()
        .routes(|config| {
            config.route("/panic", web::get().to(panics)).route("/half", web::get().to(half_a_page));
        })
        .start()
}

/// A whole error page, or problem+json, with the number that the log has too.
fn is_of_the_house(answer: &Answer, accept: (&str, &str)) {
    let id = answer.header("x-request-id");
    assert!(answer.text().contains(id) && !id.is_empty(), "{answer:?}");
    if accept == JSON {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let json = answer.json();
        assert_eq!((json["status"].as_u64(), json["request_id"].as_str()), (Some(answer.status.into()), Some(id)));
        assert!(json["title"].is_string() && json["detail"].is_string(), "{json}");
    } else {
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.text().contains("</html>") && answer.text().contains("<h1>"), "{}", answer.text());
    }
}

fn logged(answer: &Answer) -> Vec<String> {
    Log::listen().lines_with(answer.header("x-request-id"))
}

#[test]
fn r32_a_panic_is_a_whole_500_with_a_line_in_the_log_and_the_worker_goes_on() {
    let app = app();
    for accept in [HTML, JSON].repeat(20) {
        let answer = app.visitor().send("GET", "/panic", &[accept], b"");
        assert_eq!(answer.status, 500);
        is_of_the_house(&answer, accept);
        assert!(!answer.text().contains(PANIC));
        let lines = logged(&answer);
        assert!(lines.iter().any(|line| line.contains(PANIC) && line.contains("\\r\\nwith a second")), "{lines:?}");
    }
    assert_eq!(app.visitor().get("/healthz").status, 200, "one worker, forty panics");
}

#[test]
fn r45_a_template_that_fails_is_a_whole_500_with_a_line_in_the_log() {
    let app = app();
    for accept in [HTML, JSON] {
        let answer = app.visitor().send("GET", "/half", &[accept], b"");
        assert_eq!(answer.status, 500);
        is_of_the_house(&answer, accept);
        assert!(!answer.text().contains("half a page"));
        let lines = logged(&answer);
        assert!(lines.iter().any(|line| line.contains("ERROR") && line.contains("cause=")), "{lines:?}");
    }
}

/// Words that only parsers, drivers and compilers use.
const LEAKS: [&str; 18] = [
    "actix",
    "serde",
    "rusqlite",
    "sqlite",
    "SELECT",
    "panicked",
    ".rs",
    "at line",
    "column",
    "expected",
    "Utf8",
    "utf-8 sequence",
    "missing field",
    "Payload",
    "Deserialize",
    "Error(",
    "Some(",
    "UuidError",
];

fn tells_nothing(answer: &Answer, what: &str) {
    assert!(answer.status >= 400, "{what}: {}", answer.status);
    let text = answer.text();
    for leak in LEAKS.into_iter().chain([STORE_SECRET]) {
        assert!(!text.contains(leak), "{what} tells {leak:?}: {text}");
    }
}

#[test]
fn r33_no_error_tells_of_parsers_types_or_queries() {
    let app = app();
    let browsers = [app.visitor(), app.owner()];
    let deep = "[".repeat(100_000);
    let kind = |kind| ("content-type", kind);
    let json = kind("application/json");
    let cases: [(&str, &str, Pairs, &[u8]); 18] = [
        ("POST", "/contact", &[json], b"{\"name\": "),
        ("POST", "/contact", &[json], b"[1, 2]"),
        ("POST", "/contact", &[json], b"\xff\xfe"),
        ("POST", "/contact", &[json], b"{\"name\": 5, \"email\": [], \"message\": {\"a\": 1}}"),
        ("POST", "/contact", &[json], deep.as_bytes()),
        ("POST", "/contact", &[json, ("idempotency-key", "")], b"{}"),
        ("POST", "/contact", &[kind("multipart/form-data; boundary=x")], b"--x--"),
        ("POST", "/contact", &[], b"name=x"),
        ("POST", "/login", &[json], b"{}"),
        ("POST", "/setup", &[kind(FORM)], b"token=%zz%00"),
        ("GET", "/login?next=1&next=2", &[], b""),
        ("GET", "/setup?token=1&token=2", &[], b""),
        ("GET", "/setup?token=%ff%fe", &[], b""),
        ("GET", "/messages?before=x", &[JSON], b""),
        ("GET", "/messages?before=1&before=2", &[JSON], b""),
        ("GET", "/messages/%ff%zz", &[JSON], b""),
        ("GET", "/messages/x", &[JSON, ("cookie", "access_token=%ff; =; ;;; session=\"; refresh_token=v1.x.y.z")], b""),
        ("GET", "/%2e%2e/%00%ff%zz'\"<>", &[], b""),
    ];
    for browser in &browsers {
        for (method, path, headers, body) in cases {
            for accept in [HTML, JSON] {
                let path = path.replace(['<', '>', '"'], "%22");
                let headers = [headers, &[accept][..]].concat();
                let what = format!("{method} {path}");
                let answer = browser.send(method, &path, &headers, body);
                if answer.status != 303 {
                    tells_nothing(&answer, &what);
                }
                assert!(answer.status < 500, "{what}: {}", answer.status);
            }
        }
    }
}

#[test]
fn r33_cookies_that_make_no_sense_are_nobodys() {
    let app = app();
    for cookie in
        ["access_token=%ff%00", "=", ";;;", "access_token", "session=x; session=y", "refresh_token=v1....", "a=\u{e9}"]
    {
        let request = format!(
            "GET /messages HTTP/1.1\r\nhost: x\r\naccept: application/json\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
        );
        let answer = Wire::ask(app.port(), request);
        assert_eq!(answer.status, 401, "{cookie}");
        tells_nothing(&answer, cookie);
    }
}

#[test]
fn r33_a_store_that_fails_is_a_503_that_tells_nothing() {
    let trouble = Trouble::default();
    let around = trouble.clone();
    let app = TestApp::with().store(move |inner| around.around(inner)).start();
    let (owner, visitor) = (app.owner(), app.visitor());
    trouble.begin();
    for path in ["/messages", "/messages/0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "/", "/logout", "/setup", "/readyz"] {
        for accept in [HTML, JSON] {
            let answer = owner.send("GET", path, &[accept], b"");
            assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{path}");
            assert!(answer.set_cookies().is_empty(), "a store that fails says nothing about the cookies");
            is_of_the_house(&answer, accept);
            tells_nothing(&answer, path);
        }
    }
    let login = visitor.post("/login", &[("email", "a@b.c"), ("password", "x")]);
    assert_eq!((login.status, login.header("retry-after")), (503, "5"));
    assert!(login.text().contains("value=\"a@b.c\""), "the form is still there");
    tells_nothing(&login, "POST /login");
    trouble.end();
    assert_eq!(owner.get("/messages").status, 200, "and all is well again");
}
