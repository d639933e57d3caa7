//! Words: where they begin and end, and when two of them are the same.
//!
//! It is what SQLite's tokenizer `unicode61 remove_diacritics 2` does, so that what is found is also what is marked. They
//! differ in the Greek final sigma, the long s, combining accents beyond U+0331 or on anything but a letter of ASCII, and
//! words with marks of Indic scripts.

use std::borrow::Borrow;
use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

/// Whether `c` belongs to a word: a letter, a digit, or an accent on one.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_accent(c)
}

fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// A word without case, and without accents on the letters A to Z.
pub fn fold(word: &str) -> String {
    if word.is_ascii() { word.to_ascii_lowercase() } else { folded(word).collect() }
}

/// The characters of [`fold`], one by one: most words differ in the first.
fn folded(word: &str) -> impl Iterator<Item = char> {
    let mut on_ascii = false;
    let plain = word.nfd().filter(move |c| {
        let dropped = is_accent(*c) && on_ascii;
        on_ascii = dropped || c.is_ascii_alphabetic();
        !dropped
    });
    plain.flat_map(char::to_lowercase)
}

/// The words of a text in order, found as they are asked for. A copy goes on from the same place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

impl Words<'_> {
    /// Goes on to the next character that is, or is not, `of_word`; says where that is.
    fn seek(&mut self, of_word: bool, is_of_word: fn(char) -> bool) -> Option<usize> {
        // Most text is ASCII, which needs neither decoding nor Unicode's tables.
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            let (is, length) = if byte.is_ascii() {
                (byte.is_ascii_alphanumeric(), 1)
            } else {
                let c = self.text[self.at..].chars().next()?;
                (is_of_word(c), c.len_utf8())
            };
            if is == of_word {
                return Some(self.at);
            }
            self.at += length;
        }
        None
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let start = self.seek(true, |c| c.is_alphanumeric() && !is_accent(c))?;
        let end = self.seek(false, is_of_word).unwrap_or(self.text.len());
        Some(Word { start, text: &self.text[start..end] })
    }
}

/// How a word may begin that is one of those looked for.
pub(super) enum Beginnings<'a> {
    Nothing,
    /// Like `start`, which is ASCII, or with a character that folds to its first letter; `bytes` are the first bytes of
    /// both.
    One {
        start: &'a [u8],
        bytes: [u8; 8],
    },
    /// With one of these bytes.
    Several(Box<[bool; 256]>),
}

impl<'a> Beginnings<'a> {
    /// Of words that are folded.
    pub(super) fn of(mut wanted: impl Iterator<Item = &'a str>) -> Self {
        let Some(one) = wanted.next() else { return Self::Nothing };
        let other = wanted.next();
        let end = one.bytes().position(|byte| !byte.is_ascii()).unwrap_or(one.len());
        if let (None, Some(letter)) = (other, one.as_bytes()[..end].first()) {
            return Self::One { start: &one.as_bytes()[..end], bytes: first_bytes(*letter) };
        }
        let mut bytes = Box::new([false; 256]);
        for first in [one].into_iter().chain(other).chain(wanted).filter_map(|word| word.bytes().next()) {
            if first.is_ascii() {
                first_bytes(first).iter().for_each(|byte| bytes[usize::from(*byte)] = true);
            } else {
                bytes[BEYOND_ASCII].fill(true);
            }
        }
        Self::Several(bytes)
    }

    /// Where in `text` the next word may begin. One word alone is looked for many bytes at a time, the more so where
    /// `is_ascii` says that no other character can stand for its first letter.
    fn find(&self, text: &[u8], is_ascii: bool) -> Option<usize> {
        match self {
            Self::Nothing => None,
            Self::One { bytes: [lower, upper, ..], .. } if is_ascii => memchr::memchr2(*lower, *upper, text),
            // Where the first letter stands again behind four bytes, there are no others.
            Self::One { bytes: [all @ .., same, _, _, _], .. } if same == &all[0] => position(text, all),
            Self::One { bytes, .. } => position(text, bytes),
            Self::Several(bytes) => text.iter().position(|byte| bytes[usize::from(*byte)]),
        }
    }

