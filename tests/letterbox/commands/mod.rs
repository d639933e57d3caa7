//! The commands, as somebody at a terminal or in a script runs them.

mod backup;
mod check;
mod env_file;
mod mongodb;
mod store_refusals;
mod terminal;
mod usage;
mod user;

use std::path::Path;

use crate::support::{OWNER, Output, PASSWORD, letterbox};

/// Runs `letterbox` with these words, settings and standard input, to its end.
fn run(directory: &Path, words: &[&str], settings: &[(&str, &str)], input: &str) -> Output {
    Output::of(letterbox(directory, settings).args(words), input)
}

/// Adds an owner with the password of the tests.
fn add_owner(directory: &Path) {
    let words = ["user", "add", OWNER, "--role", "owner", "--password-stdin"];
    let added = run(directory, &words, &[], PASSWORD);
    assert_eq!(added.code, 0, "{added:?}");
}

/// The command failed with one sentence that says what was wrong and what to do.
fn refused(output: &Output, code: i32, words: &[&str]) {
    assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{output:?}");
    let sentence = output.stderr.strip_prefix("letterbox: ").unwrap_or_else(|| panic!("{output:?}"));
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert!(sentence.ends_with(".\n"), "{sentence:?}");
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not in {sentence}");
    }
}
