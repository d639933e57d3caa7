//! The audit log: what happened to accounts and logins, for the owners to look up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{EventId, Timestamp};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody logged in.
    LoggedIn,
    /// Somebody tried to, with a wrong password.
    LoginFailed,
    /// Somebody logged out.
    LoggedOut,
    /// A session was ended from elsewhere.
    SessionEnded,
    /// A refresh token that was spent before came back.
    TokenReused,
    /// A password was changed.
    PasswordChanged,
    /// A user was added.
    UserAdded,
    /// A user was invited.
    UserInvited,
    /// An invitation was accepted.
    InvitationAccepted,
    /// A user's role was changed.
    RoleChanged,
    /// A user was removed.
    UserRemoved,
    /// A user made a personal access token.
    AccessTokenMade,
    /// A personal access token was revoked.
    AccessTokenRevoked,
}

impl EventKind {
    const ALL: [EventKind; 13] = [
        EventKind::LoggedIn,
        EventKind::LoginFailed,
        EventKind::LoggedOut,
        EventKind::SessionEnded,
        EventKind::TokenReused,
        EventKind::PasswordChanged,
        EventKind::UserAdded,
        EventKind::UserInvited,
        EventKind::InvitationAccepted,
        EventKind::RoleChanged,
        EventKind::UserRemoved,
        EventKind::AccessTokenMade,
        EventKind::AccessTokenRevoked,
    ];

    /// The name in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::LoggedIn => "logged-in",
            EventKind::LoginFailed => "login-failed",
            EventKind::LoggedOut => "logged-out",
            EventKind::SessionEnded => "session-ended",
            EventKind::TokenReused => "token-reused",
            EventKind::PasswordChanged => "password-changed",
            EventKind::UserAdded => "user-added",
            EventKind::UserInvited => "user-invited",
            EventKind::InvitationAccepted => "invitation-accepted",
            EventKind::RoleChanged => "role-changed",
            EventKind::UserRemoved => "user-removed",
            EventKind::AccessTokenMade => "access-token-made",
            EventKind::AccessTokenRevoked => "access-token-revoked",
        }
    }

    /// Reads the name of a kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Names the entry; ordered by time.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Who did it: a login, or empty when nobody knows. Kept as text, so that it outlives the user.
    pub actor: String,
    /// To whom it was done, if to somebody else; or the name of what it was done to.
    pub subject: String,
    /// From which network, shortened by [`network_of`]; empty when from no network.
    pub network: String,
}

/// The network of an address: an IPv4 /24 or an IPv6 /48. Enough to tell home from abroad, too little to name a person.
pub fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("{}/24", Ipv4Addr::from_bits(v4.to_bits() & 0xffff_ff00)),
        IpAddr::V6(v6) => format!("{}/48", Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shortened_to_its_network() {
        assert_eq!(network_of("198.51.100.77".parse().unwrap()), "198.51.100.0/24");
        assert_eq!(network_of("::ffff:198.51.100.77".parse().unwrap()), "198.51.100.0/24");
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1::/48");
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }
}
