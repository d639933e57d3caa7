//! The files of the repository, and the rules that need no more than their lines.

use std::fs;
use std::path::Path;

/// Longest file, in lines.
const LONGEST: usize = 400;

/// One text file.
pub(super) struct File {
    /// Relative to the repository, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Every line with its number, without what `//` begins.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().map(without_comment).enumerate().map(|(index, line)| (index + 1, line))
    }

    /// A sentence for each line of code that has `words` in it.
    pub(super) fn lines_with(&self, words: &str, because: &str) -> Vec<String> {
        let found = self.code().filter(|(_, line)| line.contains(words));
        found.map(|(line, _)| format!("{}:{line} has `{words}`: {because}", self.path)).collect()
    }
}

/// All files below `folders` whose name ends like one of `endings`.
pub(super) fn files(folders: &[&str], endings: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut |path| {
            let name = path.to_string_lossy();
            if endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path.strip_prefix(root).unwrap().to_string_lossy();
                found.push(File::new(&relative, &fs::read_to_string(path).unwrap()));
            }
        });
    }
    assert!(!found.is_empty(), "no files in {folders:?}");
    found
}

fn collect(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What others wrote and npm put there is not of the house.
        if path.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() { collect(&path, found) } else { found(&path) }
    }
}

/// Rust's line comments, doc comments too. An address in a string keeps its slashes.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| line[..*at].ends_with(' ') || line[..*at].trim().is_empty());
    comment.map_or(line, |(at, _)| &line[..at])
}

/// Fails with every sentence on a line of its own.
pub(super) fn nothing_of(sentences: Vec<String>) {
    assert!(sentences.is_empty(), "\n{}\n", sentences.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_follow() {
    let endings = [".rs", ".html", ".css", ".js", ".svg", ".sql"];
    let long = files(&["src", "tests", "templates", "static"], &endings).into_iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LONGEST).then(|| format!("{} has {lines} lines; split it before it has {LONGEST}", file.path))
    });
    nothing_of(long.collect());
}

#[test]
fn no_test_sleeps() {
    // Joined here, so that this file does not accuse itself.
    let words = ["thread", "sleep"].join("::");
    let because = "wait for a condition with a deadline, or move the test's clock";
    nothing_of(files(&["tests"], &[".rs"]).iter().flat_map(|file| file.lines_with(&words, because)).collect());
}

#[test]
fn comments_are_told_from_code() {
    let file = File::new("x.rs", "use a; // crate::b\n//! crate::c\n    /// crate::d\nlet e = \"http://crate::f\";\n");
    let code: String = file.code().map(|(_, line)| line).collect();
    assert_eq!(code, "use a;     let e = \"http://crate::f\";");
    assert_eq!(file.lines_with("crate::f", "so").len(), 1);
}
