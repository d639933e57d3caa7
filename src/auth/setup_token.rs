//! The one-time link of the first start. It opens `/setup` for a day, and only while no user exists.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::models::Timestamp;

const LIFETIME: Duration = Duration::from_hours(24);
const EXPIRY: usize = 8;
const RANDOM: usize = 16;
const MAC: usize = 32;

/// Makes and checks set-up tokens. They are signed and not stored: whichever process a browser reaches knows them.
#[derive(Clone)]
pub struct SetupTokens {
    key: [u8; 32],
}

impl SetupTokens {
    /// With a key of its own.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token good for 24 hours from `now`.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn issue(&self, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut bytes = [0; EXPIRY + RANDOM + MAC];
        bytes[..EXPIRY].copy_from_slice(&now.plus(LIFETIME).millis().to_be_bytes());
        getrandom::fill(&mut bytes[EXPIRY..EXPIRY + RANDOM])?;
        if let Ok(hmac) = Hmac::<Sha256>::new_from_slice(&self.key) {
            let mac = hmac.chain_update(&bytes[..EXPIRY + RANDOM]).finalize().into_bytes();
            bytes[EXPIRY + RANDOM..].copy_from_slice(&mac);
        }
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether `token` is ours and not expired at `now`.
    pub fn accepts(&self, token: &str, now: Timestamp) -> bool {
        let mut bytes = [0; EXPIRY + RANDOM + MAC];
        if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) != Ok(bytes.len()) {
            return false;
        }
        let (signed, mac) = bytes.split_at(EXPIRY + RANDOM);
        let genuine = Hmac::<Sha256>::new_from_slice(&self.key)
            .is_ok_and(|hmac| hmac.chain_update(signed).verify_slice(mac).is_ok());
        let mut expiry = [0; EXPIRY];
        expiry.copy_from_slice(&signed[..EXPIRY]);
        genuine && now < Timestamp::from_millis(i64::from_be_bytes(expiry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_up_link_works_for_a_day_and_only_here() {
        let (here, elsewhere) = (SetupTokens::new([1; 32]), SetupTokens::new([2; 32]));
        let now = Timestamp::from_millis(1_000);
        let token = here.issue(now).expect("random bytes");
        assert!(here.accepts(&token, now));
        assert!(here.accepts(&token, now.plus(LIFETIME - Duration::from_millis(1))));
        assert!(!here.accepts(&token, now.plus(LIFETIME)));
        assert!(!elsewhere.accepts(&token, now));
        assert!(!here.accepts("", now) && !here.accepts(&token[1..], now) && !here.accepts(&format!("{token}A"), now));
    }
}
