//! The pages and what programs see, through real HTTP.

mod any_text;
mod contact;
mod cross_origin;
mod errors;
mod guard;
mod headers;
mod inbox;
mod letters;
mod limits;
mod logs;
mod methods;
mod once;
mod probe;
mod refusals;
mod setup;
mod statics;
mod story;
mod throttle;
mod trouble;

use letterbox::assets;
use letterbox::models::{Folder, ListQuery, Message};

use crate::support::{Answer, Browser, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";
const HTML: (&str, &str) = ("accept", "text/html");
const JSON: (&str, &str) = ("accept", "application/json");

/// Header lines, or the fields of a form.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A good letter in the fields of the form.
fn letter<'a>(receipt: &'a str, message: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("receipt", receipt),
        ("name", "Ada Lovelace"),
        ("email", "ada@example.com"),
        ("subject", "Engines"),
        ("message", message),
    ]
}

/// The same letter with one field changed.
fn letter_with<'a>(field: &str, value: &'a str) -> [(&'a str, &'a str); 5] {
    letter("", "Dear owner.").map(|(name, old)| (name, if name == field { value } else { old }))
}

/// Sends a letter as a program does.
fn send_json(visitor: &Browser, message: &str) -> Answer {
    let body = serde_json::json!({"name": "Ada Lovelace", "email": "ada@example.com", "message": message});
    visitor.post_json("/contact", &body.to_string())
}

/// Every letter of the inbox as it is stored, newest first.
fn stored(app: &TestApp) -> Vec<Message> {
    let page = app.block_on(app.state.store.list_messages(ListQuery::newest(Folder::Inbox, 1_000))).unwrap();
    let whole = |id| app.block_on(app.state.store.message(id)).unwrap().unwrap();
    page.items.into_iter().map(|summary| whole(summary.id)).collect()
}

/// The URLs of all static files.
fn static_urls() -> [&'static str; 4] {
    ["app.css", "desk.css", "logo.svg", "favicon.svg"].map(assets::url)
}

/// What a browser shows of the entities that askama writes.
fn unescape(html: &str) -> String {
    let mut text = html.to_owned();
    for (entity, character) in [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")] {
        text = text.replace(entity, character);
    }
    text
}

/// What stands between `start` and the next `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("no {start:?} in {text}")) + start.len();
    text[from..].split(end).next().unwrap()
}
