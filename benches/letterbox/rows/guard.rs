//! What it costs to ask who is there: the access token, the session row, the headers of private pages.

use super::Outcome;
use crate::client::log_in;
use crate::load::{self, Ask, need_wrk};
use crate::measure::Plan;
use crate::peers::guard::{GUARDED, OPEN};
use crate::process::{Server, add_owner, directory};
use crate::table::{Goal, Line};

pub fn guard(plan: &Plan) -> Outcome {
    need_wrk()?;
    let directory = directory();
    add_owner(directory.path(), &[]);
    let house = Server::peer(&["guard", &directory.path().to_string_lossy()]);
    let cookie = log_in(house.port);
    let guarded = Ask::get(&house, GUARDED).with(&cookie);
    let open = Ask::get(&house, OPEN).with(&cookie);
    let [guarded, open] = load::in_turn(plan, [&guarded, &open]);
    Ok(vec![Line::rates("a page behind the guard", "the same page without", &guarded, &open, Goal::None)])
}
