//! What is asked of a list of letters, and what comes back.

use super::{Folder, MessageId, MessageSummary, Query, Search};

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

    /// Whether neither words nor marks are looked for, so that a page is one piece of each folder.
    pub fn is_plain(&self) -> bool {
        !self.unread && !self.starred && !self.search.has_terms()
    }
}

/// Which letters somebody asks for: a folder, a search as it was understood, marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The folder that was asked for.
    pub folder: Option<Folder>,
    /// The search; empty when none was asked for.
    pub query: Query,
    /// Whether words or marks are looked for, so that the letters may lie in several folders.
    pub is_search: bool,
    /// Only letters nobody has opened.
    pub unread: bool,
    /// Only letters somebody marked.
    pub starred: bool,
}

impl Filter {
    /// The letters that are meant. A search without a folder looks through all that was not thrown away; a folder named
    /// in the search goes before all others.
    pub fn selection(&self) -> Selection {
        let folders = match (self.query.folders.as_slice(), self.folder) {
            ([], Some(folder)) => vec![folder],
            ([], None) if self.is_search => vec![Folder::Inbox, Folder::Archive],
            ([], None) => vec![Folder::Inbox],
            (named, _) => named.to_vec(),
        };
        Selection {
            folders,
            unread: self.unread || self.query.unread,
            starred: self.starred || self.query.starred,
            search: self.query.search.clone(),
        }
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
