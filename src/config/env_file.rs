//! The `.env` file: dotenvy reads it, one line at a time, and nothing in it is taken otherwise than it looks.
//!
//! Given a whole file, dotenvy puts other variables in the place of `$NAME`, lets a lone quote swallow the lines
//! after it (in a comment behind two spaces, too), and puts the text of a bad line into its error. Given one line
//! without its comment it can do none of that, and the number of a bad line is known. So a value ends on the line on
//! which it begins; a line break in it is written `\n` between double quotes.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::NAMES;
use super::error::ConfigError;

/// What is wrong with a line, and what to do about it.
type Trouble = (&'static str, &'static str);

const NO_TEXT: Trouble = ("is not plain UTF-8 text", "save the file as UTF-8, without control characters");
const NO_SETTING: Trouble = ("is not of the form NAME=value", "put a value with spaces or signs in single quotes");
const DOLLAR: Trouble =
    ("has a $ outside single quotes", "put the value in single quotes, so that it is taken as it is written");
const OPEN_QUOTE: Trouble = ("opens a quote and does not close it", "close it on the same line");
const BACKSLASH: Trouble = ("ends in a backslash", "put the value in single quotes, or write the backslash twice");

/// The variables that the file sets. No file: none.
///
/// # Errors
/// When the file cannot be read, or by the number of the first line that cannot be taken as it is written.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let file = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => parse(&file, &bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(ConfigError::Unreadable { file, cause: error.to_string() }),
    }
}

fn parse(file: &str, bytes: &[u8]) -> Result<BTreeMap<String, String>, ConfigError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut variables = BTreeMap::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let refused = |what: String, advice| ConfigError::Line { file: file.to_owned(), line: index + 1, what, advice };
        let found = parse_line(line).map_err(|(what, advice)| refused(what.to_owned(), advice))?;
        let Some((name, value)) = found else { continue };
        if NAMES.contains(&name.as_str()) && variables.contains_key(&name) {
            return Err(refused(format!("sets {name} a second time"), "keep one of the two"));
        }
        variables.insert(name, value);
    }
    Ok(variables)
}

/// The variable that one line sets; `None` for an empty line and for a comment.
fn parse_line(line: &[u8]) -> Result<Option<(String, String)>, Trouble> {
    if line.trim_ascii_start().starts_with(b"#") {
        return Ok(None);
    }
    let line = str::from_utf8(line).map_err(|_| NO_TEXT)?.trim();
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return Err(NO_TEXT);
    }
    let setting = without_comment(line)?;
    dotenvy::from_read_iter(setting.as_bytes()).next().transpose().map_err(|_| NO_SETTING)
}

/// The line up to the comment at its end. Reads quotes and backslashes as dotenvy does.
fn without_comment(line: &str) -> Result<&str, Trouble> {
    let start = line.find('=').map_or(line.len(), |at| at + 1);
    let start = line.len() - line[start..].trim_start().len();
    if line[start..].starts_with('#') {
        return Ok(line[..start].trim_end());
    }
    let mut quote = None;
    let mut characters = line[start..].char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => drop(characters.next().ok_or(BACKSLASH)?),
            (_, '$') => return Err(DOLLAR),
            (None, ' ' | '\t') => return after_value(line, start + at),
            (None, '\'' | '"') => quote = Some(c),
            _ => {}
        }
    }
    if quote.is_some() { Err(OPEN_QUOTE) } else { Ok(line) }
}

