//! R18: many logins at once keep neither the server busy nor its people waiting.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use letterbox::auth::{Client, LoginError};
use letterbox::models::Role;

use crate::support::{Binary, OWNER, PASSWORD, TestApp, encode};

/// The threads of a process whose names begin so.
fn threads(pid: u32, name: &str) -> usize {
    let tasks = std::fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task")).unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|found| found.starts_with(name)).count()
}

#[test]
fn r18_of_two_hundred_logins_at_once_a_few_are_looked_at_and_the_rest_is_told_to_come_again() {
    const LOGINS: usize = 200;
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[("TRUSTED_PROXIES", "127.0.0.1"), ("BCRYPT_COST", "12")]);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(threads(server.pid(), "passwords-"), (cores - 1).max(1), "no more bcrypt than this at once");

    let finished = AtomicUsize::new(0);
    let (first, came) = mpsc::channel();
    let answers = std::thread::scope(|scope| {
        let logins: Vec<_> = (0..LOGINS)
            .map(|number| {
                let (server, finished, first) = (&server, &finished, first.clone());
                scope.spawn(move || {
                    let address = format!("198.51.100.{number}");
                    let headers = [
                        ("content-type", "application/x-www-form-urlencoded"),
                        ("sec-fetch-site", "same-origin"),
                        ("x-forwarded-for", address.as_str()),
                    ];
                    let email = format!("user{number}@example.com");
                    let body = encode(&[("email", &email), ("password", "a wrong password")]);
                    let answer = server.visitor().send("POST", "/login", &headers, body.as_bytes());
                    finished.fetch_add(1, Ordering::SeqCst);
                    let _ = first.send(());
                    answer
                })
            })
            .collect();
        came.recv().unwrap();
        assert_eq!(server.visitor().get("/healthz").status, 200);
        assert_eq!(server.visitor().get("/contact").status, 200);
        assert!(finished.load(Ordering::SeqCst) < LOGINS, "others are answered while logins wait");
        logins.into_iter().map(|login| login.join().unwrap()).collect::<Vec<_>>()
    });
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 422).collect();
    assert!(refused.len() > LOGINS / 4, "{}", refused.len());
    for answer in refused {
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", answer.text());
        assert!(answer.text().contains("Nobody can log in just now"));
    }
}

#[test]
fn r18_r19_a_queue_full_of_strangers_keeps_nobody_out_whose_browser_is_known() {
    let app = TestApp::with().setting("BCRYPT_COST", "12").start();
    app.add_user(OWNER, Role::Owner);
    let auth = &app.state.auth;
    let device = app.block_on(auth.log_in(OWNER, PASSWORD, None, &Client::default())).unwrap().device;

    let looked_at = AtomicUsize::new(0);
    let (full, is_full) = mpsc::channel();
    let strangers = 30 + std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        for number in 0..strangers {
            let (app, looked_at, full) = (&app, &looked_at, full.clone());
            scope.spawn(move || {
                let address = IpAddr::V4(Ipv4Addr::from_bits(0xc633_6400 + u32::try_from(number).unwrap()));
                let client = Client { address: Some(address), device: String::new() };
                let email = format!("user{number}@example.com");
                match app.block_on(app.state.auth.log_in(&email, "a wrong password", None, &client)) {
                    Err(LoginError::Busy(_)) => full.send(()).unwrap(),
                    Err(LoginError::Wrong) => drop(looked_at.fetch_add(1, Ordering::SeqCst)),
                    other => panic!("{other:?}"),
                }
            });
        }
        is_full.recv().unwrap();
        let owner = app.block_on(auth.log_in(OWNER, PASSWORD, Some(&device), &Client::default()));
        assert!(owner.is_ok(), "{owner:?}");
        assert!(looked_at.load(Ordering::SeqCst) < 16, "the owner did not wait until all strangers had their turn");
    });
}
