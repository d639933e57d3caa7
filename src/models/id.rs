//! Identifiers: time-ordered for what is listed, random for what is secret.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

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

/// Random bits of a UUID of version 7: those of `rand_a` and `rand_b` (RFC 9562 §5.7).
const RANDOM_BITS: u32 = 74;
/// The last of them.
const RAND_B_BITS: u32 = 62;
/// By how many bits a step to the next identifier of the same millisecond is shorter than they are: there is room for
/// some hundred steps.
const STEP_SHORTER: u32 = 9;

impl MessageId {
    /// A new identifier for a letter that comes now. Those of one millisecond stand in the order in which this process
    /// asked for them (RFC 9562 §6.2, method 2), as long as there is room: letters are stored in about this order, and
    /// what is put behind all others is put there most easily.
    pub fn next(now: Timestamp) -> Self {
        static LAST: Mutex<Option<MessageId>> = Mutex::new(None);
        let new = Self::new(now);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        let next = last.filter(|last| last.as_bytes()[..6] == new.as_bytes()[..6]).and_then(|last| last.after(new));
        *last.insert(next.unwrap_or(new))
    }

    /// The identifier some way behind this one in the same millisecond; how far, a new one decides.
    fn after(self, new: Self) -> Option<Self> {
        let random = self.random() + (new.random() >> STEP_SHORTER) + 1;
        if random >> RANDOM_BITS != 0 {
            return None;
        }
        let rand_b_mask = (1 << RAND_B_BITS) - 1;
        let kept = self.0.as_u128() & !(rand_b_mask | 0xfff << 64);
        Some(Self(Uuid::from_u128(kept | (random >> RAND_B_BITS) << 64 | random & rand_b_mask)))
    }

    fn random(self) -> u128 {
        let (high, low) = self.0.as_u64_pair();
        (u128::from(high & 0xfff) << RAND_B_BITS) | u128::from(low & ((1 << RAND_B_BITS) - 1))
    }

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
    use std::time::Duration;

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
    fn ids_that_are_asked_for_in_one_millisecond_stand_in_order() {
        // Each time another start: only near the end there is no room.
        let ordered = (1_000..1_100).map(Timestamp::from_millis).filter(|at| {
            let ids: Vec<_> = (0..50).map(|_| MessageId::next(*at)).collect();
            assert!(ids.iter().all(|id| *id > MessageId::earliest(*at) && id.0.get_version_num() == 7));
            assert!(ids.iter().all(|id| *id < MessageId::earliest(at.plus(Duration::from_millis(1)))));
            assert!(ids.iter().all(|id| id.0.get_variant() == uuid::Variant::RFC4122));
            ids.is_sorted_by(|one, next| one < next)
        });
        assert!(ordered.count() > 60);
    }

    #[test]
    fn a_message_id_that_finds_no_room_behind_the_last_one_is_a_new_one() {
        let highest = MessageId(Uuid::from_u128(u128::MAX));
        assert_eq!(highest.after(highest), None);
        let lowest = MessageId(Uuid::from_u128(0x7000_8000_0000_0000_0000));
        assert_eq!(lowest.after(lowest).map(|id| id.0.as_u128()), Some(0x7000_8000_0000_0000_0001));
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
