//! Invitations: a link that lets somebody choose the password of the account that was made for them.
//!
//! The token is signed over the account's placeholder hash, and accepting replaces that hash only if it is still the
//! same. So a link works once, a new link makes the old one worthless, and nothing has to be stored for it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::models::{PasswordHash, Timestamp, UserId};

const LIFETIME: Duration = Duration::from_hours(7 * 24);
const USER: usize = 16;
const EXPIRY: usize = 8;
const MAC: usize = 32;

/// Makes and checks invitations. The first key signs, all of them verify.
#[derive(Clone)]
pub struct Invitations {
    keys: Vec<[u8; 32]>,
}

/// An invitation whose signature has yet to be compared with its account.
pub(super) struct Invitation {
    pub(super) user: UserId,
    expires_at: Timestamp,
    mac: [u8; MAC],
}

impl Invitations {
    /// With keys of its own.
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        Self { keys }
    }

    /// A hash that no password fits, for an account that waits for its first.
    pub(super) fn placeholder() -> Result<PasswordHash, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(PasswordHash { scheme: PasswordHash::INVITED.to_owned(), hash: URL_SAFE_NO_PAD.encode(bytes) })
    }

    /// A token for `user`, whose hash is the placeholder, good for 7 days from `now`.
    pub(super) fn issue(&self, user: UserId, placeholder: &PasswordHash, now: Timestamp) -> String {
        let expires_at = now.plus(LIFETIME);
        let mut bytes = Vec::with_capacity(USER + EXPIRY + MAC);
        bytes.extend_from_slice(user.as_bytes());
        bytes.extend_from_slice(&expires_at.millis().to_be_bytes());
        if let Some(hmac) = self.keys.first().and_then(|key| keyed(key, user, expires_at, placeholder)) {
            bytes.extend_from_slice(&hmac.finalize().into_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The parts of a token.
    pub(super) fn parse(token: &str) -> Option<Invitation> {
        let mut bytes = [0; USER + EXPIRY + MAC];
        if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (user, rest) = bytes.split_at(USER);
        let (expiry, mac) = rest.split_at(EXPIRY);
        Some(Invitation {
            user: UserId::from_bytes(user.try_into().ok()?),
            expires_at: Timestamp::from_millis(i64::from_be_bytes(expiry.try_into().ok()?)),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether the invitation is ours, for this very placeholder, and not expired at `now`.
    pub(super) fn accepts(&self, invitation: &Invitation, stored: &PasswordHash, now: Timestamp) -> bool {
        let Invitation { user, expires_at, mac } = invitation;
        stored.scheme == PasswordHash::INVITED
            && now < *expires_at
            && self
                .keys
                .iter()
                .any(|key| keyed(key, *user, *expires_at, stored).is_some_and(|hmac| hmac.verify_slice(mac).is_ok()))
    }
}

fn keyed(key: &[u8; 32], user: UserId, expires_at: Timestamp, stored: &PasswordHash) -> Option<Hmac<Sha256>> {
    let hmac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(hmac.chain_update(user.as_bytes()).chain_update(expires_at.millis().to_be_bytes()).chain_update(&stored.hash))
}
