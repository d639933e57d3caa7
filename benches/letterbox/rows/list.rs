//! `GET /messages`: a page of 50 letters, for somebody who is logged in.

use std::path::Path;

use letterbox::models::MessageId;

use super::Outcome;
use crate::client::{Client, log_in};
use crate::load::{self, Ask, Load, need_wrk};
use crate::measure::Plan;
use crate::process::Server;
use crate::stores::{database, open_to_read, seeded};
use crate::table::{Goal, Line};

/// Letters in the small store.
pub const FEW: u64 = 1_000;
const PATH: &str = "/messages";
/// Bytes by which two pages may differ and still be the same page.
const ALIKE: usize = 64;

pub fn against_bare(plan: &Plan) -> Outcome {
    need_wrk()?;
    let store = seeded(FEW);
    let house = Server::letterbox_in(&store, &[]);
    let bare = Server::peer(&["list", &database(&store).to_string_lossy()]);
    let cookie = log_in(house.port);
    let [ours, theirs] = [&house, &bare].map(|server| length(server, &cookie));
    assert!(ours.abs_diff(theirs) < ALIKE, "pages of {ours} and {theirs} bytes are not the same");
    let sides = [&house, &bare].map(|server| Ask::get(server, PATH).with(&cookie));
    let [house, bare] = load::in_turn(&plan.closely(), sides.each_ref().map(|side| side as &dyn Load));
    let against = "bare actix-web, the same SQL in its worker, the same template, no guard";
    Ok(vec![Line::rates("GET /messages, 50 letters, guard included", against, &house, &bare, Goal::AtLeast(0.80))])
}

/// The first page of few letters, of many, and one deep down among many.
pub fn many(plan: &Plan) -> Outcome {
    need_wrk()?;
    let (small, large) = (seeded(FEW), seeded(plan.letters));
    let (few, many) = (Server::letterbox_in(&small, &[]), Server::letterbox_in(&large, &[]));
    let deep = format!("{PATH}?before={}", deep(&database(&large), plan.letters / 2));
    let (to_few, to_many) = (log_in(few.port), log_in(many.port));
    let [few, first, deep] = load::in_turn(
        &plan.closely(),
        [
            &Ask::get(&few, PATH).with(&to_few),
            &Ask::get(&many, PATH).with(&to_many),
            &Ask::get(&many, &deep).with(&to_many),
        ],
    );
    let (all, half) = (plan.letters, plan.letters / 2);
    let goal = Goal::AtLeast(0.90);
    Ok(vec![
        Line::rates(&format!("GET /messages, {all} letters"), &format!("with {FEW} letters"), &first, &few, goal),
        Line::rates(&format!("GET /messages, {half} letters deep"), "the first page", &deep, &first, goal),
    ])
}

fn length(server: &Server, cookie: &str) -> usize {
    let answer = Client::connect(server.port).get(PATH, &format!("{cookie}\r\n"));
    assert_eq!(answer.status, 200);
    answer.body.len()
}

/// The letter of the inbox that has so many above it.
fn deep(database: &Path, above: u64) -> MessageId {
    let sql = "SELECT id FROM messages WHERE folder = 'inbox' ORDER BY seq DESC LIMIT 1 OFFSET ?1";
    let id = open_to_read(database).query_row(sql, [above], |row| row.get(0)).unwrap();
    MessageId::from_bytes(id)
}