/// Behind a value that ends at `end` stands nothing but a comment.
fn after_value(line: &str, end: usize) -> Result<&str, Trouble> {
    if line[end..].trim_start().starts_with('#') { Ok(&line[..end]) } else { Err(NO_SETTING) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        let variables = parse(".env", text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        variables.get("A").cloned().unwrap_or_else(|| panic!("{text:?} sets no A"))
    }

    fn sentence(text: &[u8]) -> String {
        parse(".env", text).expect_err("refused").to_string()
    }

    #[test]
    fn a_value_is_what_the_line_says() {
        for (text, expected) in [
            ("A=1", "1"),
            ("\n\n  A = 1  \r\n", "1"),
            ("export A=1\n", "1"),
            ("A=pa#ss", "pa#ss"),
            ("A='two words'", "two words"),
            ("A=\"it's \\\"so\\\"\\n\"", "it's \"so\"\n"),
            ("A=", ""),
            ("A= # nothing", ""),
            ("A=a=b", "a=b"),
            ("\u{feff}A=1", "1"),
            ("A=é", "é"),
        ] {
            assert_eq!(value(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_dollar_is_kept_between_single_quotes_or_behind_a_backslash() {
        assert_eq!(value("A='$2b$12$abc'"), "$2b$12$abc");
        assert_eq!(value("A=\\$5"), "$5");
        assert_eq!(value("A=\"\\$5\""), "$5");
        assert_eq!(value("A='it'\\''s $5'"), "it's $5");
    }

    #[test]
    fn a_dollar_that_would_be_replaced_is_refused_by_its_line() {
        for text in ["X=1\n\nA=$2b$12$abc\n", "X=1\n\nA=\"$2b$12$abc\"", "#\n#\nA=a\\\\$HOME", "X='$'\n#\nA='a'$HOME"] {
            assert_eq!(
                sentence(text.as_bytes()),
                "Line 3 of .env has a $ outside single quotes; put the value in single quotes, so that it is taken as \
                 it is written."
            );
        }
    }

    #[test]
    fn comments_may_say_anything() {
        let text = b"# $HOME 'open\n   # caf\xe9\nA=1 # costs $5\nB=2  # it's\nC=3 \t #\"\nD= # $X '\nE=5\n";
        let variables = parse(".env", text).expect("a file");
        let values: Vec<_> = variables.values().map(String::as_str).collect();
        assert_eq!(values, ["1", "2", "3", "", "5"]);
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_never_shown() {
        for bad in ["hunter2", "A=two hunter2", "1A=hunter2", "A='hunter2", "A=\"hunter2", "A=hunter2\\", "A=\\hunter2"]
        {
            for text in [format!("X=1\n{bad}"), format!("X=1\r\n{bad}\r\nY='2'\n"), format!("X='1'\n{bad}\nY=\"it's\"")]
            {
                let error = sentence(text.as_bytes());
                assert!(error.starts_with("Line 2 of .env "), "{text:?}: {error}");
                assert!(
                    !error.contains("hunter2") && !format!("{:?}", parse(".env", text.as_bytes())).contains("hunter2")
                );
            }
        }
    }

    #[test]
    fn a_lone_quote_or_backslash_does_not_swallow_the_next_line() {
        assert!(sentence(b"X=Ada's\nPORT=80\nY=it's\n").starts_with("Line 1 of .env opens a quote"));
        assert!(sentence(b"X=C:\\\nPORT=80\n").starts_with("Line 1 of .env ends in a backslash; "));
        assert!(sentence(b"X='C:\\'\nPORT=80\nY='b'\n").starts_with("Line 1 of .env"));
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_line() {
        assert!(sentence(b"A=1\nB=\xff\n").starts_with("Line 2 of .env is not plain UTF-8 text"));
        assert!(sentence(b"A=1\rB=2\n").starts_with("Line 1 of .env is not plain UTF-8 text"));
        assert!(sentence(b"\xff\xfeA\0=\0").starts_with("Line 1 of .env"));
    }

    #[test]
    fn a_setting_stands_once_and_other_programs_variables_as_often_as_they_like() {
        assert_eq!(sentence(b"PORT=1\nPORT=2"), "Line 2 of .env sets PORT a second time; keep one of the two.");
        assert_eq!(value("A=1\nA=2"), "2");
    }

    #[test]
    fn no_file_is_no_variables_and_a_directory_is_no_file() {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(read(&directory.path().join(".env")).expect("none").is_empty());
        let error = read(directory.path()).expect_err("refused").to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
