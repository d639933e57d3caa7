//! Personal access tokens: the keys a user makes for programs of theirs.

use std::fmt;
use std::time::Duration;

use super::text::{characters, forbidden_control, has_line_break};
use super::{Fault, Timestamp, TokenId, UserId};

/// Longest name of a token, in characters (Unicode scalar values).
const TOKEN_NAME_MAX: usize = 60;

/// What a user calls a token, to know it again: one line of 1 to 60 characters without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

impl TokenName {
    /// Reads a name from the form field `field`.
    ///
    /// # Errors
    /// A [`Fault`] that says which rule was broken.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let wrong = |message: &str| Err(Fault::new(field, message));
        if text.is_empty() {
            return wrong("Give the token a name, so that you know it again.");
        }
        if characters(text) > TOKEN_NAME_MAX {
            return wrong("The name is longer than 60 characters. Choose a shorter one.");
        }
        if has_line_break(text) || forbidden_control(text).is_some() || text.contains('\t') {
            return wrong("The name must be one line without invisible control characters. Type it anew.");
        }
        Ok(Self(text.to_owned()))
    }

    /// From a store that keeps only what `parse` made.
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a token may be used for. Within that it opens what its user may do at the time, never more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To read.
    Read,
    /// To read and to change.
    ReadAndWrite,
}

impl Scope {
    /// The name in forms and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::ReadAndWrite => "read-write",
        }
    }

    /// Reads the name of a scope.
    pub fn parse(text: &str) -> Option<Self> {
        [Scope::Read, Scope::ReadAndWrite].into_iter().find(|scope| scope.as_str() == text)
    }

    /// Whether anything may be changed.
    pub const fn may_write(self) -> bool {
        matches!(self, Scope::ReadAndWrite)
    }
}

/// For how long a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLifetime {
    /// So many days from when it is made.
    Days(u32),
    /// Until it is revoked.
    Endless,
}

impl TokenLifetime {
    /// What a user may choose from.
    pub const OFFERED: [TokenLifetime; 4] =
        [TokenLifetime::Days(30), TokenLifetime::Days(90), TokenLifetime::Days(365), TokenLifetime::Endless];

    /// Reads one of those offered: its days, or `never`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::OFFERED.into_iter().find(|lifetime| lifetime.to_string() == text)
    }

    /// When a token ends that is made at `now`.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            TokenLifetime::Days(days) => Some(now.plus(Duration::from_hours(24) * days)),
            TokenLifetime::Endless => None,
        }
    }
}

impl fmt::Display for TokenLifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenLifetime::Days(days) => days.fmt(f),
            TokenLifetime::Endless => f.write_str("never"),
        }
    }
}

/// A personal access token as it is kept. What opens doors with it is known to its user alone.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// Names the token.
    pub id: TokenId,
    /// As whom it acts.
    pub user_id: UserId,
    /// What its user calls it.
    pub name: TokenName,
    /// What it may be used for.
    pub scope: Scope,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing; none: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within a minute; none: never yet.
    pub last_used_at: Option<Timestamp>,
}

impl PersonalToken {
    /// Whether the token still opens anything at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Says which token it is, never its hash.
impl fmt::Debug for PersonalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalToken")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("name", &self.name)
            .field("scope", &self.scope)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("last_used_at", &self.last_used_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_name_of_one_short_line() {
        let name = |text: &str| TokenName::parse("name", text).map(|name| name.as_str().to_owned());
        assert_eq!(name("  Backup of «Löv»  ").as_deref(), Ok("Backup of «Löv»"));
        assert_eq!(name(&"ü".repeat(60)).map(|name| name.len()), Ok(120));
        for wrong in ["", "  ", "two\nlines", "tab\there", "bell\u{7}", "line\u{2028}separator", &"x".repeat(61)] {
            assert_eq!(name(wrong).map_err(|fault| fault.field), Err("name"), "{wrong:?}");
        }
    }

    #[test]
    fn a_scope_survives_being_written_and_only_one_of_them_may_write() {
        for (scope, may_write) in [(Scope::Read, false), (Scope::ReadAndWrite, true)] {
            assert_eq!((Scope::parse(scope.as_str()), scope.may_write()), (Some(scope), may_write));
        }
        assert_eq!(Scope::parse("everything"), None);
    }

    #[test]
    fn a_token_is_good_for_some_days_or_for_ever() {
        let now = Timestamp::from_millis(5);
        let end = |text: &str| TokenLifetime::parse(text).map(|lifetime| lifetime.end(now).map(Timestamp::millis));
        assert_eq!(end("30"), Some(Some(30 * 86_400_000 + 5)));
        assert_eq!(end("365"), Some(Some(365 * 86_400_000 + 5)));
        assert_eq!(end("never"), Some(None));
        for other in ["", "0", "31", "-30", "030", "Never"] {
            assert_eq!(end(other), None, "{other}");
        }
    }
}
