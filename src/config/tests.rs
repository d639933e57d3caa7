//! What the settings promise as a whole; each kind of value is tested beside its parser.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use super::*;

const KEY: &str = "Yx1mC4oM8tq0Jm3bWk2p7QeVb9aNs5Lh";

fn with(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let vars: BTreeMap<_, _> = vars.iter().copied().collect();
    Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()))
}

fn sentence(name: &str, value: &str) -> String {
    with(&[(name, value)]).expect_err("refused").to_string()
}

/// Loads a `.env` of this text, with `PORT` alone in the environment when it is given.
fn from_file(text: &str, port: Option<&str>) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join(".env");
    fs::write(&file, text).expect("a file");
    Config::load_from(&file, |name| port.filter(|_| name == "PORT").map(OsString::from))
}

#[test]
fn it_starts_with_no_settings_at_all() {
    let config = with(&[]).expect("defaults");
    assert_eq!((config.host.as_str(), config.port), ("127.0.0.1", 8080));
    assert_eq!(config.public_url(8080).origin(), "http://127.0.0.1:8080");
    assert_eq!(config.database_url, Engine::Sqlite("data/letterbox.db".into()));
    assert!(config.secret_key.is_none() && config.secret_key_previous.is_none());
    assert_eq!(config.access_token, Duration::from_secs(15 * 60));
    assert_eq!(config.refresh_token, Duration::from_secs(30 * 86_400));
    assert_eq!((config.bcrypt_cost, config.contact_per_minute, config.max_connections), (12, 10, 10_000));
    assert_eq!(config.trash_after, Some(Duration::from_secs(30 * 86_400)));
    assert!(config.trusted_proxies.is_empty());
    assert_eq!((config.site_name.as_str(), config.log_filter.as_str()), ("Letterbox", "info"));
    assert_eq!(config.log_format, LogFormat::Text);
}

