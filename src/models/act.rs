//! How often something may be done, and what it is counted under.

use std::num::NonZeroU32;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Names who does something, so that it can be counted: a keyed hash. Whoever reads the store and has not the key
/// learns neither an address nor an account from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActKey([u8; 16]);

impl ActKey {
    /// Who does the thing called `act`, under a key of ours.
    pub fn new(key: &[u8; 32], act: &str, who: &[u8]) -> Self {
        let mut bytes = [0; 16];
        // An HMAC takes a key of any length; this error cannot be reached.
        if let Ok(hmac) = Hmac::<Sha256>::new_from_slice(key) {
            let hmac = hmac.chain_update(act.as_bytes()).chain_update([0]).chain_update(who);
            bytes.copy_from_slice(&hmac.finalize().into_bytes()[..16]);
        }
        Self(bytes)
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

/// So many acts at once, and then one every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many at once.
    pub burst: NonZeroU32,
    /// How long until one more is let through; more than nothing.
    pub pace: Duration,
}

/// Whether an act is within its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is, and was counted.
    Admitted,
    /// It is one too many, and was not counted; after this long one is let through again.
    Refused(Duration),
}

/// Work that one process does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// Forgetting old sessions and entries, and emptying the trash.
    Sweep,
}

impl Job {
    /// As a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Job::Sweep => "sweep",
        }
    }
}

/// Names one running process among those that share a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessId([u8; 16]);

impl ProcessId {
    /// A name that no other process has.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_the_secret_the_act_and_who_does_it() {
        let key = |secret: u8, act: &str, who: &[u8]| ActKey::new(&[secret; 32], act, who);
        let one = key(1, "letter", b"192.0.2.1");
        assert_eq!(one, key(1, "letter", b"192.0.2.1"));
        for other in [key(2, "letter", b"192.0.2.1"), key(1, "login", b"192.0.2.1"), key(1, "letter", b"192.0.2.2")] {
            assert_ne!(one, other);
        }
        assert_ne!(key(1, "ab", b"c"), key(1, "a", b"bc"));
    }
}
