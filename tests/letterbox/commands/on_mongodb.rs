//! The commands as they are used every day, on a MongoDB.

use std::path::Path;

use super::{add_owner_of, refused, run};
use crate::support::{Binary, OWNER, PASSWORD, mongod};

const KEY: &str = "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3";
const OTHER: &str = "another correct horse battery";

/// The settings of a database of its own.
fn settings(url: &str) -> [(&str, &str); 2] {
    [("DATABASE_URL", url), ("SECRET_KEY", KEY)]
}

fn told<'a>(report: &'a str, name: &str) -> &'a str {
    let line = report.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {report}"))[name.len()..].trim()
}

fn list(directory: &Path, settings: &[(&str, &str)]) -> Vec<String> {
    run(directory, &["user", "list"], settings, "").stdout.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn users_are_managed_beside_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    let url = mongod::standalone().url(&mongod::database_name());
    let settings = settings(&url);
    add_owner_of(directory.path(), &settings);
    let add = ["user", "add", "second@example.com", "--role", "owner", "--password-stdin"];
    assert_eq!(run(directory.path(), &add, &settings, PASSWORD).code, 0);
    refused(&run(directory.path(), &add, &settings, PASSWORD), 1, &["exists already"]);
    let users = list(directory.path(), &settings);
    assert!(users.len() == 2 && users[0].starts_with(OWNER) && users[1].starts_with("second@"), "{users:?}");

    let server = Binary::start(directory.path(), &settings);
    let log_in = |email, password| {
        let browser = server.visitor();
        browser.post("/login", &[("email", email), ("password", password)]);
        browser
    };
    let (first, second) = (log_in(OWNER, PASSWORD), log_in("second@example.com", PASSWORD));
    let changed = run(directory.path(), &["user", "password", OWNER, "--password-stdin"], &settings, OTHER);
    assert_eq!(changed.code, 0, "{changed:?}");
    assert_eq!((first.get("/messages").status, second.get("/messages").status), (303, 200));
    assert_eq!(log_in(OWNER, OTHER).get("/messages").status, 200);
    assert_eq!(run(directory.path(), &["user", "remove", "second@example.com"], &settings, "").code, 0);
    assert_eq!(second.get("/messages").status, 303);
    refused(&run(directory.path(), &["user", "remove", OWNER], &settings, ""), 1, &["last owner"]);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn check_and_export_tell_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let url = mongod::standalone().url(&mongod::database_name());
    let settings = settings(&url);
    add_owner_of(directory.path(), &settings);
    assert_eq!(run(directory.path(), &["seed", "40"], &settings, "").code, 0);
    for words in [&["check"][..], &["check", "--rebuild-index"]] {
        let report = run(directory.path(), words, &settings, "");
        assert_eq!((report.code, report.stderr.as_str()), (0, ""), "{report:?}");
        assert_eq!((told(&report.stdout, "Letters"), told(&report.stdout, "Users")), ("40", "1"));
        assert!(told(&report.stdout, "Store").starts_with("MongoDB "), "{}", report.stdout);
        assert!(report.stdout.ends_with("Everything is in order.\n"), "{}", report.stdout);
    }
    let lines = |words: &[&str]| run(directory.path(), words, &settings, "").stdout.lines().count();
    let folders = ["inbox", "archive", "spam", "trash"];
    let each = folders.map(|folder| lines(&["export", "--format", "jsonl", "--folder", folder]));
    assert_eq!((lines(&["export", "--format", "jsonl"]), each.iter().sum()), (40, 40));
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_command_makes_no_store_where_there_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let name = mongod::database_name();
    let url = mongod::standalone().url(&name);
    for words in [&["export"][..], &["user", "list"]] {
        refused(
            &run(directory.path(), words, &settings(&url), ""),
            1,
            &["There is no store at", &name, "DATABASE_URL"],
        );
    }
    let names = mongod::run(&url, mongodb::bson::doc! { "listCollections": 1 });
    assert!(names.get_document("cursor").unwrap().get_array("firstBatch").unwrap().is_empty(), "{names}");
}
