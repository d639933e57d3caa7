//! The query of a list of letters: the filters of the page, read strictly.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::shapes::NO_FOLDER;
use crate::body::Form;
use crate::error::{Detail, Error};
use crate::models::{Cursor, Filter, Folder, Format, ListQuery, MessageId, Query};
use crate::paths;

/// Letters on a page, when nobody says how many.
const LIMIT: u32 = 50;
/// Letters on a page at most.
pub(super) const LIMIT_MAX: u32 = 200;
/// The filters of every list of letters.
pub(super) const FILTERS: [&str; 4] = ["folder", "q", "unread", "starred"];
/// Where in the list to read, and how far.
pub(super) const PAGING: [&str; 3] = ["before", "after", "limit"];

/// What the query of a URL asks for.
pub(super) struct Asked {
    pub(super) filter: Filter,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: u32,
    /// The format of an export.
    pub(super) format: Format,
    /// What stays the same from page to page, as it was written.
    kept: Vec<(String, String)>,
}

impl Asked {
    /// Reads a query in which only parameters of these names may stand, each once.
    pub(super) fn of(query: &str, known: &[&str]) -> Result<Self, Error> {
        let form = Form::parse(query.as_bytes());
        let garbled: Vec<String> =
            known.iter().filter(|name| form.is_garbled(name)).map(|name| (*name).to_owned()).collect();
        let mut asked =
            Self { filter: Filter::default(), cursor: None, limit: LIMIT, format: Format::Csv, kept: Vec::new() };
        let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
        for (name, value) in form.into_fields() {
            let taken = if !known.contains(&name.as_str()) {
                Err(format!("No parameter of this name is known here. Send one of {}.", known.join(", ")))
            } else if !seen.insert(name.clone()) {
                Err("This parameter is there twice. Send it once.".to_owned())
            } else if garbled.contains(&name) {
                Err("This is not UTF-8. Encode it anew.".to_owned())
            } else {
                asked.take(&name, &value)
            };
            if let Err(fault) = taken {
                faults.push(Detail::in_query(&name, fault));
            }
            if FILTERS.contains(&name.as_str()) || name == "limit" {
                asked.kept.push((name, value));
            }
        }
        faults.truncate(FAULTS_TOLD);
        if faults.is_empty() { Ok(asked) } else { Err(Error::Invalid(faults)) }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "folder" => self.filter.folder = Some(Folder::parse(value).ok_or(NO_FOLDER)?),
            "q" => self.search(value)?,
            "unread" => self.filter.unread = flag(value)?,
            "starred" => self.filter.starred = flag(value)?,
            "before" => self.cursor = Some(Cursor::Before(id(value)?)),
            // As on the page, a letter to read on from goes before one to go back to.
            "after" => self.cursor = self.cursor.or(Some(Cursor::After(id(value)?))),
            "limit" => self.limit = limit(value)?,
            _ => self.format = Format::parse(value).ok_or("There is no such format. Send csv, jsonl or mbox.")?,
        }
        Ok(())
    }

    fn search(&mut self, text: &str) -> Result<(), String> {
        self.filter.is_search = !text.trim().is_empty();
        self.filter.query = Query::parse(text.trim());
        match self.filter.query.ignored.first() {
            None => Ok(()),
            Some(word) => Err(format!(
                "{word:?} looks like an instruction and cannot be followed. Put it in quotes, or leave it out."
            )),
        }
    }

    /// One page of it, and one letter more.
    pub(super) fn one_more(&self) -> ListQuery {
        ListQuery { limit: self.limit + 1, ..self.at(self.cursor, self.limit) }
    }

    /// As many letters from another place on.
    pub(super) fn at(&self, cursor: Option<Cursor>, limit: u32) -> ListQuery {
        ListQuery { which: self.filter.selection(), cursor, limit }
    }

    /// The address of the same list from another place on.
    pub(super) fn href(&self, cursor: Cursor) -> String {
        const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        let (name, id) = match cursor {
            Cursor::Before(id) => ("before", id),
            Cursor::After(id) => ("after", id),
        };
        let kept = self.kept.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)));
        let parts: Vec<String> = kept.chain([format!("{name}={id}")]).collect();
        format!("{}?{}", paths::API_MESSAGES, parts.join("&"))
    }
}

/// Faults of one query that are told.
const FAULTS_TOLD: usize = 20;

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("This is a switch. Send 1 or true, 0 or false.".to_owned()),
    }
}

fn id(value: &str) -> Result<MessageId, String> {
    value.parse().map_err(|_| "This is no id of a letter. Send one as a list gave it.".to_owned())
}

fn limit(value: &str) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let limit = value.parse().ok().filter(|limit| digits && (1..=LIMIT_MAX).contains(limit));
    limit.ok_or(format!("A page has 1 to {LIMIT_MAX} letters. Send a whole number of them."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 7] = ["folder", "q", "unread", "starred", "before", "after", "limit"];
    const ID: &str = "0198c8d2-1111-7000-8000-000000000000";

    #[test]
    fn what_is_asked_stands_in_the_address_of_the_next_page() {
        let query = format!("q=a%26b+%C3%A4&folder=archive&unread=1&limit=7&before={ID}");
        let asked = Asked::of(&query, &ALL).unwrap();
        let href = asked.href(Cursor::After(ID.parse().unwrap()));
        assert_eq!(href, format!("/api/v1/messages?q=a%26b%20%C3%A4&folder=archive&unread=1&limit=7&after={ID}"));
        let again = Asked::of(href.split_once('?').unwrap().1, &ALL).unwrap();
        assert_eq!((again.filter, again.limit), (asked.filter, 7));
    }

    #[test]
    fn a_parameter_that_is_wrong_is_named() {
        for (query, name) in [
            ("folder=attic", "folder"),
            ("folder=", "folder"),
            ("unread=yes", "unread"),
            ("starred=", "starred"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=5.0", "limit"),
            ("before=0198C8D2-1111-7000-8000-000000000000", "before"),
            ("after=%00", "after"),
            ("limit=5&limit=5", "limit"),
            ("page=2", "page"),
            ("LIMIT=5", "LIMIT"),
            ("q=%FF", "q"),
            ("q=before:yesterday", "q"),
        ] {
            let Err(Error::Invalid(faults)) = Asked::of(query, &ALL) else { panic!("{query}") };
            assert_eq!(faults.len(), 1, "{query}");
            assert!(format!("{:?}", faults[0]).contains(&format!("name: {name:?}")), "{faults:?}");
        }
    }
}
