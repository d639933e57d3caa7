//! How the real server ends.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::client::{Client, GET, ask, letter, until};
use super::started::Lock;
use crate::support::Binary;

/// Of the defaults: ten seconds for requests in flight, half a second of draining, and the row's two.
const LONGEST: Duration = Duration::from_millis(12_500);

pub fn port(server: &Binary) -> u16 {
    server.origin.rsplit(':').next().unwrap().parse().unwrap()
}

fn stored(directory: &Path) -> BTreeSet<String> {
    let database = Connection::open(directory.join("data/letterbox.db")).unwrap();
    let mut query = database.prepare("SELECT body FROM messages").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Sends letters one after the other until the server doesn't answer; tells which were acknowledged.
fn write_letters(port: u16, writer: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while let Ok(tcp) = TcpStream::connect(("127.0.0.1", port)) {
        let mut client = Client { tcp };
        client.tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        loop {
            let message = format!("letter {} of {writer}", acknowledged.len());
            if std::io::Write::write_all(&mut client.tcp, letter(&message).as_bytes()).is_err() {
                break;
            }
            let Some(answer) = client.answer() else { break };
            assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
            acknowledged.push(message);
        }
    }
    acknowledged
}

#[test]
fn r40_a_stop_under_load_loses_no_acknowledged_letter_and_turns_readiness_first() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[("CONTACT_PER_MINUTE", "0"), ("RUST_LOG", "warn")]);
    let port = port(&server);
    let mut idle = Client::connect(port);
    idle.send(GET);
    assert!(idle.answer().is_some());
    let writers: Vec<_> = (0..8).map(|writer| std::thread::spawn(move || write_letters(port, writer))).collect();
    until("letters come in", || stored(directory.path()).len() > 50);

    let start = Instant::now();
    server.terminate();
    until("readiness turns, with connections still accepted", || ask(port, "/readyz").starts_with("HTTP/1.1 503 "));
    assert_eq!(idle.hear_out(), "", "an idle connection is closed");
    let (status, _) = server.wait();
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    assert_eq!(status.code(), Some(0));
    let acknowledged: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    let stored = stored(directory.path());
    assert!(acknowledged.len() > 50);
    for message in acknowledged {
        assert!(stored.contains(&message), "acknowledged and lost: {message}");
    }
}

#[test]
fn r40_a_request_in_flight_is_answered_after_the_stop_has_begun() {
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[]);
    let port = port(&server);
    let mut client = Client::connect(port);
    client.send(GET);
    assert!(client.answer().is_some());
    let lock = Lock::on(&directory.path().join("data/letterbox.db"));
    client.send(&letter("In flight"));
    server.terminate();
    until("connections are refused", || TcpStream::connect(("127.0.0.1", port)).is_err());
    drop(lock);
    let heard = client.hear_out();
    assert!(heard.starts_with("HTTP/1.1 303 ") && heard.contains("connection: close"), "{heard}");
    assert_eq!(server.wait().0.code(), Some(0));
    assert_eq!(stored(directory.path()), BTreeSet::from(["In flight".to_owned()]));
}
