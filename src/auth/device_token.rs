//! The device token: proof that a browser has logged in to an account before.
//!
//! While somebody else guesses at an account from everywhere, its owner's own browsers stay apart from the crowd
//! (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It opens nothing by itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::models::UserId;

const USER: usize = 16;
const NONCE: usize = 16;
const MAC: usize = 32;

/// A browser that has logged in to `user`'s account before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownDevice {
    pub(super) user: UserId,
    pub(super) nonce: [u8; NONCE],
}

/// Makes and reads device tokens. The first key signs, all of them verify.
#[derive(Clone)]
pub struct DeviceTokens {
    keys: Vec<[u8; 32]>,
}

impl DeviceTokens {
    /// With keys of its own.
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        Self { keys }
    }

    /// A token for the browser that has just logged in to `user`'s account.
    pub(super) fn issue(&self, user: UserId) -> Result<String, getrandom::Error> {
        let mut bytes = [0; USER + NONCE + MAC];
        bytes[..USER].copy_from_slice(user.as_bytes());
        getrandom::fill(&mut bytes[USER..USER + NONCE])?;
        if let Some(hmac) = self.keys.first().and_then(|key| keyed(key, &bytes[..USER + NONCE])) {
            bytes[USER + NONCE..].copy_from_slice(&hmac.finalize().into_bytes());
        }
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The device that `token` proves.
    pub(super) fn read(&self, token: &str) -> Option<KnownDevice> {
        let mut bytes = [0; USER + NONCE + MAC];
        if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != bytes.len() {
            return None;
        }
        let (signed, mac) = bytes.split_at(USER + NONCE);
        self.keys
            .iter()
            .any(|key| keyed(key, signed).is_some_and(|hmac| hmac.verify_slice(mac).is_ok()))
            .then_some(())?;
        let (user, nonce) = signed.split_at(USER);
        Some(KnownDevice { user: UserId::from_bytes(user.try_into().ok()?), nonce: nonce.try_into().ok()? })
    }
}

fn keyed(key: &[u8; 32], signed: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(key).ok().map(|hmac| hmac.chain_update(signed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Timestamp;

    #[test]
    fn a_device_is_known_again_for_its_user_and_edited_tokens_are_not() {
        let old = DeviceTokens::new(vec![[1; 32]]);
        let rotated = DeviceTokens::new(vec![[2; 32], [1; 32]]);
        let user = UserId::new(Timestamp::from_millis(1_000));
        let token = old.issue(user).expect("random bytes");
        assert!(rotated.read(&token).is_some_and(|device| device.user == user));
        assert!(DeviceTokens::new(vec![[3; 32]]).read(&token).is_none());
        assert!(
            old.read("").is_none()
                && old.read(&token[1..]).is_none()
                && old.read(&format!("B{}", &token[1..])).is_none()
        );
    }
}
