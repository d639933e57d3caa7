//! `letterbox copy FROM TO`

mod half_way;
mod mongo;
mod records;

use std::path::Path;

use super::{add_owner, refused, run};
use crate::support::{Binary, Browser, OWNER, Output, PASSWORD};

const HERE: &str = "sqlite:data/letterbox.db";
const THERE: &str = "sqlite:there.db";
const KEY: &str = "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3";

/// A store with an owner and some letters.
fn filled(letters: u32) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let seeded = run(directory.path(), &["seed", &letters.to_string()], &[], "");
    assert_eq!(seeded.code, 0, "{seeded:?}");
    directory
}

fn copy(directory: &Path, from: &str, to: &str, more: &[&str]) -> Output {
    run(directory, &[&["copy", from, to], more].concat(), &[], "")
}

/// The copy succeeded; gives what it says both stores hold.
fn verified(copied: &Output) -> Vec<String> {
    assert_eq!((copied.code, copied.stderr.as_str()), (0, ""), "{copied:?}");
    assert!(copied.stdout.contains("\nVerified: both stores hold the same records.\n"), "{}", copied.stdout);
    copied.stdout.lines().filter(|line| line.contains("SHA-256")).map(str::to_owned).collect()
}

/// Somebody who has logged in and got a letter; stops the server.
fn logged_in(server: Binary) -> Browser {
    let owner = server.visitor();
    assert_eq!(owner.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
    let body = r#"{"name":"Ada","email":"a@b.c","message":"written before the move"}"#;
    assert_eq!(server.visitor().post_json("/contact", body).status, 201);
    server.terminate();
    assert!(server.wait().0.success());
    owner
}

/// The same browser, at another server.
fn moved(owner: &Browser, server: &Binary) -> Browser {
    let browser = server.visitor();
    browser.cookies.borrow_mut().clone_from(&owner.cookies.borrow());
    browser
}

#[test]
fn a_copy_holds_everything_and_proves_it() {
    let directory = filled(30);
    let digests = verified(&copy(directory.path(), HERE, THERE, &[]));
    let kinds: Vec<Vec<&str>> = digests.iter().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(
        kinds,
        [["users", "1"], ["sessions", "0"], ["tokens", "0"], ["events", "1"], ["letters", "30"]],
        "{digests:?}"
    );
    assert_eq!(verified(&copy(directory.path(), THERE, "sqlite:third.db", &[])), digests);
    let export = |url| run(directory.path(), &["export", "--format", "jsonl"], &[("DATABASE_URL", url)], "").stdout;
    assert_eq!(export(HERE).lines().count(), 30);
    assert_eq!(export(HERE), export("sqlite:third.db"));
    let checked = run(directory.path(), &["check"], &[("DATABASE_URL", "sqlite:third.db")], "");
    assert!(checked.code == 0 && checked.stdout.ends_with("Everything is in order.\n"), "{checked:?}");
}

#[test]
fn nobody_is_logged_out_by_a_move_that_keeps_the_key() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let owner = logged_in(Binary::start(directory.path(), &[]));
    let copied = copy(directory.path(), HERE, THERE, &[]);
    verified(&copied);
    let key = copied.stdout.lines().last().unwrap();
    assert_eq!(key, "It is kept in data/secret.key: SECRET_KEY=\"$(cat data/secret.key)\"");
    let secret = std::fs::read_to_string(directory.path().join("data/secret.key")).unwrap();
    assert!(!copied.stdout.contains(secret.trim()));

    let settings = [("DATABASE_URL", THERE), ("DATA_DIR", "other"), ("SECRET_KEY", secret.trim())];
    let inbox = moved(&owner, &Binary::start(directory.path(), &settings)).get("/messages");
    assert_eq!(inbox.status, 200);
    assert!(inbox.text().contains("written before the move"));
}

