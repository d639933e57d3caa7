//! Letterbox on a MongoDB, against the bare driver. Everything shares this machine, the database too.

use std::cell::Cell;
use std::process::Stdio;
use std::time::Duration;

use super::Outcome;
use crate::client::{Client, log_in};
use crate::load::{Ask, need_wrk};
use crate::measure::{Plan, in_turn};
use crate::peers::mongo::Bare;
use crate::process::{Server, add_owner, directory, letterbox};
use crate::stores::Mongod;
use crate::table::{Goal, Line, Unit};

/// Letters that lie in the store when pages are read.
const LETTERS: u32 = 5_000;
const KEY: &str = "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3";

/// Letters that most members have on disk before the sender is thanked; Letterbox without its limit of letters.
pub fn post(plan: &Plan) -> Outcome {
    need_wrk()?;
    let database = Mongod::start()?;
    let url = database.url("letters");
    let settings = settings(&url);
    let (one, other) = (Server::letterbox(&settings), Server::letterbox(&settings));
    let letter = "name=Ada&email=ada%40example.com&subject=Engines&message=One+that+is+copied.";
    assert_eq!(Client::connect(one.port).post("/contact", letter).status, 303);
    let bare = Bare::connect(&url);
    let (to_one, to_both) = (Ask::post(&[&one]), Ask::post(&[&one, &other]));
    let sent = Cell::new(0);
    let send = |ask: &Ask<'_>| {
        let shot = ask.run(plan.seconds);
        sent.set(sent.get() + shot.requests);
        shot.per_second
    };
    let round = Duration::from_secs(plan.seconds);
    let [alone, one, two] =
        in_turn(plan.rounds, [&mut || bare.inserts_per_second(round), &mut || send(&to_one), &mut || send(&to_both)]);
    assert!(bare.count() > sent.get(), "{} letters of {} were stored", bare.count(), sent.get());
    let line = |what: &str, house| {
        let against = "the bare driver, 64 writers, insert_one each, the same indexes";
        Line::ratio(what, against, Unit::PerSecond, house, alone, Goal::AtLeast(1.5))
    };
    Ok(vec![
        line("POST /contact, MongoDB w: majority, one process", one),
        line("POST /contact, MongoDB w: majority, two processes", two),
    ])
}

/// Pages of the inbox.
pub fn list(plan: &Plan) -> Outcome {
    need_wrk()?;
    let database = Mongod::start()?;
    let url = database.url("letters");
    let settings = settings(&url);
    let directory = directory();
    add_owner(directory.path(), &settings);
    let mut seed = letterbox(directory.path(), &settings);
    assert!(seed.args(["seed", &LETTERS.to_string()]).stdout(Stdio::null()).status().unwrap().success());
    let (one, other) = (Server::letterbox(&settings), Server::letterbox(&settings));
    // Good for every process on the database.
    let cookie = log_in(one.port);
    let bare = Bare::connect(&url);
    let alone = Ask::get(&one, "/messages").with(&cookie);
    let both = Ask::get(&one, "/messages").with(&cookie).of(&[&one, &other]);
    let round = Duration::from_secs(plan.seconds);
    let [bare, alone, both] = in_turn(
        plan.rounds,
        [&mut || bare.pages_per_second(round), &mut || alone.run(plan.seconds).per_second, &mut || {
            both.run(plan.seconds).per_second
        }],
    );
    let line = |what: &str, house| {
        let against = "the bare driver, the same reads, 64 readers";
        Line::ratio(what, against, Unit::PerSecond, house, bare, Goal::None)
    };
    Ok(vec![line("GET /messages, MongoDB, one process", alone), line("GET /messages, MongoDB, two processes", both)])
}

fn settings(url: &str) -> [(&str, &str); 3] {
    [("DATABASE_URL", url), ("SECRET_KEY", KEY), ("CONTACT_PER_MINUTE", "0")]
}
