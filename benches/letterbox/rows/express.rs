//! Letterbox against what many would write instead.
//!
//! For the contact page either side has one core, and the load comes from another: on all cores together `wrk` would take
//! most of them from the faster side and next to nothing from the slower one.

use super::Outcome;
use super::post::GENEROUS;
use crate::load::{self, Ask, Load, need_wrk};
use crate::measure::Plan;
use crate::peers::express::Express;
use crate::process::{Server, on_core};
use crate::stores::Mongod;
use crate::table::{Goal, Line};

/// Seconds.
const WARM_UP: u64 = 10;

/// Else says what is missing.
fn need_two_cores() -> Result<(), String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores < 2 { Err("needs two cores".to_owned()) } else { Ok(()) }
}

/// One process a core.
pub fn contact(plan: &Plan) -> Outcome {
    need_wrk()?;
    need_two_cores()?;
    let express = Express::install()?;
    let (house, peer) = on_core(0, || (Server::letterbox(&[]), express.contact(1)));
    let sides = [&Ask::get(&house, "/contact"), &Ask::get(&peer, "/contact")];
    let [house, peer] = on_core(1, || load::in_turn(plan, sides.map(|side| side as &dyn Load)));
    let against =
        "Express 5, EJS and morgan, which renders an equal form each time; one core each, the load on another";
    Ok(vec![Line::rates("GET /contact", against, &house, &peer, Goal::AtLeast(15.0))])
}

/// Letterbox syncs its file before the answer, MongoDB its journal. Either side has all cores, with its database; so has
/// the load.
pub fn post(plan: &Plan) -> Outcome {
    need_wrk()?;
    let express = Express::install()?;
    let database = Mongod::start_alone()?;
    let house = Server::letterbox(&GENEROUS);
    let [one, two] = [1, 2].map(|processes| express.letters(processes, &database.url("express")));
    Ok(vec![posted(plan, &house, &one, &two)])
}

fn posted(plan: &Plan, house: &Server, one: &Server, two: &Server) -> Line {
    let sides = [house, one, two].map(|server| Ask::post(&[server]));
    // Node compiles what has run for a while.
    for express in &sides[1..] {
        express.run(WARM_UP);
    }
    let [house, one, two] = load::in_turn(&plan.closely(), sides.each_ref().map(|side| side as &dyn Load));
    let two_are_faster = two.per_second.median > one.per_second.median;
    let (peer, processes) = if two_are_faster { (two, "two processes") } else { (one, "one process") };
    let against = format!(
        "Express 5, Mongoose and morgan, w: 1, j: true, {processes} (the faster); its database's processor time is not \
         counted"
    );
    Line::rates("POST /contact, SQLite", &against, &house, &peer, Goal::AtLeast(10.0))
}
