//! R63: the log of a day of logins holds nothing that opens anything, and no line that a client wrote.

use std::path::Path;
use std::process::Stdio;

use crate::support::{Binary, Browser, OWNER, PASSWORD, letterbox};

use super::{MEMBER, OTHER_PASSWORD, accept, change_password, invite};

/// What the browser holds, to look for it in the log.
fn secrets_of(browser: &Browser) -> Vec<String> {
    let cookies = browser.cookies.borrow();
    let values = cookies.values().flat_map(|value| value.split('.').map(str::to_owned).chain([value.clone()]));
    values.filter(|part| part.len() > 8).collect()
}

fn day(server: &Binary) -> Vec<String> {
    let owner = server.visitor();
    let link = server.setup_link();
    let token = link.split_once('=').unwrap().1.to_owned();
    let account = [
        ("token", token.as_str()),
        ("name", "Olive"),
        ("email", OWNER),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    assert_eq!(owner.post("/setup", &account).status, 303);
    let mut secrets = secrets_of(&owner);
    secrets.push(token);

    let invitation = invite(&owner, MEMBER, "member");
    secrets.push(invitation.split_once('=').unwrap().1.to_owned());
    let member = server.visitor();
    member.get(&invitation);
    assert_eq!(accept(&member, &invitation).status, 303);
    secrets.extend(secrets_of(&member));
    secrets.push(super::tokens_personal::make(&member, "Backup", "read", "30"));
    change_password(&member, "a wrong present password", OTHER_PASSWORD, OTHER_PASSWORD);
    assert_eq!(change_password(&member, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD).status, 303);

    let stranger = server.visitor();
    stranger.post("/login", &[("email", "typed\u{1b}[31m@wrong.field"), ("password", "hunter2 hunter2")]);
    stranger.post("/login?next=%0d%0aforged-line", &[("email", "x\r\nforged-line"), ("password", "hunter2 hunter2")]);
    stranger.send(
        "GET",
        "/messages",
        &[("cookie", "refresh_token=v1.x.forged-cookie; access_token=forged-cookie")],
        b"",
    );
    stranger.send("GET", "/invitation?token=forged-token", &[("user-agent", "forged-agent\u{9b}31m")], b"");
    stranger.send(
        "POST",
        "/login",
        &[("sec-fetch-site", "cross-site"), ("origin", "https://forged-origin.example")],
        b"",
    );
    stranger.get("/%0d%0aforged-line/%1b%5b31m");
    member.post("/logout", &[]);
    owner.post("/users", &[("action", "remove"), ("email", MEMBER)]);
    secrets
}

/// What the server said of a day, on both of its outputs after the greeting.
fn log_of_a_day(directory: &Path, level: &str, format: &str) -> (String, Vec<String>) {
    let settings = [("RUST_LOG", level), ("LOG_FORMAT", format)];
    let mut command = letterbox(directory, &settings);
    let server =
        Binary::start_command(command.stderr(Stdio::from(std::fs::File::create(directory.join("log")).unwrap())));
    let secrets = day(&server);
    server.terminate();
    server.wait();
    (std::fs::read_to_string(directory.join("log")).unwrap(), secrets)
}

#[test]
fn r63_whoever_reads_the_log_gets_in_nowhere() {
    for (level, format) in [("info", "text"), ("letterbox=trace,info", "json"), ("trace", "text")] {
        let directory = tempfile::tempdir().unwrap();
        let (log, secrets) = log_of_a_day(directory.path(), level, format);
        assert!(log.contains("/login") && log.contains("from another site"), "{log}");
        let typed = [PASSWORD, OTHER_PASSWORD, "hunter2", "a wrong present", "wrong.field", "forged", "$2b$"];
        for secret in secrets.iter().map(String::as_str).chain(typed) {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{level} {format}: {secret} in {line:?}");
        }
        assert!(!log.contains('\u{1b}') && !log.contains('\r') && !log.contains('\u{9b}'), "{level} {format}");
    }
}
