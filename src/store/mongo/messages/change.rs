//! Moving, marking and editing letters, and taking that back.
//!
//! Each letter is changed by one conditional write that names the version it had when it was judged: one that hangs and
//! is carried out late touches nothing that has changed since. What a try began is kept in its progress, so that the
//! next try knows its own work from that of others.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, Uuid, doc};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::letter::{self, Named, Stands, left_by, letters, name, names};
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
        let mut groups = HashMap::new();
        sort_out(change, stands, progress, &mut groups)?;
        for (undo, versions) in groups {
            let ids: Vec<Uuid> = versions.values().flatten().copied().collect();
            let (field, before) = left_by(undo);
            let mut fit = doc! { "folder": letter::is_there() };
            // As the letter stood before: just as undoing the change would leave it.
            fit.insert(field, before);
            let filter = unchanged(versions, &fit);
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
    mut stands: HashMap<Uuid, Judged>,
    progress: &mut Progress,
    groups: &mut HashMap<Action, Versions>,
) -> Result<()> {
    let ours = uuid(change.id.as_bytes());
    for target in std::mem::take(&mut progress.rest) {
        let Some(Judged { standing, version, last }) = stands.get_mut(&name(target.id)) else {
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
                let group = groups.entry(standing.undoes(change.action)).or_default();
                group.entry(*version).or_default().push(name(target.id));
                progress.rest.push(target);
                // Named twice, it is as wanted the second time.
                *standing = standing.after(change.action);
            }
        }
    }
    Ok(())
}

/// How a letter was found.
struct Judged {
    standing: Standing,
    version: i64,
    /// Its last change.
    last: Option<Uuid>,
}

/// Letters by the version they were found in.
type Versions = HashMap<i64, Vec<Uuid>>;

/// The condition that these letters are of the versions they were found in, and fit. Each version is looked up along
/// the names by itself; there are few.
fn unchanged(versions: Versions, fit: &Document) -> Document {
    let each = versions.into_iter().map(|(version, ids)| {
        let mut each = doc! { "_id": { "$in": ids }, "version": version };
        each.extend(fit.clone());
        each
    });
    doc! { "$or": each.collect::<Vec<_>>() }
}

async fn stands(rooms: &Rooms, targets: &[Target]) -> Result<HashMap<Uuid, Judged>, Fault> {
    let ids = names(targets.iter().map(|target| target.id));
    let filter = doc! { "_id": { "$in": ids }, "folder": letter::is_there() };
    let found: Vec<Stands> = letters(rooms).find(filter).projection(Stands::fields()).await?.try_collect().await?;
    let known = found.into_iter().map(|stands| {
        let last = stands.change.as_ref().map(|change| change.id);
        Ok((stands.id, Judged { standing: stands.standing()?, version: stands.version, last }))
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

/// Takes a change back wherever it was the last one; says of how many letters. Each keeps the name of the undoing `act`
/// in place of what undoes it, so that a repeated act counts what its earlier tries did.
pub(super) async fn undo(rooms: &Rooms, id: ChangeId, now: Timestamp, act: Uuid) -> Result<u64, Fault> {
    let id = uuid(id.as_bytes());
    let undoable = doc! { "change.id": id, "change.undo": { "$exists": true } };
    loop {
        let groups = undoable_letters(rooms, undoable.clone()).await?;
        if groups.is_empty() {
            let undone = doc! { "change.id": id, "change.undone_by": act };
            return Ok(letters::<Named>(rooms).count_documents(undone).await?);
        }
        for (action, versions) in groups {
            let filter = unchanged(versions, &undoable);
            let set = doc! { "change": { "id": id, "undone_by": act } };
            letters::<Named>(rooms).update_many(filter, by(action, set, now)).await?;
        }
    }
}

/// These letters, by the action that takes their last change back.
async fn undoable_letters(rooms: &Rooms, undoable: Document) -> Result<HashMap<Action, Versions>, Fault> {
    #[derive(Deserialize)]
    struct Changed {
        #[serde(rename = "_id")]
        id: Uuid,
        version: i64,
        change: Mark,
    }
    #[derive(Deserialize)]
    struct Mark {
        undo: String,
    }
    let room = letters::<Changed>(rooms);
    let find = room.find(undoable).projection(doc! { "version": 1, "change": 1 });
    let found: Vec<Changed> = find.await?.try_collect().await?;
    let mut groups: HashMap<Action, Versions> = HashMap::new();
    for letter in found {
        let undo = &letter.change.undo;
        let action = Action::parse(undo).ok_or_else(|| damaged(format!("unknown action {undo}")))?;
        groups.entry(action).or_default().entry(letter.version).or_default().push(letter.id);
    }
    Ok(groups)
}

/// Whether there is such a letter, and whether it was changed.
pub(super) async fn set_read(rooms: &Rooms, id: MessageId, read: bool) -> Result<(bool, bool), Fault> {
    let there = doc! { "_id": name(id), "folder": letter::is_there() };
    loop {
        let room = letters::<Stands>(rooms);
        let Some(stands) = room.find_one(there.clone()).projection(Stands::fields()).await? else {
            return Ok((false, false));
        };
        if stands.standing()?.read == read {
            return Ok((true, false));
        }
        let mut same = there.clone();
        same.insert("version", stands.version);
        let set = doc! { "$set": { "read": read, "pending": true }, "$inc": { "version": 1_i64 } };
        if letters::<Named>(rooms).update_one(same, set).await?.matched_count == 1 {
            return Ok((true, true));
        }
    }
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
