//! Letterbox on a MongoDB, against the bare driver. Everything shares this machine, the database too.

use std::process::Stdio;

use super::Outcome;
use crate::client::{Client, log_in};
use crate::load::{self, Ask, Rate, need_wrk};
use crate::measure::Plan;
use crate::peers::mongo::{Bare, Inserts, Reads};
use crate::process::{Server, add_owner, directory, letterbox};
use crate::stores::Mongod;
use crate::table::{Goal, Line};

/// Letters that lie in the store when pages are read.
const LETTERS: u32 = 5_000;
const KEY: &str = "uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3";

/// Letters that most members have on disk before the sender is thanked. Letterbox does not count them by address, which
/// all processes on a database do together, in it.
pub fn post(plan: &Plan) -> Outcome {
    need_wrk()?;
    let database = Mongod::start()?;
    let url = database.url("letters");
    let settings = settings(&url);
    let (one, other) = (Server::letterbox(&settings), Server::letterbox(&settings));
    // The one that the bare driver copies: a shorter one would have fewer words, and each is a key in an index.
    assert_eq!(Client::connect(one.port).post("/contact", &load::letter(&one)).status, 303);
    let bare = Bare::connect(&url);
    let (to_one, to_both) = (Ask::post(&[&one]), Ask::post(&[&one, &other]));
    // MongoDB has pauses of its own, and a turn finds twice as many letters as another.
    let [alone, one, two] = load::in_turn(&plan.closely(), [&Inserts(&bare), &to_one, &to_both]);
    let (sent, stored) = (one.sent + two.sent, bare.count());
    assert!(stored >= sent, "{stored} letters of {sent} were stored");
    let line = |what: &str, house: &Rate| {
        let against = "the bare driver, 64 writers, insert_one each, the same letter and indexes";
        Line::rates(what, against, house, &alone, Goal::AtLeast(1.5))
    };
    Ok(vec![
        line("POST /contact, MongoDB w: majority, one process", &one),
        line("POST /contact, MongoDB w: majority, two processes", &two),
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
    let to_one = Ask::get(&one, "/messages").with(&cookie);
    let to_both = Ask::get(&one, "/messages").with(&cookie).of(&[&one, &other]);
    let [alone, one, two] = load::in_turn(plan, [&Reads(&bare), &to_one, &to_both]);
    let line = |what: &str, house: &Rate| {
        let against = "the bare driver, the same reads, 64 readers";
        Line::rates(what, against, house, &alone, Goal::None)
    };
    Ok(vec![line("GET /messages, MongoDB, one process", &one), line("GET /messages, MongoDB, two processes", &two)])
}

fn settings(url: &str) -> [(&str, &str); 3] {
    [("DATABASE_URL", url), ("SECRET_KEY", KEY), ("CONTACT_PER_MINUTE", "0")]
}
