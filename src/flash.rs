//! One sentence across a redirect, in the encrypted session cookie of people who sign in.

use actix_session::Session;
use serde::{Deserialize, Serialize};

const KEY: &str = "flash";
const UNDO: &str = "undo";

/// A sentence about what has just happened.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The sentence.
    pub sentence: String,
    /// How to take it back.
    pub undo: Option<Undo>,
}

/// A change of letters that can be taken back. The letters themselves remember which ones it was, so that the cookie
/// stays small.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// The name of the change.
    pub change: String,
    /// How many letters it changed.
    pub count: u64,
    /// Where to go on afterwards.
    pub back: String,
}

/// Leaves a sentence for the next page.
pub fn put(session: &Session, sentence: &str) {
    session.remove(UNDO);
    insert(session, KEY, sentence);
}

/// Leaves a sentence for the next page, with a way to take back the change it tells of.
pub fn put_undoable(session: &Session, sentence: &str, undo: &Undo) {
    insert(session, KEY, sentence);
    insert(session, UNDO, undo);
}

/// Takes the sentence that was left, so that it is shown once.
pub fn take(session: &Session) -> Option<String> {
    Some(take_notice(session)?.sentence)
}

/// Takes the sentence that was left, and the way back if there is one.
pub fn take_notice(session: &Session) -> Option<Notice> {
    let undo = session.remove_as::<Undo>(UNDO).and_then(Result::ok);
    let sentence = session.remove_as::<String>(KEY)?.ok()?;
    Some(Notice { sentence, undo })
}

fn insert(session: &Session, key: &str, value: impl Serialize) {
    if let Err(error) = session.insert(key, value) {
        tracing::warn!(%error, "a notice could not be left for the next page");
    }
}
