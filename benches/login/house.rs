//! A whole Letterbox in this process, with two more pages: the same one with and without the guard.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use letterbox::auth::{Client as Caller, NewAccount};
use letterbox::clock::SystemClock;
use letterbox::config::Config;
use letterbox::controllers::contact;
use letterbox::keyring::{Keyring, prepare_data_dir};
use letterbox::middleware::{is_authenticated, session};
use letterbox::models::Role;
use letterbox::server::{Limits, stop_channel};
use letterbox::state::State;
use letterbox::store::{self, Purpose};
use letterbox::{app, assets, server};
use tempfile::TempDir;

use crate::client::Client;

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse battery staple";

pub struct House {
    pub port: u16,
    _directory: TempDir,
}

impl House {
    /// With the settings of a fresh installation, but for the proxy that the flood pretends to come through.
    pub fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data").to_string_lossy().into_owned();
        let config = Config::from_vars(|name| match name {
            "DATA_DIR" => Some(data.clone()),
            "PORT" | "CONTACT_PER_MINUTE" => Some("0".to_owned()),
            "TRUSTED_PROXIES" => Some("127.0.0.1".to_owned()),
            _ => None,
        })
        .unwrap();
        prepare_data_dir(&config).unwrap();
        let keyring = Keyring::load(&config).unwrap();
        let store = block_on(store::open(&config, Purpose::Serve)).unwrap();
        assets::lay_out(&config.data_dir.join("static")).unwrap();
        let listener = server::bind("127.0.0.1", 0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = app::state(config, &keyring, store, Arc::new(SystemClock::start()), port).unwrap();
        let account = NewAccount::parse("Owner", EMAIL, PASSWORD, PASSWORD).unwrap();
        block_on(state.auth.add_user(account, Role::Owner, "bench", &Caller::default())).unwrap();
        let state = Data::new(state);
        std::thread::spawn(move || {
            let (_stop, requests) = stop_channel();
            let ready = Arc::clone(&state.ready);
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let inner = state.clone();
                    app::app(state.clone(), move |config| pages(config, &inner))
                };
                server::run(listener, Limits::default(), ready, requests, app).await.unwrap();
            });
        });
        Self { port, _directory: directory }
    }

    /// The cookies of a login, as a browser sends them back.
    pub fn log_in(&self) -> String {
        let form = "email=owner%40example.com&password=correct+horse+battery+staple";
        let (status, cookies) = Client::connect(self.port).post("/login", "", form);
        assert_eq!(status, 303);
        cookies.join("; ")
    }
}

fn pages(config: &mut ServiceConfig, state: &State) {
    config.route("/bench/open", web::get().to(contact::thanks));
    config.service(
        web::resource("/bench/guarded")
            .route(web::get().to(contact::thanks))
            .wrap(from_fn(is_authenticated))
            .wrap(session(state)),
    );
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
