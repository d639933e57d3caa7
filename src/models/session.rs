//! One login: the row behind the cookies.

use super::{SessionId, Timestamp, UserId};

/// One login of one user on one device. The refresh token is computed from it and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Names the session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// How often it has been renewed; the counter of the current refresh token.
    pub counter: u64,
    /// Signs this session's refresh tokens.
    pub key: [u8; 32],
    /// When it began.
    pub created_at: Timestamp,
    /// When the current refresh token was made.
    pub rotated_at: Timestamp,
    /// Whether any request has carried the current refresh token yet.
    pub current_seen: bool,
    /// Ends it unless renewed before.
    pub idle_expires_at: Timestamp,
    /// Ends it whatever happens.
    pub expires_at: Timestamp,
    /// When and why it was ended, if it was.
    pub ended: Option<(Timestamp, EndReason)>,
    /// The browser and system in words, for the list of sessions; empty when unknown.
    pub device: String,
}

impl Session {
    /// Whether the session still opens anything at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.idle_expires_at && now < self.expires_at
    }
}

/// Says which session it is, never its key.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("counter", &self.counter)
            .field("rotated_at", &self.rotated_at)
            .field("current_seen", &self.current_seen)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Why a session was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its user logged out.
    LoggedOut,
    /// Its user, or an owner, ended it from elsewhere.
    Revoked,
    /// Its user's password was changed.
    PasswordChanged,
    /// Its user's role was changed.
    RoleChanged,
    /// A refresh token that was spent before came back: somebody else may hold a copy.
    TokenReused,
}

impl EndReason {
    const ALL: [EndReason; 5] = [
        EndReason::LoggedOut,
        EndReason::Revoked,
        EndReason::PasswordChanged,
        EndReason::RoleChanged,
        EndReason::TokenReused,
    ];

    /// The name in stores and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            EndReason::LoggedOut => "logged-out",
            EndReason::Revoked => "revoked",
            EndReason::PasswordChanged => "password-changed",
            EndReason::RoleChanged => "role-changed",
            EndReason::TokenReused => "token-reused",
        }
    }

    /// Reads the name of a reason.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}
