//! What every text must be before it has a meaning: characters people can see.

/// The first control character in `text` that is neither a newline nor a tab, as `U+0007`.
///
/// Control characters are Unicode's category Cc: C0, DELETE and C1.
pub(super) fn forbidden_control(text: &str) -> Option<String> {
    text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')).map(|c| format!("U+{:04X}", u32::from(c)))
}

/// Whether `text` would take more than one line: newline, and Unicode's line and paragraph separators.
pub(super) fn has_line_break(text: &str) -> bool {
    text.contains(['\n', '\u{2028}', '\u{2029}'])
}

/// Number of Unicode scalar values, the unit of every limit in the interface.
pub(super) fn characters(text: &str) -> usize {
    text.chars().count()
}

/// The first `most` characters of `text`.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    match text.as_bytes().get(..most) {
        None => text,
        Some(start) if start.is_ascii() => &text[..most],
        Some(_) => {
            // No character is shorter than a byte: so many bytes are not too many. To count them is quick.
            let (mut end, mut left) = (0, most);
            while left > 0 && end < text.len() {
                let next = text.ceil_char_boundary(end + left);
                left -= text[end..next].chars().count();
                end = next;
            }
            &text[..end]
        }
    }
}
