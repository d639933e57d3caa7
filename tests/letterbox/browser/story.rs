//! The main job, as two people see it.

use super::driver::Kind;
use super::screen::Screen;
use crate::support::{Binary, OWNER, PASSWORD};

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn the_whole_story_works_in_a_browser() {
    tell(Kind::Chromium);
}

#[test]
#[ignore = "needs Chromium and chromedriver"]
fn r26_the_whole_story_works_with_scripts_switched_off() {
    tell(Kind::ChromiumWithoutScripts);
}

fn tell(kind: Kind) {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[]);
    let owner = Screen::of(kind, &server.origin);
    let visitor = Screen::of(kind, &server.origin);
    owner.open("data:text/html,<title>off</title><script>document.title='on'</script>");
    assert_eq!(owner.title(), if kind == Kind::Chromium { "on" } else { "off" });

    owner.open(&server.setup_link());
    owner.send(&[("name", "Olive"), ("email", OWNER), ("password", PASSWORD), ("password_again", PASSWORD)]);
    owner.wait_for_path("/messages");
    assert!(owner.text(".flash").contains("Welcome"));
    assert!(owner.text(".who").contains("Olive"));
    assert!(owner.text(".address").ends_with("/contact"), "an empty inbox says what to do");

    visitor.open("/contact");
    let text = "Dear Olive,\n\n  it <works>.";
    visitor.send(&[("name", " "), ("email", "ada@example.com"), ("subject", "Hello"), ("message", text)]);
    visitor.wait_for("the summary", |screen| screen.has("#summary"));
    assert_eq!(visitor.value("#field-message"), text);
    visitor.send(&[("name", "Ada")]);
    visitor.wait_for_path("/contact/thanks");
    assert!(visitor.text("h1").contains("in the box"));
    assert!(visitor.cookie_names().is_empty());

    owner.open("/messages");
    assert!(owner.text(".count").contains("1 unread"));
    owner.click(".letters a");
    owner.wait_for("the letter", |screen| screen.has("article"));
    assert_eq!(owner.text("article h1"), "Hello");
    assert_eq!(owner.text(".letter-body"), text);
    owner.click(".tools a");
    owner.wait_for_path("/messages");
    assert!(!owner.has(".unread"));

    owner.click(".head form button");
    owner.wait_for_path("/login");
    owner.open("/messages");
    owner.wait_for_path("/login?next=%2Fmessages");
    owner.send(&[("email", OWNER), ("password", "something else")]);
    owner.wait_for("the summary", |screen| screen.has("#summary"));
    owner.send(&[("password", PASSWORD)]);
    owner.wait_for_path("/messages");
    assert!(owner.text(".letters").contains("Hello"));
}
