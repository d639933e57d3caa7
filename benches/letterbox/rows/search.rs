//! Searches among many letters, against the same question put to FTS5 itself.

use super::Outcome;
use crate::measure::{Plan, ask_in_turn};
use crate::process::on_core;
use crate::stores::{Bare, House, seeded};
use crate::table::{Goal, Line};

/// Times each question is asked; the median counts.
const TIMES: usize = 201;
const RARE: &str = "zanzibar";
const COMMON: &str = "please";
const PHRASE: &str = "\"garden chairs\"";

/// On one core, so that both meet the same clock and the same caches whichever thread reads; a core that has slept is
/// slower for a while.
pub fn search(plan: &Plan) -> Outcome {
    on_core(0, || search_on_one_core(plan))
}

fn search_on_one_core(plan: &Plan) -> Outcome {
    let store = seeded(plan.letters);
    let (house, bare) = (House::open(&store), Bare::open(&store));
    let letters = plan.letters;
    let ask = |words: &str| house.list(House::search(words), None);
    let line = |name: &str, words: &str| {
        let sql = Bare::search(words);
        let [ours, theirs] = ask_in_turn(TIMES, [&mut || ask(words), &mut || bare.read(&sql)]);
        let what = format!("search for {name}, {letters} letters");
        Line::asked(&what, "the bare FTS5 query", &ours, &theirs, Goal::AtMost(1.3))
    };
    let lines = [line("a rare word", RARE), line("a common word by date", COMMON), line("a phrase", PHRASE)];
    let [rare, common] = ask_in_turn(TIMES, [&mut || ask(RARE), &mut || ask(COMMON)]);
    let what = format!("search for a common word by date, {letters} letters");
    let last = Line::asked(&what, "for a rare word", &common, &rare, Goal::AtMost(10.0));
    Ok(lines.into_iter().chain([last]).collect())
}
