//! How many connections are let in.

use std::time::Duration;

use super::client::{Client, GET, ask, assert_last_page, patient, until};
use crate::support::TestApp;

fn hold(port: u16, count: usize) -> Vec<Client> {
    let mut held: Vec<_> = (0..count).map(|_| Client::connect(port)).collect();
    for client in &mut held {
        client.send(GET);
        assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
    }
    held
}

#[test]
fn r36_at_the_total_cap_health_checks_are_answered_and_others_get_the_page_503() {
    let app =
        TestApp::with().limits(|limits| (limits.max_connections, limits.per_address) = (20, 1000)).limits(patient);
    let app = app.start();
    let held = hold(app.port(), 20);

    let mut other = Client::connect(app.port());
    other.send(GET);
    let heard = other.hear_out();
    assert_last_page(&heard, "503");
    assert!(heard.contains("retry-after: 1\r\n"), "{heard}");
    for path in ["/healthz", "/readyz"] {
        let mut check = Client::connect(app.port());
        check.send(&format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n"));
        let heard = check.hear_out();
        assert!(heard.starts_with("HTTP/1.1 200 ") && heard.contains("connection: close"), "{heard}");
    }
    drop(held);
    until("places come back", || ask(app.port(), "/contact").starts_with("HTTP/1.1 200 "));
}

#[test]
fn r36_one_address_has_its_share_and_others_have_theirs() {
    let app = TestApp::with().limits(|limits| (limits.max_connections, limits.per_address) = (100, 5)).limits(patient);
    let app = app.start();
    let _held = hold(app.port(), 5);
    assert!(ask(app.port(), "/contact").starts_with("HTTP/1.1 503 "));
    assert!(ask(app.port(), "/healthz").starts_with("HTTP/1.1 200 "));
    let mut other = Client::from_address([127, 0, 0, 2], app.port());
    other.send(GET);
    assert!(other.answer().unwrap().starts_with("HTTP/1.1 200 "));
}

#[test]
fn r36_a_trusted_proxy_speaks_for_many_and_may_keep_its_connections_longer() {
    let app = TestApp::with().limits(|limits| {
        (limits.max_connections, limits.per_address) = (100, 5);
        limits.trusted = vec!["127.0.0.1/32".parse().unwrap()];
        limits.timeouts.idle = Duration::from_millis(200);
    });
    let app = app.start();
    let mut held = hold(app.port(), 40);
    // Somebody else came later and was closed for silence: the proxy, silent for longer, was not.
    assert_eq!(Client::from_address([127, 0, 0, 2], app.port()).hear_out(), "");
    for client in &mut held {
        client.send(GET);
        assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn r36_beyond_the_reserve_a_connection_is_closed_at_once() {
    let app = TestApp::with().limits(|limits| (limits.max_connections, limits.per_address) = (20, 20)).limits(patient);
    let app = app.start();
    let _held = hold(app.port(), 20);
    let _reserve: Vec<_> = (0..16).map(|_| Client::connect(app.port())).collect();
    assert_eq!(ask(app.port(), "/healthz"), "");
    until("the silent ones in the reserve are sent away", || ask(app.port(), "/healthz").starts_with("HTTP/1.1 200 "));
}
