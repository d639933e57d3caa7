//! Identifiers: time-ordered for what is listed, random for what is secret.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::{NoContext, Uuid};

use super::Timestamp;

macro_rules! uuid_v7 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier that sorts by `now` (UUID version 7, RFC 9562 §5.7).
            pub fn new(now: Timestamp) -> Self {
                let millis = u64::try_from(now.millis()).unwrap_or(0);
                let nanos = u32::try_from(millis % 1000 * 1_000_000).unwrap_or(0);
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1000, nanos)))
            }

            /// From the sixteen bytes a store keeps.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes a store keeps; their order is the order of time.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the hyphenated form and no other, so one letter has one address.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let id = Uuid::try_parse(text)?;
                if id.as_hyphenated().to_string() == text { Ok(Self(id)) } else { Uuid::try_parse("").map(Self) }
            }
        }
    };
}

uuid_v7!(
    /// Names one letter. Ordered as the letters came.
    MessageId
);
uuid_v7!(
    /// Names one user.
    UserId
);
uuid_v7!(
    /// Names one change that was made to letters, so that it can be undone.
    ChangeId
);

impl MessageId {
    /// The least identifier that a letter of `at` or later can have.
    pub fn earliest(at: Timestamp) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&u64::try_from(at.millis()).unwrap_or(0).to_be_bytes()[2..]);
        Self::from_bytes(bytes)
    }
}

uuid_v7!(
    /// Names one entry of the audit log. Ordered as things happened.
    EventId
);
uuid_v7!(
    /// Names one personal access token; the part of it that is no secret.
    TokenId
);

/// Names one login. 128 random bits: unlike a UUID it must not be guessable (OWASP ASVS 5.0, 7.2.3 and 11.5.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// A new unguessable identifier.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
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
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Only the first characters: a session's id is half of what opens it.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", &self.to_string()[..4])
    }
}

impl FromStr for SessionId {
    type Err = base64::DecodeSliceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes)? {
            16 => Ok(Self(bytes)),
            _ => Err(base64::DecodeSliceError::OutputSliceTooSmall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_sorts_by_time_and_survives_being_written() {
        let early = MessageId::new(Timestamp::from_millis(1_000));
        let late = MessageId::new(Timestamp::from_millis(1_001));
        assert!(early < late);
        assert_eq!(early.to_string().parse::<MessageId>().ok(), Some(early));
    }

    #[test]
    fn the_earliest_id_of_an_instant_stands_between_the_letters_before_and_after_it() {
        let [before, at] = [999, 1_000].map(Timestamp::from_millis);
        for _ in 0..50 {
            assert!(MessageId::new(before) < MessageId::earliest(at));
            assert!(MessageId::earliest(at) < MessageId::new(at));
        }
    }

    #[test]
    fn a_message_id_has_one_spelling_only() {
        let id = MessageId::new(Timestamp::from_millis(1_000)).to_string();
        assert!(id.to_uppercase().parse::<MessageId>().is_err());
        assert!(id.replace('-', "").parse::<MessageId>().is_err());
        assert!(format!("{{{id}}}").parse::<MessageId>().is_err());
    }

    #[test]
    fn a_session_id_survives_being_written_and_is_not_shown_whole() {
        let id = SessionId::from_bytes([7; 16]);
        assert_eq!(id.to_string().parse::<SessionId>().ok(), Some(id));
        assert!(!format!("{id:?}").contains(&id.to_string()));
        assert!("AAAA".parse::<SessionId>().is_err());
    }
}
