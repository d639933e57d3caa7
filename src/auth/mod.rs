//! Who is there: log in, recognise, log out. Knows no HTTP, so pages, guard and commands share it.
//!
//! A login is one session row. What the browser holds are two tokens made from it: a short-lived access token (JWT),
//! and a refresh token that is renewed, by one conditional write, each time the access token has run out.

mod access_token;
mod accounts;
mod attempts;
mod audit;
mod device_token;
mod hs256;
mod invitation;
mod log_in;
mod passwords;
mod personal_tokens;
mod recognise;
mod refresh_token;
mod sessions;
mod setup_token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use access_token::{AccessTokens, Claims, SigningKey};
pub use accounts::{AccountError, NewAccount};
pub use attempts::{Attempts, LOGINS_AT_ONCE, LOGINS_WINDOW};
pub use device_token::DeviceTokens;
pub use invitation::Invitations;
pub use log_in::{LoggedIn, LoginError};
pub use passwords::{Passwords, PasswordsBusy};
pub use personal_tokens::{TOKEN_PREFIX, TOKENS_MAX, TokenError};
pub use recognise::{Presented, RecogniseError, Recognised};
pub use refresh_token::RefreshToken;
pub use sessions::SessionEntry;
pub use setup_token::SetupTokens;

use crate::clock::Clock;
use crate::models::{Session, User};
use crate::store::{Store, StoreError};
use crate::throttle::Tally;

/// A session ends after so many refresh-token lifetimes, however often it was renewed.
const ABSOLUTE_LIFETIMES: u32 = 6;

/// A note beside a request that only reads keeps it no longer than this. The store goes on with it.
const NOTE_WITHIN: Duration = Duration::from_secs(1);

/// Writes down what a reader need not wait for: neither a full disk nor a store that hangs keeps anybody from reading.
async fn beside<T>(what: &str, note: impl Future<Output = Result<T, StoreError>>) {
    match tokio::time::timeout(NOTE_WITHIN, note).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, "{what} could not be noted"),
        Err(_) => tracing::debug!("{what} is not noted yet"),
    }
}

/// For how long tokens open doors.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Of an access token.
    pub access: Duration,
    /// Of a refresh token: a session that is not used for so long ends.
    pub refresh: Duration,
}

impl Lifetimes {
    /// Of a session from login to its end, whatever happens in between.
    pub fn session(&self) -> Duration {
        self.refresh * ABSOLUTE_LIFETIMES
    }
}

/// Where an act comes from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address it comes from; none for a command on the machine itself.
    pub address: Option<IpAddr>,
    /// The browser in words.
    pub device: String,
}

/// What a browser is given when it logs in and whenever its access token was renewed.
#[derive(Clone)]
pub struct Tokens {
    /// The JWT.
    pub access: String,
    /// How long it is good for.
    pub access_for: Duration,
    /// The refresh token, always the current one of its session.
    pub refresh: String,
    /// How long it is good for.
    pub refresh_for: Duration,
}

/// Tokens are never shown.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

/// The makers and readers of all tokens.
pub struct Seals {
    /// Of who is there.
    pub access: AccessTokens,
    /// Of browsers that were here before.
    pub devices: DeviceTokens,
    /// Of the first start.
    pub setup: SetupTokens,
    /// Of people who are asked in.
    pub invitations: Invitations,
}

/// Everything that is needed to know who is there.
pub struct Auth {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    seals: Seals,
    attempts: Attempts,
    lifetimes: Lifetimes,
}

impl Auth {
    /// Puts the parts together.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        passwords: Passwords,
        seals: Seals,
        tally: &Arc<Tally>,
        lifetimes: Lifetimes,
    ) -> Self {
        Self { attempts: Attempts::new(tally), store, clock, passwords, seals, lifetimes }
    }

    /// The tokens of a session as it now stands.
    fn tokens(&self, session: &Session, user: &User) -> Result<Tokens, String> {
        let now = self.clock.now();
        let access_for = self.lifetimes.access.min(session.expires_at.since(now));
        let claims = Claims { sub: user.id, sid: session.id, role: user.role, iat: now, exp: now.plus(access_for) };
        Ok(Tokens {
            access: self.seals.access.issue(&claims)?,
            access_for,
            refresh: RefreshToken::of(session).to_string(),
            refresh_for: session.idle_expires_at.since(now),
        })
    }
}
