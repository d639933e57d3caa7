//! What the inbox asks of its store: with few letters, with many, and the same question put to SQLite itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use letterbox::models::{Cursor, Folder, Selection};

use super::list::FEW;
use super::{FAILED, Outcome};
use crate::measure::{Plan, ask_in_turn};
use crate::stores::{Bare, House, seeded};
use crate::table::{Goal, Line};

/// Times each question is asked; the median counts.
const TIMES: usize = 21;

struct Question {
    name: &'static str,
    ask: Box<dyn Fn(&House)>,
    /// The same in SQL, if that is one statement.
    sql: Option<String>,
}

pub fn store(plan: &Plan) -> Outcome {
    let (small, large) = (seeded(FEW), seeded(plan.letters));
    let (few, many, bare) = (House::open(&small), House::open(&large), Bare::open(&large));
    let asked = pages(&bare).into_iter().chain(searches()).chain(others());
    Ok(asked.flat_map(|question| measure(&question, plan, &few, &many, &bare)).collect())
}

fn measure(question: &Question, plan: &Plan, few: &House, many: &House, bare: &Bare) -> Vec<Line> {
    let Question { name, ask, sql } = question;
    let what = format!("store: {name}, {} letters", plan.letters);
    // One that takes so long that the store refuses it must not take the others with it.
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let read = || sql.iter().for_each(|sql| bare.read(sql));
        ask_in_turn(TIMES, [&mut || ask(few), &mut || ask(many), &mut || read()])
    }));
    let Ok([of_few, of_many, of_bare]) = asked else { return vec![Line::missing(&what, FAILED)] };
    let line = |against: &str, peer| Line::asked(&what, against, &of_many, peer, Goal::None);
    let mut lines = vec![line(&format!("with {FEW} letters"), &of_few)];
    lines.extend(sql.as_ref().map(|_| line("the bare SQLite query", &of_bare)));
    lines
}

fn pages(bare: &Bare) -> Vec<Question> {
    let page = |name, change: fn(&mut Selection), cursor: fn(&House) -> Option<Cursor>, sql: Option<String>| {
        let ask = move |house: &House| {
            let mut which = Selection::of(Folder::Inbox);
            change(&mut which);
            house.list(which, cursor(house));
        };
        Question { name, ask: Box::new(ask), sql: sql.map(|more| Bare::folder(&more)) }
    };
    let below = format!("AND m.seq < {}", bare.middle());
    vec![
        page("first page", |_| {}, |_| None, Some(String::new())),
        page("page in the middle", |_| {}, |house| Some(Cursor::Before(house.middle)), Some(below)),
        page("page in the middle, upwards", |_| {}, |house| Some(Cursor::After(house.middle)), None),
        page("unread", |which| which.unread = true, |_| None, Some("AND m.read = 0".to_owned())),
        page("starred", |which| which.starred = true, |_| None, Some("AND m.starred = 1".to_owned())),
        page("unread and starred", |which| (which.unread, which.starred) = (true, true), |_| None, None),
    ]
}

fn searches() -> Vec<Question> {
    let search = |name: &'static str, words: &'static str, sql: Option<&str>| Question {
        name,
        ask: Box::new(move |house| house.list(House::search(words), None)),
        sql: sql.map(Bare::search),
    };
    vec![
        search("two common words", "please garden", Some("please garden")),
        search("the beginning of a word", "gard*", Some("gard *")),
        search("one letter and a star", "g*", Some("g *")),
        search("a common word without another", "please -garden", Some("please NOT garden")),
        search("all without a word", "-please", None),
        search("a sender", "from:writer77", Some("{name email} : writer77")),
        search("a common word in the trash", "please in:trash", None),
        search("a word nobody wrote", "xylophone", Some("xylophone")),
    ]
}

fn others() -> Vec<Question> {
    let other =
        |name, ask: fn(&House), sql: Option<&str>| Question { name, ask: Box::new(ask), sql: sql.map(str::to_owned) };
    vec![
        other("all counts", House::count, Some("SELECT folder, total, unread FROM folder_counts")),
        other("a sender's earlier letters", House::earlier, None),
        other("the most relevant hits", House::most_relevant, None),
        other("archive a letter and undo it", House::archive_and_undo, None),
    ]
}
