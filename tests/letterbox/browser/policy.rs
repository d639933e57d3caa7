//! What pages may load, and what they leave behind.

use serde_json::{Value, json};

use super::screen::Screen;
use super::tour;
use crate::support::TestApp;

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r26_no_page_breaks_its_own_content_security_policy() {
    let app = tour::difficult_site();
    let screen = Screen::chromium(&app.url(""));
    let mut complaints = Vec::new();
    tour::every_page(&app, &screen, |page| {
        let notes = screen.notes("browser");
        // Chromium reports every page with an error status, too; that is how it should be.
        let notes = notes.iter().filter(|note| !said(note).contains("the server responded with a status of"));
        complaints.extend(notes.map(|note| format!("{page}: {}", said(note))));
        let inline = screen.script("return document.querySelectorAll('script:not([src]), style, [style]').length");
        assert_eq!(inline, Value::from(0), "{page} holds a script or a style of its own");
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r26_the_policy_is_enforced_on_every_page() {
    let app = tour::difficult_site();
    let screen = Screen::chromium(&app.url(""));
    tour::every_page(&app, &screen, |page| {
        screen.notes("browser");
        let ran = screen.script(
            "const script = document.createElement('script');
             script.textContent = 'window.intruder = true';
             document.head.append(script);
             script.remove();
             return window.intruder === true;",
        );
        assert_eq!(ran, Value::from(false), "{page}");
        let notes = screen.notes("browser");
        assert!(notes.iter().any(|note| said(note).contains("Content Security Policy")), "{page}: {notes:?}");
    });
}

fn said(note: &Value) -> &str {
    note["message"].as_str().unwrap()
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn no_page_asks_anything_of_another_origin() {
    let app = tour::difficult_site();
    let screen = Screen::chromium(&app.url(""));
    let mut asked = Vec::new();
    tour::every_page(&app, &screen, |page| {
        for note in screen.notes("performance") {
            let event: Value = serde_json::from_str(said(&note)).unwrap();
            let event = &event["message"];
            // The page that Chromium itself opens with is not ours to judge.
            let by_us = event["params"]["documentURL"].as_str().is_some_and(|url| url.starts_with(&app.url("/")));
            if event["method"] == "Network.requestWillBeSent" && by_us {
                let url = event["params"]["request"]["url"].as_str().unwrap();
                asked.push((page.to_owned(), url.to_owned()));
            }
        }
    });
    assert!(asked.iter().any(|(_, url)| url.contains("/static/app.")), "the network is watched: {asked:?}");
    asked.retain(|(_, url)| !url.starts_with(&app.url("/")));
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r10_a_visitors_browser_keeps_no_cookie() {
    let app = TestApp::with().setting("CONTACT_PER_MINUTE", 1).start();
    let screen = Screen::chromium(&app.url(""));
    let nothing_is_kept = |page: &str| {
        let cookies = screen.chromium_command("Network.getAllCookies", &json!({}));
        assert_eq!(cookies["cookies"], json!([]), "after {page}");
        assert_eq!(screen.script("return [localStorage.length, sessionStorage.length]"), json!([0, 0]), "{page}");
    };
    screen.open("/contact");
    nothing_is_kept("the form");
    screen.send(&[("name", " "), ("email", "ada@example.com"), ("message", "Hello")]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    nothing_is_kept("a fault");
    screen.send(&[("name", "Ada")]);
    screen.wait_for_path("/contact/thanks");
    nothing_is_kept("thanks");
    screen.open("/contact");
    screen.send(&[("name", "Ada"), ("email", "ada@example.com"), ("message", "Again")]);
    screen.wait_for("the notice", |screen| screen.has("#notice"));
    nothing_is_kept("too many letters");
    screen.open("/nothing/here");
    nothing_is_kept("a missing page");
}
