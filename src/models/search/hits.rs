//! Where in a text the hits are, which piece of a letter to show, and how much a letter is to the point.

use std::ops::Range;

use super::words::{Beginnings, Word, Words, words_with};
use super::{Search, Term};
use crate::models::text::beginning;
use crate::models::{Letter, PREVIEW_MAX};

/// A piece of a text, and whether it was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The piece.
    pub text: &'a str,
    /// Whether it is a hit.
    pub hit: bool,
}

/// How much a hit counts in each part of a letter.
const IN_SUBJECT: u32 = 8;
const IN_SENDER: u32 = 4;
const IN_BODY: u32 = 1;
/// Hits of one term in a body that count; more say nothing more.
const BODY_HITS_MAX: usize = 5;

impl Search {
    /// `text` in pieces, so that the hits in it can be marked. Together they are the text. `sender` says whether it is a
    /// name or an address, where the terms of `from:` count too.
    pub fn segments<'a>(&self, text: &'a str, sender: bool) -> Vec<Segment<'a>> {
        // As in every list that is not a search.
        if self.wanted.is_empty() && !text.is_empty() {
            return vec![Segment { text, hit: false }];
        }
        let mut pieces = Vec::new();
        let mut done = 0;
        let mut push = |range: Range<usize>, hit| {
            if !range.is_empty() {
                pieces.push(Segment { text: &text[range], hit });
            }
        };
        for range in self.hits(text, sender) {
            push(done..range.start, false);
            done = range.end;
            push(range, true);
        }
        push(done..text.len(), false);
        pieces
    }

    /// Finds the pieces of bodies that a list shows.
    pub fn excerpts(&self) -> Excerpts<'_> {
        Excerpts { search: self, beginnings: self.beginnings(false) }
    }

    /// How much a letter is to the point: for each term, 8 if it stands in the subject, 4 if in the name or address,
    /// and 1 for each time in the body, at most 5; a phrase counts once for each of its words. Of two letters with the
    /// same weight the newer one is the more relevant.
    pub fn weight(&self, letter: &Letter) -> u32 {
        let sender = [letter.name.as_str(), letter.email.as_str()];
        let (subject, body) = (letter.subject.as_str(), letter.body.as_str());
        let weight = |term: &Term| {
            let in_sender = sender.iter().any(|part| term.is_in(part));
            let mut weight = if in_sender { IN_SENDER } else { 0 };
            if !term.sender {
                weight += if term.is_in(subject) { IN_SUBJECT } else { 0 };
                weight += IN_BODY * term.find(body).take(BODY_HITS_MAX).count() as u32;
            }
            weight * term.words.len() as u32
        };
        self.wanted.iter().map(weight).sum()
    }

    /// Where the hits are, in order, none within another; found as they are asked for.
    fn hits<'a>(&'a self, text: &'a str, sender: bool) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut end = 0;
        words_with(text, self.beginnings(sender)).filter_map(move |(word, rest)| {
            let longest = self.terms(sender).filter_map(|term| term.end(word, rest)).max()?;
            let apart = word.start >= end;
            end = end.max(longest);
            apart.then_some(word.start..longest)
        })
    }

    /// What is looked for there.
    fn terms(&self, sender: bool) -> impl Iterator<Item = &Term> {
        self.wanted.iter().filter(move |term| sender || !term.sender)
    }

    fn beginnings(&self, sender: bool) -> Beginnings<'_> {
        Beginnings::of(self.terms(sender).filter_map(Term::first))
    }
}

/// The piece of a body that a list shows, at most [`PREVIEW_MAX`] characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'a> {
    /// "…" where the body has begun before, otherwise nothing.
    pub before: &'static str,
    /// The piece.
    pub text: &'a str,
}

impl<'a> Excerpt<'a> {
    /// The beginning of a body.
    pub fn beginning_of(body: &'a str) -> Self {
        Self { before: "", text: beginning(body, PREVIEW_MAX) }
    }
}

/// Finds the pieces of bodies that a search shows.
pub struct Excerpts<'a> {
    search: &'a Search,
    beginnings: Beginnings<'a>,
}

impl Excerpts<'_> {
    /// That of this body: around the first hit, else the beginning.
    pub fn of<'a>(&self, body: &'a str) -> Excerpt<'a> {
        let first = self.first_hit(body);
        if beginning(&body[..first], PREVIEW_MAX / 2 - 1).len() == first {
            return Excerpt::beginning_of(body);
        }
        // From a word's beginning, a few words before the hit.
        let from = back(&body[..first], PREVIEW_MAX / 4 + 1);
        let from = body[from..first].find(char::is_whitespace).map_or(from, |at| from + at);
        Excerpt { before: "…", text: beginning(body[from..].trim_start(), PREVIEW_MAX - 1) }
    }

    fn first_hit(&self, body: &str) -> usize {
        let mut words = words_with(body, &self.beginnings);
        let is_hit = |(word, rest): &(Word<'_>, Words<'_>)| {
            self.search.terms(false).any(|term| term.end(*word, *rest).is_some())
        };
        words.find(is_hit).map_or(0, |(word, _)| word.start)
    }
}

