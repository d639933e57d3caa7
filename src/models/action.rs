//! What can be done with letters in the inbox, on one or on many, and what comes of it.

use super::{ChangeId, Folder, Letter, Message, MessageId, Timestamp};

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

/// How a letter stands, as far as actions know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Where it lies.
    pub folder: Folder,
    /// Whether it counts as opened.
    pub read: bool,
    /// Whether it is marked.
    pub starred: bool,
}

/// What an action means for one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not where it was seen, and stays where it is.
    Elsewhere,
    /// It is as wanted already.
    AsWanted,
    /// It is changed.
    Change,
}

impl Standing {
    /// What `action` on `target` means for a letter that stands so.
    pub fn judge(self, action: Action, target: &Target) -> Verdict {
        let moves = action.folder().is_some();
        if self.after(action) == self {
            Verdict::AsWanted
        } else if moves && target.seen_in.is_some_and(|seen| seen != self.folder) {
            Verdict::Elsewhere
        } else {
            Verdict::Change
        }
    }

    /// How the letter stands after `action`.
    #[must_use]
    pub fn after(self, action: Action) -> Self {
        match action {
            Action::Star => Self { starred: true, ..self },
            Action::Unstar => Self { starred: false, ..self },
            Action::Read => Self { read: true, ..self },
            Action::Unread => Self { read: false, ..self },
            Action::Archive => Self { folder: Folder::Archive, ..self },
            Action::Inbox => Self { folder: Folder::Inbox, ..self },
            Action::Spam => Self { folder: Folder::Spam, ..self },
            Action::Trash => Self { folder: Folder::Trash, ..self },
        }
    }

    /// What takes `action` back, once it has changed a letter that stood so.
    pub fn undoes(self, action: Action) -> Action {
        match action {
            Action::Star => Action::Unstar,
            Action::Unstar => Action::Star,
            Action::Read => Action::Unread,
            Action::Unread => Action::Read,
            Action::Archive | Action::Inbox | Action::Spam | Action::Trash => Action::to(self.folder),
        }
    }
}

/// What shall be different about one letter. What is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// The text and who sent it.
    pub letter: Option<Letter>,
    /// Where it lies.
    pub folder: Option<Folder>,
    /// Whether it counts as opened.
    pub read: Option<bool>,
    /// Whether it is marked.
    pub starred: Option<bool>,
}

impl Edit {
    /// The letter as it will be, with the next version; `None` when it is so already.
    pub fn apply(&self, message: &Message) -> Option<Message> {
        let edited = Message {
            letter: self.letter.clone().unwrap_or_else(|| message.letter.clone()),
            folder: self.folder.unwrap_or(message.folder),
            read: self.read.unwrap_or(message.read),
            starred: self.starred.unwrap_or(message.starred),
            ..message.clone()
        };
        (edited != *message).then(|| Message { version: message.version + 1, ..edited })
    }
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
    /// The folders in which letters lie that somebody else has moved meanwhile: these were left there.
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

    #[test]
    fn what_undoes_an_action_leads_back_to_where_the_letter_stood() {
        for folder in Folder::ALL {
            for (read, starred) in [(false, false), (false, true), (true, false), (true, true)] {
                let before = Standing { folder, read, starred };
                for action in Action::ALL {
                    let target = Target { id: MessageId::from_bytes([0; 16]), seen_in: Some(folder) };
                    let after = before.after(action);
                    assert_eq!(before.judge(action, &target) == Verdict::Change, after != before);
                    assert_eq!(after.judge(action, &target), Verdict::AsWanted);
                    if after != before {
                        assert_eq!(after.after(before.undoes(action)), before, "{action:?}");
                    }
                }
            }
        }
    }
}
