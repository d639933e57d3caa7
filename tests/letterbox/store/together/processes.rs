//! Two processes on one MongoDB are one Letterbox.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use mongodb::bson::doc;

use super::super::{eventually, form, receipt};
use super::{DONE, House, moved};
use crate::support::{Binary, Browser, OWNER, PASSWORD, mongod};

const MEMBER: &str = "member@example.com";

/// Two processes on a database of their own.
fn two(more: &[(&'static str, &str)]) -> (House, Binary, Binary) {
    let house = House::on(mongod::standalone().url(&mongod::database_name()), more);
    let [one, other] = ["one", "other"].map(|name| house.process(name));
    (house, one, other)
}

fn log_in(process: &Binary, email: &str, password: &str) -> Browser {
    let browser = process.visitor();
    let answer = settled(|| browser.post("/login", &[("email", email), ("password", password)]).status);
    assert_eq!(answer, 303);
    browser
}

fn inbox(browser: &Browser) -> u16 {
    settled(|| browser.get("/messages").status)
}

/// The first answer that is not "just now I cannot": on a busy machine a server may take longer than people are kept
/// waiting.
fn settled(ask: impl Fn() -> u16) -> u16 {
    eventually("an answer", || Some(ask()).filter(|status| *status != 503))
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r7_a_login_on_one_process_holds_on_the_other_and_ends_on_both_at_once() {
    let (house, one, other) = two(&[]);
    house.add_owner();
    let here = log_in(&one, OWNER, PASSWORD);
    let there = moved(&here, &other);
    assert_eq!((inbox(&here), inbox(&there)), (200, 200));
    let copy = moved(&here, &one);
    assert_eq!(there.post("/logout", &[]).status, 303);
    assert_eq!((inbox(&copy), inbox(&moved(&copy, &other))), (303, 303), "logged out");

    let here = log_in(&other, OWNER, PASSWORD);
    let there = moved(&here, &one);
    assert_eq!((inbox(&here), inbox(&there)), (200, 200));
    house.user(&["password", OWNER, "--password-stdin"], "another good password");
    assert_eq!((inbox(&here), inbox(&there)), (303, 303), "the password was changed");

    house.user(&["add", MEMBER, "--password-stdin"], PASSWORD);
    let here = log_in(&one, MEMBER, PASSWORD);
    let there = moved(&here, &other);
    assert_eq!((inbox(&here), inbox(&there)), (200, 200));
    house.user(&["remove", MEMBER], "");
    assert_eq!((inbox(&here), inbox(&there)), (303, 303), "the user was removed");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r1_twenty_renewals_over_both_processes_raise_the_counter_once_and_all_succeed() {
    let (house, one, other) = two(&[]);
    house.add_owner();
    let browser = log_in(&one, OWNER, PASSWORD);
    browser.cookies.borrow_mut().retain(|name, _| name == "refresh_token");
    for round in 1..=2 {
        let tabs = std::thread::scope(|scope| {
            let tabs = (0..20).map(|number| {
                let tab = moved(&browser, if number % 2 == 0 { &one } else { &other });
                scope.spawn(move || {
                    assert_eq!(inbox(&tab), 200);
                    tab
                })
            });
            let tabs: Vec<_> = tabs.collect();
            tabs.into_iter().map(|tab| tab.join().unwrap()).collect::<Vec<_>>()
        });
        let sessions = house.documents("sessions", doc! {});
        let counters: Vec<_> = sessions.iter().map(|session| session.get_i64("counter").unwrap()).collect();
        assert_eq!(counters, [round]);
        // What any of them was given is good for the next time.
        let refresh = tabs[7].cookies.borrow()["refresh_token"].clone();
        browser.cookies.borrow_mut().insert("refresh_token".to_owned(), refresh);
    }
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_limit_is_one_limit_for_all_processes_and_names_nobody_in_the_database() {
    // Where the database takes too long to count, on a very busy machine, each process counts alone for a while.
    assert!((0..5).any(|_| is_one_limit()), "the database never counts in time");
}

/// Whether the database counted all the time; if so, the limits were one.
fn is_one_limit() -> bool {
    let (house, one, other) = two(&[("CONTACT_PER_MINUTE", "1")]);
    let send = |process: &Binary, text: &str| {
        let browser = process.visitor();
        browser.post("/contact", &form(&receipt(&browser), "Limited", text)).status
    };
    let letters = (send(&one, "first"), send(&other, "second"));
    let guess = |process: &Binary| {
        process.visitor().post("/login", &[("email", "somebody@example.com"), ("password", "not the password")]).status
    };
    let answers: Vec<u16> = (0..7).flat_map(|_| [guess(&one), guess(&other)]).collect();
    if ["one", "other"].iter().any(|name| house.logged(name, "the store cannot count")) {
        return false;
    }
    assert_eq!(letters, (303, 429), "one letter a minute");
    assert!(answers.contains(&429), "no process alone has seen ten tries: {answers:?}");

    let acts = house.documents("acts", doc! {});
    assert!(!acts.is_empty());
    let text = format!("{acts:?}");
    assert!(!text.contains("127.0.0.1") && !text.contains("somebody"), "{text}");
    true
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r48_one_receipt_sent_to_both_processes_at_once_is_one_letter() {
    let (house, one, other) = two(&[]);
    let receipt = receipt(&one.visitor());
    let letter = form(&receipt, "Once", "Said once, sent to both");
    std::thread::scope(|scope| {
        for number in 0..20 {
            let browser = if number % 2 == 0 { &one } else { &other }.visitor();
            scope.spawn(move || {
                let answer = browser.post("/contact", &letter);
                assert_eq!((answer.status, answer.header("location")), (303, "/contact/thanks"));
            });
        }
    });
    assert_eq!(house.letters("Once"), 1);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn an_open_page_hears_of_a_letter_that_came_through_another_process() {
    let (house, one, other) = two(&[]);
    house.add_owner();
    let letter = |number: u32| format!(r#"{{"name":"Ada","email":"a@example.com","message":"Letter {number}"}}"#);
    let first = other.visitor().post_json("/contact", &letter(1));
    let since = first.json()["id"].as_str().unwrap().to_owned();
    let owner = log_in(&one, OWNER, PASSWORD);
    let cookies: Vec<_> = owner.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();

    let ask =
        format!("GET /messages/events?since={since} HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", cookies.join("; "));
    let listen = || {
        let mut page = TcpStream::connect(one.origin.trim_start_matches("http://")).unwrap();
        page.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        page.write_all(ask.as_bytes()).unwrap();
        page
    };
    let (mut page, mut heard) = (listen(), String::new());
    let mut hear = |word: &str| {
        let start = Instant::now();
        let mut bytes = [0; 4096];
        while !heard.contains(word) {
            assert!(start.elapsed() < Duration::from_secs(120), "{word} was not heard: {heard}");
            match page.read(&mut bytes).unwrap() {
                // The store did not answer in time; a browser comes back by itself.
                0 => page = listen(),
                read => heard.push_str(&String::from_utf8_lossy(&bytes[..read])),
            }
        }
    };
    hear("\"new\":0");
    assert_eq!(other.visitor().post_json("/contact", &letter(2)).status, 201);
    hear("\"new\":1");
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn the_hourly_work_is_done_by_one_process() {
    let house = House::on(mongod::standalone().url(&mongod::database_name()), &[]);
    let logs = |name: &str, words: &str| house.logged(name, words).then_some(());
    let _one = house.process("one");
    eventually("the hourly work", || logs("one", DONE));
    let _other = house.process("other");
    eventually("a second process that leaves it to the first", || {
        logs("other", "another process does the hourly work")
    });
    assert_eq!(logs("other", DONE), None);
    assert_eq!(house.documents("claims", doc! { "_id": "sweep" }).len(), 1);
}
