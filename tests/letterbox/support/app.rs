use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_web::web::{Data, ServiceConfig};
use letterbox::auth::{Client, NewAccount};
use letterbox::config::Config;
use letterbox::keyring::{Keyring, prepare_data_dir};
use letterbox::middleware::headers_of_every_answer;
use letterbox::models::Role;
use letterbox::server::{Limits, StopHandle, header_lines, stop_channel};
use letterbox::state::State;
use letterbox::store::{self, Purpose, Store};
use letterbox::{app, assets, server};
use tempfile::TempDir;

use super::{Browser, OWNER, PASSWORD, TestClock};

/// A whole Letterbox on a free port, in this process, with a data directory of its own.
pub struct TestApp {
    pub state: Data<State>,
    pub clock: TestClock,
    port: u16,
    directory: TempDir,
    stop: StopHandle,
    thread: Option<JoinHandle<()>>,
}

/// Puts another store around the embedded one.
type Around = Box<dyn FnOnce(Arc<dyn Store>) -> Arc<dyn Store>>;

/// How a test wants its Letterbox. Settings are those of the environment.
pub struct Builder {
    settings: Vec<(String, String)>,
    limits: Limits,
    more: fn(&mut ServiceConfig),
    store: Around,
}

impl TestApp {
    /// With the settings of tests: the cheapest passwords, no limit of letters a minute.
    pub fn start() -> Self {
        Self::with().start()
    }

    pub fn with() -> Builder {
        Builder {
            settings: Vec::new(),
            limits: Limits { workers: 1, ..Limits::default() },
            more: |_| {},
            store: Box::new(|store| store),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data_dir().join("letterbox.db")
    }

    /// A visitor with an empty cookie jar.
    pub fn visitor(&self) -> Browser {
        Browser::new(self.url(""))
    }

    /// Adds a user with the password of the tests.
    pub fn add_user(&self, email: &str, role: Role) {
        let account = NewAccount::parse("Test Person", email, PASSWORD, PASSWORD).unwrap();
        block_on(self.state.auth.add_user(account, role, "tests", &Client::default())).unwrap();
    }

    /// An owner who has logged in.
    pub fn owner(&self) -> Browser {
        self.add_user(OWNER, Role::Owner);
        self.log_in(OWNER)
    }

    /// Somebody who has logged in.
    pub fn log_in(&self, email: &str) -> Browser {
        let browser = self.visitor();
        let answer = browser.post("/login", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    /// Stops gracefully and waits for the end; the data directory stays until the app is dropped.
    pub fn stop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// Runs a future of the library.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        block_on(future)
    }
}

impl Builder {
    /// One more setting, as in the environment.
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Other limits of the listener.
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Routes that only this test has.
    pub fn routes(mut self, more: fn(&mut ServiceConfig)) -> Self {
        self.more = more;
        self
    }

    /// Another store around or instead of the embedded one.
    pub fn store(mut self, store: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + 'static) -> Self {
        self.store = Box::new(store);
        self
    }

    pub fn start(self) -> TestApp {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path(), &self.settings);
        prepare_data_dir(&config).unwrap();
        let keyring = Keyring::load(&config).unwrap();
        let store = (self.store)(block_on(store::open(&config, Purpose::Serve)).unwrap());
        assets::lay_out(&config.data_dir.join("static")).unwrap();
        let listener = server::bind("127.0.0.1", 0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clock = TestClock::new();
        let state = Data::new(app::state(config, &keyring, store, Arc::new(clock.clone()), port).unwrap());

        let limits = Limits { error_headers: header_lines(headers_of_every_answer(state.is_https())), ..self.limits };
        let (stop, requests) = stop_channel();
        let (serving, more) = (state.clone(), self.more);
        let thread = std::thread::spawn(move || {
            let ready = Arc::clone(&serving.ready);
            let store = Arc::clone(&serving.store);
            actix_web::rt::System::new().block_on(async move {
                server::run(listener, limits, ready, requests, move || app::app(serving.clone(), more)).await.unwrap();
                store.close().await;
            });
        });
        TestApp { state, clock, port, directory, stop, thread: Some(thread) }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Twice: without waiting for whoever is still connected.
        self.stop.stop();
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn config(directory: &Path, settings: &[(String, String)]) -> Config {
    let data = directory.join("data");
    Config::from_vars(|name| {
        let set = settings.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        set.or_else(|| match name {
            "DATA_DIR" => Some(data.to_string_lossy().into_owned()),
            "PORT" | "CONTACT_PER_MINUTE" => Some("0".to_owned()),
            "BCRYPT_COST" => Some("10".to_owned()),
            _ => None,
        })
    })
    .unwrap()
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
