//! How long it takes to be there, and how much there is.

use std::time::Instant;

use super::Outcome;
use crate::client::Client;
use crate::measure::{Plan, in_turn};
use crate::process::{Server, directory};
use crate::stores::seeded;
use crate::table::{Goal, Line, Unit};

/// From the start of the process to its first 200.
pub fn first_answer(plan: &Plan) -> Outcome {
    let store = seeded(plan.letters);
    let directory = directory();
    let file = directory.path().join("page");
    std::fs::write(&file, "There is a letter for you.").unwrap();
    let file = file.to_string_lossy();
    let letterbox = || Server::letterbox_in(&store, &[]);
    let bare = || Server::peer(&["contact", &file]);
    let [house, bare] = in_turn(plan.rounds.max(7), [&mut || millis(letterbox), &mut || millis(bare)]);
    let what = format!("start to first 200, {} letters stored", plan.letters);
    Ok(vec![Line::difference(&what, "bare actix-web", Unit::Millis, house, bare, Goal::AtMost(30.0))])
}

fn millis(start: impl FnOnce() -> Server) -> f64 {
    let begun = Instant::now();
    let server = start();
    assert_eq!(Client::connect(server.port).get("/contact", "").status, 200);
    begun.elapsed().as_secs_f64() * 1e3
}

/// The program, with the features that this bench needs of its dependencies too.
pub fn binary(_: &Plan) -> Outcome {
    let bytes = std::fs::metadata(env!("CARGO_BIN_EXE_letterbox")).unwrap().len();
    Ok(vec![Line::figure(
        "the program",
        "stripped, everything in it",
        bytes as f64 / 1e6,
        Unit::Megabytes,
        Goal::AtMost(20.0),
    )])
}
