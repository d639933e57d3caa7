//! A letter as a list shows it.

use std::fmt;
use std::sync::Arc;

use super::text::beginning;
use super::{Excerpt, Folder, Message, MessageId, Search, Standing, Timestamp};

/// Longest preview of a body in a list, in characters.
pub const PREVIEW_MAX: usize = 160;
/// Longest word that is left out of a preview whole rather than cut, in bytes: some scripts have no spaces.
const WORD_MAX: usize = 40;

/// Bytes that the texts of most letters take.
const USUAL: usize = 320;

/// A stored letter as a list shows it: all but the whole body.
#[derive(Clone)]
pub struct MessageSummary {
    /// Its name.
    pub id: MessageId,
    /// When Letterbox took it in.
    pub received_at: Timestamp,
    /// Where it lies.
    pub folder: Folder,
    /// Whether somebody has opened it.
    pub read: bool,
    /// Whether somebody marked it.
    pub starred: bool,
    /// The texts of all letters of its list.
    texts: Arc<str>,
    /// Where in them its name, address, subject and preview begin, and where the last one ends.
    bounds: [usize; 5],
}

/// Makes the summaries of a list. Their texts lie in one piece of memory: lists are made in one thread and go in another,
/// which costs time for each piece.
#[derive(Default)]
pub struct Summaries {
    texts: String,
}

/// A summary that still lacks its texts.
pub struct Outline {
    id: MessageId,
    received_at: Timestamp,
    standing: Standing,
    bounds: [usize; 5],
}

impl Outline {
    /// Which letter it is of.
    pub fn id(&self) -> MessageId {
        self.id
    }

    fn with(self, texts: Arc<str>) -> MessageSummary {
        let Self { id, received_at, standing: Standing { folder, read, starred }, bounds } = self;
        MessageSummary { id, received_at, folder, read, starred, texts, bounds }
    }
}

impl Summaries {
    /// For about so many letters.
    pub fn with_capacity(letters: usize) -> Self {
        Self { texts: String::with_capacity(letters * USUAL) }
    }

    /// Adds a letter: its name, address and subject, and the piece of its body that is shown.
    pub fn add(
        &mut self,
        id: MessageId,
        received_at: Timestamp,
        standing: Standing,
        [name, email, subject]: [&str; 3],
        preview: Excerpt<'_>,
    ) -> Outline {
        let mut bounds = [self.texts.len(); 5];
        for (text, end) in [name, email, subject, preview.before].iter().zip(&mut bounds[1..]) {
            self.texts.push_str(text);
            *end = self.texts.len();
        }
        self.texts.push_str(preview.text);
        bounds[4] = self.texts.len();
        Outline { id, received_at, standing, bounds }
    }

    /// Those of the letters that were added which the list has, in its order.
    pub fn finish(self, outlines: Vec<Outline>) -> Vec<MessageSummary> {
        let texts: Arc<str> = self.texts.into();
        outlines.into_iter().map(|outline| outline.with(Arc::clone(&texts))).collect()
    }
}

impl MessageSummary {
    /// Of one letter alone, with what [`Summaries::add`] takes.
    pub fn new(
        id: MessageId,
        received_at: Timestamp,
        standing: Standing,
        texts: [&str; 3],
        preview: Excerpt<'_>,
    ) -> Self {
        let mut one = Summaries::default();
        let outline = one.add(id, received_at, standing, texts, preview);
        outline.with(one.texts.into())
    }

    /// Of a whole letter, with the piece of its body that `search` would show.
    pub fn of(message: &Message, search: &Search) -> Self {
        let Message { id, received_at, letter, folder, read, starred, .. } = message;
        let standing = Standing { folder: *folder, read: *read, starred: *starred };
        let texts = [letter.name.as_str(), letter.email.as_str(), letter.subject.as_str()];
        Self::new(*id, *received_at, standing, texts, search.excerpts().of(letter.body.as_str()))
    }

    /// Who sent it.
    pub fn name(&self) -> &str {
        self.text(0)
    }

    /// Where to answer.
    pub fn email(&self) -> &str {
        self.text(1)
    }

    /// What it is about; may be empty.
    pub fn subject(&self) -> &str {
        self.text(2)
    }

