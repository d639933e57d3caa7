//! Moving, marking and editing letters, and taking that back.
//!
//! Each letter is changed by one conditional write that names how it stood when it was judged. What a try began is kept
//! in its progress, so that the next try knows its own work from that of others.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, Uuid, doc};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::letter::{self, ChangeDocument, Named, Stands, left_by, letters, name, names};
use crate::models::{Action, Change, ChangeId, Changed, Edit, Folder, Message, MessageId, Target, Timestamp, Verdict};
use crate::models::{Search, Standing};
use crate::store::mongo::values::{damaged, date, signed, uuid};
use crate::store::mongo::{Fault, Rooms};
use crate::store::{Edited, Result};

/// How far a change has come.
#[derive(Default)]
pub(super) struct Progress {
    /// The letters nothing is known of yet.
    rest: Vec<Target>,
    /// Those that were written to, with what result nobody knows.
    sent: HashSet<Uuid>,
    changed: Changed,
}

impl Progress {
    pub(super) fn of(change: &Change) -> Self {
        Self { rest: change.letters.clone(), ..Self::default() }
    }

    /// Of a try beside one that hangs and keeps what it knows to itself: it may have written to any letter.
    fn beside(change: &Change) -> Self {
        Self { sent: names(change.letters.iter().map(|target| target.id)).into_iter().collect(), ..Self::of(change) }
    }
}

pub(super) async fn change(rooms: &Rooms, change: &Change, shared: &Mutex<Progress>) -> Result<Changed, Fault> {
    let (mut anew, mut known) = (Progress::beside(change), shared.try_lock());
    let progress = known.as_deref_mut().unwrap_or(&mut anew);
    let id = uuid(change.id.as_bytes());
    while !progress.rest.is_empty() {
        let stands = stands(rooms, &progress.rest).await?;
        let mut groups: HashMap<Action, Vec<Target>> = HashMap::new();
        sort_out(change, stands, progress, &mut groups)?;
        for (undo, targets) in groups {
            let ids = names(targets.iter().map(|target| target.id));
            let (field, before) = left_by(undo);
            let mut filter = doc! { "_id": { "$in": &ids }, "folder": letter::is_there() };
            // As the letter stood before: just as undoing the change would leave it.
            filter.insert(field, before);
            let named = doc! { "change": { "id": id, "undo": undo.as_str() } };
            progress.sent.extend(&ids);
            let done = letters::<Named>(rooms).update_many(filter, by(change.action, named, change.now)).await?;
            // If somebody came between, each letter is looked at again.
            if done.modified_count == ids.len() as u64 {
                progress.changed.changed += done.modified_count;
                progress.rest.retain(|target| !ids.contains(&name(target.id)));
            }
        }
    }
    Ok(progress.changed.clone())
}

/// Judges each letter. What is decided is counted; the others are left in `progress.rest`, by what undoes the change.
fn sort_out(
    change: &Change,
    mut stands: HashMap<Uuid, (Standing, Option<Uuid>)>,
    progress: &mut Progress,
    groups: &mut HashMap<Action, Vec<Target>>,
) -> Result<()> {
    let ours = uuid(change.id.as_bytes());
    for target in std::mem::take(&mut progress.rest) {
        let Some((standing, last)) = stands.get_mut(&name(target.id)) else {
            progress.changed.gone += 1;
            continue;
        };
        if *last == Some(ours) && progress.sent.remove(&name(target.id)) {
            progress.changed.changed += 1;
            continue;
        }
        match standing.judge(change.action, &target) {
            Verdict::Elsewhere => progress.changed.moved.push(standing.folder),
            Verdict::AsWanted => progress.changed.unchanged += 1,
            Verdict::Change => {
                groups.entry(standing.undoes(change.action)).or_default().push(target);
                progress.rest.push(target);
                // Named twice, it is as wanted the second time.
                *standing = standing.after(change.action);
            }
        }
    }
    Ok(())
}

async fn stands(rooms: &Rooms, targets: &[Target]) -> Result<HashMap<Uuid, (Standing, Option<Uuid>)>, Fault> {
    let ids = names(targets.iter().map(|target| target.id));
    let filter = doc! { "_id": { "$in": ids }, "folder": letter::is_there() };
    let found: Vec<Stands> = letters(rooms).find(filter).projection(Stands::fields()).await?.try_collect().await?;
    let known = found.into_iter().map(|stands| {
        let last = stands.change.as_ref().map(|change| change.id);
        Ok((stands.id, (stands.standing()?, last)))
    });
    Ok(known.collect::<Result<_>>()?)
}

/// What one action does to a letter, beside `set`.
fn by(action: Action, set: Document, now: Timestamp) -> Document {
    let (field, value) = left_by(action);
    let mut set = set;
    set.insert(field, value);
    let mut unset = Document::new();
    match action.folder() {
        Some(Folder::Trash) => drop(set.insert("trashed_at", date(now))),
        Some(_) => drop(unset.insert("trashed_at", "")),
        None => {}
    }
    if field != "starred" {
        set.insert("pending", true);
    }
    if !set.contains_key("change") {
        unset.insert("change", "");
    }
    let mut update = doc! { "$set": set, "$inc": { "version": 1_i64 } };
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    update
}

