//! The contact page: what it keeps, what it says, what it weighs.

use std::collections::BTreeSet;

use super::{FORM, HTML, JSON, between, letter, letter_with, send_json, static_urls, stored, unescape};
use crate::support::{TestApp, encode};

/// The value that the field shows.
fn shown(html: &str, field: &str) -> String {
    let start = format!("id=\"field-{field}\"");
    let at = html.find(&start).unwrap_or_else(|| panic!("no field {field} in {html}"));
    let text = match field {
        // HTML drops one newline after the tag.
        "message" => between(&html[at..], ">", "</textarea>").strip_prefix('\n').unwrap(),
        _ => between(&html[at..], "value=\"", "\""),
    };
    unescape(text)
}

#[test]
fn a_faulty_letter_comes_back_with_every_value_as_it_was_typed() {
    let app = TestApp::start();
    let markup = "\"quoted\" 'too' <b>&amp; &#34;";
    let fields = [("receipt", "r"), ("name", markup), ("email", "no address <x>"), ("subject", markup)];
    for message in
        ["\nbegins with a newline", "\n\n\ttwo, and a tab", markup, "</textarea><b>x", " spaces ", "日本\u{202e}"]
    {
        let answer = app.visitor().post("/contact", &[&fields[..], &[("message", message)]].concat());
        assert_eq!(answer.status, 422);
        let html = answer.text();
        for (field, value) in fields[1..].iter().copied().chain([("message", message)]) {
            assert_eq!(shown(&html, field), value, "{field}");
        }
        assert_eq!(html.matches("</textarea>").count(), 1, "{html}");
    }
    assert!(stored(&app).is_empty());
}

