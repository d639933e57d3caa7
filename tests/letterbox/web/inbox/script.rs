//! What static/inbox.js adds, in Chromium. Everything it does is done by forms and links that work without it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use super::{deliver, fill};
use crate::support::{Browser, TestApp};

/// A window of Chromium whose reader lives in Tokyo.
struct Window {
    driver: Child,
    agent: Agent,
    session: String,
    origin: String,
    _profile: tempfile::TempDir,
}

impl Window {
    fn open(app: &TestApp, owner: &Browser, path: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let profile = tempfile::tempdir().unwrap();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("TZ", "Asia/Tokyo")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut window =
            Self { driver, agent, session: format!("http://127.0.0.1:{port}"), origin: app.url(""), _profile: profile };
        window.begin();
        // Cookies can only be given to a site that is open.
        window.go("/healthz");
        for (name, value) in owner.cookies.borrow().iter() {
            window.ask("/cookie", &json!({"cookie": {"name": name, "value": value}}));
        }
        window.go(path);
        window
    }

    fn begin(&mut self) {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let arguments = json!([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--lang=en-GB",
            "--window-size=1200,900",
            profile
        ]);
        let capabilities = json!({"browserName": "chrome", "goog:chromeOptions": {"args": arguments}});
        let wish = json!({"capabilities": {"alwaysMatch": capabilities}});
        let until = Instant::now() + Duration::from_secs(60);
        let url = format!("{}/session", self.session);
        let id = loop {
            match self.agent.post(&url).content_type("application/json").send(wish.to_string()) {
                Ok(mut answer) => break parse(&mut answer),
                Err(error) => assert!(Instant::now() < until, "chromedriver does not answer: {error}"),
            }
        };
        let id = id["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("{id}"));
        self.session = format!("{}/session/{id}", self.session);
    }

    fn ask(&self, path: &str, body: &Value) -> Value {
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.session))
            .content_type("application/json")
            .send(body.to_string())
            .unwrap();
        let answer = parse(&mut answer);
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }

    fn go(&self, path: &str) {
        self.ask("/url", &json!({"url": format!("{}{path}", self.origin)}));
    }

    /// What a script on the page says.
    fn say(&self, script: &str) -> Value {
        self.ask("/execute/sync", &json!({"script": format!("return ({script})"), "args": []}))
    }

    fn wait_for(&self, script: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.say(script) != Value::Bool(true) {
            let page = self.say("document.body.innerText");
            assert!(Instant::now() < until, "{script} does not become true: {page}");
        }
    }

    fn press(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()})))
            .collect();
        self.ask("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": strokes}]}));
    }
}

fn parse(answer: &mut ureq::http::Response<ureq::Body>) -> Value {
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

const ROWS: &str = "document.querySelectorAll('#pile .letters > li').length";

#[test]
#[ignore = "needs chromedriver"]
fn letters_are_walked_selected_archived_and_brought_back_by_keys_alone() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 4);
    let window = Window::open(&app, &owner, "/messages");
    window.say("window.same = true");
    window.press("jj");
    window.wait_for(&format!("document.querySelector('.here').dataset.id === '{}'", ids[2]));
    window.press("xjx");
    window.wait_for("document.querySelectorAll('#pile input:checked').length === 2");
    window.press("e");
    window.wait_for("document.querySelector('#flash').innerText === '2 letters archived.'");
    window.wait_for(&format!("{ROWS} === 2"));
    window.press("z");
    window.wait_for("document.querySelector('#flash').innerText.startsWith('Undone.')");
    window.wait_for(&format!("{ROWS} === 4 && window.same === true"));
    // The letter under the reader's hand, when none is selected.
    window.press("k");
    window.press("s");
    window.wait_for("document.querySelectorAll('.star.on').length === 1");
    window.press("o");
    window.wait_for("!!document.querySelector('#letter')");
    window.press("j");
    window.wait_for(&format!("location.pathname === '/messages/{}'", ids[2]));
    window.press("#");
    window.wait_for("document.querySelector('#flash').innerText === 'Letter moved to the trash.'");
    window.wait_for("location.pathname === '/messages'");
    window.press("gt");
    window.wait_for("location.search === '?folder=trash'");
    window.press("/zebra");
    window.wait_for("document.activeElement.id === 'find' && document.activeElement.value === 'zebra'");
}

#[test]
#[ignore = "needs chromedriver"]
fn the_keys_are_told_and_can_be_switched_off() {
    let app = TestApp::start();
    let owner = app.owner();
    fill(&app, 2);
    let window = Window::open(&app, &owner, "/messages");
    window.press("?");
    window.wait_for("document.querySelector('dialog.keys').open");
    window.say("document.querySelector('dialog.keys input').click()");
    window.say("document.querySelector('dialog.keys button').click()");
    window.press("j");
    assert_eq!(window.say("document.querySelector('.here') === null"), Value::Bool(true));
    window.go("/messages");
    window.press("j");
    assert_eq!(window.say("document.querySelector('.here') === null"), Value::Bool(true), "it is remembered");
}

#[test]
#[ignore = "needs chromedriver"]
fn news_of_letters_come_quietly_and_nothing_moves() {
    let app = TestApp::start();
    let owner = app.owner();
    fill(&app, 3);
    let window = Window::open(&app, &owner, "/messages");
    let first = window.say("document.querySelector('.letters li').getBoundingClientRect().top");
    deliver(&app, "Bob", "bob@example.com", "News", "x");
    window.wait_for("document.querySelector('.news')?.innerText === '1 new letter'");
    deliver(&app, "Bob", "bob@example.com", "More news", "x");
    window.wait_for("document.querySelector('.news')?.innerText === '2 new letters'");
    window.wait_for("document.title.startsWith('(5) Inbox')");
    assert_eq!(window.say("document.querySelector('.letters li').getBoundingClientRect().top"), first);
    assert_eq!(window.say(ROWS), json!(3));
    window.say("document.querySelector('.news a').click()");
    window.wait_for(&format!("{ROWS} === 5"));
    // What an action has brought to the page is no news any more.
    deliver(&app, "Bob", "bob@example.com", "Third", "x");
    window.wait_for("document.querySelector('.news')?.innerText === '1 new letter'");
    window.press("je");
    window.wait_for("document.querySelector('#flash').innerText === 'Letter archived.'");
    deliver(&app, "Bob", "bob@example.com", "Fourth", "x");
    window.wait_for("document.querySelector('.news')?.innerText === '1 new letter'");
    assert_eq!(window.say(ROWS), json!(5));
}

#[test]
#[ignore = "needs chromedriver"]
fn times_are_told_in_the_zone_of_the_reader() {
    let app = TestApp::start();
    let owner = app.owner();
    let id = fill(&app, 1)[0];
    let window = Window::open(&app, &owner, &format!("/messages/{id}"));
    // 08:06 UTC is 17:06 in Tokyo.
    window.wait_for("/(17|5):06:00.*(GMT\\+9|JST)/.test(document.querySelector('dl time').textContent)");
}
