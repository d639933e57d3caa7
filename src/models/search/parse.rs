//! Reading a search. Whatever is typed is some search: what cannot be understood is left out and named.
//!
//! `word`, `"some words"`, `begin*`, `-without`, `from:ada`, `in:spam`, `is:unread`, `is:starred`,
//! `after:2026-11-01` (that day and later), `before:2026-12-01` (the days before it), all days in UTC.

use super::words::has_word;
use super::{Query, Search, Term};
use crate::models::{Folder, Timestamp};

/// Longest search, in characters; the rest is not read.
const LENGTH_MAX: usize = 500;
/// Most terms; more are named as ignored.
const TERMS_MAX: usize = 20;

impl Query {
    /// Reads what somebody typed. There is no wrong search.
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().take(LENGTH_MAX).map(plain).collect();
        let mut query = Self::default();
        let mut rest = text.as_str();
        while let Some(piece) = Piece::next(&mut rest) {
            query.take(&piece);
        }
        query
    }

    fn take(&mut self, piece: &Piece<'_>) {
        if !has_word(piece.text) && piece.operator.is_empty() {
            return;
        }
        let understood = match piece.operator {
            "" => self.look_for(piece, false),
            "from" => self.look_for(piece, true),
            _ if piece.negated => false,
            "in" => self.look_in(piece.text),
            "is" if piece.text.eq_ignore_ascii_case("unread") => set(&mut self.unread),
            "is" if piece.text.eq_ignore_ascii_case("starred") => set(&mut self.starred),
            "after" => day(piece.text, &mut self.search.since),
            "before" => day(piece.text, &mut self.search.until),
            _ => false,
        };
        if !understood {
            self.ignored.push(piece.whole.trim().to_owned());
        }
    }

    fn look_for(&mut self, piece: &Piece<'_>, sender: bool) -> bool {
        let Search { wanted, unwanted, .. } = &mut self.search;
        if !has_word(piece.text) || wanted.len() + unwanted.len() >= TERMS_MAX {
            return false;
        }
        let term = Term::new(piece.text.trim(), piece.prefix, sender);
        let terms = if piece.negated { unwanted } else { wanted };
        if !terms.contains(&term) {
            terms.push(term);
        }
        true
    }

    fn look_in(&mut self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        let named = match (lower.as_str(), Folder::parse(&lower)) {
            ("all" | "anywhere", _) => Folder::ALL.to_vec(),
            (_, Some(folder)) => vec![folder],
            _ => return false,
        };
        self.folders.extend(named);
        self.folders.sort_by_key(|folder| Folder::ALL.iter().position(|known| known == folder));
        self.folders.dedup();
        true
    }
}

fn set(flag: &mut bool) -> bool {
    *flag = true;
    true
}

fn day(text: &str, bound: &mut Option<Timestamp>) -> bool {
    let day = Timestamp::parse_date(text);
    *bound = day.or(*bound);
    day.is_some()
}

/// Quotes that a telephone has made round are quotes, and what cannot be seen is a space.
fn plain(c: char) -> char {
    match c {
        '“' | '”' | '„' | '«' | '»' => '"',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// `-from:"ada lovelace"*`, in its parts.
struct Piece<'a> {
    whole: &'a str,
    negated: bool,
    operator: &'static str,
    text: &'a str,
    prefix: bool,
}

impl<'a> Piece<'a> {
    fn next(rest: &mut &'a str) -> Option<Self> {
        let start = rest.trim_start();
        if start.is_empty() {
            return None;
        }
        let (negated, body) = match start.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, start),
        };
        let (operator, body) = operator(body);
        let (text, after) = match body.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => body.split_at(body.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(body.len())),
        };
        let after_stars = after.trim_start_matches('*');
        *rest = after_stars;
        let whole = &start[..start.len() - after_stars.len()];
        // A star within the quotes, or behind words whose quote was never closed, is meant as one behind them.
        let bare = text.trim_end_matches(|c: char| c == '*' || c.is_whitespace());
        let prefix = after_stars.len() < after.len() || text[bare.len()..].contains('*');
        Some(Self { whole, negated, operator, text: bare, prefix })
    }
}

fn operator(body: &str) -> (&'static str, &str) {
    for name in ["from", "in", "is", "after", "before"] {
        let named = body.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if let Some(value) = body.get(name.len()..).filter(|_| named).and_then(|rest| rest.strip_prefix(':')) {
            return (name, value);
        }
    }
    ("", body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> String {
        Query::parse(text).to_string()
    }

    #[test]
    fn a_search_is_read_as_people_write_it() {
        for (typed, read) in [
            ("hello world", "hello world"),
            ("  \"two words\"  one ", "\"two words\" one"),
            ("“round quotes”", "\"round quotes\""),
            ("appoint*", "appoint*"),
            ("\"my app\"*", "\"my app\"*"),
            ("\"my app* ", "\"my app\"*"),
            ("\"app * *\"", "app*"),
            ("hello -spam -\"buy now\"", "hello -spam -\"buy now\""),
            ("FROM:ada@example.com in:Archive is:unread", "from:\"ada@example.com\" in:archive is:unread"),
            ("after:2026-11-01 before:2026-12-01 x", "x after:2026-11-01 before:2026-12-01"),
            ("in:all", "in:inbox in:archive in:spam in:trash"),
            ("12:30 re:hello", "\"12:30\" \"re:hello\""),
            ("x x x", "x"),
        ] {
            assert_eq!(canonical(typed), read, "{typed}");
        }
    }

    #[test]
    fn a_slip_costs_nothing_but_itself_and_is_named() {
        let query = Query::parse("hello before:yesterday in:attic is: -in:spam \"unclosed phrase");
        assert_eq!(query.to_string(), "hello \"unclosed phrase\"");
        assert_eq!(query.ignored, ["before:yesterday", "in:attic", "is:", "-in:spam"]);
        for nothing in ["", "   ", "- * \" \"\" !!! …", "\u{0}\u{7}"] {
            assert!(Query::parse(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn a_search_has_an_end() {
        let long = (0..1_000).map(|n| format!("w{n} ")).collect::<String>();
        let query = Query::parse(&long);
        assert_eq!(query.search.wanted.len(), TERMS_MAX);
        assert!(!query.ignored.is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_some_search_and_survives_being_written(text in "\\PC*|([-\"*: a-z]|from:|in:|is:|before:|é|日){0,40}") {
            let query = Query { ignored: Vec::new(), ..Query::parse(&text) };
            let written = query.to_string();
            if written.chars().count() <= LENGTH_MAX {
                prop_assert_eq!(Query::parse(&written), query);
            }
        }
    }
}