/// How far the undoing of a change has come.
#[derive(Default)]
pub(super) struct Undoing {
    sent: HashSet<Uuid>,
    done: u64,
}

pub(super) async fn undo(rooms: &Rooms, id: ChangeId, now: Timestamp, shared: &Mutex<Undoing>) -> Result<u64, Fault> {
    let (mut anew, mut known) = (Undoing::default(), shared.try_lock());
    let undoing = known.as_deref_mut().unwrap_or(&mut anew);
    #[derive(Deserialize)]
    struct Undone {
        #[serde(rename = "_id")]
        id: Uuid,
        change: ChangeDocument,
    }
    let change = doc! { "change.id": uuid(id.as_bytes()) };
    let room = letters::<Undone>(rooms);
    let find = room.find(change.clone()).projection(doc! { "change": 1 });
    let found: Vec<Undone> = find.await?.try_collect().await?;
    let mut groups: HashMap<Action, Vec<Uuid>> = HashMap::new();
    for letter in found {
        let undo = &letter.change.undo;
        let action = Action::parse(undo).ok_or_else(|| damaged(format!("unknown action {undo}")))?;
        groups.entry(action).or_default().push(letter.id);
    }
    // What an earlier try wrote to and is no longer of this change was taken back by it.
    let left: HashSet<Uuid> = groups.values().flatten().copied().collect();
    undoing.done += undoing.sent.difference(&left).count() as u64;
    undoing.sent.clear();
    for (action, ids) in groups {
        let mut filter = doc! { "_id": { "$in": &ids } };
        filter.extend(change.clone());
        undoing.sent.extend(&ids);
        undoing.done +=
            letters::<Named>(rooms).update_many(filter, by(action, Document::new(), now)).await?.modified_count;
        undoing.sent.retain(|sent| !ids.contains(sent));
    }
    Ok(undoing.done)
}

/// False when there is no such letter.
pub(super) async fn set_read(rooms: &Rooms, id: MessageId, read: bool) -> Result<(bool, bool), Fault> {
    let there = doc! { "_id": name(id), "folder": letter::is_there() };
    let mut other = there.clone();
    other.insert("read", !read);
    let set = doc! { "$set": { "read": read, "pending": true }, "$inc": { "version": 1_i64 } };
    if letters::<Named>(rooms).update_one(other, set).await?.matched_count == 1 {
        return Ok((true, true));
    }
    Ok((letters::<Named>(rooms).find_one(there).projection(doc! { "_id": 1 }).await?.is_some(), false))
}

/// Makes an edit. `tried` says whether an earlier try may have made it, which nobody was told of.
pub(super) async fn edit(
    rooms: &Rooms,
    id: MessageId,
    edit: &Edit,
    expected: Option<u64>,
    now: Timestamp,
    tried: &AtomicBool,
) -> Result<Edited, Fault> {
    loop {
        let Some(message) = super::find::message(rooms, id).await? else { return Ok(Edited::Unknown) };
        let edited = edit.apply(&message);
        let is_next = expected.is_some_and(|expected| expected + 1 == message.version);
        if is_next && edited.is_none() && tried.load(Ordering::Relaxed) {
            return Ok(Edited::Done(message));
        }
        if expected.is_some_and(|expected| expected != message.version) {
            return Ok(Edited::Stale);
        }
        let Some(edited) = edited else { return Ok(Edited::Done(message)) };
        let filter = doc! { "_id": name(id), "folder": letter::is_there(), "version": signed(message.version)? };
        let update = difference(&message, &edited, now)?;
        let before = tried.swap(true, Ordering::Relaxed);
        if letters::<Named>(rooms).update_one(filter, update).await?.matched_count == 1 {
            return Ok(Edited::Done(edited));
        }
        tried.store(before, Ordering::Relaxed);
    }
}

/// What makes one letter of the other.
fn difference(before: &Message, after: &Message, now: Timestamp) -> Result<Document, Fault> {
    let mut set = doc! {
        "folder": after.folder.as_str(),
        "read": after.read,
        "starred": after.starred,
        "version": signed(after.version)?,
    };
    if before.letter != after.letter {
        let letter = &after.letter;
        set.extend(doc! {
            "name": letter.name.as_str(),
            "email": letter.email.as_str(),
            "email_key": letter.email.key(),
            "subject": letter.subject.as_str(),
            "body": letter.body.as_str(),
            "words": Search::entries(letter).into_iter().map(Bson::from).collect::<Vec<_>>(),
        });
    }
    if (before.folder, before.read) != (after.folder, after.read) {
        set.insert("pending", true);
    }
    let mut unset = doc! { "change": "" };
    if after.folder != Folder::Trash {
        unset.insert("trashed_at", "");
    } else if before.folder != Folder::Trash {
        set.insert("trashed_at", date(now));
    }
    Ok(doc! { "$set": set, "$unset": unset })
}
