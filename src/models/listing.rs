//! What is asked of a list of letters, and what comes back.

use super::{Folder, MessageId, MessageSummary, Search};

/// From where in the list to read. Keyset, not offset: a page deep down costs what the first one costs, and letters
/// that arrive meanwhile move nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The letters older than this one.
    Before(MessageId),
    /// The letters newer than this one.
    After(MessageId),
}

/// Which letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Only letters that lie in one of these.
    pub folders: Vec<Folder>,
    /// Only letters nobody has opened.
    pub unread: bool,
    /// Only letters somebody marked.
    pub starred: bool,
    /// Only letters with these words.
    pub search: Search,
}

impl Selection {
    /// All letters in `folder`.
    pub fn of(folder: Folder) -> Self {
        Self { folders: vec![folder], unread: false, starred: false, search: Search::default() }
    }
}

/// Which letters to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Which letters.
    pub which: Selection,
    /// Where to start; the newest letter when `None`.
    pub cursor: Option<Cursor>,
    /// How many letters a page has at most.
    pub limit: u32,
}

impl ListQuery {
    /// The newest letters of `folder`, `limit` of them.
    pub fn newest(folder: Folder, limit: u32) -> Self {
        Self { which: Selection::of(folder), cursor: None, limit }
    }

    /// Whether the page is read upwards from its cursor.
    pub fn looks_up(&self) -> bool {
        matches!(self.cursor, Some(Cursor::After(_)))
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessagePage {
    /// The letters, newest first whichever way the cursor looked.
    pub items: Vec<MessageSummary>,
    /// Whether there are letters newer than the first item.
    pub has_newer: bool,
    /// Whether there are letters older than the last item.
    pub has_older: bool,
}

/// How many letters lie in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FolderCounts {
    /// All of them.
    pub total: u64,
    /// Those nobody has opened.
    pub unread: u64,
}
