//! What the log must never hold (R63), read from the real program.

use std::fs::{self, File};
use std::path::Path;

use super::{FORM, HTML, JSON};
use crate::support::{Answer, Binary, Browser, PASSWORD, Wire, letterbox};

const KEY: &str = "a secret key of more than thirty-two bytes";
const OWNER: &str = "olive.owner@secret.example";
const SECRETS: [&str; 8] = [
    KEY,
    OWNER,
    PASSWORD,
    "Olive Secretname",
    "visitor@secret.example",
    "Vera Secretname",
    "secret subject",
    "secret words",
];

/// Everything that ever was a cookie of the browser or a token in a link.
#[derive(Default)]
struct Given(Vec<String>);

impl Given {
    fn note(&mut self, answer: &Answer) {
        let values = answer.set_cookies().into_iter().filter_map(|cookie| cookie.split(['=', ';']).nth(1));
        self.0.extend(values.filter(|value| !value.is_empty()).map(str::to_owned));
    }
}

fn port(server: &Binary) -> u16 {
    server.origin.rsplit(':').next().unwrap().parse().unwrap()
}

fn owner_comes_and_goes(server: &Binary, given: &mut Given) {
    let owner = server.visitor();
    let token = owner.get(&server.setup_link()).hidden("token");
    let account = [
        ("token", &*token),
        ("name", "Olive Secretname"),
        ("email", OWNER),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    given.note(&owner.post("/setup", &account));
    owner.get("/messages");
    given.note(&owner.post("/logout", &[]));
    given.note(&owner.post("/login", &[("email", OWNER), ("password", PASSWORD), ("next", "/messages")]));
    owner.get("/messages");
    owner.post("/login", &[("email", OWNER), ("password", "secret words")]);
    owner.send("POST", "/logout", &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], b"");
    given.note(&owner.post("/logout", &[]));
    given.0.push(token);
}

fn letters_come(visitor: &Browser) {
    let receipt = visitor.get("/contact").hidden("receipt");
    let letter = [
        ("receipt", &*receipt),
        ("name", "Vera Secretname"),
        ("email", "visitor@secret.example"),
        ("subject", "secret subject"),
        ("message", "secret words"),
    ];
    visitor.post("/contact", &letter);
    visitor.post("/contact", &[&letter[..4], &[("message", "")]].concat());
    let json = r#"{"name":"Vera Secretname","email":"visitor@secret.example","subject":"secret subject","message":"secret words"}"#;
    visitor.post_json("/contact", json);
    visitor.post_json("/contact", &json[1..]);
    visitor.send("POST", "/contact", &[HTML, ("content-type", "text/plain")], b"secret words");
    visitor.send("POST", "/login", &[JSON, ("content-type", FORM)], &b"password=secret words".repeat(2_000));
    for path in ["/secret%20words?secret%20words", "/messages?before=secret%20words", "/setup?token=secret%20words"] {
        visitor.send("GET", path, &[HTML, ("cookie", "access_token=secret words; refresh_token=secret words")], b"");
    }
}

/// Control characters in every place that a client fills.
fn forgers_come(port: u16) {
    for request in [
        "GET /a%0d%0aFORGED%1b[31m?b=%0d%0aFORGED HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /a\u{1b}[31mFORGED HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nuser-agent: \u{1b}[31mFORGED\r\nx-request-id: FORGED\r\nconnection: close\r\n\r\n",
        "FORGED\u{1b} / HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST /login HTTP/1.1\r\nhost: x\r\norigin: \u{9b}FORGED\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "FORGED / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        Wire::ask(port, request);
    }
}

/// A whole day at the letterbox; then the log and what must not be in it.
fn log_of_a_day(directory: &Path, level: &str, format: &str) -> (String, Given) {
    let log = directory.join("log");
    let settings = [("RUST_LOG", level), ("LOG_FORMAT", format), ("SECRET_KEY", KEY)];
    let mut command = letterbox(directory, &settings);
    let server = Binary::start_command(command.stderr(File::create(&log).unwrap()));
    let mut given = Given::default();
    owner_comes_and_goes(&server, &mut given);
    letters_come(&server.visitor());
    forgers_come(port(&server));
    server.terminate();
    assert!(server.wait().0.success());
    (fs::read_to_string(log).unwrap(), given)
}

#[test]
fn r63_no_log_of_any_level_holds_a_secret_or_a_clients_control_characters() {
    for (level, format) in [("info", "text"), ("debug", "text"), ("debug", "json"), ("trace", "text")] {
        let directory = tempfile::tempdir().unwrap();
        let (log, given) = log_of_a_day(directory.path(), level, format);
        let lines = log.lines().filter(|line| line.contains("request_id")).count();
        assert!(lines > 20, "{level}: only {lines} requests in the log:\n{log}");
        assert!(given.0.len() >= 6, "{:?}", given.0);
        for secret in SECRETS.into_iter().chain(given.0.iter().map(String::as_str)) {
            let found: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(found.is_empty(), "{level}, {format}: {secret:?} is in the log: {found:#?}");
        }
        assert!(log.chars().all(|c| c == '\n' || !c.is_control()), "{level}, {format}: control characters in\n{log:?}");
        assert!(log.lines().all(|line| !line.starts_with("FORGED")), "{level}, {format}:\n{log}");
        if format == "json" {
            assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
        }
    }
}
