//! After the logout.

use super::driver::Kind;
use super::screen::Screen;
use crate::support::{OWNER, PASSWORD, TestApp};

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r8_r27_after_the_logout_chromium_keeps_no_cookie_and_back_shows_nothing_private() {
    leave(Kind::Chromium);
}

#[test]
#[ignore = "needs Firefox and geckodriver"]
fn r8_r27_after_the_logout_firefox_keeps_no_cookie_and_back_shows_nothing_private() {
    leave(Kind::Firefox);
}

const SECRET: &str = "nobody else may read this";

fn leave(kind: Kind) {
    let app = TestApp::start();
    app.add_user(OWNER, letterbox::models::Role::Owner);
    let letter = [("name", "Ada"), ("email", "ada@example.com"), ("subject", "Private"), ("message", SECRET)];
    assert_eq!(app.visitor().post("/contact", &letter).status, 303);
    let screen = Screen::of(kind, &app.url(""));
    screen.open("/login");
    screen.send(&[("email", OWNER), ("password", PASSWORD)]);
    screen.wait_for_path("/messages");
    let mut names = screen.cookie_names();
    names.sort();
    assert_eq!(names, ["access_token", "device", "refresh_token"]);
    assert!(screen.cookies().iter().all(|cookie| cookie["httpOnly"] == true && cookie["sameSite"] == "Lax"));
    assert!(screen.source().contains(SECRET), "the list shows how the letter begins");
    screen.click(".letters a");
    screen.wait_for("the letter", |screen| screen.source().contains("letter-body"));
    // Back is private while the session lasts: without this the rest would prove little.
    screen.back();
    screen.wait_for("the list", |screen| screen.source().contains(SECRET));
    screen.click(".letters a");
    screen.wait_for("the letter", |screen| screen.source().contains("letter-body"));

    screen.click(".head form button");
    screen.wait_for_path("/login");
    let names = screen.cookie_names();
    let logs_nobody_in = |name: &String| name == "session" || name == "device";
    assert!(names.iter().all(logs_nobody_in), "only the notice and the known device may remain: {names:?}");
    for _ in 0..3 {
        screen.back();
        screen.wait_for("a page", |screen| screen.has("h1"));
        assert!(!screen.source().contains(SECRET), "{}", screen.path());
        assert!(screen.path().starts_with("/login"), "{}", screen.path());
    }
}
