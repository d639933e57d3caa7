//! Text that wants to be HTML.

use super::driver::Kind;
use super::screen::Screen;
use crate::support::{OWNER, PASSWORD, TestApp};

const PROBE: &str = "\"'><img src=x onerror=alert(1)>";
/// The same where an address is asked for: the local part of what `type=email` lets through.
const ADDRESS: &str = "'{|}&amp=/x@example.com";

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r44_the_probe_is_inert_in_chromium() {
    probe(Kind::Chromium);
}

#[test]
#[ignore = "needs Firefox and geckodriver"]
fn r44_the_probe_is_inert_in_firefox() {
    probe(Kind::Firefox);
}

#[test]
#[ignore = "needs WebKitGTK, WebKitWebDriver and Xvfb"]
fn r44_the_probe_is_inert_in_webkit() {
    probe(Kind::WebKit);
}

fn probe(kind: Kind) {
    let app = TestApp::with().setting("SITE_NAME", PROBE).setting("SITE_INTRO", PROBE).start();
    let screen = Screen::of(kind, &app.url(""));
    let token = app.block_on(app.state.auth.setup_token()).unwrap().unwrap();
    screen.open(&format!("/setup?token={token}"));
    screen.send(&[("name", PROBE), ("email", OWNER), ("password", PROBE), ("password_again", PASSWORD)]);
    inert(&screen, "#summary");
    assert_eq!(screen.value("#field-name"), PROBE);
    screen.send(&[("password", PASSWORD), ("password_again", PASSWORD)]);
    inert(&screen, ".who");
    assert!(screen.text(".who").ends_with(PROBE));

    screen.open("/contact");
    inert(&screen, ".welcome");
    assert_eq!(screen.text(".welcome .lead"), PROBE);
    screen.send(&[("name", " "), ("email", ADDRESS), ("subject", PROBE), ("message", PROBE)]);
    inert(&screen, "#summary");
    assert_eq!((screen.value("#field-subject"), screen.value("#field-message")), (PROBE.into(), PROBE.into()));
    screen.send(&[("name", PROBE)]);
    inert(&screen, ".thanks");

    screen.open("/messages");
    inert(&screen, ".letters");
    // WebKit's driver takes a box with a limited number of lines for an empty one.
    let row = [".letters .from", ".letters .subject", ".letters .preview"].map(|css| screen.content(css));
    assert_eq!(row, [PROBE; 3]);
    screen.click(".letters a");
    inert(&screen, "article");
    let letter = ["article h1", "article .from", ".letter-body"].map(|css| screen.text(css));
    assert_eq!(letter, [PROBE; 3]);
    assert!(screen.text("article dl").contains(ADDRESS));
    screen.click(".head form button");
    screen.wait_for_path("/login");
    screen.open("/login?next=%22%27%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E");
    inert(&screen, "main form");
    screen.open("/%22%27%3E%3Cimg%20src=x%20onerror=alert(1)%3E");
    inert(&screen, ".status");
}

/// Waits for the page and looks for what the probe would have made of it. An alert would make every command fail.
fn inert(screen: &Screen, css: &str) {
    screen.wait_for(css, |screen| screen.has(css));
    assert!(!screen.has("img[src=x], [onerror]"), "{}", screen.source());
}
