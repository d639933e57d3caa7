//! What a flood of logins does to visitors.

use super::Outcome;
use crate::client::Client;
use crate::load::{Flood, need_wrk};
use crate::measure::{Plan, in_turn, micros};
use crate::process::{Server, add_owner, directory};
use crate::table::{Goal, Line, Unit};

const CLIENTS: usize = 32;

/// p99 of `GET /contact` at rest and while clients try to log in, from ever new addresses behind a proxy that Letterbox
/// trusts and to ever new accounts, so that no counting helps and passwords are hashed all the time. Each asks again as
/// soon as it is answered; refusals are held back a little, so these are fewer than clients that do not wait for answers
/// would send.
pub fn flood(plan: &Plan) -> Outcome {
    need_wrk()?;
    let directory = directory();
    add_owner(directory.path(), &[]);
    let house = Server::letterbox_in(directory.path(), &[("TRUSTED_PROXIES", "127.0.0.1")]);
    let [rest, flooded] = in_turn(
        plan.rounds,
        [&mut || p99(&house, plan.seconds), &mut || {
            let flood = Flood::start(&house, CLIENTS);
            let flooded = p99(&house, plan.seconds);
            drop(flood);
            flooded
        }],
    );
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains("route=\"/login\" status=422"), "no password was found wrong");
    let what = format!("p99 of GET /contact while {CLIENTS} clients log in");
    Ok(vec![Line::ratio(&what, "at rest", Unit::Micros, flooded, rest, Goal::AtMost(3.0))])
}

/// In microseconds, by one client that asks one after the other.
fn p99(house: &Server, seconds: u64) -> f64 {
    let mut client = Client::connect(house.port);
    let (mut times, mut total) = (Vec::new(), 0.0);
    while total < seconds as f64 * 1e6 {
        let time = micros(|| assert_eq!(client.get("/contact", "").status, 200));
        total += time;
        times.push(time);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}