#[test]
fn every_fault_is_told_beside_its_field_and_in_a_summary_and_in_the_title() {
    let app = TestApp::start();
    let answer = app.visitor().post("/contact", &[("subject", &"s".repeat(201))]);
    assert_eq!(answer.status, 422);
    let html = answer.text();
    assert!(html.contains("<title>Error: Write a letter"), "{html}");
    let summary = between(&html, "id=\"summary\"", "</ul>");
    assert!(summary.contains("4 things need your attention") && summary.contains("autofocus"), "{summary}");
    for (field, described, words) in [
        ("name", "error-name", "Enter your name."),
        ("email", "help-email error-email", "mail"),
        ("subject", "help-subject error-subject", "shorten it by 1."),
        ("message", "help-message error-message", "Write your message."),
    ] {
        let link = between(summary, &format!("<a href=\"#field-{field}\">"), "</a>");
        assert!(link.contains(words), "{field}: {link}");
        let tag = between(&html, &format!("id=\"field-{field}\""), ">\n");
        assert!(tag.contains("aria-invalid=\"true\""), "{tag}");
        assert!(tag.contains(&format!("aria-describedby=\"{described}\"")), "{tag}");
        for id in described.split(' ') {
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
        assert!(between(&html, &format!("id=\"error-{field}\""), "</p>").contains(link), "{field}");
    }
    let good = app.visitor().get("/contact").text();
    assert!(!good.contains("aria-invalid") && !good.contains("id=\"summary\"") && !good.contains("Error:"), "{good}");
}

#[test]
fn each_rule_of_a_field_is_kept_and_its_limit_is_allowed() {
    let app = TestApp::start();
    let (name, subject, message) = ("ä".repeat(100), "日".repeat(200), "🦀".repeat(10_000));
    let cases: [(&str, &str, Option<&str>); 20] = [
        ("name", &name, None),
        ("name", &format!("{name}x"), Some("shorten it by 1.")),
        ("name", "two\nlines", Some("more than one line")),
        ("name", "  \t ", Some("Enter your name.")),
        ("name", "bell\u{7}", Some("(U+0007)")),
        ("email", "ada@localhost", None),
        ("email", "ada@exämple.com", None),
        ("email", "ada", Some("")),
        ("email", "ada@", Some("")),
        ("email", "ada@b.c\nbcc: x@y.z", Some("")),
        ("email", &format!("{}@example.com", "a".repeat(250)), Some("")),
        ("subject", "", None),
        ("subject", &subject, None),
        ("subject", &format!("{subject}x"), Some("shorten it by 1.")),
        ("subject", "escape\u{1b}[31m", Some("(U+001B)")),
        ("message", &message, None),
        ("message", &format!("{message}x"), Some("shorten it by 1.")),
        ("message", "a\u{0}b", Some("(U+0000)")),
        ("message", "a\rb", Some("(U+000D)")),
        ("message", "next line \u{85}", Some("(U+0085)")),
    ];
    for (field, value, fault) in cases {
        let answer = app.visitor().post("/contact", &letter_with(field, value));
        let html = answer.text();
        match fault {
            None => assert_eq!(answer.status, 303, "{field}={value:?}: {html}"),
            Some(words) => {
                assert_eq!(answer.status, 422, "{field}={value:?}");
                let told = between(&html, &format!("id=\"error-{field}\""), "</p>");
                assert!(told.contains(words), "{field}={value:?}: {told}");
                assert_eq!(html.matches("aria-invalid").count(), 1, "no other field is blamed: {html}");
            }
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_told_by_field_and_the_rest_is_kept() {
    let app = TestApp::start();
    let body = b"name=%FF%FEAda&email=ada@example.com&message=kept";
    let answer = app.visitor().send("POST", "/contact", &[HTML, ("content-type", FORM)], body);
    assert_eq!(answer.status, 422);
    let html = answer.text();
    assert!(between(&html, "id=\"error-name\"", "</p>").contains("UTF-8"), "{html}");
    assert_eq!((shown(&html, "name").as_str(), shown(&html, "message").as_str()), ("\u{fffd}\u{fffd}Ada", "kept"));
}

#[test]
fn unknown_fields_are_ignored_and_missing_ones_are_empty() {
    let app = TestApp::start();
    let letter =
        [("folder", "trash"), ("id", "1"), ("name", "Ada"), ("email", "a@b.c"), ("message", "x"), ("read", "1")];
    assert_eq!(app.visitor().post("/contact", &letter).status, 303);
    let json = r#"{"name":"Ada","email":"a@b.c","message":"x","subject":null,"folder":"trash","read":true}"#;
    assert_eq!(app.visitor().post_json("/contact", json).status, 201);
    for message in stored(&app) {
        assert_eq!((message.letter.subject.as_str(), message.read), ("", false));
    }
    assert_eq!(app.visitor().post("/contact", &[]).status, 422);
}

#[test]
fn a_program_gets_the_letter_back_or_every_fault_with_a_pointer() {
    let app = TestApp::start();
    let sent = send_json(&app.visitor(), "a\r\nb");
    assert_eq!((sent.status, sent.header("content-type")), (201, "application/json"));
    let (json, letter) = (sent.json(), stored(&app).remove(0));
    let expected = serde_json::json!({
        "id": letter.id.to_string(), "form": "contact", "received_at": letter.received_at.rfc3339(),
        "name": "Ada Lovelace", "email": "ada@example.com", "subject": "", "body": "a\nb",
    });
    assert_eq!(json, expected);

    let faulty = app.visitor().post_json("/contact", r#"{"name": 5, "email": "x", "message": ""}"#);
    assert_eq!((faulty.status, faulty.header("content-type")), (422, "application/problem+json"));
    let errors = faulty.json()["errors"].clone();
    let pointers: Vec<&str> =
        errors.as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["#/name", "#/email", "#/message"], "{errors}");
    for (body, kind, status) in [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ("x", "text/plain", 415),
        ("x", "application/xml", 415),
    ] {
        let answer = app.visitor().send("POST", "/contact", &[JSON, ("content-type", kind)], body.as_bytes());
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{body}");
    }
    // A form whose sender wants JSON is answered in JSON, too.
    let form = encode(&super::letter("", "as a form"));
    let answer = app.visitor().send("POST", "/contact", &[JSON, ("content-type", FORM)], form.as_bytes());
    assert_eq!((answer.status, answer.json()["body"].as_str()), (201, Some("as a form")));
}

#[test]
fn a_program_is_told_what_the_form_is_made_of() {
    let app = TestApp::start();
    let form = app.visitor().send("GET", "/contact", &[JSON], b"");
    assert_eq!((form.status, form.header("content-type")), (200, "application/json"));
    let form = form.json();
    assert_eq!((form["action"].as_str(), form["method"].as_str()), (Some("/contact"), Some("POST")));
    let fields = form["fields"].as_array().unwrap();
    let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["name", "email", "subject", "message", "receipt"]);
    let body =
        serde_json::json!({"name": "A", "email": "a@b.c", "message": "x", "receipt": fields[4]["value"]}).to_string();
    let twice = [(); 2].map(|()| app.visitor().post_json("/contact", &body).json()["id"].clone());
    assert_eq!(twice[0], twice[1], "the receipt it is told works");
}

#[test]
fn r10_visitors_never_get_a_cookie() {
    let app = TestApp::start();
    let visitor = app.visitor();
    for path in ["/contact", "/contact/thanks", "/nothing", "/healthz", "/readyz"].into_iter().chain(static_urls()) {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT"] {
            let answer = visitor.send(method, path, &[HTML, ("content-type", FORM)], b"");
            assert!(answer.set_cookies().is_empty(), "{method} {path}");
            assert!(!answer.header("vary").to_ascii_lowercase().contains("cookie"), "{method} {path}");
        }
    }
    assert_eq!(visitor.post("/contact", &letter("", "x")).status, 303);
    send_json(&visitor, "x");
    assert!(visitor.cookies.borrow().is_empty());
}

#[test]
fn the_contact_page_and_all_it_needs_fit_into_the_first_flight() {
    let app = TestApp::start();
    let fetch = |path: &str| {
        let answer = app.visitor().send("GET", path, &[HTML, ("accept-encoding", "br")], b"");
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "br"), "{path}");
        answer.body.len()
    };
    let html = app.visitor().get("/contact").text();
    let named: BTreeSet<&str> = html.split('"').filter(|text| text.starts_with("/static/")).collect();
    assert_eq!(named.len(), 3, "style, logo and icon: {named:?}");
    let sum = fetch("/contact") + named.into_iter().map(fetch).sum::<usize>();
    // Ten segments of 1,460 bytes, less their heads.
    assert!(sum <= 14_336, "{sum} bytes");
}

