//! Everything by keyboard alone.

use fantoccini::key::Key;
use serde_json::Value;

use super::screen::Screen;
use crate::support::{OWNER, PASSWORD, TestApp};

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn a_letter_is_written_and_sent_by_keyboard_alone() {
    let app = TestApp::start();
    let screen = Screen::chromium(&app.url(""));
    screen.open("/contact");
    tab_to(&screen, "a.skip");
    assert!(screen.script("return document.activeElement.getBoundingClientRect().top >= 0").as_bool().unwrap());
    screen.press(Key::Enter);
    screen.wait_for("the content", |screen| focus_is_at(screen, "#main"));
    tab_to(&screen, "#field-name");
    screen.keys(" ");
    tab_to(&screen, "#field-email");
    screen.keys("ada@example.com");
    tab_to(&screen, "#field-subject");
    screen.keys("Hello");
    tab_to(&screen, "#field-message");
    screen.keys("Dear Olive");
    tab_to(&screen, "main form button");
    screen.press(Key::Enter);

    screen.wait_for("the summary with the focus", |screen| focus_is_at(screen, "#summary"));
    assert!(screen.title().starts_with("Error: "));
    tab_to(&screen, "#summary a");
    screen.press(Key::Enter);
    screen.wait_for("the field", |screen| focus_is_at(screen, "#field-name"));
    assert!(is_in_view(&screen), "the field with the fault is in view");
    screen.keys("Ada");
    screen.press(Key::Enter);
    screen.wait_for_path("/contact/thanks");
    for stop in ["a.skip", "a.brand", ".plate a"] {
        tab_to(&screen, stop);
    }
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn the_owner_logs_in_reads_and_logs_out_by_keyboard_alone() {
    let app = TestApp::start();
    app.add_user(OWNER, letterbox::models::Role::Owner);
    let letter = [("name", "Ada"), ("email", "ada@example.com"), ("message", "Dear Olive")];
    assert_eq!(app.visitor().post("/contact", &letter).status, 303);
    let screen = Screen::chromium(&app.url(""));
    screen.open("/login");
    for stop in ["a.skip", "a.brand", "#field-email"] {
        tab_to(&screen, stop);
    }
    screen.keys(OWNER);
    tab_to(&screen, "#field-password");
    screen.keys("not the password");
    screen.press(Key::Enter);
    screen.wait_for("the summary with the focus", |screen| focus_is_at(screen, "#summary"));
    for stop in ["#summary a", "#field-email", "#field-password"] {
        tab_to(&screen, stop);
    }
    screen.keys(PASSWORD);
    tab_to(&screen, "main form button");
    screen.press(Key::Enter);
    screen.wait_for_path("/messages");
    tab_through_the_head(&screen);
    tab_on_to(&screen, ".letters .words a");
    screen.press(Key::Enter);
    screen.wait_for("the letter", |screen| screen.has("article"));
    tab_through_the_head(&screen);
    tab_on_to(&screen, "a[href^='mailto:']");
    screen.open("/logout");
    tab_through_the_head(&screen);
    tab_to(&screen, "main button");
    screen.press(Key::Enter);
    screen.wait_for_path("/login");
}

/// What stands above every page of somebody who is signed in.
fn tab_through_the_head(screen: &Screen) {
    tab_to(screen, "a.skip");
    tab_to(screen, "a.brand");
    let links = screen.script("return document.querySelectorAll('.nav li').length").as_u64().unwrap();
    for nth in 1..=links {
        tab_to(screen, &format!(".nav li:nth-child({nth}) a"));
    }
    tab_to(screen, ".out button");
}

/// One press of Tab goes here and nowhere else, and one sees where one is.
fn tab_to(screen: &Screen, css: &str) {
    let before = style(screen, css);
    screen.press(Key::Tab);
    assert!(focus_is_at(screen, css), "Tab goes to {} and not to {css}", active(screen));
    let focused = style(screen, css);
    assert_ne!(before, focused, "one does not see that {css} has the focus");
    assert!(is_in_view(screen), "{css} has the focus and is not in view");
}

/// As many presses of Tab as it takes, each of which goes on to something that is in view.
fn tab_on_to(screen: &Screen, css: &str) {
    let mut passed = Vec::new();
    while !focus_is_at(screen, css) {
        screen.press(Key::Tab);
        assert!(is_in_view(screen), "{} has the focus and is not in view", active(screen));
        passed.push(active(screen));
        assert!(passed.len() < 60, "Tab never comes to {css}, but to {passed:?}");
    }
}

pub fn focus_is_at(screen: &Screen, css: &str) -> bool {
    screen.script(&format!("return document.activeElement?.matches({}) ?? false", Value::from(css))).as_bool().unwrap()
}

fn active(screen: &Screen) -> Value {
    screen.script("return document.activeElement.outerHTML.slice(0, 200)")
}

fn is_in_view(screen: &Screen) -> bool {
    let script = "const box = document.activeElement.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth";
    screen.script(script).as_bool().unwrap()
}

/// What shows the focus: the outline of the element itself or of what it draws over its whole row.
fn style(screen: &Screen, css: &str) -> Value {
    let script = "const outline = style => style.outlineStyle == 'none' ? 'none' : style.outline;
        const element = document.querySelector(CSS);
        return [null, '::after'].map(part => outline(getComputedStyle(element, part)))";
    screen.script(&script.replace("CSS)", &format!("{})", Value::from(css))))
}
