//! The inbox as people use it, without script.

mod acting;
mod exporting;
mod live;
mod reading;
mod script;

use std::time::Duration;

use letterbox::models::{DeliveryKey, Draft, Folder, Letter, MessageId};
use letterbox::store::Delivery;

use crate::support::{Answer, Browser, TestApp};

/// Puts a letter into the inbox, a minute after the one before.
fn deliver(app: &TestApp, name: &str, email: &str, subject: &str, body: &str) -> MessageId {
    app.clock.advance(Duration::from_secs(60));
    let draft = Draft { name: name.into(), email: email.into(), subject: subject.into(), message: body.into() };
    let received_at = app.state.clock.now();
    let (id, key) = (MessageId::new(received_at), DeliveryKey::unique().unwrap());
    let delivery = Delivery { id, received_at, key, letter: Letter::parse(&draft).unwrap() };
    app.block_on(app.state.store.add_message(delivery)).unwrap();
    id
}

/// So many letters, "Letter 1" the oldest.
fn fill(app: &TestApp, count: usize) -> Vec<MessageId> {
    (1..=count).map(|n| deliver(app, "Ada", "ada@example.com", &format!("Letter {n}"), "Dear Olive")).collect()
}

fn folder_of(app: &TestApp, id: MessageId) -> Option<Folder> {
    app.block_on(app.state.store.message(id)).unwrap().map(|message| message.folder)
}

/// Follows the redirect after a form.
fn follow(browser: &Browser, answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.get(answer.header("location"));
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

/// Presses Undo on the page `text`.
fn undo(browser: &Browser, text: &str) -> String {
    let field = |name: &str| {
        let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let form = &text[text.find("id=\"undo\"").unwrap_or_else(|| panic!("no way back in {text}"))..];
        let from = form.find(&start).unwrap() + start.len();
        form[from..].split('"').next().unwrap().replace("&#38;", "&")
    };
    let fields = ["undo", "count", "back"].map(|name| (name, field(name)));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    follow(browser, &browser.post("/messages", &fields))
}

/// The subjects on a page, in order.
fn subjects(text: &str) -> Vec<String> {
    let rows = text.split("class=\"subject\" dir=\"auto\">").skip(1);
    rows.map(|rest| rest.split("</bdi>").next().unwrap().replace("<mark>", "[").replace("</mark>", "]")).collect()
}

/// The address behind a link with these words.
fn link(text: &str, words: &str) -> String {
    let end = text.find(words).unwrap_or_else(|| panic!("no {words} in {text}"));
    let from = text[..end].rfind("href=\"").unwrap() + 6;
    text[from..].split('"').next().unwrap().replace("&#38;", "&")
}