#[test]
fn browsers_may_bring_back_every_field() {
    // `off` keeps them from restoring what was typed into a page that they had let go of.
    let page = TestApp::start().visitor().get("/contact").text();
    assert!(page.contains("autocomplete=") && !page.contains("autocomplete=\"off\""), "{page}");
}

#[test]
fn r24_a_page_that_is_kept_has_the_headers_of_one_that_is_made() {
    let app = TestApp::with().limits(|limits| limits.workers = 1).start();
    let mut answers = ["GET", "GET", "HEAD"].map(|method| app.visitor().send(method, "/contact", &[HTML], b"").headers);
    let numbers: BTreeSet<_> = answers.iter_mut().map(|headers| headers.remove("x-request-id").unwrap()).collect();
    assert_eq!(numbers.len(), answers.len(), "each request has a number of its own");
    answers.iter_mut().for_each(|headers| drop(headers.remove("date")));
    assert!(answers[0].contains_key("content-security-policy"), "{:?}", answers[0]);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2], "HEAD");
}

#[test]
fn the_page_is_made_once_a_second_and_each_client_gets_it_in_the_form_it_takes() {
    let app = TestApp::with().limits(|limits| limits.workers = 1).start();
    let ask = |headers: &[(&str, &str)]| app.visitor().send("GET", "/contact", headers, b"");
    let receipt = || ask(&[HTML]).hidden("receipt");
    let first = receipt();
    assert_eq!(receipt(), first);
    for (encoding, said) in [("br", "br"), ("gzip", "gzip"), ("identity", ""), ("br;q=0", ""), ("*;q=0", "")] {
        for _ in 0..2 {
            let answer = ask(&[HTML, ("accept-encoding", encoding)]);
            assert_eq!((answer.status, answer.header("content-encoding")), (200, said), "{encoding}");
            assert_eq!(answer.header("vary"), "accept", "{encoding}");
        }
    }
    let json = ask(&[JSON]);
    assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
    assert_eq!(ask(&[HTML, ("content-type", "application/json")]).header("content-type"), "text/html; charset=utf-8");
    assert_eq!(receipt(), first, "whatever others have asked for");
    app.clock.advance(std::time::Duration::from_secs(1));
    assert_ne!(receipt(), first);
}
