//! One window of a real browser, with the words a user would use.

use std::time::{Duration, Instant};

use base64::Engine as _;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use ureq::http::Method;
use url::{ParseError, Url};

use super::driver::{Driver, Kind};

/// How long a browser may take for anything, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window; it has its own browser with its own profile, and all of it is gone when this is dropped.
pub struct Screen {
    client: Option<Client>,
    runtime: Runtime,
    driver: Driver,
    origin: String,
}

impl Screen {
    /// Chromium in front of the site at `origin`.
    pub fn chromium(origin: &str) -> Self {
        Self::of(Kind::Chromium, origin)
    }

    pub fn of(kind: Kind, origin: &str) -> Self {
        let driver = Driver::start(kind);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let capabilities = driver.capabilities.as_object().unwrap().clone();
        let client = runtime.block_on(async {
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&driver.url).await
        });
        let client = client.unwrap_or_else(|error| panic!("{kind:?} does not open: {error}\n{}", driver.log()));
        Self { client: Some(client), runtime, driver, origin: origin.trim_end_matches('/').to_owned() }
    }

    pub(super) fn run<T, F: Future<Output = Result<T, CmdError>>>(
        &self,
        act: impl FnOnce(Client) -> F,
    ) -> Result<T, CmdError> {
        let client = self.client.clone().unwrap();
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, act(client)).await })
            .unwrap_or_else(|_| panic!("the browser has not answered within {PATIENCE:?}: {}", self.driver.log()))
    }

    /// Asks something of the page that is shown. A page that was just left may still be asked first: then the next one
    /// is asked, as a reader would look again.
    fn ask<T, F: Future<Output = Result<T, CmdError>>>(&self, question: impl Fn(Client) -> F) -> Result<T, CmdError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.run(&question) {
                Err(error) if asked_a_page_that_was_left(&error) && Instant::now() < deadline => {}
                answer => return answer,
            }
        }
    }

    /// The same of one element, once it is there.
    fn ask_element<T, F: Future<Output = Result<T, CmdError>>>(
        &self,
        css: &str,
        question: impl Fn(Element) -> F,
    ) -> Result<T, CmdError> {
        let question = &question;
        self.ask(|client| async move {
            let element = client.wait().every(TICK).for_element(Locator::Css(css)).await?;
            question(element).await
        })
    }

    /// Types an address of the site, or a whole one, into the address bar.
    pub fn open(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.origin) } else { path.to_owned() };
        self.run(|client| async move { client.goto(&url).await }).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The Back button.
    pub fn back(&self) {
        self.run(|client| async move { client.back().await }).unwrap();
    }

    /// Path and query of the page that is shown.
    pub fn path(&self) -> String {
        let url = self.ask(|client| async move { client.current_url().await }).unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    pub fn title(&self) -> String {
        self.ask(|client| async move { client.title().await }).unwrap()
    }

    /// The page's HTML as the browser understood it.
    pub fn source(&self) -> String {
        self.ask(|client| async move { client.source().await }).unwrap()
    }

    /// Waits until this is there.
    pub(super) fn element(&self, css: &str) -> Element {
        self.ask(|client| async move { client.wait().every(TICK).for_element(Locator::Css(css)).await })
            .unwrap_or_else(|error| panic!("no {css} at {}: {error}", self.path()))
    }

    pub fn has(&self, css: &str) -> bool {
        !self.ask(|client| async move { client.find_all(Locator::Css(css)).await }).unwrap().is_empty()
    }

    /// Waits until this is true, since some browsers answer before the next page is there.
    pub fn wait_for(&self, what: &str, is_true: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_true(self) {
            assert!(Instant::now() < deadline, "{what} is not so at {}: {}", self.path(), self.source());
        }
    }

    /// Waits until the page at `path` is shown.
    pub fn wait_for_path(&self, path: &str) {
        self.wait_for(path, |screen| screen.path() == path);
    }

    /// What a reader sees of this.
    pub fn text(&self, css: &str) -> String {
        self.ask_element(css, |element| async move { element.text().await })
            .unwrap_or_else(|error| panic!("{css} at {}: {error}", self.path()))
    }

    /// The text of this, seen or not.
    pub fn content(&self, css: &str) -> String {
        self.property(css, "textContent")
    }

    /// What stands in a field now.
    pub fn value(&self, css: &str) -> String {
        self.property(css, "value")
    }

    fn property(&self, css: &str, name: &str) -> String {
        let answer = self.ask_element(css, |element| async move { element.prop(name).await });
        answer.unwrap_or_else(|error| panic!("{css} at {}: {error}", self.path())).unwrap_or_default()
    }

    pub fn click(&self, css: &str) {
        self.act(css, |element| async move { element.click().await });
    }

    /// Does something with an element; with its like in the next page if that took its page's place just before.
    fn act<F: Future<Output = Result<(), CmdError>>>(&self, css: &str, act: impl Fn(Element) -> F) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let element = self.element(css);
            match self.run(|_| act(element)) {
                Ok(()) => return,
                // Nothing was done. Of any other error one cannot know that.
                Err(error) if error.is_stale_element_reference() && Instant::now() < deadline => {}
                Err(error) => panic!("{css} at {}: {error}", self.path()),
            }
        }
    }

    /// Fills in fields by their names.
    pub fn fill(&self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            self.act(&format!("[name=\"{name}\"]"), |element| async move {
                element.clear().await?;
                element.send_keys(value).await
            });
        }
    }

    /// Fills in the form and sends it with its button.
    pub fn send(&self, fields: &[(&str, &str)]) {
        self.fill(fields);
        self.click("main form button");
    }

    /// Types on the keyboard, into whatever has the focus.
    pub fn keys(&self, text: &str) {
        let keys = text.chars().fold(KeyActions::new("keyboard".to_owned()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        self.run(|client| async move { client.perform_actions(keys).await }).unwrap();
    }

    pub fn press(&self, key: Key) {
        self.keys(&key.to_string());
    }

    /// Runs a function body in the page, and waits for what it promises; again in the next page if this one is left
    /// meanwhile.
    pub fn script(&self, body: &str) -> Value {
        self.ask(|client| async move { client.execute(body, Vec::new()).await })
            .unwrap_or_else(|error| panic!("at {}: {error}", self.path()))
    }

    /// A command of Chromium's own protocol.
    pub fn chromium_command(&self, command: &str, parameters: &Value) -> Value {
        self.command(Method::POST, "goog/cdp/execute", Some(json!({"cmd": command, "params": parameters})))
    }

    /// What Chromium noted since it was last asked: `browser` is its console, `performance` its network.
    pub fn notes(&self, kind: &str) -> Vec<Value> {
        self.command(Method::POST, "se/log", Some(json!({"type": kind}))).as_array().unwrap().clone()
    }

    /// The cookies that this page's requests carry.
    pub fn cookies(&self) -> Vec<Value> {
        self.command(Method::GET, "cookie", None).as_array().unwrap().clone()
    }

    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies().iter().map(|cookie| cookie["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A viewport of exactly so many CSS pixels, and a page that knows of it.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.chromium_command("Emulation.setDeviceMetricsOverride", &size);
        self.wait_for("the new size", |screen| {
            screen.script("return [innerWidth, innerHeight]") == json!([width, height])
        });
    }

    /// As on paper, or on a screen again.
    pub fn medium(&self, medium: &str) {
        self.chromium_command("Emulation.setEmulatedMedia", &json!({"media": medium}));
    }

    /// `light` or `dark`.
    pub fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.chromium_command("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// What is on the screen, as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.chromium_command("Page.captureScreenshot", &json!({"format": "png"}));
        base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    pub fn command(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let command = Command { method, path: path.to_owned(), body };
        self.run(|client| async move { client.issue_cmd(command).await }).unwrap()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            let _ = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, client.close()).await });
        }
    }
}

/// Whether this says no more than that the page was left between two questions or during one.
fn asked_a_page_that_was_left(error: &CmdError) -> bool {
    let words = error.to_string();
    let told = [
        "aborted by navigation",
        "aborted by page navigation",
        "xecution context",
        "context with specified id",
        "navigated or closed",
        "does not belong to the",
    ];
    error.is_stale_element_reference() || told.iter().any(|part| words.contains(part))
}

const TICK: Duration = Duration::from_millis(20);

/// Any command of the session.
#[derive(Debug)]
struct Command {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}
