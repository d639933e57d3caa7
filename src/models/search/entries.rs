//! Finding letters without SQLite's search index: what another engine's index keeps of a letter, how a term is looked
//! up there, and whether a letter that was looked up is a hit.

use std::collections::BTreeSet;

use super::words::{fold, words};
use super::{Search, Term};
use crate::models::Letter;

/// Longest word that is kept whole, in bytes; of a longer one its beginning is.
const WORD_MAX: usize = 100;
/// Stands before the words of a sender; no word begins with it.
const SENDER: char = '\u{1}';

/// Where a term stands in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Entries that every letter with the term has.
    pub words: Vec<String>,
    /// The beginning of an entry that every letter with the term has.
    pub beginning: Option<String>,
    /// Whether every letter with these entries has the term. Of a phrase the index knows only the words.
    pub decides: bool,
}

impl Search {
    /// The entries of a letter: its words, and once more, apart, those of the sender's name and address.
    pub fn entries(letter: &Letter) -> BTreeSet<String> {
        let parts = parts(letter);
        let of = |parts: &[&str], sender| -> Vec<String> {
            parts.iter().flat_map(|part| words(part)).map(|word| entry(fold(word.text), sender)).collect()
        };
        of(&parts, false).into_iter().chain(of(&parts[..SENDER_PARTS], true)).collect()
    }

    /// Whether the letter has all wanted terms and no unwanted one, each within one part of it. Time is not looked at.
    pub fn finds(&self, letter: &Letter) -> bool {
        let parts = parts(letter);
        let has = |term: &Term| {
            let parts = if term.sender { &parts[..SENDER_PARTS] } else { &parts[..] };
            parts.iter().any(|part| term.is_in(part))
        };
        self.wanted.iter().all(has) && !self.unwanted.iter().any(has)
    }
}

impl Term {
    /// Where it stands in an index of [`Search::entries`].
    pub fn lookup(&self) -> Lookup {
        let mut words = self.words.clone();
        let decides = words.len() == 1 && words.iter().all(|word| word.len() <= WORD_MAX);
        let last = if self.prefix { words.pop() } else { None };
        let entry = |word: &String| entry(word.clone(), self.sender);
        Lookup { beginning: last.as_ref().map(entry), words: words.iter().map(entry).collect(), decides }
    }
}

/// How many of the parts are the sender's.
const SENDER_PARTS: usize = 2;

/// Name, address, subject and body: no phrase runs from one into another.
fn parts(letter: &Letter) -> [&str; 4] {
    [letter.name.as_str(), letter.email.as_str(), letter.subject.as_str(), letter.body.as_str()]
}

fn entry(mut word: String, sender: bool) -> String {
    word.truncate(word.floor_char_boundary(WORD_MAX));
    if sender {
        word.insert(0, SENDER);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Draft, Query};

    fn letter(name: &str, subject: &str, message: &str) -> Letter {
        let draft = Draft {
            name: name.into(),
            email: "ada@post.example".into(),
            subject: subject.into(),
            message: message.into(),
        };
        Letter::parse(&draft).expect("a letter")
    }

    fn finds(text: &str, letter: &Letter) -> bool {
        let search = Query::parse(text).search;
        // Whatever is found must be found in the index first, and where the index decides, it decides the same.
        let entries = Search::entries(letter);
        let stands = |term: &Term| {
            let lookup = term.lookup();
            let begins = |beginning: &String| entries.iter().any(|entry| entry.starts_with(beginning.as_str()));
            lookup.words.iter().all(|word| entries.contains(word)) && lookup.beginning.iter().all(begins)
        };
        let found = search.finds(letter);
        assert!(!found || search.wanted.iter().all(stands), "{text}");
        if search.wanted.iter().chain(&search.unwanted).all(|term| term.lookup().decides) {
            assert_eq!(found, search.wanted.iter().all(stands) && !search.unwanted.iter().any(stands), "{text}");
        }
        found
    }

    #[test]
    fn a_term_is_found_within_one_part_of_a_letter() {
        let letter = letter("Zoë Müller", "Garden chairs", "I saw them in Zürich, on the market.");
        for text in ["zoe", "ZURICH", "from:zoe", "from:muller -from:bob", "\"garden chairs\"", "mark*", "post gard*"] {
            assert!(finds(text, &letter), "{text}");
        }
        for text in
            ["zoe -market", "from:zurich", "\"muller garden\"", "\"chairs garden\"", "mark", "-gard*", "zoe bob"]
        {
            assert!(!finds(text, &letter), "{text}");
        }
    }

    #[test]
    fn long_words_are_told_apart_by_the_letter_itself() {
        let long = |end: &str| format!("{}{end}", "é日".repeat(40));
        let letter = letter("Ada", "", &long("a"));
        assert!(Search::entries(&letter).iter().all(|entry| entry.len() <= WORD_MAX + SENDER.len_utf8()));
        assert!(finds(&long("a"), &letter) && finds(&format!("{}*", long("")), &letter));
        assert!(!finds(&long("b"), &letter) && !finds(&format!("{}*", long("ab")), &letter));
    }

    #[test]
    fn the_words_of_a_sender_are_kept_twice_and_all_others_once() {
        let entries = Search::entries(&letter("Ada", "Rose rose", "ROSE"));
        let expected = ["\u{1}ada", "\u{1}example", "\u{1}post", "ada", "example", "post", "rose"];
        assert_eq!(entries.into_iter().collect::<Vec<_>>(), expected);
    }
}
