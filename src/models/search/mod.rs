//! Searching: what somebody typed, what is looked for, and how hits are shown and weighed.
//!
//! Words are looked for wherever in name, address, subject and body they stand, case and accents aside. Everything
//! here is about text alone; the stores only find letters.

mod entries;
mod hits;
mod parse;
mod words;

use std::fmt;

use self::words::{fold, words};
use super::{Folder, MessageId, Timestamp};

pub use entries::Lookup;
pub use hits::{Excerpt, Excerpts, Segment};

/// Letters that are weighed when the most relevant ones are asked for: the newest so many hits.
pub const RELEVANT_AMONG: u32 = 1_000;

/// What to look for in the text of letters. Empty, it finds every letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// All of these must be found.
    pub wanted: Vec<Term>,
    /// None of these may be found.
    pub unwanted: Vec<Term>,
    /// Only letters that came at this instant or later.
    pub since: Option<Timestamp>,
    /// Only letters that came before this instant.
    pub until: Option<Timestamp>,
}

impl Search {
    /// Whether it looks for any words.
    pub fn has_terms(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }

    /// The range of identifiers in which letters of the wanted time lie: from the first, up to but without the second.
    pub fn ids(&self) -> (Option<MessageId>, Option<MessageId>) {
        (self.since.map(MessageId::earliest), self.until.map(MessageId::earliest))
    }
}

/// Words to look for, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The words as they were typed; at least one letter or digit.
    pub text: String,
    /// Whether more letters may follow the last word.
    pub prefix: bool,
    /// Whether they must stand in the name or the address of the sender.
    pub sender: bool,
    /// The words of `text`, folded.
    words: Vec<String>,
}

impl Term {
    fn new(text: &str, prefix: bool, sender: bool) -> Self {
        let words = words(text).map(|word| fold(word.text)).collect();
        Self { text: text.to_owned(), prefix, sender, words }
    }
}

/// What somebody typed into the search field, understood as far as it can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What to look for in the text.
    pub search: Search,
    /// `in:`, where to look.
    pub folders: Vec<Folder>,
    /// `is:unread`
    pub unread: bool,
    /// `is:starred`
    pub starred: bool,
    /// Words that look like an instruction and cannot be followed, for example `before:yesterday`.
    pub ignored: Vec<String>,
}

impl Query {
    /// Whether there is nothing in it to go by.
    pub fn is_empty(&self) -> bool {
        *self == Self { ignored: self.ignored.clone(), ..Self::default() }
    }
}

/// The same search in the fewest words; reading them gives the same query again, less what was ignored.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.search.wanted.iter().map(ToString::to_string).collect();
        parts.extend(self.search.unwanted.iter().map(|term| format!("-{term}")));
        parts.extend(self.folders.iter().map(|folder| format!("in:{folder}")));
        parts.extend(self.unread.then(|| "is:unread".to_owned()));
        parts.extend(self.starred.then(|| "is:starred".to_owned()));
        parts.extend(self.search.since.map(|day| format!("after:{}", day.date())));
        parts.extend(self.search.until.map(|day| format!("before:{}", day.date())));
        f.write_str(&parts.join(" "))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.sender { "from:" } else { "" };
        let star = if self.prefix { "*" } else { "" };
        let quote = if self.text.chars().all(char::is_alphanumeric) { "" } else { "\"" };
        write!(f, "{field}{quote}{}{quote}{star}", self.text)
    }
}
