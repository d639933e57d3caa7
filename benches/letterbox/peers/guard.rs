//! A whole Letterbox with two more pages: the same one with and without the guard in front.

use std::path::Path;
use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use letterbox::clock::SystemClock;
use letterbox::config::Config;
use letterbox::controllers::contact;
use letterbox::keyring::Keyring;
use letterbox::middleware::{is_authenticated, session};
use letterbox::server::{Limits, stop_channel};
use letterbox::state::State;
use letterbox::store::{self, Purpose};
use letterbox::{app, assets, server};

pub const OPEN: &str = "/bench/open";
pub const GUARDED: &str = "/bench/guarded";

/// Serves what the `data` in a directory holds.
pub fn serve(directory: &Path) {
    let data = directory.join("data").to_string_lossy().into_owned();
    let config = Config::from_vars(|name| (name == "DATA_DIR").then(|| data.clone())).unwrap();
    actix_web::rt::System::new().block_on(async move {
        let keyring = Keyring::load(&config).unwrap();
        let store = store::open(&config, Purpose::Serve).await.unwrap();
        assets::lay_out(&config.data_dir.join("static")).unwrap();
        let listener = server::bind("127.0.0.1", 0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = app::state(config, &keyring, store, Arc::new(SystemClock::start()), port).unwrap();
        let state = Data::new(state);
        super::say(port);
        let (handle, stop) = stop_channel();
        handle.on_signals().unwrap();
        let ready = Arc::clone(&state.ready);
        let app = move || {
            let inner = state.clone();
            app::app(state.clone(), move |config| pages(config, &inner))
        };
        server::run(listener, Limits::default(), ready, stop, app).await.unwrap();
    });
}

fn pages(config: &mut ServiceConfig, state: &State) {
    config.route(OPEN, web::get().to(contact::thanks));
    let guarded = web::resource(GUARDED).route(web::get().to(contact::thanks));
    config.service(guarded.wrap(from_fn(is_authenticated)).wrap(session(state)));
}
