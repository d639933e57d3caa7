//! Letters on their way out: one text for each letter, in a format that other programs read.

mod csv;
mod mbox;

use serde::Serialize;

use super::Message;

/// A format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for spreadsheets (RFC 4180).
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A mailbox for mail programs (RFC 4155).
    Mbox,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Jsonl, Format::Mbox];

    /// The name in URLs and commands, and the ending of a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Mbox => "mbox",
        }
    }

    /// Reads the name of a format.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Jsonl => "application/jsonl; charset=utf-8",
            Format::Mbox => "application/mbox",
        }
    }

    /// What stands before the first letter.
    pub const fn head(self) -> &'static str {
        match self {
            Format::Csv => csv::HEAD,
            Format::Jsonl | Format::Mbox => "",
        }
    }

    /// One letter. Letters are written one after the other with nothing between them.
    pub fn letter(self, message: &Message) -> String {
        match self {
            Format::Csv => csv::letter(message),
            Format::Jsonl => json_line(message),
            Format::Mbox => mbox::letter(message),
        }
    }
}

/// A letter as programs get it.
#[derive(Serialize)]
struct Json<'a> {
    id: String,
    form: &'a str,
    received_at: String,
    name: &'a str,
    email: &'a str,
    subject: &'a str,
    body: &'a str,
    folder: &'a str,
    read: bool,
    starred: bool,
}

fn json_line(message: &Message) -> String {
    let letter = &message.letter;
    let json = Json {
        id: message.id.to_string(),
        form: "contact",
        received_at: message.received_at.rfc3339(),
        name: letter.name.as_str(),
        email: letter.email.as_str(),
        subject: letter.subject.as_str(),
        body: letter.body.as_str(),
        folder: message.folder.as_str(),
        read: message.read,
        starred: message.starred,
    };
    // Strings and flags alone: writing them has no way to fail.
    let mut line = serde_json::to_string(&json).unwrap_or_default();
    line.push('\n');
    line
}
