//! What a new password must be. How it is kept is the business of `auth`.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use super::Fault;

/// Shortest new password, in bytes.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX: usize = 1_000;

/// Signs around a common word that make no password of it: `password2026!` is guessed with `password`.
const PADDING: usize = 7;
/// Longest piece that counts as a piece: `abcabcabcabc` is as good as `abc`.
const PIECE: usize = 6;
/// Longest password that is looked at for repetitions, in bytes; nobody tries longer ones first.
const REPETITION: usize = 24;

static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// A password somebody has chosen: 12 to 1,000 bytes, any characters, exactly as received, and none of those that are
/// tried first.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    /// Checks a password for the form field `field`.
    ///
    /// # Errors
    /// A [`Fault`] when it is too short, too long or too common.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Fault> {
        match text.len() {
            0 => Err(Fault::new(field, "Choose a password.")),
            1..PASSWORD_MIN => Err(Fault::new(
                field,
                format!(
                    "The password is shorter than {PASSWORD_MIN} characters. A few words in a row make a good one."
                ),
            )),
            PASSWORD_MIN..=PASSWORD_MAX if is_common(text) => Err(Fault::new(
                field,
                "This password is one of those that are tried first. A few words that do not belong together make a good one.",
            )),
            PASSWORD_MIN..=PASSWORD_MAX => Ok(Self(text.to_owned())),
            _ => Err(Fault::new(
                field,
                format!("The password is longer than {PASSWORD_MAX} bytes. Choose a shorter one."),
            )),
        }
    }

    /// Checks a password that was typed into the fields `password` and `password_again`.
    ///
    /// # Errors
    /// The faults of both.
    pub fn parse_twice(password: &str, again: &str) -> Result<Self, Vec<Fault>> {
        let new = Self::parse("password", password);
        let differ = (password != again)
            .then(|| Fault::new("password_again", "The two passwords are not the same. Type the second one again."));
        match (new, differ) {
            (Ok(new), None) => Ok(new),
            (new, differ) => Err(new.err().into_iter().chain(differ).collect()),
        }
    }

    /// The password. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// Whether it is on the list, a word of the list with a few digits or signs around it, a short piece over and over, or
/// a row of neighbouring characters.
fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    let core = password.trim_matches(|c: char| !c.is_alphabetic());
    let padding = password.chars().count() - core.chars().count();
    COMMON.contains(password.as_str())
        || (padding <= PADDING && COMMON.contains(core))
        || is_repetition(password.as_bytes())
        || is_row(password.as_bytes())
}

fn is_repetition(bytes: &[u8]) -> bool {
    bytes.len() <= REPETITION
        && (1..=PIECE).any(|length| bytes.iter().zip(bytes.iter().skip(length)).all(|(left, right)| left == right))
}

/// `123456789012`, `abcdefghijklm`, `987654321098`: every step is the same step up or down; 9 is followed by 0.
fn is_row(bytes: &[u8]) -> bool {
    let step = |pair: &[u8]| match pair {
        [b'9', b'0'] => Some(1),
        [b'0', b'9'] => Some(-1),
        [left, right] => Some(i16::from(*right) - i16::from(*left)),
        _ => None,
    };
    let mut steps = bytes.windows(2).map(step);
    let first = steps.next().flatten();
    matches!(first, Some(-1 | 1)) && steps.all(|step| step == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        NewPassword::parse("password", text).is_ok()
    }

    #[test]
    fn length_decides_and_both_ends_are_in() {
        let long = |length: usize| "correct horse ".chars().chain(('!'..='z').cycle()).take(length).collect::<String>();
        for (length, good) in [(0, false), (11, false), (12, true), (1_000, true), (1_001, false)] {
            assert_eq!(accepts(&long(length)), good, "{length}");
        }
        assert!(
            accepts("  spaces count  \0")
                && accepts(&"😀".repeat(64))
                && accepts(&"x".repeat(200))
                && accepts(&"😀🙃".repeat(32))
        );
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in [
            "1qaz2wsx3edc",
            "Administrator",
            "PASSWORD2026",
            "password1234!",
            "!!liverpool!!",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123123123123",
            "123456789012",
            "098765432109",
            "abcdefghijklm",
        ] {
            assert!(!accepts(common), "{common}");
        }
        for good in ["correct horse battery staple", "liverpool and a teapot", "dragon-and-1234567890-more"] {
            assert!(accepts(good), "{good}");
        }
    }

    #[test]
    fn the_list_is_whole() {
        assert!(COMMON.len() > 4_000 && COMMON.contains("password") && !COMMON.iter().any(|word| word.contains(' ')));
    }

    #[test]
    fn a_password_is_never_shown() {
        let password = NewPassword::parse("password", "correct horse battery").expect("long enough");
        assert!(!format!("{password:?}").contains("horse"));
    }
}
