//! Login that holds: who gets in, for how long, and who does not.

mod account;
mod activity;
mod cookies;
mod crawl;
mod fuzz;
mod guessing;
mod invitations;
mod logs;
mod matrix;
mod passwords;
mod queue;
mod races;
mod renewal;
mod revocation;
mod rotation;
mod timing;
mod tokens;
mod tokens_personal;
mod users;
mod watched;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use letterbox::auth::{Presented, RecogniseError, Recognised};
use letterbox::models::{Session, SessionId};
use rusqlite::Connection;

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const MEMBER: &str = "member@example.com";
const OTHER_PASSWORD: &str = "seven teapots on a wet roof";
/// Longer than an access token lives.
const ACCESS_AND_MORE: Duration = Duration::from_secs(15 * 60 + 1);
/// After so long every limit of the login has recovered.
const CALM: Duration = Duration::from_hours(2);

/// The database file itself, beside the running application.
fn database(app: &TestApp) -> Connection {
    let connection = Connection::open(app.database()).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

fn cookie(browser: &Browser, name: &str) -> String {
    browser.cookies.borrow().get(name).cloned().unwrap_or_else(|| panic!("no cookie {name}"))
}

fn set_cookie(browser: &Browser, name: &str, value: &str) {
    browser.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
}

/// Another browser with the same cookies: a copy, as a thief would have it.
fn copy_of(app: &TestApp, browser: &Browser) -> Browser {
    with_cookies(app, &browser.cookies.borrow())
}

fn with_cookies(app: &TestApp, cookies: &BTreeMap<String, String>) -> Browser {
    let browser = app.visitor();
    browser.cookies.replace(cookies.clone());
    browser
}

fn session_id(refresh: &str) -> SessionId {
    refresh.split('.').nth(1).unwrap().parse().unwrap()
}

fn session(app: &TestApp, id: SessionId) -> Session {
    app.block_on(app.state.store.session(id)).unwrap().expect("the session is known").0
}

fn recognise(app: &TestApp, access: Option<&str>, refresh: Option<&str>) -> Result<Recognised, RecogniseError> {
    app.block_on(app.state.auth.recognise(Presented { access, refresh }, &letterbox::auth::Client::default()))
}

/// Whether this browser is somebody.
fn is_in(browser: &Browser) -> bool {
    match browser.get("/account").status {
        200 => true,
        303 => false,
        other => panic!("neither in nor out: {other}"),
    }
}

/// A login by the form; the browser keeps what it is given.
fn try_login(browser: &Browser, email: &str, password: &str) -> Answer {
    browser.post("/login", &[("email", email), ("password", password)])
}

fn log_in_with(app: &TestApp, email: &str, password: &str) -> Browser {
    let browser = app.visitor();
    let answer = try_login(&browser, email, password);
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser
}

/// The form of `/account` that changes the password.
fn change_password(browser: &Browser, present: &str, new: &str, again: &str) -> Answer {
    let fields = [("action", "password"), ("present", present), ("password", new), ("password_again", again)];
    browser.post("/account", &fields)
}

/// The kinds in the audit log, newest first, each with actor, subject and network.
fn events(app: &TestApp) -> Vec<(String, String, String, String)> {
    let events = app.block_on(app.state.auth.events(None, 1_000)).unwrap();
    events
        .into_iter()
        .map(|event| (event.kind.as_str().to_owned(), event.actor, event.subject, event.network))
        .collect()
}

fn count_events(app: &TestApp, kind: &str) -> usize {
    events(app).iter().filter(|event| event.0 == kind).count()
}

/// Invites somebody and gives the path of their link.
fn invite(owner: &Browser, email: &str, role: &str) -> String {
    let answer = owner.post("/users", &[("action", "invite"), ("name", "Ina"), ("email", email), ("role", role)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    link_in(&answer)
}

fn link_in(answer: &Answer) -> String {
    let text = answer.text();
    let from = text.find("/invitation?token=").unwrap_or_else(|| panic!("no link in {text}"));
    text[from..].split('<').next().unwrap().to_owned()
}

fn accept(browser: &Browser, link: &str) -> Answer {
    let token = link.split_once('=').unwrap().1;
    browser.post("/invitation", &[("token", token), ("password", PASSWORD), ("password_again", PASSWORD)])
}

/// Sends bytes and gives all that comes back.
fn raw(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