    /// Whether one of the words may stand at the beginning of `text`, as far as can be seen without folding.
    fn fit(&self, text: &[u8]) -> bool {
        let Self::One { start, .. } = self else { return true };
        for (at, wanted) in start.iter().enumerate() {
            match text.get(at) {
                None => return false,
                Some(byte) if !byte.is_ascii() => return true,
                Some(byte) if !byte.eq_ignore_ascii_case(wanted) => return false,
                Some(_) => {}
            }
        }
        true
    }
}

/// The first of any of these bytes. Whole lots are asked at once, which the compiler does with a few instructions.
fn position<const N: usize>(text: &[u8], bytes: &[u8; N]) -> Option<usize> {
    let (lots, rest) = text.as_chunks::<32>();
    let is = |byte: u8| bytes.iter().fold(0, |any, one| any | u8::from(byte == *one));
    for (number, lot) in lots.iter().enumerate() {
        if lot.iter().fold(0, |any, byte| any | is(*byte)) != 0 {
            return lot.iter().position(|byte| is(*byte) != 0).map(|at| number * 32 + at);
        }
    }
    rest.iter().position(|byte| is(*byte) != 0).map(|at| lots.len() * 32 + at)
}

/// First bytes, in UTF-8, of all characters beyond ASCII.
const BEYOND_ASCII: RangeInclusive<usize> = 0xc2..=0xf4;

/// The first bytes, in UTF-8, of all characters that fold to this one of ASCII: it in both cases, and at most six more. A
/// test goes through all of Unicode.
fn first_bytes(letter: u8) -> [u8; 8] {
    let others: &[u8] = match letter {
        b'a' => &[0xc3, 0xc4, 0xc7, 0xc8, 0xe1, 0xe2],
        b'c' => &[0xc3, 0xc4, 0xe1],
        b'd' | b'l' => &[0xc4, 0xe1],
        b'e' => &[0xc3, 0xc4, 0xc8, 0xe1],
        b'g' => &[0xc4, 0xc7, 0xe1],
        b'h' => &[0xc4, 0xc8, 0xe1],
        b'i' => &[0xc3, 0xc4, 0xc7, 0xc8, 0xe1],
        b'j' => &[0xc4, 0xc7],
        b'k' => &[0xc4, 0xc7, 0xe1, 0xe2],
        b'n' => &[0xc3, 0xc5, 0xc7, 0xe1],
        b'o' | b'u' => &[0xc3, 0xc5, 0xc6, 0xc7, 0xc8, 0xe1],
        b'r' | b's' | b't' => &[0xc5, 0xc8, 0xe1],
        b'w' | b'z' => &[0xc5, 0xe1],
        b'y' => &[0xc3, 0xc5, 0xc8, 0xe1],
        b'b' | b'f' | b'm' | b'p' | b'v' | b'x' => &[0xe1],
        _ => &[],
    };
    let mut bytes = [letter; 8];
    bytes[1] = letter.to_ascii_uppercase();
    bytes[2..][..others.len()].copy_from_slice(others);
    bytes
}

/// The words of `text` with such a beginning, each with what follows it: the others are passed over without a look at
/// where they end.
pub(super) fn words_with<'a, 'b>(
    text: &'a str,
    beginnings: impl Borrow<Beginnings<'b>>,
) -> impl Iterator<Item = (Word<'a>, Words<'a>)> {
    let (mut at, is_ascii) = (0, text.is_ascii());
    std::iter::from_fn(move || {
        let beginnings = beginnings.borrow();
        loop {
            at += beginnings.find(&text.as_bytes()[at..], is_ascii)?;
            let first = text[at..].chars().next()?;
            // Only where a word begins is it looked at further: no place of a text is walked over more than a few times.
            if begins_word(text, at, first) && beginnings.fit(&text.as_bytes()[at..]) {
                let mut rest = Words { text, at };
                let word = rest.next()?;
                at = rest.at;
                return Some((word, rest));
            }
            at += first.len_utf8();
        }
    })
}