#[test]
fn every_setting_reaches_its_field() {
    let config = with(&[
        ("HOST", "::"),
        ("PORT", "0"),
        ("PUBLIC_URL", "https://a.example"),
        ("DATA_DIR", "/srv/l"),
        ("SECRET_KEY", KEY),
        ("SECRET_KEY_PREVIOUS", "another key of more than thirty-two bytes"),
        ("ACCESS_TOKEN_MINUTES", "1"),
        ("REFRESH_TOKEN_DAYS", "365"),
        ("BCRYPT_COST", "10"),
        ("CONTACT_PER_MINUTE", "0"),
        ("MAX_CONNECTIONS", "16"),
        ("TRASH_DAYS", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8 ::1"),
        ("SITE_NAME", "Ada"),
        ("SITE_INTRO", ""),
        ("RUST_LOG", "letterbox=debug"),
        ("LOG_FORMAT", "json"),
    ]);
    let shown: Vec<_> = config.expect("valid").lines().into_iter().map(|(_, value)| value).collect();
    let [hidden, empty] = ["(set, not shown)", ""];
    #[rustfmt::skip]
    assert_eq!(shown, [
        "::", "0", "https://a.example", "/srv/l", "sqlite:/srv/l/letterbox.db", hidden, hidden, "1", "365", "10", "0",
        "16", "0", "10.0.0.0/8, ::1/128", "Ada", empty, "letterbox=debug", "json",
    ]);
}

#[test]
fn the_database_follows_the_data_directory_unless_it_is_named() {
    let config = with(&[("DATA_DIR", "/srv/l"), ("DATABASE_URL", "sqlite:/srv/x.db")]).expect("valid");
    assert_eq!(config.database_url, Engine::Sqlite("/srv/x.db".into()));
    assert_eq!(config.secret_key_file(), PathBuf::from("/srv/l/secret.key"));
}

#[test]
fn the_public_url_follows_the_port_that_was_bound_unless_it_is_named() {
    let config = with(&[("HOST", "[::1]"), ("PORT", "0")]).expect("valid");
    assert_eq!(config.public_url(4711).origin(), "http://[::1]:4711");
    let config = with(&[("PUBLIC_URL", "https://a.example/")]).expect("valid");
    assert_eq!(config.public_url(4711).origin(), "https://a.example");
}

#[test]
fn a_refusal_is_one_sentence_with_name_value_and_rule() {
    assert_eq!(sentence("PORT", "80a"), "PORT is \"80a\"; it must be a number from 0 to 65535.");
    assert_eq!(sentence("BCRYPT_COST", "9"), "BCRYPT_COST is \"9\"; it must be a number from 10 to 15.");
    assert_eq!(sentence("LOG_FORMAT", "xml"), "LOG_FORMAT is \"xml\"; it must be text or json.");
    assert!(!sentence("HOST", "a\nb").contains('\n'));
    assert!(sentence("SITE_INTRO", &"x".repeat(5000)).len() < 250);
}

#[test]
fn every_limit_is_a_limit() {
    for (name, low, high) in [
        ("PORT", 0, 65_535),
        ("ACCESS_TOKEN_MINUTES", 1, 1440),
        ("REFRESH_TOKEN_DAYS", 1, 365),
        ("BCRYPT_COST", 10, 15),
        ("CONTACT_PER_MINUTE", 0, 100_000),
        ("MAX_CONNECTIONS", 16, 100_000),
        ("TRASH_DAYS", 0, 3650),
    ] {
        for right in [low, high] {
            assert!(with(&[(name, &right.to_string())]).is_ok(), "{name}={right}");
        }
        for wrong in [low - 1, high + 1] {
            assert!(with(&[(name, &wrong.to_string())]).is_err(), "{name}={wrong}");
        }
    }
}

#[test]
fn an_empty_value_is_a_fault_except_where_it_has_a_meaning() {
    for name in NAMES {
        let allowed = ["SITE_INTRO", "TRUSTED_PROXIES"].contains(&name);
        match with(&[(name, "")]) {
            Ok(_) => assert!(allowed, "{name}"),
            Err(error) => assert!(!allowed && error.to_string().starts_with(&format!("{name} is ")), "{error}"),
        }
    }
}

#[test]
fn the_first_wrong_setting_is_reported() {
    let error = with(&[("LOG_FORMAT", "xml"), ("PORT", "x"), ("HOST", "")]).expect_err("refused");
    assert!(error.to_string().starts_with("HOST "), "{error}");
}

#[test]
fn a_secret_is_never_shown() {
    for name in ["SECRET_KEY", "SECRET_KEY_PREVIOUS"] {
        let error = with(&[(name, "hunter2")]).expect_err("refused");
        assert!(error.to_string().starts_with(&format!("{name} is too short: 7 bytes; it must be at least 32")));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let config = with(&[(name, KEY)]).expect("valid");
        assert!(!format!("{config:?} {:?}", config.lines()).contains(KEY));
    }
}

#[test]
fn a_value_that_is_not_utf_8_is_refused_by_name() {
    for name in NAMES {
        let error = Config::load_from(Path::new("/nonexistent/.env"), |asked| {
            (asked == name).then(|| OsString::from_vec(vec![b'a', 0xff]))
        });
        let error = error.expect_err("refused").to_string();
        assert_eq!(error, format!("{name} holds bytes that are not UTF-8; it must be plain text."));
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    assert_eq!(from_file("PORT=1\nFOREIGN=x\n", None).expect("valid").port, 1);
    assert_eq!(from_file("PORT=1\n", Some("2")).expect("valid").port, 2);
    assert!(from_file("PORT=1\n", Some("")).is_err(), "an empty value in the environment wins, too");
    assert_eq!(from_file("PORT=wrong\n", Some("2")).expect("valid").port, 2);
}

#[test]
fn a_bad_line_stops_the_start_though_the_environment_says_the_same_setting() {
    let error = from_file("HOST=::\nPORT=$1\n", Some("2")).expect_err("refused").to_string();
    assert!(error.starts_with("Line 2 of ") && error.contains(".env has a $"), "{error}");
}

#[test]
fn a_key_with_dollars_works_between_single_quotes() {
    let key = "$2b$12$abcdefghijklmnopqrstuvwxyz012345";
    let config = from_file(&format!("SECRET_KEY='{key}'\n"), None).expect("valid");
    assert_eq!(config.secret_key.expect("a key").expose(), key);
}

#[test]
fn an_empty_or_commented_out_key_in_the_file_is_refused() {
    for text in ["SECRET_KEY=\n", "SECRET_KEY=''\n", "SECRET_KEY= # later\n", "SECRET_KEY=#abc\n"] {
        let error = from_file(text, None).expect_err("refused").to_string();
        assert!(error.starts_with("SECRET_KEY is empty; it must be"), "{error}");
    }
}

/// The settings of `.env.example`, each taken out of its comment.
fn examples() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../../.env.example").lines();
    lines.filter_map(|line| line.strip_prefix('#')?.split_once('=')).filter(|(name, _)| !name.contains(' ')).collect()
}

#[test]
fn the_example_file_has_every_setting_with_its_default_and_sets_none() {
    let names: Vec<_> = examples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, NAMES);
    let untouched = from_file(include_str!("../../.env.example"), None).expect("valid");
    let lines: String = examples().into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let lines: String = lines.split_inclusive('\n').filter(|line| !line.starts_with("SECRET_KEY")).collect();
    let uncommented = from_file(&lines, None).expect("valid");
    assert_eq!(uncommented.lines(), with(&[]).expect("defaults").lines());
    assert_eq!(untouched.lines(), uncommented.lines());
}

#[test]
fn the_example_keys_are_refused() {
    let keys: Vec<_> = examples().into_iter().filter(|(name, _)| name.starts_with("SECRET_KEY")).collect();
    assert_eq!(keys.len(), 2);
    for (name, value) in keys {
        let error = from_file(&format!("{name}={value}\n"), None).expect_err("refused").to_string();
        assert!(error.starts_with(&format!("{name} is the example that comes with Letterbox; ")), "{error}");
    }
}
