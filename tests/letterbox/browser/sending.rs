//! What visitors do to a form.

use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use rusqlite::Connection;

use super::screen::Screen;
use crate::support::TestApp;

const TEXT: &str = "First line\n\n  indented, with <b>, & and \u{fc}ml\u{e4}uts\nend";
const LETTER: [(&str, &str); 4] =
    [("name", "Ada"), ("email", "ada@example.com"), ("subject", "Hello"), ("message", TEXT)];

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn a_double_click_on_send_stores_one_letter() {
    let app = TestApp::start();
    let screen = Screen::chromium(&app.url(""));
    screen.open("/contact");
    screen.fill(&LETTER);
    screen.click_twice("main form button");
    screen.wait_for_path("/contact/thanks");
    assert_eq!(stored(&app), 1);
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn a_letter_that_is_sent_again_after_back_is_stored_once() {
    // A browser that has other things to do may let go of the page and fetch the form again: within the same second the
    // one worker has the same one for it.
    let app = TestApp::with().limits(|limits| limits.workers = 1).start();
    let screen = Screen::chromium(&app.url(""));
    screen.open("/contact");
    screen.send(&LETTER);
    screen.wait_for_path("/contact/thanks");
    screen.back();
    screen.wait_for("the text in the form", |screen| {
        screen.has("#field-message") && screen.value("#field-message") == TEXT
    });
    keeps_all(&screen, "Ada");
    screen.click("main form button");
    screen.wait_for_path("/contact/thanks");
    assert_eq!(stored(&app), 1);
    // A changed letter is another one.
    screen.back();
    screen.send(&[("subject", "Another")]);
    screen.wait_for_path("/contact/thanks");
    assert_eq!(stored(&app), 2);
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn a_refused_letter_is_still_there_whatever_refused_it() {
    let app = TestApp::with().setting("CONTACT_PER_MINUTE", 1).start();
    let screen = Screen::chromium(&app.url(""));
    screen.open("/contact");
    screen.fill(&LETTER);
    screen.send(&[("name", " ")]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    keeps_all(&screen, " ");

    let first = [("name", "Eve"), ("email", "eve@example.com"), ("message", "I was first.")];
    assert_eq!(app.visitor().post("/contact", &first).status, 303);
    screen.send(&[("name", "Ada")]);
    screen.wait_for("the notice", |screen| screen.has("#notice"));
    keeps_all(&screen, "Ada");

    app.clock.advance(std::time::Duration::from_secs(61));
    screen.click("main form button");
    screen.wait_for_path("/contact/thanks");
    assert_eq!(stored(&app), 2);
    assert_eq!(newest(&app), TEXT);
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn text_that_was_not_sent_yet_is_still_there_after_back() {
    let app = TestApp::start();
    let screen = Screen::chromium(&app.url(""));
    screen.open("/contact");
    screen.fill(&LETTER);
    screen.open("/login");
    screen.back();
    screen.wait_for("the text", |screen| screen.value("#field-message") == TEXT);
    keeps_all(&screen, "Ada");
}

fn keeps_all(screen: &Screen, name: &str) {
    let values = ["#field-name", "#field-email", "#field-subject", "#field-message"].map(|css| screen.value(css));
    assert_eq!(values, [name, "ada@example.com", "Hello", TEXT]);
}

fn stored(app: &TestApp) -> u64 {
    let folder = letterbox::models::Folder::Inbox;
    app.block_on(app.state.store.count_messages(folder)).unwrap().total
}

fn newest(app: &TestApp) -> String {
    let database = Connection::open(app.database()).unwrap();
    database.query_row("SELECT body FROM messages ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).unwrap()
}

impl Screen {
    /// Two clicks so fast that no page can come between them.
    fn click_twice(&self, css: &str) {
        let element = self.element(css);
        let click = |mouse: MouseActions| {
            mouse
                .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })
        };
        let over = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let twice = click(click(MouseActions::new("mouse".to_owned()).then(over)));
        self.run(|client| async move { client.perform_actions(twice).await }).unwrap();
    }
}
