//! What browsers are told to refuse on our behalf, on every answer there is (R24, R30).

use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use letterbox::error::Error;

use super::{FORM, HTML, JSON, Pairs, letter, static_urls};
use crate::support::{Answer, TestApp, Trouble, Wire, encode};

const POLICY: &str = "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];
const PAGES: [&str; 17] = [
    "/",
    "/contact",
    "/contact/thanks",
    "/login",
    "/logout",
    "/messages",
    "/messages/0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    "/setup",
    "/invitation",
    "/account",
    "/account/tokens",
    "/account/activity",
    "/users",
    "/api",
    "/api/v1/openapi.json",
    "/healthz",
    "/readyz",
];

/// The headers of an answer, whoever gave it.
fn check(answer: &Answer, https: bool, what: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), value, "{name} of {what}: {answer:?}");
    }
    let policy =
        answer.header("content-security-policy").replace("script-src 'self'; connect-src 'self'", "script-src 'none'");
    assert_eq!(policy, POLICY, "{what}");
    let transport = if https { "max-age=63072000" } else { "" };
    assert_eq!(answer.header("strict-transport-security"), transport, "{what}");
    for name in ["server", "x-powered-by"] {
        assert_eq!(answer.header(name), "", "{what}");
    }
}

/// The same for an answer of the application, which also has a number and says how long it may be kept.
fn check_app(answer: &Answer, https: bool, what: &str) {
    check(answer, https, what);
    assert_eq!(answer.header("x-request-id").len(), 32, "{what}");
    assert_ne!(answer.header("cache-control"), "", "{what}");
    if !answer.set_cookies().is_empty() {
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    }
}

fn app(https: bool, trouble: &Trouble) -> TestApp {
    let trouble = trouble.clone();
    let builder = TestApp::with().store(move |inner| trouble.around(inner)).setting("CONTACT_PER_MINUTE", 100);
    let builder = builder.limits(|limits| limits.timeouts.body = Duration::from_millis(200)).routes(|config| {
        config
            .route("/test/error", web::get().to(|| async { Err::<&str, _>(Error::Internal("hidden".into())) }))
            .route("/test/panic", web::get().to(panics))
            .route("/test/bare", web::get().to(|| async { HttpResponse::ImATeapot().finish() }));
    });
    let builder = if https { builder.setting("PUBLIC_URL", "https://letters.example") } else { builder };
    builder.start()
}

async fn panics() -> HttpResponse {
    panic!("on purpose")
}

#[test]
fn r24_every_route_in_every_method_carries_all_headers() {
    for https in [false, true] {
        let app = app(https, &Trouble::default());
        for browser in [app.visitor(), app.owner()] {
            for path in PAGES.into_iter().chain(static_urls()).chain(["/nothing", "/messages/x/y", "/static/"]) {
                for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"] {
                    let answer = browser.send(method, path, &[HTML], b"");
                    check_app(&answer, https, &format!("{method} {path} {}", answer.status));
                }
            }
        }
    }
}

#[test]
fn r24_every_error_carries_all_headers() {
    for https in [false, true] {
        let trouble = Trouble::default();
        let app = app(https, &trouble);
        let (visitor, css) = (app.visitor(), static_urls()[0]);
        let etag = visitor.get(css).header("etag").to_owned();
        let form = encode(&letter("", "Hello"));
        let form = form.as_bytes();
        let (kind, json) = (("content-type", FORM), ("content-type", "application/json"));
        let cases: [(u16, &str, &str, Pairs, &[u8]); 16] = [
            (200, "GET", "/contact", &[], b""),
            (201, "POST", "/contact", &[JSON, json], br#"{"name":"A","email":"a@b.c","message":"x"}"#),
            (303, "POST", "/contact", &[kind], form),
            (304, "GET", css, &[("if-none-match", &etag)], b""),
            (400, "POST", "/contact", &[json], b"{"),
            (400, "GET", "/login?next=1&next=2", &[], b""),
            (401, "GET", "/messages", &[JSON], b""),
            (403, "POST", "/contact", &[kind, ("sec-fetch-site", "cross-site")], form),
            (404, "GET", "/nowhere", &[], b""),
            (405, "DELETE", "/contact", &[], b""),
            (413, "POST", "/login", &[kind], &[b'a'; 20_000]),
            (415, "POST", "/contact", &[("content-type", "text/plain")], form),
            (418, "GET", "/test/bare", &[], b""),
            (422, "POST", "/contact", &[kind], b"name="),
            (500, "GET", "/test/error", &[], b""),
            (500, "GET", "/test/panic", &[], b""),
        ];
        for (status, method, path, headers, body) in cases {
            for accept in [HTML, JSON] {
                let headers = if headers.contains(&JSON) { headers.to_vec() } else { [headers, &[accept]].concat() };
                let answer = visitor.send(method, path, &headers, body);
                let json_instead = if path == "/contact" && accept == JSON && status == 303 { 201 } else { status };
                assert_eq!(answer.status, json_instead, "{method} {path}: {}", answer.text());
                check_app(&answer, https, &format!("{status} {method} {path}"));
            }
        }
        let full =
            (0..200).map(|_| visitor.send("POST", "/contact", &[kind], form)).find(|answer| answer.status == 429);
        // Repeats of a stored letter are welcome; this one has no receipt, so each is another letter.
        check_app(&full.expect("a limit"), https, "429");
        trouble.begin();
        for path in ["/readyz", "/setup"] {
            let answer = visitor.get(path);
            assert_eq!(answer.status, 503, "{path}");
            check_app(&answer, https, "503");
        }
    }
}

#[test]
fn r24_answers_below_the_application_carry_all_headers() {
    for https in [false, true] {
        let app = app(https, &Trouble::default());
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(200_000));
        for (statuses, bytes) in [
            (400..=400, "GET / HTTP/1.1\r\nhost x\r\n\r\n".to_owned()),
            (400..=400, "\0\x01\x02\r\n\r\n".to_owned()),
            (
                400..=400,
                "POST /contact HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
            ),
            (400..=431, many),
        ] {
            let answer = Wire::ask(app.port(), &bytes);
            assert!(statuses.contains(&answer.status), "{answer:?}");
            check(&answer, https, &format!("{} of the parser", answer.status));
        }
        let late = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\na";
        let answer = Wire::ask(app.port(), late);
        assert_eq!(answer.status, 408, "{answer:?}");
        check_app(&answer, https, "408");
    }
}

#[test]
fn r30_an_error_of_an_inner_layer_goes_out_with_all_headers() {
    let app = TestApp::with()
        .routes(|config| {
            let failing = web::scope("/failing").route("", web::get().to(HttpResponse::Ok)).wrap(from_fn(
                |_, _: actix_web::middleware::Next<actix_web::body::BoxBody>| async {
                    let error = actix_web::error::ErrorForbidden("inner words");
                    Err::<actix_web::dev::ServiceResponse<actix_web::body::BoxBody>, _>(error)
                },
            ));
            config.service(failing);
        })
        .start();
    for accept in [HTML, JSON] {
        let answer = app.visitor().send("GET", "/failing", &[accept], b"");
        assert_eq!(answer.status, 403);
        check_app(&answer, false, "an Err");
        assert!(!answer.text().contains("inner words"), "{}", answer.text());
        assert!(answer.text().contains("This is not allowed"), "{}", answer.text());
    }
}
