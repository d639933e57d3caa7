//! Pictures of the pages, for README and for the eye. They go to `LETTERBOX_SCREENSHOTS`, else to `target/screenshots`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::screen::Screen;
use crate::support::{OWNER, TestApp};

/// Name, address, subject and text of a letter, and how many minutes ago it came.
type Letter = (&'static str, &'static str, &'static str, &'static str, u64);

const LETTERS: [Letter; 12] = include!("letters.in");

/// More than this and README takes long to open.
const LARGEST: usize = 150_000;

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn the_pictures_of_readme_are_small_enough_to_be_shown() {
    let app = TestApp::with().setting("SITE_NAME", "Olive's letterbox").start();
    deliver(&app);
    let screen = Screen::chromium(&app.url(""));
    for scheme in ["light", "dark"] {
        screen.resize(1280, 900);
        screen.scheme(scheme);
        screen.open("/contact");
        keep(&format!("contact-{scheme}"), &screen.picture());
    }
    screen.scheme("light");
    screen.resize(390, 844);
    screen.open("/contact");
    keep("contact-phone", &screen.picture());

    app.add_user(OWNER, letterbox::models::Role::Owner);
    screen.resize(1280, 900);
    screen.open("/login");
    screen.send(&[("email", OWNER), ("password", crate::support::PASSWORD)]);
    screen.wait_for_path("/messages");
    for nth in [6, 9, 4, 11, 12, 7] {
        screen.click(&format!(".letters li:nth-child({nth}) a"));
        screen.wait_for("the letter", |screen| screen.has("article"));
        screen.open("/messages");
    }
    keep("inbox", &screen.picture());
    screen.click(".letters li:nth-child(1) a");
    screen.wait_for("the letter", |screen| screen.has("article"));
    keep("letter", &screen.picture());
}

fn deliver(app: &TestApp) {
    let visitor = app.visitor();
    let mut before = LETTERS[0].4;
    for (name, email, subject, message, minutes_ago) in LETTERS {
        app.clock.advance(Duration::from_secs(60 * (before - minutes_ago)));
        before = minutes_ago;
        let letter = [("name", name), ("email", email), ("subject", subject), ("message", message)];
        let answer = visitor.post("/contact", &letter);
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    app.clock.advance(Duration::from_secs(60 * before));
}

fn keep(name: &str, picture: &[u8]) {
    assert!(picture.len() <= LARGEST, "{name} has {} bytes", picture.len());
    std::fs::write(directory().join(format!("{name}.png")), picture).unwrap();
}

fn directory() -> PathBuf {
    let named = std::env::var_os("LETTERBOX_SCREENSHOTS").map(PathBuf::from);
    let directory = named.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots"));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}
