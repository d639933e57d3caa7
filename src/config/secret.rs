//! The text that every key is derived from.

use std::fmt;

use super::error::Fault;

/// Shortest secret, in bytes.
pub const SECRET_MIN: usize = 32;

/// The values that `.env.example` shows. Everybody knows them.
const EXAMPLES: [&str; 2] =
    ["put-the-output-of-openssl-rand-base64-32-here", "put-the-key-that-was-in-force-before-here"];

/// A secret of at least [`SECRET_MIN`] bytes, without white space around it. `Debug` does not show it.
///
/// Not comparable on purpose: comparing secrets byte by byte tells how many of them were right.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` without the white space around it, so that what a file holds and what a variable holds are the
    /// same secret.
    ///
    /// # Errors
    /// What the text is ("is too short: 5 bytes"), never the text itself: when it has fewer than [`SECRET_MIN`]
    /// bytes, is an example that comes with Letterbox, or is a shorter text repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.len() {
            0 => Err("is empty".to_owned()),
            length @ 1..SECRET_MIN => Err(format!("is too short: {length} bytes")),
            _ if EXAMPLES.contains(&text) => Err("is the example that comes with Letterbox".to_owned()),
            _ if repeats(text.as_bytes()) => Err("is a short text repeated".to_owned()),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// What a secret must look like, in words that follow "it must".
    pub const MUST: &str = "be at least 32 bytes that nobody can guess, such as `openssl rand -base64 32` prints";

    /// The secret itself. Only for deriving keys from it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Reads a secret setting; the fault never shows the value.
pub(super) fn secret(text: &str) -> Result<Secret, Fault> {
    Secret::parse(text).map_err(|what| Fault::hidden(what, Secret::MUST))
}

/// Whether some beginning of at most half the length, written again and again, is all there is: `aaaa`, `abcabc`.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Yx1mC4oM8tq0Jm3bWk2p7QeVb9aNs5Lh";

    #[test]
    fn thirty_two_bytes_are_enough_and_thirty_one_are_not() {
        assert_eq!(GOOD.len(), SECRET_MIN);
        assert_eq!(Secret::parse(GOOD).map(|s| s.expose().to_owned()).as_deref(), Ok(GOOD));
        assert_eq!(Secret::parse(&GOOD[1..]).err().as_deref(), Some("is too short: 31 bytes"));
    }

    #[test]
    fn white_space_around_a_secret_neither_belongs_to_it_nor_lengthens_it() {
        assert_eq!(Secret::parse(&format!(" {GOOD}\r\n")).map(|s| s.expose().to_owned()).as_deref(), Ok(GOOD));
        assert!(Secret::parse(&format!("{}   ", &GOOD[1..])).is_err());
        assert_eq!(Secret::parse("  \n").err().as_deref(), Some("is empty"));
    }

    #[test]
    fn what_only_looks_long_is_refused() {
        for text in
            ["a".repeat(64), "0123456789abcdef".repeat(2), "changeme".repeat(5), format!("{}ab", "abc".repeat(11))]
        {
            assert_eq!(Secret::parse(&text).err().as_deref(), Some("is a short text repeated"), "{text}");
        }
    }

    #[test]
    fn debug_output_does_not_show_it() {
        assert!(!format!("{:?}", Secret::parse(GOOD)).contains(&GOOD[..4]));
    }
}
