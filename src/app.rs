//! The whole application, put together once, for the server and for the tests alike.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::body::MessageBody;
use actix_web::cookie::Key;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, Error};

use crate::auth::{
    AccessTokens, Auth, DeviceTokens, Invitations, Lifetimes, Passwords, Seals, SetupTokens, SigningKey,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::keyring::Keyring;
use crate::middleware::{Kept, cross_origin, deadline, envelope, once_a_second};
use crate::models::ReceiptBook;
use crate::routes;
use crate::state::State;
use crate::store::Store;
use crate::throttle::{SharedThrottle, Tally};

/// Everything a request may reach, from the settings and a store that is open. `port` is the one that is listened on.
///
/// # Errors
/// A sentence for the operator when the cryptography does not work or threads cannot be started.
pub fn state(
    config: Config,
    keyring: &Keyring,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    port: u16,
) -> Result<State, String> {
    let tally = tally(keyring, &store, &clock);
    let auth = auth_with(&config, keyring, Arc::clone(&store), Arc::clone(&clock), &tally)?;
    Ok(State {
        public_url: config.public_url(port),
        auth,
        receipts: ReceiptBook::new(keyring.all("letterbox receipt v1")),
        letters: SharedThrottle::per_minute("letter by address", config.contact_per_minute, &tally),
        session_key: Key::from(&keyring.current::<64>("letterbox session cookie v1")),
        ready: Arc::new(AtomicBool::new(true)),
        store,
        clock,
        config,
    })
}

/// The part that knows who is there; the commands that manage users need no more.
///
/// # Errors
/// As [`state`].
pub fn auth(config: &Config, keyring: &Keyring, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Auth, String> {
    let tally = tally(keyring, &store, &clock);
    auth_with(config, keyring, store, clock, &tally)
}

fn tally(keyring: &Keyring, store: &Arc<dyn Store>, clock: &Arc<dyn Clock>) -> Arc<Tally> {
    Arc::new(Tally::new(Arc::clone(store), Arc::clone(clock), keyring.current("letterbox counted acts v1")))
}

fn auth_with(
    config: &Config,
    keyring: &Keyring,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    tally: &Arc<Tally>,
) -> Result<Auth, String> {
    let secrets = keyring.all("letterbox access token v1");
    let keys: Vec<SigningKey> =
        keyring.kids().into_iter().zip(secrets).map(|(id, secret)| SigningKey { id: id.to_owned(), secret }).collect();
    Ok(Auth::new(
        store,
        clock,
        Passwords::start(config.bcrypt_cost)?,
        Seals {
            access: AccessTokens::new(&keys)?,
            devices: DeviceTokens::new(keyring.all("letterbox device v1")),
            setup: SetupTokens::new(keyring.current("letterbox setup v1")),
            invitations: Invitations::new(keyring.all("letterbox invitation v1")),
        },
        tally,
        Lifetimes { access: config.access_token, refresh: config.refresh_token },
    ))
}

/// The application: what wraps every request, innermost first, and the routes. `more` adds routes of a test.
pub fn app(
    state: Data<State>,
    more: impl FnOnce(&mut ServiceConfig) + 'static,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + 'static>,
        Error = Error,
        InitError = (),
    > + 'static,
> {
    App::new()
        .app_data(state.clone())
        .app_data(Data::new(Kept::default()))
        .wrap(from_fn(cross_origin))
        .wrap(from_fn(deadline))
        .wrap(from_fn(envelope))
        .wrap(from_fn(once_a_second))
        .configure(more)
        .configure(|config| routes::configure(config, &state))
}
