//! What every command does when it is used wrongly, asked for help, or set wrongly.

use std::net::TcpListener;

use super::{refused, run};
use crate::support::PASSWORD;

#[test]
fn wrong_use_is_one_sentence_and_exit_code_2() {
    let directory = tempfile::tempdir().unwrap();
    for words in [
        &["fly"][..],
        &["serve", "now"],
        &["--fly"],
        &["user", "fly"],
        &["user", "add"],
        &["user", "add", "a@b.c", "--role", "king"],
        &["user", "remove"],
        &["backup"],
        &["backup", "one", "two"],
        &["check", "--fly"],
        &["copy"],
        &["copy", "sqlite:one.db"],
    ] {
        refused(&run(directory.path(), words, &[], ""), 2, &["--help"]);
    }
    assert!(!directory.path().join("data").exists(), "nothing was made");
}

#[test]
fn help_and_version_go_to_standard_output() {
    let directory = tempfile::tempdir().unwrap();
    let commands = ["serve", "user", "check", "backup", "copy"];
    for words in [&["--help"][..], &["-h"], &["help"]] {
        let help = run(directory.path(), words, &[], "");
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{help:?}");
        assert!(commands.iter().all(|command| help.stdout.contains(command)), "{}", help.stdout);
    }
    for command in commands {
        let help = run(directory.path(), &[command, "--help"], &[], "");
        assert!(help.code == 0 && help.stdout.contains("Usage:"), "{help:?}");
    }
    let version = run(directory.path(), &["--version"], &[], "");
    assert_eq!((version.code, version.stdout), (0, format!("letterbox {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_wrong_setting_stops_every_command_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("HOST", "a b"),
        ("PUBLIC_URL", "letters.example"),
        ("PUBLIC_URL", "https://letters.example/path"),
        ("DATABASE_URL", "postgres://x"),
        ("ACCESS_TOKEN_MINUTES", "0"),
        ("REFRESH_TOKEN_DAYS", "366"),
        ("BCRYPT_COST", "9"),
        ("BCRYPT_COST", "16"),
        ("CONTACT_PER_MINUTE", "-1"),
        ("MAX_CONNECTIONS", "1"),
        ("TRASH_DAYS", "many"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("SITE_NAME", ""),
        ("RUST_LOG", "=,="),
        ("LOG_FORMAT", "yaml"),
    ] {
        for words in [&[][..], &["check"], &["user", "list"], &["backup", "copy.db"]] {
            // A database's address may hold a password, so it is not shown.
            let shown = if name == "DATABASE_URL" { name } else { value };
            refused(&run(directory.path(), words, &[(name, value)], ""), 1, &[name, shown, "must"]);
        }
    }
    assert!(!directory.path().join("data").exists(), "nothing was made");
}

#[test]
fn r12_a_secret_that_is_no_good_stops_the_start_and_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let example = "put-the-output-of-openssl-rand-base64-32-here";
    for value in ["only-twenty-six-bytes-long", example, &"abcd".repeat(10), ""] {
        for name in ["SECRET_KEY", "SECRET_KEY_PREVIOUS"] {
            let refusal = run(directory.path(), &[], &[(name, value)], "");
            refused(&refusal, 1, &[name, "32 bytes"]);
            assert!(value.is_empty() || !refusal.stderr.contains(value), "{}", refusal.stderr);
        }
    }
}

#[test]
fn a_port_that_is_taken_is_told_by_its_number() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refusal = run(directory.path(), &[], &[("PORT", &port)], "");
    refused(&refusal, 1, &[&port, "another program listens there", "PORT"]);
    let nowhere = run(directory.path(), &[], &[("HOST", "192.0.2.1")], PASSWORD);
    refused(&nowhere, 1, &["192.0.2.1", "HOST"]);
}
