//! A table (RFC 4180): UTF-8, CRLF, a head line.

use crate::models::Message;

pub(super) const HEAD: &str = "id,received_at,name,email,subject,body,folder,read,starred\r\n";

pub(super) fn letter(message: &Message) -> String {
    let letter = &message.letter;
    let (id, received_at) = (message.id.to_string(), message.received_at.rfc3339());
    let cells = [
        id.as_str(),
        received_at.as_str(),
        letter.name.as_str(),
        letter.email.as_str(),
        letter.subject.as_str(),
        letter.body.as_str(),
        message.folder.as_str(),
        if message.read { "true" } else { "false" },
        if message.starred { "true" } else { "false" },
    ];
    cells.map(cell).join(",") + "\r\n"
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe in front, which makes it text (CWE-1236).
fn cell(text: &str) -> String {
    let apostrophe = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_when_it_must_be_and_never_a_formula() {
        for (text, written) in [
            ("plain é", "plain é"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"\nthere", "\"say \"\"hi\"\"\nthere\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=cmd|'/c calc'!A1,\"x\"", "\"'=cmd|'/c calc'!A1,\"\"x\"\"\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
