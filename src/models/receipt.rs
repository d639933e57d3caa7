//! Exactly once for humans: the receipt number a form carries.
//!
//! A visitor clicks twice, reloads, or tries again after a time-out. All of these send the same receipt with the same
//! text, and are one letter. The same receipt with another text is another letter, so a page from a cache works.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Letter, Timestamp, UserId};

const TIME: usize = 6;
const RANDOM: usize = 10;
const MAC: usize = 16;
const LENGTH: usize = TIME + RANDOM + MAC;

/// A receipt number that this Letterbox has given out, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    number: [u8; TIME + RANDOM],
}

impl Receipt {
    /// When the form that carries it was made.
    pub fn issued_at(&self) -> Timestamp {
        let mut millis = [0; 8];
        millis[8 - TIME..].copy_from_slice(&self.number[..TIME]);
        Timestamp::from_millis(i64::from_be_bytes(millis))
    }
}

/// Gives receipts out and knows its own again. The first key signs, all of them verify.
#[derive(Clone)]
pub struct ReceiptBook {
    keys: Vec<[u8; 32]>,
}

impl ReceiptBook {
    /// A book that signs with the first of `keys` and recognises the signatures of all.
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        Self { keys }
    }

    /// A new receipt, signed and stamped with `now`, as the form carries it: 43 URL-safe characters.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn issue(&self, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut bytes = [0; LENGTH];
        bytes[..TIME].copy_from_slice(&now.millis().to_be_bytes()[8 - TIME..]);
        getrandom::fill(&mut bytes[TIME..TIME + RANDOM])?;
        let mac = self.keys.first().map(|key| sign(key, &bytes[..TIME + RANDOM])).unwrap_or_default();
        bytes[TIME + RANDOM..].copy_from_slice(&mac);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The receipt that `text` is, if this book gave it out. Its age does not matter.
    pub fn recognise(&self, text: &str) -> Option<Receipt> {
        let mut bytes = [0; LENGTH];
        if URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? != LENGTH {
            return None;
        }
        let (number, mac) = bytes.split_at(TIME + RANDOM);
        self.keys
            .iter()
            .any(|key| {
                Hmac::<Sha256>::new_from_slice(key)
                    .is_ok_and(|h| h.chain_update(number).verify_truncated_left(mac).is_ok())
            })
            .then(|| number.try_into().ok().map(|number| Receipt { number }))
            .flatten()
    }
}

impl fmt::Debug for ReceiptBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceiptBook({} keys)", self.keys.len())
    }
}

fn sign(key: &[u8; 32], number: &[u8]) -> [u8; MAC] {
    let mut mac = [0; MAC];
    if let Ok(hmac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.copy_from_slice(&hmac.chain_update(number).finalize().into_bytes()[..MAC]);
    }
    mac
}

/// What makes two submissions the same letter; a store keeps at most one letter of each key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryKey([u8; 16]);

impl DeliveryKey {
    /// The same receipt with the same content gives the same key.
    pub fn of_receipt(receipt: &Receipt, letter: &Letter) -> Self {
        Self::digest(b"receipt", &receipt.number, letter)
    }

    /// The same `Idempotency-Key` header with the same content gives the same key.
    pub fn of_idempotency_key(key: &str, letter: &Letter) -> Self {
        Self::digest(b"idempotency-key", key.as_bytes(), letter)
    }

    /// The same name that one user gives gives the same key, whatever the content: for programs that are told when they
    /// give the name of one letter to another.
    pub fn of_request(user: UserId, name: &str) -> Self {
        Self::digest_of(&[b"request", user.as_bytes(), name.as_bytes()])
    }

    /// A key like no other, for a letter that came without a receipt of ours.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn unique() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// From the sixteen bytes a store keeps.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes a store keeps.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn digest(kind: &[u8], number: &[u8], letter: &Letter) -> Self {
        let [name, email] = [letter.name.as_str(), letter.email.as_str()].map(str::as_bytes);
        let [subject, body] = [letter.subject.as_str(), letter.body.as_str()].map(str::as_bytes);
        Self::digest_of(&[kind, number, name, email, subject, body])
    }

    fn digest_of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // Length first, so that no two lists of parts run together into the same bytes.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }
}

impl fmt::Debug for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveryKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Draft;
    use super::*;

    fn letter(message: &str) -> Letter {
        let draft = Draft {
            name: "Ada".into(),
            email: "ada@example.com".into(),
            subject: String::new(),
            message: message.into(),
        };
        Letter::parse(&draft).expect("a good draft")
    }

    #[test]
    fn a_receipt_is_recognised_with_its_time_by_the_new_and_the_old_key() {
        let old = ReceiptBook::new(vec![[1; 32]]);
        let rotated = ReceiptBook::new(vec![[2; 32], [1; 32]]);
        let now = Timestamp::from_millis(1_795_248_300_250);
        let text = old.issue(now).expect("random bytes");
        assert_eq!(text.len(), 43);
        assert_eq!(rotated.recognise(&text).map(|r| r.issued_at()), Some(now));
    }

    #[test]
    fn a_receipt_that_was_edited_or_made_elsewhere_is_not_recognised() {
        let book = ReceiptBook::new(vec![[1; 32]]);
        let text = book.issue(Timestamp::from_millis(5)).expect("random bytes");
        assert_eq!(ReceiptBook::new(vec![[2; 32]]).recognise(&text), None);
        for index in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(book.recognise(&String::from_utf8(bytes).expect("ASCII")), None, "{index}");
        }
        for rubbish in ["", "A", "ä", &"A".repeat(43), &"A".repeat(4_000)] {
            assert_eq!(book.recognise(rubbish), None);
        }
    }

    #[test]
    fn the_same_receipt_with_other_content_is_another_letter() {
        let book = ReceiptBook::new(vec![[1; 32]]);
        let receipt =
            book.issue(Timestamp::from_millis(5)).ok().and_then(|text| book.recognise(&text)).expect("its own");
        let key = |message: &str| DeliveryKey::of_receipt(&receipt, &letter(message));
        assert_eq!(key("hello"), key("hello"));
        assert_ne!(key("hello"), key("hello "));
        assert_ne!(key("hello"), DeliveryKey::of_idempotency_key("hello", &letter("hello")));
    }
}
