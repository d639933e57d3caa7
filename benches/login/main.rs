//! What the guard costs, and what a flood of logins does to visitors. Every figure is a ratio within one run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot go on says so")]

mod client;
mod house;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::Client;
use house::House;

/// Each measurement is taken so often, the two sides in turn, and the median counts.
const ROUNDS: usize = 7;
const CLIENTS: usize = 8;
const ROUND: Duration = Duration::from_millis(1_500);
const FLOOD: usize = 32;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let house = House::open();
    guard(&house);
    flood(&house);
}

/// The same page with and without the guard in front: JWT, session row, headers.
fn guard(house: &House) {
    let cookie = house.log_in();
    let (mut bare, mut guarded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(requests_per_second(house, "/bench/open", ""));
        guarded.push(requests_per_second(house, "/bench/guarded", &cookie));
    }
    let (bare, guarded) = (Spread::of(bare), Spread::of(guarded));
    println!("page without guard   {bare} requests/s");
    println!("page behind guard    {guarded} requests/s");
    println!("ratio                {:.2}", guarded.median / bare.median);
    let cost = (1.0 / guarded.median - 1.0 / bare.median) * 1e6;
    println!("the guard costs      {cost:.1} us a request, all cores together");
}

/// p99 of `GET /contact` at rest and while 32 clients try to log in, from ever new addresses so that no throttle helps.
fn flood(house: &House) {
    let (mut rest, mut flooded) = (Vec::new(), Vec::new());
    let tries = AtomicU64::new(0);
    for _ in 0..ROUNDS {
        rest.push(p99_of_contact(house));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for number in 0..FLOOD {
                let (stop, tries) = (&stop, &tries);
                scope.spawn(move || guess(house, number, stop, tries));
            }
            flooded.push(p99_of_contact(house));
            stop.store(true, Ordering::Relaxed);
        });
    }
    let (rest, flooded) = (Spread::of(rest), Spread::of(flooded));
    println!("p99 of GET /contact  {rest} us at rest");
    println!("                     {flooded} us while {FLOOD} clients log in ({} tries)", tries.into_inner());
    println!("ratio                {:.2}", flooded.median / rest.median);
}

fn guess(house: &House, number: usize, stop: &AtomicBool, tries: &AtomicU64) {
    let mut client = Client::connect(house.port);
    let form = "email=owner%40example.com&password=a+wrong+guess+of+mine";
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let address = format!("X-Forwarded-For: 10.{number}.{}.{}\r\n", turn / 250 % 250, turn % 250);
        client.post("/login", &address, form);
        tries.fetch_add(1, Ordering::Relaxed);
    }
}

fn requests_per_second(house: &House, path: &str, cookie: &str) -> f64 {
    let begun = Instant::now();
    let total: u64 = std::thread::scope(|scope| {
        let worker = || {
            let mut client = Client::connect(house.port);
            let mut count = 0;
            while begun.elapsed() < ROUND {
                assert_eq!(client.get(path, cookie), 200);
                count += 1;
            }
            count
        };
        let workers: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    total as f64 / begun.elapsed().as_secs_f64()
}

/// In microseconds, by one client that asks one after the other.
fn p99_of_contact(house: &House) -> f64 {
    let mut client = Client::connect(house.port);
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < ROUND {
        let asked = Instant::now();
        assert_eq!(client.get("/contact", ""), 200);
        times.push(asked.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

/// The least, the middle and the most of some measurements.
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        Self { least: figures[0], median: figures[figures.len() / 2], most: figures[figures.len() - 1] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.0} (min {:.0}, max {:.0})", self.median, self.least, self.most)
    }
}
