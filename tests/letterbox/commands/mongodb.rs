//! The commands on a MongoDB, and what they say when it cannot be used.

use std::fs::{self, File};
use std::path::Path;

use mongodb::bson::doc;

use super::{refused, run};
use crate::support::mongod::{self, Mongod};
use crate::support::{Binary, OWNER, Output, PASSWORD, letterbox};

const KEY: &str = "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3";
/// The password of the database, and how it stands in a URL.
const LOGIN: [&str; 2] = ["hunter2@sea", "hunter2%40sea"];

fn on<'a>(url: &'a str, words: &[&str], input: &str, directory: &Path) -> Output {
    let settings: [(&str, &'a str); 3] = [("DATABASE_URL", url), ("SECRET_KEY", KEY), ("RUST_LOG", "error")];
    let output = run(directory, words, &settings, input);
    let told = format!("{}{}", output.stdout, output.stderr);
    assert!(!told.contains("hunter2"), "{told}");
    output
}

/// A server that asks for a login, and the URL with it.
fn guarded() -> (Mongod, String) {
    let server = Mongod::start(&["--auth"]);
    // The first user may be made from the same machine without a login; all others need one.
    let create = |name: &str, password: &str, role: &str, database: &str| {
        doc! { "createUser": name, "pwd": password, "roles": [{ "role": role, "db": database }] }
    };
    mongod::run(&server.url("admin"), create("root", "root", "root", "admin"));
    let admin = server.url("admin").replace("//", "//root:root@");
    mongod::run(&admin, create("ada", LOGIN[0], "readWrite", "letters"));
    let url = server.url("letters").replace("//", &format!("//ada:{}@", LOGIN[1])) + "&authSource=admin";
    (server, url)
}

#[test]
fn r58_the_start_says_when_no_server_answers() {
    let directory = tempfile::tempdir().unwrap();
    let url = "mongodb://ada:hunter2@127.0.0.1:1/letters";
    for command in ["serve", "check"] {
        let words = ["No MongoDB", "mongodb://127.0.0.1:1/letters", "see that it runs", "DATABASE_URL"];
        let output = Output::of(
            letterbox(directory.path(), &[("DATABASE_URL", url), ("SECRET_KEY", KEY), ("RUST_LOG", "error")])
                .arg(command),
            "",
        );
        let output = Output { stdout: String::new(), ..output };
        refused(&output, 1, &words);
    }
}

#[test]
fn r63_no_sentence_about_a_url_shows_its_login() {
    let directory = tempfile::tempdir().unwrap();
    for url in [
        "mongodb://ada:hunter2@127.0.0.1:99999/letters",
        "mongodb://ada:hunter2@127.0.0.1:1/letters?tls=perhaps",
        "mongodb://ada:hunter2@127.0.0.1:1/letters?authMechanism=telepathy",
        "mongodb://ada:hunter2@127.0.0.1:1/letters?maxPoolSize=0",
        "mongodb://ada:hunter2@127.0.0.1:1/letters?replicaSet",
        "mongodb://ada:hunter2@sea@127.0.0.1:1/letters",
        "mongodb://ada:hunter2:hunter2@127.0.0.1:1/letters",
        "mongodb://ada:hunter2%zz@127.0.0.1:1/letters",
        "mongodb://ada:hunter2/sea@127.0.0.1:1/letters",
        "mongodb://ada:hunter2?sea@127.0.0.1:1/letters",
        "mongodb://hunter2@127.0.0.1:1/letters?authMechanism=SCRAM-SHA-256",
    ] {
        refused(&on(url, &["serve"], "", directory.path()), 1, &[]);
    }
}

#[test]
fn a_mongodb_wants_a_key_that_every_process_has() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), &["serve"], &[("DATABASE_URL", "mongodb://127.0.0.1:1/letters")], "");
    refused(&output, 1, &["SECRET_KEY", "is not set", "every process"]);
}

#[test]
fn a_backup_of_a_mongodb_is_left_to_its_own_tools() {
    let directory = tempfile::tempdir().unwrap();
    let output = on("mongodb://127.0.0.1:1/letters", &["backup", "copy.db"], "", directory.path());
    refused(&output, 1, &["MongoDB", "mongodump"]);
    assert!(!directory.path().join("copy.db").exists());
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_wrong_login_stops_the_start_and_is_not_shown() {
    let (_server, url) = guarded();
    let directory = tempfile::tempdir().unwrap();
    for wrong in [url.replace(LOGIN[1], "hunter22"), url.replace("&authSource=admin", "")] {
        let output = on(&wrong, &["serve"], "", directory.path());
        refused(&output, 1, &["refuses the login", "the user, the password and authSource"]);
    }
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r63_a_day_on_a_mongodb_leaves_no_login_in_what_is_said_or_logged() {
    let (database, url) = guarded();
    let directory = tempfile::tempdir().unwrap();
    let add = ["user", "add", OWNER, "--role", "owner", "--password-stdin"];
    assert_eq!(on(&url, &add, PASSWORD, directory.path()).code, 0);
    let list = on(&url, &["user", "list"], "", directory.path());
    assert!(list.stdout.contains(OWNER), "{list:?}");

    let log = directory.path().join("log");
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY), ("RUST_LOG", "trace")];
    let mut command = letterbox(directory.path(), &settings);
    let server = Binary::start_command(command.stderr(File::create(&log).unwrap()));
    let body = serde_json::json!({"name": "Ada", "email": "a@b.c", "message": "Sealed words"}).to_string();
    assert_eq!(server.visitor().post_json("/contact", &body).status, 201);
    let owner = server.visitor();
    assert_eq!(owner.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
    assert!(owner.get("/messages").text().contains("Sealed words"));

    let report = on(&url, &["check"], "", directory.path());
    for part in ["MongoDB 6.", "schema 2", "Everything is in order."] {
        assert!(report.stdout.contains(part), "{part:?} is not in {report:?}");
    }
    for (name, count) in [("Letters", 1), ("Users", 1), ("Sessions", 1)] {
        let line = report.stdout.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(line[name.len()..].trim(), count.to_string(), "{line}");
    }

    drop(database);
    assert_eq!(server.visitor().get("/readyz").status, 503);
    assert_eq!(owner.get("/messages").status, 503);
    server.kill();
    let log = fs::read_to_string(log).unwrap();
    for secret in LOGIN.into_iter().chain(["Sealed words", PASSWORD, KEY]) {
        assert!(!log.contains(secret), "{secret:?} is in {log}");
    }
}
