//! The refresh token: `v1.SID.COUNTER.MAC`. The store keeps a counter and a key per session and no token at all, so
//! that every request that races for a renewal is given the same bytes, and a lost answer can be given again.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::models::{Session, SessionId};

const VERSION: &str = "v1";
const MAC: usize = 32;
/// Longest text that is looked at, in bytes; a token with the largest counter has 90.
const LONGEST: usize = 96;

/// A refresh token that was presented, or is about to be given.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    counter: u64,
    mac: [u8; MAC],
}

impl RefreshToken {
    /// The current token of `session`.
    pub fn of(session: &Session) -> Self {
        let mut mac = [0; MAC];
        if let Some(hmac) = keyed(&session.key, session.id, session.counter) {
            mac.copy_from_slice(&hmac.finalize().into_bytes());
        }
        Self { session: session.id, counter: session.counter, mac }
    }

    /// Reads the form of a token. Whether it is genuine only its session's key can tell.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('.');
        let (version, session, counter, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        let number: u64 = counter.parse().ok()?;
        let mut bytes = [0; MAC];
        let length = URL_SAFE_NO_PAD.decode_slice(mac, &mut bytes).ok()?;
        // One token has one spelling: no `+1`, no `007`.
        (length == MAC && number.to_string() == counter).then_some(())?;
        Some(Self { session: session.parse().ok()?, counter: number, mac: bytes })
    }

    /// The session it claims to belong to.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// How many renewals came before it.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Whether the session with this key gave it out. Takes the same time whatever the answer.
    pub fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        keyed(key, self.session, self.counter).is_some_and(|hmac| hmac.verify_slice(&self.mac).is_ok())
    }
}

fn keyed(key: &[u8; 32], session: SessionId, counter: u64) -> Option<Hmac<Sha256>> {
    let hmac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(hmac.chain_update(VERSION).chain_update(session.as_bytes()).chain_update(counter.to_be_bytes()))
}

impl fmt::Display for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}.{}.{}.{}", self.session, self.counter, URL_SAFE_NO_PAD.encode(self.mac))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({:?}, {}, …)", self.session, self.counter)
    }
}
