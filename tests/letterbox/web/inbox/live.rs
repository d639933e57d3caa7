use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use letterbox::models::{EndReason, MessageId};
use letterbox::server::Limits;

use super::{deliver, fill};
use crate::support::{Browser, TestApp};

/// An open stream of events.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(app: &TestApp, browser: &Browser, since: MessageId) -> Self {
        let jar = browser.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let mut tcp = TcpStream::connect(("127.0.0.1", app.port())).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let cookies = jar.join("; ");
        write!(tcp, "GET /messages/events?since={since} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookies}\r\n\r\n")
            .unwrap();
        Self(BufReader::new(tcp))
    }

    /// The next line that tells something.
    fn next(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream has ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return data.trim_end().to_owned();
            }
        }
    }
}

#[test]
fn an_open_page_hears_of_letters_that_come() {
    let app = TestApp::start();
    let owner = app.owner();
    let since = fill(&app, 2)[1];
    let mut events = Events::open(&app, &owner, since);
    assert_eq!(events.next(), r#"{"new":0,"unread":2}"#);
    let visitor = app.visitor();
    app.clock.advance(Duration::from_secs(60));
    let letter = [("name", "Ada"), ("email", "ada@example.com"), ("message", "Hello")];
    assert_eq!(visitor.post("/contact", &letter).status, 303);
    assert_eq!(events.next(), r#"{"new":1,"unread":3}"#);
    deliver(&app, "Ada", "ada@example.com", "", "x");
    assert_eq!(events.next(), r#"{"new":2,"unread":4}"#);
}

#[test]
fn one_event_can_be_asked_for_and_only_by_who_is_signed_in() {
    let app = TestApp::start();
    let owner = app.owner();
    let ids = fill(&app, 3);
    let answer = owner.get(&format!("/messages/events?since={}&once=1", ids[0]));
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!(answer.text(), "data: {\"new\":2,\"unread\":3}\n\n");
    assert_eq!(owner.get("/messages/events?since=x").status, 400);
    assert_eq!(app.visitor().get(&format!("/messages/events?since={}", ids[0])).status, 303);
}

#[test]
fn an_open_stream_does_not_keep_the_server_from_stopping() {
    let mut app = TestApp::start();
    let owner = app.owner();
    let since = fill(&app, 1)[0];
    let mut events = Events::open(&app, &owner, since);
    events.next();
    let begun = std::time::Instant::now();
    app.stop();
    assert!(begun.elapsed() < Limits::default().shutdown_timeout, "it was cut and did not end");
    let mut rest = String::new();
    events.0.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "it ended whole: {rest:?}");
}

#[test]
fn r7_a_stream_whose_session_has_ended_tells_of_no_further_letter() {
    let app = TestApp::start();
    let owner = app.owner();
    let since = fill(&app, 1)[0];
    let mut events = Events::open(&app, &owner, since);
    events.next();
    let user = app.block_on(app.state.store.list_users()).unwrap()[0].id;
    app.block_on(app.state.store.end_sessions(user, None, EndReason::Revoked, app.state.clock.now())).unwrap();
    deliver(&app, "Ada", "ada@example.com", "", "x");
    let mut rest = String::new();
    events.0.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("new") && rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
#[ignore = "needs half a minute"]
fn a_stream_ends_with_its_session_within_thirty_seconds() {
    let app = TestApp::start();
    let owner = app.owner();
    let since = fill(&app, 1)[0];
    let mut events = Events::open(&app, &owner, since);
    events.next();
    let user = app.block_on(app.state.store.list_users()).unwrap()[0].id;
    app.block_on(app.state.store.end_sessions(user, None, EndReason::Revoked, app.state.clock.now())).unwrap();
    let mut rest = String::new();
    events.0.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}
