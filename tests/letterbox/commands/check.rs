//! `letterbox check`

use super::{add_owner, refused, run};
use crate::support::Binary;

const KEY: &str = "a secret key of more than thirty-two bytes";
const OLD: &str = "an older key of more than thirty-two bytes";

#[test]
fn check_tells_the_settings_the_engine_and_the_counts_beside_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let server = Binary::start(directory.path(), &[]);
    for message in ["one", "two"] {
        let body = serde_json::json!({"name": "Ada", "email": "a@b.c", "message": message}).to_string();
        assert_eq!(server.visitor().post_json("/contact", &body).status, 201);
    }
    let report = run(directory.path(), &["check"], &[("SITE_NAME", "Post Office")], "");
    assert_eq!((report.code, report.stderr.as_str()), (0, ""), "{report:?}");
    let told = |name: &str| {
        let line = report.stdout.lines().find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", report.stdout))[name.len()..].trim().to_owned()
    };
    for name in letterbox::config::NAMES {
        told(name);
    }
    assert_eq!(
        (told("SITE_NAME").as_str(), told("Letters").as_str(), told("Users").as_str()),
        ("Post Office", "2", "1")
    );
    assert!(told("Store").starts_with("SQLite 3."), "{}", told("Store"));
    assert!(report.stdout.ends_with("Everything is in order.\n"), "{}", report.stdout);
    assert_eq!(run(directory.path(), &["check", "--rebuild-index"], &[], "").code, 0);
}

#[test]
fn check_masks_what_is_secret() {
    let directory = tempfile::tempdir().unwrap();
    add_owner(directory.path());
    let secrets = [("SECRET_KEY", KEY), ("SECRET_KEY_PREVIOUS", OLD)];
    let report = run(directory.path(), &["check"], &secrets, "");
    assert_eq!(report.code, 0, "{report:?}");
    assert_eq!(report.stdout.matches("(set, not shown)").count(), 2, "{}", report.stdout);
    let file = std::fs::read_to_string(directory.path().join("data/secret.key")).unwrap();
    let without = run(directory.path(), &["check"], &[], "");
    assert!(without.stdout.contains("(kept in data/secret.key)"), "{}", without.stdout);
    for secret in [KEY, OLD, file.trim()] {
        assert!(!report.stdout.contains(secret) && !without.stdout.contains(secret), "{secret}");
    }
}

#[test]
fn check_says_when_there_is_no_store_yet_and_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let report = run(directory.path(), &["check"], &[], "");
    assert_eq!(report.code, 1, "{report:?}");
    assert!(report.stdout.contains("DATA_DIR"), "the settings are told all the same");
    assert!(report.stderr.contains("no store at data/letterbox.db"), "{report:?}");
    assert!(!directory.path().join("data").exists());
    refused(&run(directory.path(), &["backup", "copy.db"], &[], ""), 1, &["letterbox.db"]);
}
