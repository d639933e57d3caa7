//! Everything that can be done with letters, by keyboard alone, with scripts and without.

use std::time::Duration;

use fantoccini::key::Key;
use letterbox::models::{Action, Change, ChangeId, Folder, ListQuery, Message, MessageId, Role, Target};
use serde_json::Value;

use super::driver::Kind;
use super::keyboard::focus_is_at;
use super::screen::Screen;
use crate::support::{OWNER, PASSWORD, TestApp};

/// Where a letter lies, what is done with it there, and what has to be so before.
const ACTIONS: [(Folder, Action, Option<Action>); 10] = [
    (Folder::Inbox, Action::Archive, None),
    (Folder::Inbox, Action::Spam, None),
    (Folder::Inbox, Action::Trash, None),
    (Folder::Archive, Action::Inbox, Some(Action::Archive)),
    (Folder::Spam, Action::Inbox, Some(Action::Spam)),
    (Folder::Trash, Action::Inbox, Some(Action::Trash)),
    (Folder::Inbox, Action::Star, None),
    (Folder::Inbox, Action::Unstar, Some(Action::Star)),
    (Folder::Inbox, Action::Read, None),
    (Folder::Inbox, Action::Unread, Some(Action::Read)),
];

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn everything_is_done_with_letters_and_undone_by_keyboard_alone() {
    Desk::new(Kind::Chromium).do_everything();
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn everything_is_done_with_letters_and_undone_by_keyboard_with_scripts_switched_off() {
    Desk::new(Kind::ChromiumWithoutScripts).do_everything();
}

/// An owner in front of three letters; something is done with the first two, or with the first.
struct Desk {
    app: TestApp,
    screen: Screen,
    letters: Vec<MessageId>,
}

impl Desk {
    fn new(kind: Kind) -> Self {
        let app = TestApp::start();
        app.add_user(OWNER, Role::Owner);
        let letters = (1..=3).map(|number| deliver(&app, number)).collect();
        let screen = Screen::of(kind, &app.url(""));
        screen.open("/login");
        screen.send(&[("email", OWNER), ("password", PASSWORD)]);
        screen.wait_for_path("/messages");
        Self { app, screen, letters }
    }

    fn do_everything(&self) {
        self.everything_is_reached_with_tab("/messages");
        self.everything_is_reached_with_tab(&format!("/messages/{}", self.letters[0]));
        for (folder, action, before) in ACTIONS {
            self.put_all_back(before);
            self.act_on_many(folder, action);
            self.act_on_one(folder, action);
        }
        self.put_all_back(Some(Action::Trash));
        self.delete_for_good();
    }

    fn act_on_many(&self, folder: Folder, action: Action) {
        self.screen.open(&format!("/messages?folder={folder}"));
        for letter in &self.letters[..2] {
            self.press(&format!("[name=ids][value='{letter}:{folder}']"), ' ');
        }
        let mark = format!(".more [value={}]", action.as_str());
        if self.screen.has(&mark) {
            self.press(".more summary", ENTER);
            self.done_and_undone(&mark, 2, action);
        } else {
            self.done_and_undone(&format!(".tray > [value={}]", action.as_str()), 2, action);
        }
    }

    /// The buttons of a letter's own page; a star has one in the list as well.
    fn act_on_one(&self, folder: Folder, action: Action) {
        let letter = self.letters[0];
        if matches!(action, Action::Star | Action::Unstar) {
            self.screen.open(&format!("/messages?folder={folder}"));
            self.done_and_undone(&format!(".star[value='{letter}']"), 1, action);
        }
        self.screen.open(&format!("/messages/{letter}"));
        // Whoever opens a letter has read it.
        if action != Action::Read {
            self.done_and_undone(&format!("main button[value={}]", action.as_str()), 1, action);
        }
    }

    /// Presses the button, then Undo: the action is done with the first letters and no others, and all is as it was.
    fn done_and_undone(&self, button: &str, letters: usize, action: Action) {
        let before = self.stored();
        self.press(button, ENTER);
        self.screen.wait_for("the way back", |screen| screen.has("#undo"));
        let after = self.stored();
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            assert_eq!(before != after, index < letters, "{action:?} by {button}: letter {index}");
            let expected = if index < letters { state_after(action, before) } else { state(before) };
            assert_eq!(state(after), expected, "{action:?} by {button}: letter {index}");
        }
        self.press("#undo button", ENTER);
        self.screen.wait_for("the letters as they were", |screen| screen.text("#flash").contains("Undone."));
        assert!(!self.screen.has("#undo"));
        assert_eq!(self.stored(), before, "{action:?} by {button}, undone");
    }

    fn delete_for_good(&self) {
        let question = |title: &str| {
            self.screen.wait_for("the question", |screen| screen.has("[name=confirm]"));
            assert!(self.screen.text("h1").contains(title), "{}", self.screen.text("h1"));
        };
        let open = || self.screen.open("/messages?folder=trash");
        let all = self.stored();
        open();
        for letter in &self.letters[..2] {
            self.press(&format!("[name=ids][value='{letter}:trash']"), ' ');
        }
        self.press(".tray [value=delete]", ENTER);
        question("Delete 2 letters for good?");
        self.press("main a.btn", ENTER);
        self.screen.wait_for_path("/messages?folder=trash");
        assert_eq!(self.stored(), all, "nothing is deleted by the question");

        open();
        for letter in &self.letters[..2] {
            self.press(&format!("[name=ids][value='{letter}:trash']"), ' ');
        }
        self.press(".tray [value=delete]", ENTER);
        question("Delete 2 letters for good?");
        self.press("main form button", ENTER);
        self.screen.wait_for("the notice", |screen| screen.text("#flash").contains("2 letters deleted for good."));
        assert_eq!(self.stored(), all[2..]);

        self.screen.open(&format!("/messages/{}?folder=trash", self.letters[2]));
        self.press(".tray [value=delete]", ENTER);
        question("Delete this letter for good?");
        self.press("main form button", ENTER);
        self.screen.wait_for("the notice", |screen| screen.text("#flash").contains("Letter deleted for good."));
        assert!(self.stored().is_empty() && !self.screen.has("#undo"));
        assert!(self.screen.text("main").contains("The trash is empty"));
    }

    /// Tab comes to every link, button and field there is.
    fn everything_is_reached_with_tab(&self, path: &str) {
        self.screen.open(path);
        let controls = "[...document.querySelectorAll('a[href], button, summary, input:not([type=hidden])')]
            .filter(element => element.checkVisibility())";
        let count = self.screen.script(&format!("return {controls}.length")).as_u64().unwrap();
        for _ in 0..count {
            self.screen.press(Key::Tab);
            self.screen.script("document.activeElement.dataset.reached = 'yes'");
        }
        let missed = format!("return {controls}.filter(one => !one.dataset.reached).map(one => one.outerHTML)");
        assert_eq!(self.screen.script(&missed), Value::Array(Vec::new()), "{path}");
    }

    /// Presses a key while this has the focus.
    fn press(&self, css: &str, key: char) {
        self.screen.element(css);
        self.screen.script(&format!("document.querySelector({}).focus()", Value::from(css)));
        assert!(focus_is_at(&self.screen, css), "{css} takes no focus");
        self.screen.keys(&key.to_string());
    }

    /// All letters unread and unstarred in the inbox, and then `before` done with them.
    fn put_all_back(&self, before: Option<Action>) {
        for action in [Action::Inbox, Action::Unread, Action::Unstar].into_iter().chain(before) {
            self.app.clock.advance(Duration::from_millis(1));
            let now = self.app.state.clock.now();
            let letters = self.letters.iter().map(|id| Target { id: *id, seen_in: None }).collect();
            let change = Change { id: ChangeId::new(now), action, letters, now };
            self.app.block_on(self.app.state.store.change_messages(change)).unwrap();
        }
    }

    fn stored(&self) -> Vec<Message> {
        let store = &self.app.state.store;
        let letters = self.letters.iter().filter_map(|id| self.app.block_on(store.message(*id)).unwrap());
        // The version tells of every change, of one that was taken back too.
        letters.map(|letter| Message { version: 0, ..letter }).collect()
    }
}

const ENTER: char = '\u{e007}';

/// What an action may change.
type State = (Folder, bool, bool);

fn state(message: &Message) -> State {
    (message.folder, message.read, message.starred)
}

fn state_after(action: Action, message: &Message) -> State {
    let (folder, read, starred) = state(message);
    match action {
        Action::Read | Action::Unread => (folder, action == Action::Read, starred),
        Action::Star | Action::Unstar => (folder, read, action == Action::Star),
        _ => (action.folder().unwrap(), read, starred),
    }
}

fn deliver(app: &TestApp, number: u32) -> MessageId {
    app.clock.advance(Duration::from_secs(1));
    let subject = format!("Letter {number}");
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("subject", &subject), ("message", "Dear Olive")];
    assert_eq!(app.visitor().post("/contact", &fields).status, 303);
    let newest = ListQuery::newest(Folder::Inbox, 1);
    app.block_on(app.state.store.list_messages(newest)).unwrap().items[0].id
}
