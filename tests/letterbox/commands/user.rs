//! `letterbox user …`

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{add_owner, refused, run};
use crate::support::{Binary, OWNER, PASSWORD};

const OTHER: &str = "another correct horse battery";

#[test]
fn a_user_who_was_added_is_listed_and_may_log_in() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let add = ["user", "add", "member@example.com", "--name", "Mia Member", "--password-stdin"];
    let added = run(directory.path(), &add, &[], &format!("{OTHER}\n"));
    assert_eq!(
        (added.code, added.stdout.as_str()),
        (0, "member@example.com may log in now, as member.\n"),
        "{added:?}"
    );
    let list = run(directory.path(), &["user", "list"], &[], "");
    let lines: Vec<Vec<&str>> = list.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        (lines[0][..2].to_vec(), lines[1][..2].to_vec()),
        (vec![OWNER, "owner"], vec!["member@example.com", "member"])
    );
    assert_eq!((lines[0][3..].join(" "), lines[1][3..].join(" ")), ("owner".to_owned(), "Mia Member".to_owned()));

    let server = Binary::start(directory.path(), &[]);
    assert!(!server.greeting.contains("/setup"), "{}", server.greeting);
    let log_in = |email, password| server.visitor().post("/login", &[("email", email), ("password", password)]).status;
    assert_eq!(log_in("member@example.com", OTHER), 303, "the line end is not part of the password");
    assert_eq!(log_in("MEMBER@example.com", OTHER), 303);
    assert_eq!(log_in("member@example.com", PASSWORD), 422);
}

#[test]
fn what_cannot_be_a_user_is_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let long = "x".repeat(1_001);
    let add = |email: &'static str, more: &[&'static str]| [&["user", "add", email, "--password-stdin"], more].concat();
    for (words, password, code, told) in [
        (add("new@example.com", &[]), "too short", 1, "12"),
        (add("new@example.com", &[]), "", 1, "password"),
        (add("new@example.com", &[]), &long, 1, "1000"),
        (add(OWNER, &[]), PASSWORD, 1, "exists already"),
        (add("OWNER@Example.com", &[]), PASSWORD, 1, "exists already"),
        (add("no address", &[]), PASSWORD, 1, "mail"),
        (add("new@example.com", &["--name", "two\nlines"]), PASSWORD, 1, "line"),
        (add("new@example.com", &["--role", "king"]), PASSWORD, 2, "king"),
        (vec!["user", "password", "nobody@example.com", "--password-stdin"], PASSWORD, 1, "no user"),
        (vec!["user", "password", OWNER, "--password-stdin"], "short", 1, "12"),
        (vec!["user", "remove", "nobody@example.com"], "", 1, "no user"),
        (vec!["user", "remove", OWNER], "", 1, "make somebody else an owner first"),
    ] {
        refused(&run(directory.path(), &words, &[], password), code, &[told]);
    }
    let list = run(directory.path(), &["user", "list"], &[], "").stdout;
    assert_eq!(list.lines().count(), 1, "nothing was changed: {list}");
}

#[test]
fn a_password_is_no_argument() {
    let directory = tempfile::tempdir().unwrap();
    for words in [
        &["user", "add", "new@example.com", "--password", PASSWORD][..],
        &["user", "add", "new@example.com", PASSWORD],
        &["user", "password", OWNER, PASSWORD],
    ] {
        let refusal = run(directory.path(), words, &[], "");
        assert_eq!(refusal.code, 2, "{refusal:?}");
    }
    // Without a terminal there is nobody to ask.
    let asked = run(directory.path(), &["user", "add", "new@example.com"], &[], PASSWORD);
    assert_eq!(asked.code, 1, "{asked:?}");
    assert!(asked.stderr.contains("--password-stdin") || asked.stderr.contains("password"), "{asked:?}");
}

#[test]
fn a_new_password_and_a_removal_end_all_sessions_of_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    run(directory.path(), &["user", "add", "second@example.com", "--role", "owner", "--password-stdin"], &[], PASSWORD);
    let server = Binary::start(directory.path(), &[]);
    let log_in = |email, password| {
        let browser = server.visitor();
        browser.post("/login", &[("email", email), ("password", password)]);
        browser
    };
    let (first, second) = (log_in(OWNER, PASSWORD), log_in("second@example.com", PASSWORD));
    let changed = run(directory.path(), &["user", "password", OWNER, "--password-stdin"], &[], OTHER);
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!((first.get("/messages").status, second.get("/messages").status), (303, 200));
    assert_eq!(log_in(OWNER, PASSWORD).get("/messages").status, 303);
    assert_eq!(log_in(OWNER, OTHER).get("/messages").status, 200);
    let removed = run(directory.path(), &["user", "remove", "second@example.com"], &[], "");
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(second.get("/messages").status, 303);
    assert_eq!(log_in("second@example.com", PASSWORD).get("/messages").status, 303);
}

#[test]
fn what_is_made_is_readable_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let mode = |name: &str| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/secret.key")), (0o700, 0o600));
}
