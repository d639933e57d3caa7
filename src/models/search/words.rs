//! Words: where they begin and end, and when two of them are the same.
//!
//! It is what SQLite's tokenizer `unicode61 remove_diacritics 2` does, so that what is found is also what is marked.

use std::str::CharIndices;

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
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    text: &'a str,
    rest: CharIndices<'a>,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { text, rest: text.char_indices() }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let (start, _) = self.rest.find(|(_, c)| c.is_alphanumeric() && !is_accent(*c))?;
        let end = self.rest.find(|(_, c)| !is_of_word(*c)).map_or(self.text.len(), |(end, _)| end);
        Some(Word { start, text: &self.text[start..end] })
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
        if self.text.is_ascii() { self.text.eq_ignore_ascii_case(wanted) } else { folded(self.text).eq(wanted.chars()) }
    }

    /// Whether it begins with `wanted`, which is folded.
    pub(super) fn begins(&self, wanted: &str) -> bool {
        if self.text.is_ascii() {
            self.text.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        } else {
            let mut word = folded(self.text);
            wanted.chars().all(|c| word.next() == Some(c))
        }
    }
}

/// Whether there is any word in `text`.
pub(super) fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
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
    fn words_end_where_letters_and_digits_end() {
        let text = "Dear Ada, c'est l'été: 2nd\u{a0}try";
        let found: Vec<_> = words(text).map(|word| fold(word.text)).collect();
        assert_eq!(found, ["dear", "ada", "c", "est", "l", "ete", "2nd", "try"]);
        assert!(words(text).all(|word| text[word.start..word.end()] == *word.text));
        assert_eq!(words(" … !\u{301}").count(), 0);
    }
}
