//! `POST /contact`: a letter, on disk before its sender is thanked.

use super::Outcome;
use crate::load::{self, Ask, Load, Rate, need_wrk};
use crate::measure::Plan;
use crate::process::{Server, directory, letterbox};
use crate::stores::{count, count_found, database};
use crate::table::{Goal, Line};

/// Letterbox counts the letters of each address behind the proxy, and refuses none.
pub const GENEROUS: [(&str, &str); 2] = [("CONTACT_PER_MINUTE", "100000"), ("TRUSTED_PROXIES", "127.0.0.1")];

pub fn sqlite(plan: &Plan) -> Outcome {
    need_wrk()?;
    let (ours, theirs) = (directory(), directory());
    let file = theirs.path().join("peer.db");
    let house = Server::letterbox_in(ours.path(), &GENEROUS);
    let bare = Server::peer(&["post", &file.to_string_lossy()]);
    let sides = [&house, &bare].map(|server| Ask::post(&[server]));
    let rates = load::in_turn(plan, sides.each_ref().map(|side| side as &dyn Load));
    drop(sides);
    drop((house, bare));
    check(ours.path());
    for (database, rate) in [database(ours.path()), file].iter().zip(&rates) {
        let stored = count(database).min(count_found(database, "garden"));
        assert!(stored >= rate.sent, "{stored} letters of {} were stored and can be found", rate.sent);
    }
    let [house, bare]: [Rate; 2] = rates;
    let against = "bare actix-web and one rusqlite thread that commits in groups (WAL, FULL, FTS5)";
    Ok(vec![Line::rates("POST /contact, SQLite", against, &house, &bare, Goal::AtLeast(0.90))])
}

/// What was measured is worth nothing if it left a broken store. Letters that still waited for the search index are in it
/// afterwards.
fn check(directory: &std::path::Path) {
    let checked = letterbox(directory, &[]).arg("check").output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
