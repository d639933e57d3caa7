//! What is wrong with one field, in words for the person who filled it in.

/// One mistake in one field of a form or of a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's name in the form, for example `message`.
    pub field: &'static str,
    /// A sentence that says what is wrong and what to do about it.
    pub message: String,
}

impl Fault {
    /// A fault of `field`, told by `message`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}
