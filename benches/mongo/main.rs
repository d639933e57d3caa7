//! What Letterbox costs on top of MongoDB: letters a second against the bare driver that inserts the same documents
//! into a collection with the same indexes, and pages of the inbox against the bare driver that asks the same
//! questions. Each with one process and with two on the same database, which all share this machine. The ratio is the
//! figure; the rates depend on the machine.
//!
//! `LETTERBOX_TEST_MONGOD=/path/to/mongod cargo bench --bench mongo`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that cannot go on says so")]

mod bare;
#[path = "../login/client.rs"]
mod client;
mod house;

use std::fmt;
use std::time::{Duration, Instant};

use bare::Bare;
use client::Client;
use house::{Database, House};

/// Each measurement is taken so often, all sides in turn, and the median counts.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(2_000);
const WRITERS: usize = 64;
const READERS: usize = 16;
/// Letters that lie in the inbox when pages are read.
const LETTERS: u32 = 5_000;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let Ok(mongod) = std::env::var("LETTERBOX_TEST_MONGOD") else {
        println!("Nothing was measured: LETTERBOX_TEST_MONGOD has to name a mongod.");
        return;
    };
    let database = Database::start(&mongod);
    let houses = [House::open(&database), House::open(&database)];
    let cookie = houses[0].log_in();
    house::seed(&database, LETTERS);
    let bare = Bare::connect(&database.url());
    writes(&bare, &houses);
    reads(&bare, &houses, &cookie);
}

fn writes(bare: &Bare, houses: &[House]) {
    let (mut alone, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(bare.inserts_per_second(WRITERS, ROUND));
        one.push(per_second(&houses[..1], WRITERS, send));
        two.push(per_second(houses, WRITERS, send));
    }
    println!("letters a second, {WRITERS} writers");
    tell(alone, one, two);
}

fn reads(bare: &Bare, houses: &[House], cookie: &str) {
    let (mut alone, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
    let read = |client: &mut Client| assert_eq!(client.get("/messages", cookie), 200);
    for _ in 0..ROUNDS {
        alone.push(bare.pages_per_second(READERS, ROUND));
        one.push(per_second(&houses[..1], READERS, read));
        two.push(per_second(houses, READERS, read));
    }
    println!("pages of the inbox a second, {READERS} readers");
    tell(alone, one, two);
}

fn send(client: &mut Client) {
    let form = "name=Ada+Lovelace&email=ada%40example.com&subject=Engines&message=Could+you+please+tell+me+when+the+\
                workshop+opens+again%3F+I+read+your+article+about+garden+chairs+and+have+a+question.";
    assert_eq!(client.post("/contact", "", form).0, 303);
}

/// How often `act` is done by so many clients, spread evenly over the houses.
fn per_second(houses: &[House], clients: usize, act: impl Fn(&mut Client) + Sync) -> f64 {
    let begun = Instant::now();
    let total: u64 = std::thread::scope(|scope| {
        let act = &act;
        let worker = |number: usize| {
            let mut client = Client::connect(houses[number % houses.len()].port);
            let mut count = 0;
            while begun.elapsed() < ROUND {
                act(&mut client);
                count += 1;
            }
            count
        };
        let workers: Vec<_> = (0..clients).map(|number| scope.spawn(move || worker(number))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    total as f64 / begun.elapsed().as_secs_f64()
}

fn tell(bare: Vec<f64>, one: Vec<f64>, two: Vec<f64>) {
    let [bare, one, two] = [bare, one, two].map(Spread::of);
    println!("  bare driver        {bare}");
    println!("  one process        {one}   ratio {:.2}", one.median / bare.median);
    println!("  two processes      {two}   ratio {:.2}", two.median / bare.median);
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

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.0} (min {:.0}, max {:.0})", self.median, self.least, self.most)
    }
}
