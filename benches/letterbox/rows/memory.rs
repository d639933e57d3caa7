//! Memory, before and after much use.

use super::Outcome;
use crate::client::Client;
use crate::load::{Ask, CONNECTIONS, Load as _, need_wrk};
use crate::measure::{Plan, Spread};
use crate::process::{Server, directory};
use crate::table::{Goal, Line, Unit};

/// Requests after which everything has been in use.
const FEW: u64 = 10_000;

pub fn memory(plan: &Plan) -> Outcome {
    need_wrk()?;
    let house = Server::letterbox(&[]);
    let directory = directory();
    let file = directory.path().join("page");
    std::fs::write(&file, Client::connect(house.port).get("/contact", "").body).unwrap();
    let bare = Server::peer(&["contact", &file.to_string_lossy()]);
    ask_few(&house);
    let few = resident(&house);
    ask_many(&house, plan);
    let many = resident(&house);
    ask_few(&bare);
    ask_many(&bare, plan);
    let theirs = resident(&bare);
    let what = format!("resident memory after {} requests", plan.requests);
    let line =
        |against: &str, peer, most| Line::difference(&what, against, Unit::Megabytes, many, peer, Goal::AtMost(most));
    Ok(vec![line(&format!("after {FEW} requests"), few, 5.0), line("bare actix-web after as many", theirs, 25.0)])
}

fn ask_few(server: &Server) {
    let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| Client::connect(server.port)).collect();
    for number in 0..FEW as usize {
        assert_eq!(clients[number % CONNECTIONS].get("/contact", "").status, 200);
    }
}

/// Until it has been asked as often as planned, those first ones included.
fn ask_many(server: &Server, plan: &Plan) {
    let ask = Ask::get(server, "/contact");
    let mut asked = FEW;
    while asked < plan.requests {
        asked += ask.run(plan.seconds).requests;
    }
}

fn resident(server: &Server) -> Spread {
    Spread::of(vec![server.resident_bytes() as f64 / 1e6])
}
