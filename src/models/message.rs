//! The letter: its fields, their rules, and what becomes of it in the inbox.

use std::fmt;

use super::text::{characters, forbidden_control, has_line_break};
use super::{EmailAddress, Fault, MessageId, Timestamp};

/// Longest sender's name, in characters (Unicode scalar values).
pub const NAME_MAX: usize = 100;
/// Longest subject, in characters.
pub const SUBJECT_MAX: usize = 200;
/// Longest body, in characters.
pub const BODY_MAX: usize = 10_000;

/// A person's name: one line of 1 to [`NAME_MAX`] characters without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name from the form field `field`.
    ///
    /// # Errors
    /// A [`Fault`] that says which rule was broken.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::new(field, "Enter your name."));
        }
        one_line(field, "name", text, NAME_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// From a store that keeps only what `parse` made.
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a letter is about: one line of at most [`SUBJECT_MAX`] characters, kept as sent; may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    fn parse(text: &str) -> Result<Self, Fault> {
        one_line("subject", "subject", text, SUBJECT_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// From a store that keeps only what was parsed.
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The subject; empty when the sender gave none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of a letter: 1 to [`BODY_MAX`] characters. CRLF became LF, nothing else was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.replace("\r\n", "\n");
        let length = characters(&text);
        if length == 0 {
            return Err(Fault::new("message", "Write your message."));
        }
        if length > BODY_MAX {
            let over = length - BODY_MAX;
            return Err(Fault::new(
                "message",
                format!("The message has {length} characters. The limit is {BODY_MAX}: shorten it by {over}."),
            ));
        }
        no_controls("message", "message", &text)?;
        Ok(Self(text))
    }

    /// From a store that keeps only what was parsed.
    pub fn from_trusted(text: String) -> Self {
        Self(text)
    }

    /// The text, byte for byte as it was accepted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a visitor typed, before any rule was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The field `name`.
    pub name: String,
    /// The field `email`.
    pub email: String,
    /// The field `subject`.
    pub subject: String,
    /// The field `message`.
    pub message: String,
}

/// A letter that keeps every rule, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who sent it.
    pub name: PersonName,
    /// Where to answer.
    pub email: EmailAddress,
    /// What it is about.
    pub subject: Subject,
    /// The text.
    pub body: Body,
}

impl Letter {
    /// Applies the rules to all fields of `draft`.
    ///
    /// # Errors
    /// Every field's fault, in the order of the form.
    pub fn parse(draft: &Draft) -> Result<Self, Vec<Fault>> {
        let name = PersonName::parse("name", &draft.name);
        let email = EmailAddress::parse("email", &draft.email);
        let subject = Subject::parse(&draft.subject);
        let body = Body::parse(&draft.message);
        match (name, email, subject, body) {
            (Ok(name), Ok(email), Ok(subject), Ok(body)) => Ok(Self { name, email, subject, body }),
            (name, email, subject, body) => {
                Err([name.err(), email.err(), subject.err(), body.err()].into_iter().flatten().collect())
            }
        }
    }
}

/// Where in the inbox a letter lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Folder {
    /// New letters arrive here.
    Inbox,
    /// Done with, and kept.
    Archive,
    /// Unwanted.
    Spam,
    /// On its way out.
    Trash,
}

impl Folder {
    /// Every folder, in the order people see them.
    pub const ALL: [Folder; 4] = [Folder::Inbox, Folder::Archive, Folder::Spam, Folder::Trash];

    /// The name in URLs, JSON and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Folder::Inbox => "inbox",
            Folder::Archive => "archive",
            Folder::Spam => "spam",
            Folder::Trash => "trash",
        }
    }

    /// Reads the name of a folder.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|folder| folder.as_str() == text)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stored letter, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// When Letterbox took it in.
    pub received_at: Timestamp,
    /// What was sent.
    pub letter: Letter,
    /// Where it lies.
    pub folder: Folder,
    /// Whether somebody has opened it.
    pub read: bool,
    /// Whether somebody marked it.
    pub starred: bool,
    /// 1 when it came, and one more with each change of anything above: who changes a letter can say which state of it
    /// they have seen.
    pub version: u64,
}

fn one_line(field: &'static str, what: &str, text: &str, max: usize) -> Result<(), Fault> {
    let length = characters(text);
    if length > max {
        let over = length - max;
        return Err(Fault::new(
            field,
            format!("The {what} has {length} characters. The limit is {max}: shorten it by {over}."),
        ));
    }
    if has_line_break(text) {
        return Err(Fault::new(field, format!("The {what} has more than one line. Put it on one line.")));
    }
    no_controls(field, what, text)
}

fn no_controls(field: &'static str, what: &str, text: &str) -> Result<(), Fault> {
    match forbidden_control(text) {
        None => Ok(()),
        Some(code) => Err(Fault::new(
            field,
            format!("The {what} contains an invisible control character ({code}). Remove it, or type the text anew."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            name: "Ada Lovelace".into(),
            email: "ada@example.com".into(),
            subject: "Engines".into(),
            message: "Dear Charles,\nit computes.".into(),
        }
    }

    fn faulty_fields(draft: &Draft) -> Vec<&'static str> {
        Letter::parse(draft).err().unwrap_or_default().into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_good_letter_is_taken_as_it_is() {
        let letter = Letter::parse(&draft()).expect("the draft keeps every rule");
        assert_eq!(letter.body.as_str(), "Dear Charles,\nit computes.");
    }

    #[test]
    fn every_fault_is_told_in_the_order_of_the_form() {
        let draft = Draft { subject: "x".repeat(201), ..Draft::default() };
        assert_eq!(faulty_fields(&draft), ["name", "email", "subject", "message"]);
    }

    #[test]
    fn limits_count_characters_and_hold_to_the_last_one() {
        let longest = Draft {
            name: "😀".repeat(NAME_MAX),
            subject: "é".repeat(SUBJECT_MAX),
            message: "語".repeat(BODY_MAX),
            ..draft()
        };
        assert_eq!(faulty_fields(&longest), [""; 0]);
        let longer = Draft {
            name: "😀".repeat(NAME_MAX + 1),
            subject: "é".repeat(SUBJECT_MAX + 1),
            message: "語".repeat(BODY_MAX + 1),
            ..draft()
        };
        assert_eq!(faulty_fields(&longer), ["name", "subject", "message"]);
    }

    #[test]
    fn line_ends_of_a_form_become_newlines_and_count_once() {
        let message = format!("{}\r\n", "a".repeat(BODY_MAX - 1));
        let letter = Letter::parse(&Draft { message, ..draft() }).expect("exactly at the limit");
        assert!(letter.body.as_str().ends_with("a\n"));
    }

    #[test]
    fn control_characters_are_refused_by_name_of_the_field() {
        for bad in ["\0", "\u{7}", "\u{1b}[31m", "a\rb", "\u{7f}", "\u{85}"] {
            let draft = Draft { name: format!("A{bad}B"), subject: bad.into(), message: bad.into(), ..draft() };
            assert_eq!(faulty_fields(&draft), ["name", "subject", "message"], "{bad:?}");
        }
        let tabs = Draft { name: "A\tB".into(), message: "\ta\tb\n".into(), ..draft() };
        assert_eq!(faulty_fields(&tabs), [""; 0]);
    }

    #[test]
    fn name_and_subject_stay_on_one_line() {
        for bad in ["a\nb", "a\u{2028}b", "a\u{2029}b"] {
            let draft = Draft { name: bad.into(), subject: bad.into(), ..draft() };
            assert_eq!(faulty_fields(&draft), ["name", "subject"], "{bad:?}");
        }
    }
}
