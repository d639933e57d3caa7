//! A walk past every page of the site, in every state that looks different.

use rusqlite::Connection;

use super::screen::Screen;
use crate::support::{OWNER, PASSWORD, TestApp};

/// Somebody who wants to break the page.
pub const NASTY: [(&str, &str); 4] = [
    ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzenderinnen", "x"),
    ("שלום עולם, מכתב ארוך מאוד שמתחיל מימין", "rtl"),
    ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "emoji"),
    ("\u{202e}gnirts sdrawkcab A", "override"),
];

/// A site whose owner has chosen long words.
pub fn difficult_site() -> TestApp {
    TestApp::with()
        .setting("CONTACT_PER_MINUTE", 1)
        .setting("SITE_NAME", "W".repeat(60))
        .setting("SITE_INTRO", format!("{} {}", "Überwältigend".repeat(20), "مرحبا ".repeat(30)))
        .start()
}

/// Goes everywhere and calls `look` with the name of each page while it is shown.
pub fn every_page(app: &TestApp, screen: &Screen, mut look: impl FnMut(&str)) {
    set_up(app, screen, &mut look);
    inbox(app, screen, &mut look);
    doors(screen, &mut look);
    contact(app, screen, &mut look);
}

fn set_up(app: &TestApp, screen: &Screen, look: &mut impl FnMut(&str)) {
    screen.open("/setup?token=wrong");
    look("set-up with a wrong link");
    let token = app.block_on(app.state.auth.setup_token()).unwrap().unwrap();
    screen.open(&format!("/setup?token={token}"));
    look("set-up");
    let name = "M".repeat(100);
    screen.send(&[("name", &name), ("email", OWNER), ("password", "short"), ("password_again", "other")]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    look("set-up that failed");
    screen.send(&[("password", PASSWORD), ("password_again", PASSWORD)]);
    screen.wait_for_path("/messages");
}

fn inbox(app: &TestApp, screen: &Screen, look: &mut impl FnMut(&str)) {
    look("empty inbox with a welcome");
    screen.open("/messages");
    look("empty inbox");
    deliver_nasty_letters(app);
    screen.open("/messages");
    look("full inbox");
    screen.click(".older");
    screen.wait_for("older letters", |screen| screen.path().contains("before="));
    look("second page of the inbox");
    screen.open("/messages?before=00000000-0000-7000-8000-000000000000");
    look("page of the inbox with nothing on it");
    screen.open("/messages");
    for nth in 1..=NASTY.len() {
        let row = format!(".letters li:nth-child({nth}) a");
        screen.click(&row);
        screen.wait_for("the letter", |screen| screen.has("article"));
        look(&format!("letter {nth}"));
        screen.open("/messages");
    }
    screen.open("/messages/nothing");
    look("missing letter");
    for page in ["/account", "/account/activity", "/users"] {
        screen.open(page);
        look(page);
    }
    access_tokens(screen, look);
    screen.open("/logout");
    look("logout");
    screen.click("main form button");
    screen.wait_for_path("/login");
}

fn access_tokens(screen: &Screen, look: &mut impl FnMut(&str)) {
    screen.open("/account");
    screen.click("a[href=\"/account/tokens\"]");
    screen.wait_for_path("/account/tokens");
    look("no access tokens");
    screen.send(&[("name", &"W".repeat(61)), ("present", PASSWORD)]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    look("access token that failed");
    screen.send(&[("name", &"W".repeat(60)), ("present", PASSWORD)]);
    screen.wait_for("the token", |screen| screen.has("#made"));
    look("new access token");
    screen.open("/account/tokens");
    screen.click("summary");
    look("access token about to be revoked");
    screen.click("details button");
    screen.wait_for("the notice", |screen| screen.has("#flash p"));
}

fn doors(screen: &Screen, look: &mut impl FnMut(&str)) {
    look("login after the logout");
    screen.open("/login");
    look("login");
    screen.send(&[("email", OWNER), ("password", "not the password")]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    look("login that failed");
    screen.open("/nothing/here");
    look("missing page");
}

fn contact(app: &TestApp, screen: &Screen, look: &mut impl FnMut(&str)) {
    screen.open("/contact");
    look("contact");
    let long = "unbreakable".repeat(18);
    screen.send(&[("name", " "), ("email", "a@b"), ("subject", &long), ("message", &format!("{long}\n\n{long}"))]);
    screen.wait_for("the summary", |screen| screen.has("#summary"));
    look("contact with faults");
    // The minute's one letter is used up by somebody else at the same address.
    app.clock.advance(MINUTE);
    let first = [("name", "Eve"), ("email", "eve@example.com"), ("message", "I was first.")];
    assert_eq!(app.visitor().post("/contact", &first).status, 303);
    screen.send(&[("name", "Ada"), ("email", "ada@example.com"), ("subject", ""), ("message", &long)]);
    screen.wait_for("the notice", |screen| screen.has("#notice"));
    look("contact with too many letters");
    app.clock.advance(MINUTE);
    let database = Connection::open(app.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    screen.send(&[("name", "Ada")]);
    screen.wait_for("the other notice", |screen| {
        screen.has("#notice") && screen.text("#notice").contains("could not be stored")
    });
    look("contact with a store that does not answer");
    database.execute_batch("ROLLBACK").unwrap();
    app.clock.advance(MINUTE);
    screen.click("main form button");
    screen.wait_for_path("/contact/thanks");
    look("thanks");
}

const MINUTE: std::time::Duration = std::time::Duration::from_secs(61);

/// More than a page of letters; the newest are the nasty ones.
fn deliver_nasty_letters(app: &TestApp) {
    let visitor = app.visitor();
    let write = |name: &str, email: &str, subject: &str, message: &str| {
        app.clock.advance(MINUTE);
        let letter = [("name", name), ("email", email), ("subject", subject), ("message", message)];
        let answer = visitor.post("/contact", &letter);
        assert_eq!(answer.status, 303, "{name}: {}", answer.text());
    };
    for nth in 0..50 {
        write(&format!("Friend {nth}"), "friend@example.com", "", "Kind words.");
    }
    for (text, kind) in NASTY {
        let email = format!("{}@{kind}.example.com", "e".repeat(60));
        let name: String = text.chars().take(100).collect();
        let body = format!("{0}\n\n{1}\n\t{0}", text.repeat(9), format!("{text} ").repeat(20));
        write(&name, &email, &format!("{0}{0}", &name.chars().take(99).collect::<String>()), &body);
    }
}
