//! What another site makes a browser send is refused (R20).

use super::{FORM, HTML, letter, stored};
use crate::support::{OWNER, PASSWORD, TestApp, encode};

const PUBLIC: &str = "https://letters.example";

/// The headers a browser says it with, and whether the request may pass.
fn matrix(host: &str) -> Vec<(Vec<(&'static str, String)>, bool)> {
    let site = |value: &str| ("sec-fetch-site", value.to_owned());
    let origin = |value: &str| ("origin", value.to_owned());
    let own = format!("http://{host}");
    vec![
        (vec![site("same-origin")], true),
        (vec![site("none")], true),
        (vec![site("same-site")], false),
        (vec![site("cross-site")], false),
        (vec![site("nonsense")], false),
        (vec![site("cross-site"), origin(&own)], false),
        (vec![site("same-origin"), origin("https://evil.example")], true),
        (vec![origin(&own)], true),
        (vec![origin(PUBLIC)], true),
        (vec![origin("https://evil.example")], false),
        (vec![origin(&format!("{PUBLIC}.evil.example"))], false),
        (vec![origin("null")], false),
        (vec![], true),
    ]
}

#[test]
fn r20_every_route_that_changes_something_follows_the_table() {
    let app = TestApp::with().setting("PUBLIC_URL", PUBLIC).start();
    let host = format!("127.0.0.1:{}", app.port());
    let owner = app.owner();
    let login = encode(&[("email", OWNER), ("password", PASSWORD)]);
    let letter = encode(&letter("", "Hello"));
    for (headers, passes) in matrix(&host) {
        for (path, body, usual) in [
            ("/contact", &letter, 303),
            ("/login", &login, 303),
            ("/logout", &String::new(), 303),
            ("/setup", &login, 404),
        ] {
            let mut sent = vec![HTML, ("content-type", FORM)];
            sent.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            // Nobody's cookies, so that a refused logout is not mistaken for one that had nothing to end.
            let answer = app.visitor().send("POST", path, &sent, body.as_bytes());
            let what = format!("POST {path} with {headers:?}");
            assert_eq!(answer.status, if passes { usual } else { 403 }, "{what}");
            if !passes {
                assert!(answer.set_cookies().is_empty() && answer.text().contains("another site"), "{what}");
            }
            let read = app.visitor().send("GET", path, &sent, b"");
            assert_ne!(read.status, 403, "reading is no harm: {what}");
        }
        if !passes {
            let sent: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(owner.send("POST", "/logout", &sent, b"").status, 403);
            assert_eq!(owner.get("/messages").status, 200, "still signed in");
        }
    }
    let passing = matrix(&host).iter().filter(|(_, passes)| *passes).count();
    assert_eq!(stored(&app).len(), passing, "what was refused was not stored");
}

#[test]
fn r20_other_methods_that_could_change_something_are_judged_too() {
    let app = TestApp::start();
    for method in ["PUT", "PATCH", "DELETE", "POST"] {
        let answer = app.visitor().send(method, "/nothing", &[HTML, ("origin", "https://evil.example")], b"");
        assert_eq!(answer.status, 403, "{method}");
    }
}
