//! A mailbox (RFC 4155) that every dialect of mbox reads alike.
//!
//! The dialects differ in how a line of the text that begins with `From ` is kept apart from the line that begins the
//! next letter: some put a `>` in front, some take it away again, some do neither. Here no such line is ever written:
//! the text is quoted-printable (RFC 2045 §6.7), which can say `F` in another way. So the text comes back byte for
//! byte, its end included, whoever reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::models::Message;

/// Bytes in one encoded word, so that with base64 and its frame it stays below 75 characters (RFC 2047 §2).
const WORD: usize = 42;
/// Longest line of quoted-printable, its `=` included.
const LINE: usize = 76;

pub(super) fn letter(message: &Message) -> String {
    let letter = &message.letter;
    let email = letter.email.as_str();
    let address = ascii_address(email);
    let mut text = format!("From {address} {}\n", message.received_at.asctime());
    let mut header = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\n"));
    header("From", &format!("{} <{address}>", phrase(letter.name.as_str())));
    if address != email {
        header("X-Letterbox-Address", &unstructured(email));
    }
    header("Date", &message.received_at.rfc5322());
    header("Subject", &unstructured(letter.subject.as_str()));
    header("Message-ID", &format!("<{}@letterbox.invalid>", message.id));
    header("X-Letterbox-Folder", message.folder.as_str());
    for (name, value) in marks(message) {
        header(name, &value);
    }
    header("MIME-Version", "1.0");
    header("Content-Type", "text/plain; charset=utf-8");
    header("Content-Transfer-Encoding", "quoted-printable");
    text.push('\n');
    quoted_printable(letter.body.as_str(), &mut text);
    // The text ends here and not with the line end that the format wants behind it.
    text.push_str("=\n\n");
    text
}

/// Whether it was read and starred, as mutt and its kin look for it, and as Thunderbird does: that one takes the `O` of
/// `Status` for "read", and so needs the flags of its own.
fn marks(message: &Message) -> Vec<(&'static str, String)> {
    let flags = u8::from(message.read) | u8::from(message.starred) << 2;
    let status = if message.read { "RO" } else { "O" };
    let starred = message.starred.then(|| ("X-Status", "F".to_owned()));
    let marks = [("Status", status.to_owned()), ("X-Mozilla-Status", format!("{flags:04x}"))];
    marks.into_iter().chain(starred).collect()
}

/// The address with its domain in ASCII, which is what mail programs of all ages understand.
fn ascii_address(email: &str) -> String {
    let Some((local, domain)) = email.rsplit_once('@') else { return email.to_owned() };
    match idna::domain_to_ascii(domain) {
        Ok(domain) => format!("{local}@{domain}"),
        Err(_) => email.to_owned(),
    }
}

/// A display name: quoted, or encoded.
fn phrase(name: &str) -> String {
    if is_plain(name) {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        encoded_words(name)
    }
}

fn unstructured(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { encoded_words(text) }
}

/// Whether a header may carry `text` as it is and every reader gives it back so.
fn is_plain(text: &str) -> bool {
    let visible = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    visible && text.len() <= WORD && !text.contains("=?") && text.trim() == text && !text.contains("  ")
}

/// RFC 2047: base64 of UTF-8, never cut within a character, each word on a line of its own.
fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (0..=WORD.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\n ")
}

fn quoted_printable(body: &str, text: &mut String) {
    for (number, line) in body.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
        }
        quoted_line(line, text);
    }
}

fn quoted_line(line: &str, text: &mut String) {
    let guarded = line.trim_start_matches('>').starts_with("From ");
    let mut width = 0;
    for (at, byte) in line.bytes().enumerate() {
        let last = at + 1 == line.len();
        let plain = match byte {
            b'=' => false,
            b' ' | b'\t' => !last,
            0x21..=0x7e => !(guarded && at == 0),
            _ => false,
        };
        let needed = if plain { 1 } else { 3 };
        if width + needed > LINE - 1 {
            text.push_str("=\n");
            width = 0;
        }
        // After a soft break, what follows begins a line too.
        if plain && !(width == 0 && matches!(byte, b'F' | b'>' | b'.') && at > 0) {
            text.push(char::from(byte));
            width += 1;
        } else {
            text.push_str(&format!("={byte:02X}"));
            width += 3;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Draft, Folder, Letter, MessageId, Timestamp};

    fn quoted(body: &str) -> String {
        let mut text = String::new();
        quoted_printable(body, &mut text);
        text
    }

    #[test]
    fn no_line_of_a_text_can_begin_a_letter() {
        assert_eq!(
            quoted("From me\n>From you\n>>From all\nFrom\nfrom x"),
            "=46rom me\n=3EFrom you\n=3E>From all\nFrom\nfrom x"
        );
        let long = format!("{}From nobody", "x".repeat(75));
        assert!(quoted(&long).lines().all(|line| !line.starts_with("From ")), "{}", quoted(&long));
        assert_eq!(quoted("1 = 1 \n\té"), "1 =3D 1=20\n\t=C3=A9");
        assert!(quoted(&"语".repeat(500)).lines().all(|line| line.len() <= LINE));
    }

    #[test]
    fn a_header_is_one_header_whatever_is_in_it() {
        assert_eq!(phrase("Ada \"the\" L\\"), "\"Ada \\\"the\\\" L\\\\\"");
        assert_eq!(unstructured("Hello"), "Hello");
        for text in ["Grüße", "=?utf-8?B?eA==?=", "a\tb", " space", &"long ".repeat(30), "a\nBcc: x@y.example"] {
            let words = unstructured(text);
            assert!(
                words.lines().all(|line| line.trim_start().starts_with("=?utf-8?B?") && line.len() < 78),
                "{words}"
            );
        }
        assert_eq!(ascii_address("ada@bücher.example"), "ada@xn--bcher-kva.example");
    }

    #[test]
    fn mail_programs_of_either_kind_see_what_was_read_and_starred() {
        let draft = Draft { name: "A".into(), email: "a@b.example".into(), message: "x".into(), ..Draft::default() };
        let letter = Letter::parse(&draft).unwrap();
        let (id, received_at) = (MessageId::from_bytes([0; 16]), Timestamp::from_millis(0));
        for (read, starred, wanted) in [
            (false, false, ["Status: O\n", "X-Mozilla-Status: 0000\n", ""]),
            (true, false, ["Status: RO\n", "X-Mozilla-Status: 0001\n", ""]),
            (false, true, ["Status: O\n", "X-Mozilla-Status: 0004\n", "X-Status: F\n"]),
            (true, true, ["Status: RO\n", "X-Mozilla-Status: 0005\n", "X-Status: F\n"]),
        ] {
            let letter = letter.clone();
            let message = Message { id, received_at, letter, folder: Folder::Inbox, read, starred, version: 1 };
            let written = super::letter(&message);
            assert!(written.contains(&wanted.concat()), "{written}");
            assert_eq!(written.contains("X-Status"), starred, "{written}");
        }
    }
}
