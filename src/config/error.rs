//! Why a setting was refused, in one sentence and without a secret in it.

/// Longest part of a refused value that is shown, in characters.
const SHOWN_MAX: usize = 60;

/// Why Letterbox does not start. `Display` is one sentence that can be shown as it is: it holds no secret, no
/// credentials of a URL and no text of a line of `.env`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A setting has a value it cannot have.
    #[error("{name} {what}; it must {must}.")]
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// What the value is: itself in quotes, or a description of one that must not be shown.
        what: String,
        /// What it must look like, in words that follow "it must".
        must: String,
    },
    /// A line of the settings file cannot be taken as it is written.
    #[error("Line {line} of {file} {what}; {advice}.")]
    Line {
        /// The file as it was named.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with the line.
        what: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// The settings file is there and cannot be read.
    #[error("{file} cannot be read ({cause}); make it a readable text file or remove it.")]
    Unreadable {
        /// The file as it was named.
        file: String,
        /// The operating system's word for it.
        cause: String,
    },
}

/// What a parser has against one value; [`Fault::of`] adds the name of the setting.
#[derive(Debug)]
pub(super) struct Fault {
    what: Option<String>,
    must: String,
}

impl Fault {
    /// The value is shown in quotes.
    pub(super) fn shown(must: impl Into<String>) -> Self {
        Self { what: None, must: must.into() }
    }

    /// The value is not shown; `what` stands in its place.
    pub(super) fn hidden(what: impl Into<String>, must: impl Into<String>) -> Self {
        Self { what: Some(what.into()), must: must.into() }
    }

    /// The error of the setting `name`, whose refused value is `value`.
    pub(super) fn of(self, name: &'static str, value: &str) -> ConfigError {
        let what = self.what.unwrap_or_else(|| format!("is {}", quoted(value)));
        ConfigError::Setting { name, what, must: self.must }
    }
}

/// The value in quotes, on one line, and no longer than a sentence can carry.
pub(super) fn quoted(value: &str) -> String {
    match value.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{:?}", format!("{}…", &value[..end])),
        None => format!("{value:?}"),
    }
}
