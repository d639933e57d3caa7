//! `letterbox serve`: the web server.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;

use super::{Failure, load_config, say, wait_for};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keyring::{Keyring, prepare_data_dir};
use crate::middleware::headers_of_every_answer;
use crate::models::{Job, ProcessId};
use crate::server::{self, Ended, Limits, header_lines, share_per_address, stop_channel};
use crate::state::State;
use crate::store::{self, Purpose};
use crate::{app, assets, log, paths};

/// How often sessions and events of long ago are forgotten, and letters that lay in the trash long enough deleted.
const SWEEP: Duration = Duration::from_hours(1);

pub(super) fn run() -> Result<(), Failure> {
    let config = load_config()?;
    let _log = log::start(&config)?;
    match wait_for(serve(config))? {
        Ended::Gracefully => Ok(()),
        Ended::AtOnce => Err("Stopped at once, because a second signal came; requests may have been cut.".to_owned()),
    }
}

async fn serve(config: Config) -> Result<Ended, Failure> {
    prepare_data_dir(&config).map_err(|error| error.to_string())?;
    let keyring = Keyring::load(&config).map_err(|error| error.to_string())?;
    let store = store::open(&config, Purpose::Serve).await.map_err(|error| error.to_string())?;
    let files = config.data_dir.join("static");
    assets::lay_out(&files).map_err(|error| {
        format!("The static files cannot be laid out in {} ({error}); make it writable.", files.display())
    })?;
    let listener =
        server::bind(&config.host, config.port).map_err(|error| format!("{error}. Choose another HOST or PORT."))?;
    let port = port_of(&listener)?;
    let limits = limits(&config, config.public_url(port).is_https());

    let state = app::state(config, &keyring, Arc::clone(&store), Arc::new(SystemClock::start()), port)?;
    let state = Data::new(state);
    say(&greeting(&state).await?);
    if !state.is_https() {
        tracing::warn!(
            "PUBLIC_URL is not https: cookies and letters travel unencrypted. Put a proxy with TLS in front."
        );
    }
    let process = ProcessId::random().map_err(|error| format!("There are no random bytes ({error})."))?;
    actix_web::rt::spawn(sweep(state.clone(), process));
    let (handle, stop) = stop_channel();
    handle.on_signals().map_err(|error| format!("Signals cannot be received: {error}."))?;
    let ready = Arc::clone(&state.ready);
    let ended = server::run(listener, limits, ready, stop, move || app::app(state.clone(), |_| {}))
        .await
        .map_err(|error| format!("The server failed: {error}."))?;
    store.close().await;
    tracing::info!("stopped; the store is closed");
    Ok(ended)
}

/// The one line a person needs: where to go.
async fn greeting(state: &State) -> Result<String, Failure> {
    let address = state.public_url.join(paths::HOME);
    let token = state.auth.setup_token().await.map_err(|error| error.to_string())?;
    Ok(match token {
        Some(token) => {
            let link = state.public_url.join(&format!("{}?token={token}", paths::SETUP));
            format!("Letterbox is at {address} - create the owner's account within 24 hours at {link}")
        }
        None => format!("Letterbox is at {address}"),
    })
}

fn limits(config: &Config, https: bool) -> Limits {
    Limits {
        max_connections: config.max_connections,
        per_address: share_per_address(config.max_connections),
        trusted: config.trusted_proxies.clone(),
        error_headers: header_lines(headers_of_every_answer(https)),
        ..Limits::default()
    }
}

fn port_of(listener: &TcpListener) -> Result<u16, Failure> {
    listener.local_addr().map(|address| address.port()).map_err(|error| format!("The port is not known: {error}."))
}

/// Does the hourly work, in one of the processes that share the store; should that one die, another takes over within
/// the hour.
async fn sweep(state: Data<State>, process: ProcessId) {
    loop {
        let now = state.clock.now();
        match state.store.claim(Job::Sweep, process, now.plus(SWEEP), now).await {
            Ok(true) => clear_out(&state).await,
            Ok(false) => tracing::debug!("another process does the hourly work"),
            Err(error) => tracing::warn!(%error, "the hourly work could not be begun; the next try is in an hour"),
        }
        actix_web::rt::time::sleep(SWEEP).await;
    }
}

async fn clear_out(state: &State) {
    if let Err(error) = state.auth.forget_the_old().await {
        tracing::warn!(%error, "old sessions and events could not be forgotten; the next try is in an hour");
    }
    match empty_trash(state).await {
        Ok(0) => {}
        Ok(letters) => tracing::info!(letters, "letters that were in the trash long enough were deleted for good"),
        Err(error) => tracing::warn!(%error, "the trash could not be emptied; the next try is in an hour"),
    }
    tracing::debug!("the hourly work is done");
}

/// Deletes what has been in the trash for as long as the settings say. Should two processes do so at once: a letter that is gone is gone, and one that was taken out meanwhile is no longer meant.
async fn empty_trash(state: &State) -> Result<u64, store::StoreError> {
    /// Few enough that a letter that comes in meanwhile does not wait for them.
    const AT_ONCE: u32 = 200;
    let Some(after) = state.config.trash_after else { return Ok(0) };
    let before = state.clock.now().minus(after);
    let mut deleted = 0;
    loop {
        match state.store.empty_trash(before, AT_ONCE).await? {
            0 => return Ok(deleted),
            letters => deleted += letters,
        }
    }
}
