//! Where the letters are kept.

use std::fmt;
use std::path::PathBuf;

use super::error::Fault;
use super::mongo_url::{MongoUrl, mongo_url};

const MUST: &str =
    "be sqlite:PATH, for example sqlite:data/letterbox.db, or mongodb://HOST/NAME or mongodb+srv://HOST/NAME";

/// The engine that keeps the letters, and how to reach it. `Display` is the URL without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// One file of the embedded SQLite; a relative path starts at the working directory.
    Sqlite(PathBuf),
    /// A database of a MongoDB server, replica set or Atlas.
    MongoDb(MongoUrl),
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::MongoDb(url) => url.fmt(f),
        }
    }
}

/// Reads `DATABASE_URL`: what stands before the first colon picks the engine.
pub(super) fn engine(text: &str) -> Result<Engine, Fault> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(refused(text, MUST));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => sqlite(text, rest),
        "mongodb" | "mongodb+srv" => mongo_url(text).map(Engine::MongoDb),
        _ => Err(Fault::hidden("names an engine that Letterbox does not know", MUST)),
    }
}

fn sqlite(text: &str, path: &str) -> Result<Engine, Fault> {
    // `sqlite://a/b` is a/b to some programs and /a/b to others; SQLite itself gives `:memory:` and `file:` a meaning.
    if path.starts_with("//") {
        return Err(refused(text, format!("{MUST}, with the path directly after the colon")));
    }
    if path.starts_with(':') || path.to_ascii_lowercase().starts_with("file:") {
        return Err(refused(text, format!("{MUST}: an ordinary file, so that no letter is lost")));
    }
    if path.trim().is_empty() || path.ends_with('/') || path.chars().any(char::is_control) {
        return Err(refused(text, MUST));
    }
    Ok(Engine::Sqlite(PathBuf::from(path)))
}

/// Shows the value unless it could carry credentials.
fn refused(text: &str, must: impl Into<String>) -> Fault {
    if text.contains(['@', '?']) { Fault::hidden("is not such a URL", must) } else { Fault::shown(must) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> String {
        engine(text).map_err(|fault| fault.of("DATABASE_URL", text)).expect_err("refused").to_string()
    }

    #[test]
    fn what_follows_sqlite_is_a_path_as_it_is_written() {
        for path in ["letterbox.db", "data/letterbox.db", "/var/lib/letterbox/l.db", "./a b.db", "a:b@c?.db"] {
            let read = engine(&format!("sqlite:{path}")).expect("a path");
            assert_eq!(read, Engine::Sqlite(path.into()));
            assert_eq!(read.to_string(), format!("sqlite:{path}"));
        }
    }

    #[test]
    fn no_refusal_shows_credentials() {
        for text in
            ["postgres://ada:hunter2@db/x", "sqlite://ada:hunter2@db/x", "ada@hunter2", "mysql:hunter2", "hunter2?"]
        {
            assert!(!sentence(text).contains("hunter2"), "{}", sentence(text));
        }
    }

    #[test]
    fn a_path_that_means_two_things_is_refused() {
        for text in ["", "letterbox.db", "sqlite", "sqlite:", "sqlite: ", "sqlite:data/", "sqlite:a\0b"] {
            assert!(engine(text).is_err(), "{text:?}");
        }
        assert!(sentence("sqlite://data/l.db").contains("directly after the colon"));
        assert!(sentence("sqlite::memory:").contains("an ordinary file"));
        assert!(sentence("sqlite:file:l.db").contains("an ordinary file"));
    }
}