impl Term {
    /// Whether it stands anywhere in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.find(text).next().is_some()
    }

    /// Where in `text` it ends, each time it stands there.
    fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        words_with(text, Beginnings::of(self.first().into_iter())).filter_map(|(word, rest)| self.end(word, rest))
    }

    /// Its first word.
    fn first(&self) -> Option<&str> {
        self.words.first().map(String::as_str)
    }

    /// Where it ends if it begins with `word`, which `rest` follows.
    fn end<'a>(&self, mut word: Word<'a>, mut rest: Words<'a>) -> Option<usize> {
        let (last, first) = self.words.split_last()?;
        for wanted in first {
            if !word.is(wanted) {
                return None;
            }
            word = rest.next()?;
        }
        let ends = if self.prefix { word.begins(last) } else { word.is(last) };
        ends.then(|| word.end())
    }
}

/// Where the last `most` characters of `text` begin.
fn back(text: &str, most: usize) -> usize {
    match text.len().checked_sub(most) {
        None => 0,
        Some(start) if text.as_bytes()[start..].is_ascii() => start,
        Some(_) => text.char_indices().rev().nth(most - 1).map_or(0, |(at, _)| at),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::{Draft, Query};

    fn search(text: &str) -> Search {
        Query::parse(text).search
    }

    fn marked(query: &str, text: &str) -> String {
        let piece = |Segment { text, hit }| if hit { format!("[{text}]") } else { text.to_owned() };
        search(query).segments(text, false).into_iter().map(piece).collect()
    }

    #[test]
    fn hits_are_marked_whatever_their_case_and_accents() {
        assert_eq!(marked("ZURICH", "From Zürich, zurich!"), "From [Zürich], [zurich]!");
        assert_eq!(marked("appoint*", "An appointment."), "An [appointment].");
        assert_eq!(marked("\"two words\" words", "words, two  words"), "[words], [two  words]");
        assert_eq!(marked("from:ada -bob", "ada bob"), "ada bob", "neither is looked for here");
        assert_eq!(marked("", "nothing"), "nothing");
    }

    #[test]
    fn a_body_of_nothing_but_beginnings_takes_no_longer_than_another() {
        // Quadratic, each of these would take minutes.
        for (query, filler) in
            [("key", "—"), ("a", "ä"), ("ж", "\u{301}"), ("ж", "—"), ("\"a b\"", "é\u{301}"), ("a", "a\u{301}")]
        {
            let body = format!("{} {}", filler.repeat(1_000_000), query.trim_matches('"'));
            assert_eq!(search(query).segments(&body, false).iter().filter(|piece| piece.hit).count(), 1, "{query}");
        }
    }

    #[test]
    fn an_excerpt_shows_the_first_hit() {
        let body = format!("{} the needle {}", "hay ".repeat(300), "straw ".repeat(300));
        let excerpt = |query: &str, body: &str| {
            let search = search(query);
            let Excerpt { before, text } = search.excerpts().of(body);
            [before, text].concat()
        };
        let piece = excerpt("needle", &body);
        assert!(piece.starts_with('…') && piece.contains("the needle straw"), "{piece}");
        assert_eq!(piece.chars().count(), PREVIEW_MAX);
        assert_eq!(excerpt("hay", "short hay"), "short hay");
    }

    #[test]
    fn a_subject_weighs_more_than_a_body_and_repetition_ends() {
        let letter = |name: &str, subject: &str, body: String| {
            let draft =
                Draft { name: name.into(), email: "x@y.example".into(), subject: subject.into(), message: body };
            Letter::parse(&draft).expect("a letter")
        };
        let weight = |letter: &Letter| search("rose").weight(letter);
        assert_eq!(weight(&letter("A", "A Rose", "b".into())), 8);
        assert_eq!(weight(&letter("Rose", "", "b".into())), 4);
        assert_eq!(weight(&letter("A", "", "rose rose".into())), 2);
        assert_eq!(weight(&letter("A", "", "rose ".repeat(99))), 5);
        assert_eq!(search("\"my rose\"").weight(&letter("A", "my rose", "b".into())), 16);
        assert_eq!(search("from:rose").weight(&letter("Rose", "rose", "rose".into())), 4);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(query in "\\PC{0,20}", text in "\\PC{0,300}") {
            let search = search(&query);
            let whole: String = search.segments(&text, true).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(whole, text.clone());
            let Excerpt { before, text: piece } = search.excerpts().of(&text);
            prop_assert!(before.chars().count() + piece.chars().count() <= PREVIEW_MAX);
            prop_assert_eq!(before.is_empty(), text.starts_with(piece));
        }
    }
}
