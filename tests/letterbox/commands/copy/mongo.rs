//! Copies from and to a MongoDB.

use super::{HERE, KEY, THERE, copy, filled, logged_in, moved, verified};
use crate::commands::{add_owner, refused, run};
use crate::support::{Binary, mongod};

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_round_trip_through_mongodb_gives_the_same_digests() {
    let directory = filled(1_200);
    let mongo = mongod::replica_set().url(&mongod::database_name());
    let digests = verified(&copy(directory.path(), HERE, &mongo, &[]));
    assert_eq!(verified(&copy(directory.path(), &mongo, THERE, &[])), digests);
    // Each way there is nothing to do, and nothing stands in the way.
    assert_eq!(verified(&copy(directory.path(), THERE, &mongo, &[])), digests);
    let other = mongod::replica_set().url(&mongod::database_name());
    assert_eq!(verified(&copy(directory.path(), &mongo, &other, &[])), digests);

    let settings = [("DATABASE_URL", mongo.as_str()), ("SECRET_KEY", KEY)];
    let checked = run(directory.path(), &["check"], &settings, "");
    assert!(checked.code == 0 && checked.stdout.ends_with("Everything is in order.\n"), "{checked:?}");
    let export = |settings: &[(&str, &str)]| run(directory.path(), &["export", "--format", "jsonl"], settings, "");
    assert_eq!(export(&settings).stdout, export(&[]).stdout);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_login_goes_to_mongodb_and_back() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let key = ("SECRET_KEY", KEY);
    let owner = logged_in(Binary::start(directory.path(), &[key]));
    let mongo = mongod::standalone().url(&mongod::database_name());
    verified(&copy(directory.path(), HERE, &mongo, &[]));
    let server = Binary::start(directory.path(), &[key, ("DATABASE_URL", &mongo)]);
    let there = moved(&owner, &server);
    let inbox = there.get("/messages");
    assert!(inbox.status == 200 && inbox.text().contains("written before the move"), "{}", inbox.status);
    server.terminate();
    assert!(server.wait().0.success());

    verified(&copy(directory.path(), &mongo, HERE, &["--overwrite"]));
    let server = Binary::start(directory.path(), &[key]);
    assert_eq!(moved(&there, &server).get("/messages").status, 200);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_mongodb_with_other_data_is_left_alone_unless_it_is_to_be_overwritten() {
    let directory = filled(600);
    let mongo = mongod::standalone().url(&mongod::database_name());
    let settings = [("DATABASE_URL", mongo.as_str()), ("SECRET_KEY", KEY)];
    assert_eq!(run(directory.path(), &["seed", "700"], &settings, "").code, 0);
    let refusal = copy(directory.path(), HERE, &mongo, &[]);
    assert!(refusal.code == 1 && refusal.stderr.contains("700 letters that FROM does not have"), "{refusal:?}");
    verified(&copy(directory.path(), HERE, &mongo, &["--overwrite"]));
    let checked = run(directory.path(), &["check"], &settings, "");
    assert!(checked.code == 0 && checked.stdout.contains("Letters                  600"), "{checked:?}");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn what_cannot_be_copied_from_or_to_a_mongodb_is_refused_without_its_password() {
    let directory = filled(1);
    let server = mongod::standalone();
    let empty = server.url(&mongod::database_name());
    refused(&copy(directory.path(), &empty, THERE, &[]), 1, &["There is no store at", "127.0.0.1"]);
    refused(&copy(directory.path(), &empty, THERE, &[]), 1, &["There is no store at"]);

    let name = mongod::database_name();
    let one = server.url(&name);
    verified(&copy(directory.path(), HERE, &one, &[]));
    refused(&copy(directory.path(), &one, &one, &[]), 1, &["the same store"]);
    let other_spelling = one.replace("127.0.0.1", "localhost");
    refused(&copy(directory.path(), &one, &other_spelling, &[]), 1, &["the same store"]);

    let secret = one.replace("mongodb://", "mongodb://ada:hunter2@");
    let refusal = copy(directory.path(), &secret, THERE, &[]);
    refused(&refusal, 1, &["refuses the login"]);
    assert!(!refusal.stderr.contains("hunter2"), "{refusal:?}");
}