/// An accent is told first: it never begins a word, and to look back from each of many would take for ever.
fn begins_word(text: &str, at: usize, first: char) -> bool {
    !is_accent(first) && !goes_on(text, at) && first.is_alphanumeric()
}

/// Whether a letter at this place belongs to a word that has begun before.
fn goes_on(text: &str, at: usize) -> bool {
    match text.as_bytes()[..at].last() {
        None => false,
        Some(before) if before.is_ascii() => before.is_ascii_alphanumeric(),
        Some(_) => text[..at].chars().rev().find(|c| !is_accent(*c)).is_some_and(char::is_alphanumeric),
    }
}

/// A word as it stands in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    /// The byte where it begins.
    pub(super) start: usize,
    /// As it is written there.
    pub(super) text: &'a str,
}

impl Word<'_> {
    /// The byte behind it.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is `wanted`, which is folded.
    pub(super) fn is(&self, wanted: &str) -> bool {
        if self.begins_otherwise(wanted) {
            return false;
        }
        if self.text.is_ascii() { self.text.eq_ignore_ascii_case(wanted) } else { folded(self.text).eq(wanted.chars()) }
    }

    /// Whether it begins with `wanted`, which is folded.
    pub(super) fn begins(&self, wanted: &str) -> bool {
        if self.begins_otherwise(wanted) {
            return false;
        }
        if self.text.is_ascii() {
            self.text.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        } else {
            let mut word = folded(self.text);
            wanted.chars().all(|c| word.next() == Some(c))
        }
    }

    /// Whether the first letters differ, where that can be seen without folding: no accent turns one letter of ASCII into
    /// another.
    fn begins_otherwise(&self, wanted: &str) -> bool {
        match (self.text.as_bytes().first(), wanted.as_bytes().first()) {
            (Some(one), Some(other)) => one.is_ascii() && !one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

/// Whether there is any word in `text`.
pub(super) fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for (one, other) in [("Zürich", "ZURICH"), ("e\u{301}te\u{301}", "été"), ("Ελλάδα", "ελλάδα"), ("İ", "i")]
        {
            assert_eq!(fold(one), fold(other));
        }
        assert_ne!(fold("йод"), fold("иод"), "another letter, not an accent");
    }

    #[test]
    fn every_character_that_folds_to_one_of_ascii_is_looked_for() {
        for c in ('\u{80}'..=char::MAX).filter(|c| c.is_alphanumeric()) {
            let text = c.to_string();
            if let Some(letter) = fold(&text).bytes().next().filter(u8::is_ascii) {
                assert!(first_bytes(letter).contains(&text.as_bytes()[0]), "{c}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_word_is_passed_over_that_is_looked_for(
            text in "([a-cA-C .]{0,60}|([a-cA-CäÄÅéж語 \u{301}\u{345}\u{212a}.]|\\PC){0,60})",
            wanted in proptest::collection::vec("[abcжkä]{1,3}", 1..3),
        ) {
            let wanted: Vec<String> = wanted.iter().map(|word| fold(word)).collect();
            let begins = |word: &Word<'_>| wanted.iter().any(|wanted| word.begins(wanted));
            let all: Vec<_> = words(&text).filter(begins).map(|word| (word.start, word.text)).collect();
            let found = words_with(&text, Beginnings::of(wanted.iter().map(String::as_str)));
            let found: Vec<_> = found.map(|(word, _)| word).filter(begins).map(|word| (word.start, word.text)).collect();
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn words_end_where_letters_and_digits_end() {
        let text = "Dear Ada, c'est l'été: 2nd\u{a0}try";
        let found: Vec<_> = words(text).map(|word| fold(word.text)).collect();
        assert_eq!(found, ["dear", "ada", "c", "est", "l", "ete", "2nd", "try"]);
        assert!(words(text).all(|word| text[word.start..word.end()] == *word.text));
        assert_eq!(words(" … !\u{301}").count(), 0);
    }
}
