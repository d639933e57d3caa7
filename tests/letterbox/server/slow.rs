//! Clients that take their time, under timeouts that a test can outwait.

use std::io::Read as _;
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};

use super::client::{Client, GET, assert_last_page, short, until};
use crate::support::TestApp;

fn app() -> TestApp {
    TestApp::with().limits(short).start()
}

fn assert_bare_timeout(heard: &str) {
    assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
    assert!(heard.contains("x-frame-options: DENY\r\n") && heard.contains("connection: close\r\n"), "{heard}");
}

#[test]
fn r35_a_dribbled_head_is_cut_with_408_and_headers() {
    let app = app();
    let mut client = Client::connect(app.port());
    client.send("GET /contact HTTP/1.1\r\nhost: t\r\nx-a: ");
    assert_bare_timeout(&client.dribble());
}

#[test]
fn r35_a_dribbled_second_head_is_cut_too() {
    let app = app();
    let mut client = Client::connect(app.port());
    client.send(GET);
    assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
    client.send("GET /contact HTTP/1.1\r\nhost: t\r\nx-a: ");
    assert_bare_timeout(&client.dribble());
}

#[test]
fn r35_a_second_head_begun_with_the_first_is_cut_whether_it_goes_on_or_not() {
    let app = app();
    for goes_on in [true, false] {
        let mut client = Client::connect(app.port());
        client.send(&[GET, "GET /contact HTTP/1.1\r\nho"].concat());
        assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
        if goes_on {
            client.dribble()
        } else {
            client.hear_out()
        };
    }
}

#[test]
fn r35_silence_before_the_first_request_and_between_requests_is_closed() {
    let app = app();
    assert_eq!(Client::connect(app.port()).hear_out(), "");
    let mut client = Client::connect(app.port());
    client.send(GET);
    assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
    assert_eq!(client.hear_out(), "");
    // The second answer is the kept one, which no other layer sees.
    let mut client = Client::connect(app.port());
    for _ in 0..2 {
        client.send("GET /contact HTTP/1.1\r\nhost: t\r\n\r\n");
        assert!(client.answer().unwrap().starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(client.hear_out(), "", "no head has begun: nothing is owed");
}

#[test]
fn r35_a_dribbled_or_silent_body_is_answered_with_the_page_408() {
    let app = app();
    let head = "POST /contact HTTP/1.1\r\nhost: t\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for body in ["content-length: 5000\r\n\r\n", "transfer-encoding: chunked\r\n\r\n1388\r\n"] {
        let mut client = Client::connect(app.port());
        client.send(&[head, body].concat());
        assert_last_page(&client.dribble(), "408");
        let mut client = Client::connect(app.port());
        client.send(&[head, body, "name"].concat());
        assert_last_page(&client.hear_out(), "408");
    }
}

#[test]
fn r35_a_client_that_takes_its_answers_too_slowly_is_cut() {
    let app = app();
    for reads in [true, false] {
        let mut client = Client::with_tiny_buffer(app.port());
        client.tcp.set_nonblocking(true).unwrap();
        let _ = std::io::Write::write(&mut client.tcp, GET.repeat(400).as_bytes());
        let mut last = Instant::now();
        until("the connection is reset", || {
            // A byte now and then, far below the pace that is asked for.
            if reads && last.elapsed() > Duration::from_millis(20) {
                last = Instant::now();
                let _ = client.tcp.read(&mut [0]);
            }
            client.tcp.take_error().unwrap().is_some()
        });
    }
}

#[test]
fn r35_a_handler_that_hangs_is_ended_with_the_page_503() {
    let app = TestApp::with()
        .limits(|limits| limits.timeouts.handler = Duration::from_millis(200))
        .routes(|config| {
            config.route("/hang", web::get().to(std::future::pending::<HttpResponse>));
        })
        .start();
    let mut client = Client::connect(app.port());
    client.send("GET /hang HTTP/1.1\r\nhost: t\r\n\r\n");
    let heard = client.hear_out();
    assert_last_page(&heard, "503");
    assert!(heard.contains("retry-after: 10\r\n"), "{heard}");
}
