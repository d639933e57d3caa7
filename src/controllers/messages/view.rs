//! Which list somebody looks at: the query of the URL, read and written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::body::Form;
use crate::error::Error;
use crate::models::{Cursor, Filter, Folder, Format, ListQuery, MessageId, Query, Selection};
use crate::paths;

/// Letters on a page.
pub(super) const PAGE: u32 = 50;

const NOT_WHOLE: Error =
    Error::BadRequest("This link to a page of the inbox is not whole. Open the inbox from its start.");

/// A list of letters, as its address says.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The folder that was asked for.
    pub(super) folder: Option<Folder>,
    /// The search as it was typed.
    pub(super) search: String,
    /// The search as it was understood.
    pub(super) query: Query,
    pub(super) unread: bool,
    pub(super) starred: bool,
    /// Whether the most relevant letters are wanted instead of the newest.
    pub(super) by_relevance: bool,
    pub(super) cursor: Option<Cursor>,
    /// Whether all letters of the page begin selected.
    pub(super) all_selected: bool,
}

impl View {
    /// Reads the query of a URL.
    ///
    /// # Errors
    /// When it names a folder or a letter in a way that no page of ours does.
    pub(super) fn of(query: &str) -> Result<Self, Error> {
        let mut form = Form::parse(query.as_bytes());
        let folder = match form.take("folder").as_str() {
            "" => None,
            name => Some(Folder::parse(name).ok_or(NOT_WHOLE)?),
        };
        let cursor = match (form.take("before").as_str(), form.take("after").as_str()) {
            ("", "") => None,
            ("", after) => Some(Cursor::After(id(after)?)),
            (before, _) => Some(Cursor::Before(id(before)?)),
        };
        let search = form.take("q").trim().to_owned();
        Ok(Self {
            folder,
            query: Query::parse(&search),
            search,
            unread: form.take("unread") == "1",
            starred: form.take("starred") == "1",
            by_relevance: form.take("order") == "relevance",
            cursor,
            all_selected: form.take("select") == "all",
        })
    }

    /// Whether words or marks are looked for, so that the list may reach over several folders.
    pub(super) fn is_search(&self) -> bool {
        !self.search.is_empty()
    }

    /// The letters it shows.
    pub(super) fn selection(&self) -> Selection {
        let filter = Filter {
            folder: self.folder,
            query: self.query.clone(),
            is_search: self.is_search(),
            unread: self.unread,
            starred: self.starred,
        };
        filter.selection()
    }

    /// One page of it, `limit` letters long.
    pub(super) fn page(&self, limit: u32) -> ListQuery {
        ListQuery { which: self.selection(), cursor: self.cursor, limit }
    }

    /// The folder whose actions fit all letters it shows.
    pub(super) fn one_folder(&self) -> Option<Folder> {
        match self.selection().folders.as_slice() {
            [folder] => Some(*folder),
            _ => None,
        }
    }

    /// The same search through every folder, if it leaves any out.
    pub(super) fn everywhere(&self) -> Option<Self> {
        let left_out = self.is_search() && self.selection().folders.len() < Folder::ALL.len();
        // In front: behind it a quote that is not closed would swallow it.
        let search = format!("in:all {}", self.search);
        left_out.then(|| Self { query: Query::parse(&search), search, folder: None, cursor: None, ..Self::default() })
    }

    /// What the list is called.
    pub(super) fn title(&self) -> &'static str {
        if self.is_search() { "Search" } else { name(self.folder.unwrap_or(Folder::Inbox)) }
    }

    /// Its address.
    pub(super) fn href(&self) -> String {
        format!("{}{}", paths::MESSAGES, self.to_query())
    }

    /// The address of one of its letters, which knows the way back.
    pub(super) fn letter(&self, id: MessageId) -> String {
        format!("{}/{id}{}", paths::MESSAGES, self.to_query())
    }

    /// Its letters as a file.
    pub(super) fn export(&self, format: Format) -> String {
        let query = self.from(None).to_query();
        let sign = if query.is_empty() { '?' } else { '&' };
        format!("{}{query}{sign}format={}", paths::EXPORT, format.as_str())
    }

    /// The same list from another place on.
    pub(super) fn from(&self, cursor: Option<Cursor>) -> Self {
        Self { cursor, all_selected: false, ..self.clone() }
    }

    /// As it stands behind the path, with its question mark.
    pub(super) fn to_query(&self) -> String {
        const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        let mut parts = Vec::new();
        let mut part = |name: &str, value: &str| parts.push(format!("{name}={}", utf8_percent_encode(value, PLAIN)));
        if let Some(folder) = self.folder.filter(|folder| *folder != Folder::Inbox || self.is_search()) {
            part("folder", folder.as_str());
        }
        if self.is_search() {
            part("q", &self.search);
        }
        for (name, value, set) in [
            ("unread", "1", self.unread),
            ("starred", "1", self.starred),
            ("order", "relevance", self.by_relevance),
            ("select", "all", self.all_selected),
        ] {
            if set {
                part(name, value);
            }
        }
        match self.cursor {
            Some(Cursor::Before(id)) => part("before", &id.to_string()),
            Some(Cursor::After(id)) => part("after", &id.to_string()),
            None => {}
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

fn id(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| NOT_WHOLE)
}

/// A folder's name for people.
pub(super) fn name(folder: Folder) -> &'static str {
    match folder {
        Folder::Inbox => "Inbox",
        Folder::Archive => "Archive",
        Folder::Spam => "Spam",
        Folder::Trash => "Trash",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_alike() {
        for query in [
            "",
            "?folder=archive",
            "?folder=trash&unread=1&starred=1&before=0198c8d2-1111-7000-8000-000000000000",
            "?q=from%3Aada%20%22two%20words%22&order=relevance",
            "?folder=inbox&q=x&after=0198c8d2-1111-7000-8000-000000000000",
        ] {
            let view = View::of(query.trim_start_matches('?')).unwrap();
            assert_eq!(view.to_query(), query);
        }
        for wrong in ["folder=attic", "before=1", "after=%FF", "before=0198C8D2-1111-7000-8000-000000000000"] {
            assert!(View::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_search_that_leaves_folders_out_can_be_widened_to_all() {
        let everywhere = |query: &str| View::of(query).unwrap().everywhere().map(|view| view.to_query());
        for query in ["q=x", "q=x&folder=spam", "q=x&unread=1&order=relevance"] {
            assert_eq!(everywhere(query).as_deref(), Some("?q=in%3Aall%20x"), "{query}");
        }
        for query in ["", "folder=trash", "q=in%3Aall+x"] {
            assert_eq!(everywhere(query), None, "{query}");
        }
        let widened = View::of("q=in%3Aspam+%22x").unwrap().everywhere().unwrap();
        assert_eq!(widened.selection().folders.len(), Folder::ALL.len());
    }

    #[test]
    fn a_search_looks_where_it_is_told_or_else_at_all_that_was_not_thrown_away() {
        let folders = |query: &str| View::of(query).unwrap().selection().folders;
        assert_eq!(folders(""), [Folder::Inbox]);
        assert_eq!(folders("q=x"), [Folder::Inbox, Folder::Archive]);
        assert_eq!(folders("q=x&folder=spam"), [Folder::Spam]);
        assert_eq!(folders("q=x+in%3Atrash&folder=spam"), [Folder::Trash]);
    }
}
