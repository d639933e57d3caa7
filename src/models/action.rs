//! What can be done with letters in the inbox, on one or on many, and what comes of it.

use super::{ChangeId, Folder, MessageId, Timestamp};

/// One thing to do with letters. Each can be taken back by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Into the archive.
    Archive,
    /// Into the inbox: from the archive, from spam ("not spam") or from the trash ("restore").
    Inbox,
    /// Into spam.
    Spam,
    /// Into the trash.
    Trash,
    /// Mark with a star.
    Star,
    /// Take the star away.
    Unstar,
    /// Mark as read.
    Read,
    /// Mark as unread.
    Unread,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 8] = [
        Action::Archive,
        Action::Inbox,
        Action::Spam,
        Action::Trash,
        Action::Star,
        Action::Unstar,
        Action::Read,
        Action::Unread,
    ];

    /// The name in forms and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Archive => "archive",
            Action::Inbox => "inbox",
            Action::Spam => "spam",
            Action::Trash => "trash",
            Action::Star => "star",
            Action::Unstar => "unstar",
            Action::Read => "read",
            Action::Unread => "unread",
        }
    }

    /// Reads the name of an action.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// Where letters go by it, if it moves them.
    pub const fn folder(self) -> Option<Folder> {
        match self {
            Action::Archive => Some(Folder::Archive),
            Action::Inbox => Some(Folder::Inbox),
            Action::Spam => Some(Folder::Spam),
            Action::Trash => Some(Folder::Trash),
            Action::Star | Action::Unstar | Action::Read | Action::Unread => None,
        }
    }

    /// The action that moves letters into `folder`.
    pub const fn to(folder: Folder) -> Self {
        match folder {
            Folder::Inbox => Action::Inbox,
            Folder::Archive => Action::Archive,
            Folder::Spam => Action::Spam,
            Folder::Trash => Action::Trash,
        }
    }
}

/// One action on some letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Names the change, so that it can be undone.
    pub id: ChangeId,
    /// What to do.
    pub action: Action,
    /// With which letters.
    pub letters: Vec<Target>,
    /// When.
    pub now: Timestamp,
}

/// A letter somebody wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which one.
    pub id: MessageId,
    /// Where it lay when they saw it. A letter that lies elsewhere by now is not moved.
    pub seen_in: Option<Folder>,
}

/// What a [`Change`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// How many letters it changed. Those can be undone.
    pub changed: u64,
    /// How many were as wanted already.
    pub unchanged: u64,
    /// How many are not there any more.
    pub gone: u64,
    /// The folders in which letters lie that were moved meanwhile, by somebody else or in another tab: these were left there.
    pub moved: Vec<Folder>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_one_name_and_every_folder_an_action_that_leads_there() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        for folder in Folder::ALL {
            assert_eq!(Action::to(folder).folder(), Some(folder));
        }
        assert_eq!(Action::parse("delete"), None);
    }
}
