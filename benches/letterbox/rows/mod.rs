//! The rows of the table. Each measures its sides in turn and gives its lines, or says what is missing.

mod contact;
mod express;
mod guard;
mod list;
mod login;
mod memory;
mod mongo;
mod post;
mod search;
mod start;
mod store;

use crate::measure::Plan;
use crate::table::Line;

/// Lines, or what is missing to measure them.
type Outcome = Result<Vec<Line>, String>;

/// Of something that went wrong while it was measured.
pub const FAILED: &str = "it failed; standard error says why";

pub struct Row {
    /// What it is chosen by.
    pub name: &'static str,
    pub measure: fn(&Plan) -> Outcome,
}

const fn row(name: &'static str, measure: fn(&Plan) -> Outcome) -> Row {
    Row { name, measure }
}

/// All rows, in the order of the table; at its end those that have no goal.
pub const ALL: [Row; 16] = [
    row("get-contact", contact::plain),
    row("get-contact-brotli", contact::brotli),
    row("get-contact-express", express::contact),
    row("post-contact", post::sqlite),
    row("post-contact-express", express::post),
    row("post-contact-mongo", mongo::post),
    row("list", list::against_bare),
    row("list-many", list::many),
    row("search", search::search),
    row("login-flood", login::flood),
    row("memory", memory::memory),
    row("start", start::first_answer),
    row("binary", start::binary),
    row("guard", guard::guard),
    row("list-mongo", mongo::list),
    row("store", store::store),
];
