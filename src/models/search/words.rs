//! Words: where they begin and end, and when two of them are the same.
//!
//! It is what SQLite's tokenizer `unicode61 remove_diacritics 2` does, so that what is found is also what is marked.

use std::ops::Range;

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
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.nfd() {
        let on_ascii = plain.chars().next_back().is_some_and(|before| before.is_ascii_alphabetic());
        if !(is_accent(c) && on_ascii) {
            plain.extend(c.to_lowercase());
        }
    }
    plain
}

/// The words of `text`, folded, each with the bytes where it stands.
pub(super) fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_of_word(c)) {
            (None, true) if !is_accent(c) => start = Some(at),
            (Some(from), false) => {
                found.push((from..at, fold(&text[from..at])));
                start = None;
            }
            _ => {}
        }
    }
    found
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
        let found: Vec<_> = words("Dear Ada, c'est l'été: 2nd\u{a0}try").into_iter().map(|(_, word)| word).collect();
        assert_eq!(found, ["dear", "ada", "c", "est", "l", "ete", "2nd", "try"]);
        assert!(words(" … !\u{301}").is_empty());
    }
}