#[test]
fn a_store_with_other_data_is_left_alone_unless_it_is_to_be_overwritten() {
    let directory = filled(5);
    let digests = verified(&copy(directory.path(), HERE, THERE, &[]));
    // Once more: nothing to do.
    let again = copy(directory.path(), HERE, THERE, &[]);
    assert!(verified(&again) == digests && again.stdout.contains("0 records were written."), "{again:?}");

    let there = [("DATABASE_URL", THERE)];
    assert_eq!(run(directory.path(), &["seed", "2"], &there, "").code, 0);
    assert_eq!(run(directory.path(), &["user", "password", OWNER, "--password-stdin"], &there, PASSWORD).code, 0);
    let refusal = copy(directory.path(), HERE, THERE, &[]);
    assert_eq!(refusal.code, 1, "{refusal:?}");
    for words in
        ["1 events, 2 letters that FROM does not have", "1 users that differ", "Nothing was changed", "--overwrite"]
    {
        assert!(refusal.stderr.contains(words), "{words} is not in {}", refusal.stderr);
    }
    let letters = run(directory.path(), &["export", "--format", "jsonl"], &there, "").stdout;
    assert_eq!(letters.lines().count(), 7);

    assert_eq!(verified(&copy(directory.path(), HERE, THERE, &["--overwrite"])), digests);
}

#[test]
fn a_user_of_the_same_address_stands_not_in_the_way_of_overwriting() {
    let directory = filled(1);
    let elsewhere = filled(1);
    let there = format!("sqlite:{}", elsewhere.path().join("data/letterbox.db").display());
    assert_eq!(copy(directory.path(), HERE, &there, &[]).code, 1);
    verified(&copy(directory.path(), HERE, &there, &["--overwrite"]));
}

#[test]
fn what_cannot_be_copied_is_refused_in_one_sentence() {
    let directory = filled(1);
    let refuse = |from: &str, to: &str, code: i32, words: &[&str]| {
        refused(&copy(directory.path(), from, to, &[]), code, words);
    };
    refuse("sqlite:nothing.db", THERE, 1, &["There is no store at sqlite:nothing.db"]);
    refuse(HERE, "sqlite:./data/../data/letterbox.db", 1, &["the same store"]);
    refuse(HERE, "sqlite:no/such/folder/there.db", 1, &["no/such/folder/there.db"]);
    std::fs::write(directory.path().join("text.db"), "no database, and long enough to be told from one").unwrap();
    refuse("sqlite:text.db", THERE, 1, &["FROM", "text.db is not a database"]);
    refuse("letterbox.db", THERE, 2, &["FROM", "must be sqlite:PATH"]);
    refuse(HERE, "postgres://ada:hunter2@db/letters", 2, &["TO", "must be sqlite:PATH"]);
    refuse("env:LETTERS", THERE, 2, &["LETTERS", "not set"]);
    let misplaced = copy(directory.path(), HERE, "env:mongodb://ada:hunter2@db/letters", &[]);
    refused(&misplaced, 2, &["TO", "not set"]);
    assert!(!misplaced.stderr.contains("hunter2"), "{misplaced:?}");
    let names = ["nothing.db", "there.db"].map(|name| directory.path().join(name).exists());
    assert_eq!(names, [false, false], "nothing was made");
    std::os::unix::fs::symlink("data/letterbox.db", directory.path().join("alias.db")).unwrap();
    refuse(HERE, "sqlite:alias.db", 1, &["the same store"]);
    std::fs::hard_link(directory.path().join("data/letterbox.db"), directory.path().join("twin.db")).unwrap();
    let twin = copy(directory.path(), HERE, "sqlite:twin.db", &[]);
    assert!(twin.code == 1 && twin.stderr.contains("the same store"), "{twin:?}");
    let from_environment = run(directory.path(), &["copy", "env:LETTERS", THERE], &[("LETTERS", HERE)], "");
    verified(&from_environment);
    std::fs::write(directory.path().join(".env"), format!("LETTERS={HERE}\nNOWHERE=sqlite:nothing.db\n")).unwrap();
    verified(&copy(directory.path(), "env:LETTERS", THERE, &[]));
    verified(&run(directory.path(), &["copy", "env:NOWHERE", THERE], &[("NOWHERE", HERE)], ""));
}

#[test]
fn a_store_that_is_being_served_is_copied_from_and_not_into() {
    let directory = filled(3);
    let server = Binary::start(directory.path(), &[]);
    let copied = copy(directory.path(), HERE, THERE, &[]);
    verified(&copied);
    assert!(copied.stdout.starts_with("FROM is being served"), "{}", copied.stdout);
    let back = copy(directory.path(), THERE, HERE, &[]);
    assert!(back.code == 1 && back.stderr.contains("Another Letterbox is serving"), "{back:?}");
    assert!(back.stderr.contains("as TO") && !back.stderr.contains("DATA_DIR"), "{back:?}");
    assert_eq!(server.visitor().get("/readyz").status, 200);
}
