//! Which methods work where (R37), and that a worker is never held up (R41).

use super::{HTML, JSON, letter, static_urls, stored};
use crate::support::{Answer, OWNER, PASSWORD, TestApp, Wire, encode};

/// Path and what its `Allow` says.
fn pages(letter: &str) -> Vec<(String, &'static str)> {
    let (read, write) = ("GET, HEAD, OPTIONS", "GET, HEAD, POST, OPTIONS");
    let mut pages: Vec<_> = [
        ("/", read),
        ("/contact", write),
        ("/contact/thanks", read),
        ("/login", write),
        ("/logout", write),
        ("/setup", write),
        ("/invitation", write),
        ("/account", write),
        ("/account/tokens", write),
        ("/account/activity", read),
        ("/users", write),
        ("/messages", write),
        (letter, write),
        ("/messages/export", read),
        ("/healthz", read),
        ("/readyz", read),
    ]
    .map(|(path, allow)| (path.to_owned(), allow))
    .into();
    pages.extend(static_urls().map(|url| (url.to_owned(), read)));
    pages
}

/// Every header but those that are new each time.
fn lasting(answer: &Answer) -> Vec<(String, String)> {
    let kept = answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let mut headers: Vec<_> =
        kept.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    headers.sort();
    headers
}

fn app_with_a_letter() -> (TestApp, String) {
    let app = TestApp::start();
    app.visitor().post("/contact", &letter("", "Hello"));
    let path = format!("/messages/{}", stored(&app)[0].id);
    (app, path)
}

#[test]
fn r37_head_is_get_without_the_body() {
    let (app, letter) = app_with_a_letter();
    for browser in [app.visitor(), app.owner()] {
        for (path, _) in pages(&letter) {
            for extra in [HTML, JSON, ("accept-encoding", "br")] {
                let [get, head] = ["GET", "HEAD"].map(|method| browser.send(method, &path, &[extra], b""));
                assert_eq!((head.status, lasting(&head)), (get.status, lasting(&get)), "{path} {extra:?}");
                assert!(head.body.is_empty(), "{path}");
            }
        }
    }
}

#[test]
fn r37_another_method_gets_405_and_options_204_with_what_works() {
    let (app, letter) = app_with_a_letter();
    let (visitor, owner) = (app.visitor(), app.owner());
    for (path, allow) in pages(&letter) {
        let options = visitor.send("OPTIONS", &path, &[], b"");
        assert_eq!((options.status, options.header("allow"), options.body.len()), (204, allow, 0), "{path}");
        let unsupported =
            ["PUT", "DELETE", "PATCH", "TRACE", "BREW"].into_iter().chain((!allow.contains("POST")).then_some("POST"));
        for method in unsupported {
            for accept in [HTML, JSON] {
                let answer = owner.send(method, &path, &[accept], b"");
                let told = (answer.status, answer.header("allow"));
                assert_eq!(told, (405, allow), "{method} {path}");
                assert!(answer.text().contains("This cannot be done here"), "{method} {path}: {}", answer.text());
            }
        }
    }
}

#[test]
fn r41_a_worker_answers_others_while_a_password_is_checked() {
    let app = TestApp::with().setting("BCRYPT_COST", 14).start();
    app.add_user(OWNER, letterbox::models::Role::Owner);
    let body = encode(&[("email", OWNER), ("password", PASSWORD)]);
    let mut login = Wire::open(app.port());
    login.send(format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ));
    for path in ["/healthz", "/contact", "/readyz"] {
        assert_eq!(app.visitor().get(path).status, 200, "{path}");
        assert!(login.is_silent(), "{path} had to wait for the password on the only worker");
    }
    assert_eq!(login.answer().status, 303);
}
