//! The people who hold a key.

use std::fmt;

use super::{EmailAddress, PersonName, Timestamp, UserId};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Users, settings, erasing; and all that a member may.
    Owner,
    /// The letters.
    Member,
}

impl Role {
    /// The name in commands, tokens and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Member => "member",
        }
    }

    /// Reads the name of a role.
    pub fn parse(text: &str) -> Option<Self> {
        [Role::Owner, Role::Member].into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Names the user.
    pub id: UserId,
    /// The login.
    pub email: EmailAddress,
    /// How the pages call them.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Since when they are here.
    pub created_at: Timestamp,
    /// Whether they were invited and have not chosen a password yet.
    pub invited: bool,
}

/// A user about to be stored, with the hash that lets them in.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// What their password is checked against.
    pub password: PasswordHash,
}

/// A hashed password and the tag of the scheme that made it; the hash has no room for a tag inside.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// Names the preparation that came before bcrypt, for example `hmac-sha384-v1`.
    pub scheme: String,
    /// The bcrypt string, `$2b$12$…`.
    pub hash: String,
}

impl PasswordHash {
    /// The scheme of somebody who was invited and has not chosen a password yet: it fits none.
    pub const INVITED: &'static str = "invited";
}

/// Says that there is a hash, never which.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({})", self.scheme)
    }
}
