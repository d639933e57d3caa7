//! What a request may reach.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::cookie::Key;

use crate::auth::Auth;
use crate::clock::Clock;
use crate::config::{Config, PublicUrl};
use crate::models::ReceiptBook;
use crate::store::Store;
use crate::throttle::SharedThrottle;

/// One of it per process; every worker shares it.
pub struct State {
    /// The settings in force.
    pub config: Config,
    /// What browsers type.
    pub public_url: PublicUrl,
    /// The letters, users and sessions.
    pub store: Arc<dyn Store>,
    /// Who is there.
    pub auth: Auth,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Gives out the receipts of the contact form.
    pub receipts: ReceiptBook,
    /// Letters a minute from one address.
    pub letters: SharedThrottle<IpAddr>,
    /// Encrypts the session cookie.
    pub session_key: Key,
    /// False from the moment the process is asked to stop.
    pub ready: Arc<AtomicBool>,
}

impl State {
    /// Whether browsers come over https.
    pub fn is_https(&self) -> bool {
        self.public_url.is_https()
    }

    /// Whether new requests are welcome.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }
}
