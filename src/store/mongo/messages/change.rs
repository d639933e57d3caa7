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
fn by(action: Action, mut set: Document, now: Timestamp) -> Document {
    let (field, value) = left_by(action);
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
    let mut update = doc! { "$set": set, "$inc": { "version": 1_i64 } };
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    update
}

/// Takes a change back. `act` names that; `tried` says whether another try may have begun it.
pub(super) async fn undo(
    rooms: &Rooms,
    id: ChangeId,
    act: Uuid,
    now: Timestamp,
    tried: &AtomicBool,
) -> Result<u64, Fault> {
    #[derive(Deserialize)]
    struct Undone {
        #[serde(rename = "_id")]
        id: Uuid,
        change: ChangeDocument,
    }
    let tried = tried.swap(true, Ordering::Relaxed);
    let change = doc! { "change.id": uuid(id.as_bytes()) };
    let room = letters::<Undone>(rooms);
    let find = room.find(change.clone()).projection(doc! { "change": 1 });
    let found: Vec<Undone> = find.await?.try_collect().await?;
    let (all, mut done) = (found.len() as u64, 0);
    let mut groups: HashMap<Action, Vec<Uuid>> = HashMap::new();
    for letter in found {
        let undo = &letter.change.undo;
        let action = Action::parse(undo).ok_or_else(|| damaged(format!("unknown action {undo}")))?;
        groups.entry(action).or_default().push(letter.id);
    }
    for (action, ids) in groups {
        let mut filter = doc! { "_id": { "$in": &ids } };
        filter.extend(change.clone());
        // Nobody is told this name, so that what was taken back is not put back by it.
        let named = doc! { "change": { "id": act, "undo": action.as_str() } };
        done += letters::<Named>(rooms).update_many(filter, by(action, named, now)).await?.modified_count;
    }
    if done == all && !tried {
        return Ok(done);
    }
    // Some were taken back by another try, before this one or beside it, or changed by somebody else.
    let by_this_act = letters::<Named>(rooms).count_documents(doc! { "change.id": act }).await?;
    Ok(by_this_act.max(done))
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

/// Makes an edit. `act` names it; `tried` says whether another try may have made it.
pub(super) async fn edit(
    rooms: &Rooms,
    id: MessageId,
    edit: &Edit,
    expected: Option<u64>,
    act: Uuid,
    now: Timestamp,
    tried: &AtomicBool,
) -> Result<Edited, Fault> {
    loop {
        let Some(message) = super::find::message(rooms, id).await? else { return Ok(Edited::Unknown) };
        if tried.load(Ordering::Relaxed) && is_made(rooms, id, act).await? {
            return Ok(Edited::Done(message));
        }
        if expected.is_some_and(|expected| expected != message.version) {
            return Ok(Edited::Stale);
        }
        let Some(edited) = edit.apply(&message) else { return Ok(Edited::Done(message)) };
        let filter = doc! { "_id": name(id), "folder": letter::is_there(), "version": signed(message.version)? };
        let update = difference(&message, &edited, act, now)?;
        tried.store(true, Ordering::Relaxed);
        if letters::<Named>(rooms).update_one(filter, update).await?.matched_count == 1 {
            return Ok(Edited::Done(edited));
        }
    }
}

/// Whether the last edit of a letter is this one.
async fn is_made(rooms: &Rooms, id: MessageId, act: Uuid) -> Result<bool, Fault> {
    let room = letters::<Named>(rooms);
    let edited = room.find_one(doc! { "_id": name(id), "edit": act }).projection(doc! { "_id": 1 });
    Ok(edited.await?.is_some())
}

/// What makes one letter of the other.
fn difference(before: &Message, after: &Message, act: Uuid, now: Timestamp) -> Result<Document, Fault> {
    let mut set = doc! {
        "folder": after.folder.as_str(),
        "read": after.read,
        "starred": after.starred,
        "version": signed(after.version)?,
        "edit": act,
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
