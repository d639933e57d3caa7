//! `.env` in the working directory, through the real program (R62).

use std::fs;

use super::{refused, run};
use crate::support::Output;

/// What `check` says with this `.env`.
fn check(text: &[u8], settings: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".env"), text).unwrap();
    run(directory.path(), &["check"], settings, "")
}

#[test]
fn r62_settings_are_read_as_they_are_written_and_the_environment_wins() {
    for (text, settings, told) in [
        ("SITE_NAME='$2b$12$abc'", &[][..], "SITE_NAME                $2b$12$abc"),
        ("SITE_NAME=pa#ss", &[], "SITE_NAME                pa#ss"),
        ("# a comment with ' and $\nexport SITE_NAME=\"it's\" # and another", &[], "SITE_NAME                it's"),
        ("\u{feff}SITE_NAME=Post\r\nTRASH_DAYS=7\r\n", &[], "TRASH_DAYS               7"),
        ("SITE_NAME=File", &[("SITE_NAME", "Environment")], "SITE_NAME                Environment"),
        ("SECRET_KEY='$ecret of more than thirty-two bytes'", &[], "SECRET_KEY               (set, not shown)"),
        ("OTHER_PROGRAM='x'\nOTHER_PROGRAM='y'", &[], "SITE_NAME                Letterbox"),
    ] {
        let output = check(text.as_bytes(), settings);
        assert!(output.stdout.lines().any(|line| line == told), "{text:?}: {output:?}");
    }
}

#[test]
fn r62_a_line_that_would_be_misread_stops_every_command_by_its_number_and_is_not_shown() {
    for line in [
        &b"SECRET_KEY=$2b$12$hunter2"[..],
        b"SECRET_KEY=\"$2b$12$hunter2\"",
        b"SECRET_KEY='hunter2",
        b"SECRET_KEY=hunter2 and more",
        b"SECRET_KEY=hunter2\\",
        b"SECRET_KEY hunter2",
        b"SECRET_KEY=hunter2\xff",
        b"PORT=hunter2\nPORT=hunter2",
    ] {
        let text = [b"SITE_NAME=Post\n\n", line, b"\nTRASH_DAYS=7\n"].concat();
        let output = check(&text, &[]);
        let number = if line.starts_with(b"PORT") { "Line 4" } else { "Line 3" };
        refused(&output, 1, &[number, ".env"]);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    }
}

#[test]
fn r62_an_empty_or_wrong_secret_in_the_file_stops_the_start_by_name() {
    for text in ["SECRET_KEY=", "SECRET_KEY=''", "SECRET_KEY=hunter2", "SECRET_KEY_PREVIOUS=hunter2"] {
        let output = check(text.as_bytes(), &[]);
        refused(&output, 1, &["SECRET_KEY", "32 bytes"]);
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    }
}

#[test]
fn r62_the_example_file_is_a_good_start() {
    let example = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example")).unwrap();
    let output = check(&example, &[]);
    assert!(output.stderr.contains("no store"), "nothing but the store is missing: {output:?}");
    // With every line taken as it stands, the secrets are refused, because everybody knows them.
    let text = String::from_utf8(example).unwrap();
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_uppercase()) => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    refused(&check(all.as_bytes(), &[]), 1, &["SECRET_KEY", "example"]);
}

#[test]
fn a_name_that_looks_like_a_setting_is_pointed_out_without_its_value_and_stops_nothing() {
    let output = check(b"SECRET_KYE=hunter2\nOTHER_PROGRAM=x\nSITE_NAME=Post\n", &[]);
    let told = "letterbox: SECRET_KYE in .env is no setting and does nothing; perhaps SECRET_KEY is meant.\n";
    assert!(output.stderr.starts_with(told), "{output:?}");
    assert!(output.stdout.contains("SITE_NAME                Post") && !output.stderr.contains("OTHER_PROGRAM"));
    assert!(!format!("{output:?}").contains("hunter2"), "{output:?}");
}