    /// A piece of the body, at most [`PREVIEW_MAX`] characters.
    pub fn preview(&self) -> &str {
        self.text(3)
    }

    fn text(&self, number: usize) -> &str {
        &self.texts[self.bounds[number]..self.bounds[number + 1]]
    }

    /// The preview without the word it may have been cut in, and whether the letter goes on there.
    pub fn opening(&self) -> (&str, bool) {
        let (preview, cut) = (self.preview(), beginning(self.preview(), PREVIEW_MAX - 1));
        if cut.len() == preview.len() {
            return (preview, false);
        }
        let whole = cut.rfind(char::is_whitespace).filter(|end| cut.len() - end <= WORD_MAX);
        (cut[..whole.unwrap_or(cut.len())].trim_end(), true)
    }

    fn parts(&self) -> (MessageId, Timestamp, Standing, [&str; 4]) {
        let standing = Standing { folder: self.folder, read: self.read, starred: self.starred };
        (self.id, self.received_at, standing, [self.name(), self.email(), self.subject(), self.preview()])
    }
}

impl PartialEq for MessageSummary {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for MessageSummary {}

impl fmt::Debug for MessageSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessageSummary").field(&self.parts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Draft, Letter};

    fn summary(message: &str) -> MessageSummary {
        let letter = Letter::parse(&Draft {
            name: "Ada Löv".into(),
            email: "ada@example.com".into(),
            subject: String::new(),
            message: message.into(),
        });
        let (id, received_at) = (MessageId::from_bytes([0; 16]), Timestamp::from_millis(0));
        let letter = letter.expect("a letter");
        let message =
            Message { id, received_at, letter, folder: Folder::Inbox, read: false, starred: true, version: 1 };
        MessageSummary::of(&message, &Search::default())
    }

    #[test]
    fn each_text_comes_back_as_it_was() {
        let letter = summary("Grüße");
        assert_eq!(
            [letter.name(), letter.email(), letter.subject(), letter.preview()],
            ["Ada Löv", "ada@example.com", "", "Grüße"]
        );
        assert!(letter.starred && !letter.read);
    }

    #[test]
    fn each_letter_of_a_list_has_its_own_texts_in_whatever_order_they_are_shown() {
        let mut list = Summaries::with_capacity(2);
        let standing = Standing { folder: Folder::Inbox, read: true, starred: false };
        let mut add = |number: u8, texts, before, text| {
            let id = MessageId::from_bytes([number; 16]);
            list.add(id, Timestamp::from_millis(number.into()), standing, texts, Excerpt { before, text })
        };
        let first = add(1, ["Zoë", "z@x.example", "One"], "", "first");
        let left_out = add(2, ["Nobody", "n@x.example", ""], "", "left out");
        let last = add(3, ["語", "g@x.example", ""], "…", "last");
        assert_eq!(left_out.id(), MessageId::from_bytes([2; 16]));
        let shown = list.finish(vec![last, first]);
        let texts = |letter: &MessageSummary| {
            [letter.name(), letter.email(), letter.subject(), letter.preview()].map(str::to_owned)
        };
        assert_eq!(texts(&shown[0]), ["語", "g@x.example", "", "…last"]);
        assert_eq!(texts(&shown[1]), ["Zoë", "z@x.example", "One", "first"]);
        assert_eq!(shown[1].received_at, Timestamp::from_millis(1));
    }

    #[test]
    fn a_preview_that_was_cut_ends_with_a_whole_word() {
        let opening = |text: &str| {
            let letter = summary(text);
            let (text, goes_on) = letter.opening();
            (text.to_owned(), goes_on)
        };
        assert_eq!(opening(&"four ".repeat(31)), ("four ".repeat(31), false));
        assert_eq!(opening(&"three ".repeat(40)), ("three ".repeat(26).trim_end().to_owned(), true));
        assert_eq!(opening(&"語".repeat(PREVIEW_MAX - 1)), ("語".repeat(PREVIEW_MAX - 1), false));
        assert_eq!(opening(&"語".repeat(200)), ("語".repeat(PREVIEW_MAX - 1), true));
        assert_eq!(opening(&format!("a {}", "x".repeat(200))), (format!("a {}", "x".repeat(PREVIEW_MAX - 3)), true));
    }
}
