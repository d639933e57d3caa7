//! What the hot paths of Letterbox cost, each as a ratio against a peer that is measured in the same run, turn by turn:
//! times depend on the machine, ratios hardly do.
//!
//! `cargo bench` prints one table and names what falls short of its goal; `cargo bench -- contact search` measures only
//! the rows whose name contains one of these words (their names stand in `rows/mod.rs`). What needs a program that is
//! not there (`wrk`, `npm`, the `mongod` that `LETTERBOX_TEST_MONGOD` names) says so in its place.
//!
//! `LETTERBOX_BENCH_ROUNDS` (5, three times as many for rows that are looked at closely), `LETTERBOX_BENCH_SECONDS` (2, of
//! a round), `LETTERBOX_BENCH_LETTERS` (1000000, of the large store) and `LETTERBOX_BENCH_REQUESTS` (1000000, of the row
//! on memory) make it quicker. Stores are filled once, in `target/bench-letters-N`, which takes minutes for a million.
//!
//! Letterbox is the binary itself, as a process of its own with the settings of a fresh installation (rows say what
//! differs), its log in a file of its directory. Peers in Rust are this very program with other arguments, built alike.
//! Data of both lie in `target`, on one disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on may stop")]
#![allow(clippy::print_stderr, missing_docs, reason = "a program that talks to whoever runs it")]

mod client;
mod load;
mod measure;
mod peers;
mod process;
mod rows;
mod stores;
mod table;

// The peer of the inbox renders the house's own template, which names these.
use letterbox::{assets, models, paths};

use measure::Plan;
use mimalloc::MiMalloc;
use rows::{FAILED, Row};
use table::{Line, Table};

/// Letterbox's own, for its peers too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first()
        && first == "peer"
    {
        return peers::run(rest);
    }
    // `cargo test --benches` only asks whether it runs.
    if arguments.iter().any(|argument| argument == "--test") || !arguments.iter().any(|argument| argument == "--bench")
    {
        return;
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let wanted = |row: &&Row| words.is_empty() || words.iter().any(|word| row.name.contains(word));
    let plan = Plan::from_environment();
    let mut table = Table::new(measure::machine());
    for row in rows::ALL.iter().filter(wanted) {
        eprintln!("measuring {}", row.name);
        table.add(measured(row, &plan));
    }
    println!("{table}");
}

/// The lines of a row. One that fails is told as such; the others go on.
fn measured(row: &Row, plan: &Plan) -> Vec<Line> {
    match std::panic::catch_unwind(|| (row.measure)(plan)) {
        Ok(Ok(lines)) => lines,
        Ok(Err(missing)) => vec![Line::missing(row.name, &missing)],
        Err(_) => vec![Line::missing(row.name, FAILED)],
    }
}
