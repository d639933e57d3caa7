//! A thousand slow clients at once, and what is left of them.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::client::{Client, GET, ask, until};
use super::stopping::port;
use crate::support::Binary;

/// The row's 200 ms, five times over, and for the median: other tests run beside this one.
const PROMPT: Duration = Duration::from_secs(1);

fn descriptors(server: &Binary) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

fn slow_client(port: u16, number: usize) -> Client {
    if number % 5 == 3 {
        let mut reader = Client::with_tiny_buffer(port);
        reader.tcp.set_nonblocking(true).unwrap();
        let _ = reader.tcp.write(GET.repeat(40).as_bytes());
        return reader;
    }
    let mut client = Client::connect(port);
    client.send(match number % 5 {
        0 => "GET / HTTP/1.1\r\nhost: t\r\nx: ",
        1 => "POST /contact HTTP/1.1\r\nhost: t\r\ncontent-length: 9999\r\n\r\n",
        2 => "GET /healthz HTTP/1.1\r\nhost: t\r\n\r\nGET / HTTP/1.1\r\nho",
        _ => "",
    });
    client
}

fn dribble(crowd: &mut [Client]) {
    for (number, client) in crowd.iter_mut().enumerate() {
        match number % 5 {
            0 | 1 => drop(client.tcp.write(b"a")),
            3 => drop(client.tcp.read(&mut [0])),
            _ => {}
        }
    }
}

#[test]
fn r35_a_thousand_slow_clients_disturb_nobody_and_leave_nothing() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let server = Binary::start(directory.path(), &[("RUST_LOG", "error")]);
    let port = port(&server);
    assert!(ask(port, "/contact").starts_with("HTTP/1.1 200 "));
    let before = descriptors(&server);

    let mut crowd: Vec<_> = (0..1000).map(|number| slow_client(port, number)).collect();
    until("all are let in", || descriptors(&server) > before + 900);
    let mut waits = Vec::new();
    let (begun, mut last_step) = (Instant::now(), Instant::now());
    while descriptors(&server) > before {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} more descriptors", descriptors(&server) - before);
        let asked = Instant::now();
        assert!(ask(port, "/contact").starts_with("HTTP/1.1 200 "));
        waits.push(asked.elapsed());
        if last_step.elapsed() > Duration::from_millis(500) {
            last_step = Instant::now();
            dribble(&mut crowd);
        }
    }
    waits.sort();
    assert!(waits[waits.len() / 2] < PROMPT, "GET /contact took {waits:?}");
}
