//! Deleting letters for good. What was in a letter is gone at once; its name stays until the counts know of it.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, Uuid, doc};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::letter::{self, GONE, Named, letters, name, names};
use crate::models::{Folder, MessageId, Timestamp};
use crate::store::Deleted;
use crate::store::mongo::values::{date, signed};
use crate::store::mongo::{Fault, Rooms};

/// One deletion, over all its tries.
pub(super) struct Deletion {
    /// Names it, so that its own work is known from that of others.
    act: Uuid,
    progress: Mutex<Progress>,
}

/// How far it has come.
#[derive(Default)]
struct Progress {
    /// Letters that were written to, with what result nobody knows.
    sent: HashSet<Uuid>,
    done: u64,
}

impl Deletion {
    pub(super) fn new() -> Self {
        Self { act: Uuid::new(), progress: Mutex::default() }
    }

    /// Deletes those of these letters that fit; says how many this deletion has deleted by now.
    async fn delete(&self, rooms: &Rooms, ids: Vec<Uuid>, fit: Document) -> Result<u64, Fault> {
        // A try that hangs keeps what it knows to itself: it may have written to any letter.
        let mut anew = Progress { sent: ids.iter().copied().collect(), ..Progress::default() };
        let mut known = self.progress.try_lock();
        let progress = known.as_deref_mut().unwrap_or(&mut anew);
        let ids = self.settle(rooms, ids, progress).await?;
        if !ids.is_empty() {
            let mut filter = doc! { "_id": { "$in": &ids } };
            filter.extend(fit);
            let left = doc! {
                "_id": "$_id", "key": "$_id", "folder": GONE, "counted": "$counted", "lot": "$lot", "pending": true,
                "by": self.act,
            };
            progress.sent.extend(&ids);
            let done = letters::<Named>(rooms).update_many(filter, vec![doc! { "$replaceWith": left }]).await?;
            if done.modified_count == ids.len() as u64 {
                progress.done += done.modified_count;
                progress.sent.retain(|id| !ids.contains(id));
            } else {
                // Another try, beside this one, may have been faster.
                let before = progress.done;
                self.settle(rooms, ids, progress).await?;
                progress.done = progress.done.max(before + done.modified_count);
            }
        }
        Ok(progress.done)
    }

    /// Counts what an earlier try has deleted after all, and leaves the rest.
    async fn settle(&self, rooms: &Rooms, ids: Vec<Uuid>, progress: &mut Progress) -> Result<Vec<Uuid>, Fault> {
        #[derive(Deserialize)]
        struct Left {
            #[serde(rename = "_id")]
            id: Uuid,
            by: Option<Uuid>,
        }
        if progress.sent.is_empty() {
            return Ok(ids);
        }
        let sent: Vec<Uuid> = progress.sent.iter().copied().collect();
        let room = letters::<Left>(rooms);
        let find = room.find(doc! { "_id": { "$in": sent } }).projection(doc! { "by": 1 });
        let found: Vec<Left> = find.await?.try_collect().await?;
        progress.sent.retain(|id| found.iter().any(|left| left.id == *id && left.by == Some(self.act)));
        let done = std::mem::take(&mut progress.sent);
        progress.done += done.len() as u64;
        Ok(ids.into_iter().filter(|id| !done.contains(id)).collect())
    }
}

pub(super) async fn one(rooms: &Rooms, id: MessageId, deletion: &Deletion) -> Result<bool, Fault> {
    Ok(deletion.delete(rooms, vec![name(id)], doc! { "folder": letter::is_there() }).await? > 0)
}

/// Deletes all of these, wherever they lie.
pub(super) async fn all(rooms: &Rooms, ids: &[MessageId], deletion: &Deletion) -> Result<u64, Fault> {
    deletion.delete(rooms, names(ids.iter().copied()), doc! { "folder": letter::is_there() }).await
}

pub(super) async fn one_at(rooms: &Rooms, id: MessageId, version: u64, deletion: &Deletion) -> Result<Deleted, Fault> {
    let there = doc! { "folder": letter::is_there() };
    let mut fit = there.clone();
    fit.insert("version", signed(version)?);
    if deletion.delete(rooms, vec![name(id)], fit).await? > 0 {
        return Ok(Deleted::Done);
    }
    let mut filter = doc! { "_id": name(id) };
    filter.extend(there);
    let room = letters::<Named>(rooms);
    let found = room.find_one(filter).projection(doc! { "_id": 1 }).await?;
    Ok(if found.is_some() { Deleted::Stale } else { Deleted::Unknown })
}

pub(super) async fn trashed(rooms: &Rooms, ids: &[MessageId], deletion: &Deletion) -> Result<u64, Fault> {
    deletion.delete(rooms, names(ids.iter().copied()), doc! { "folder": Folder::Trash.as_str() }).await
}

/// Goes on until `limit` are deleted or none is left: others may be emptying the trash too.
pub(super) async fn empty_trash(
    rooms: &Rooms,
    before: Timestamp,
    limit: u32,
    deletion: &Deletion,
) -> Result<u64, Fault> {
    let fit = doc! { "trashed_at": { "$lt": date(before) } };
    let mut done = deletion.delete(rooms, Vec::new(), fit.clone()).await?;
    while done < u64::from(limit) {
        let left = i64::from(limit).saturating_sub_unsigned(done);
        let room = letters::<Named>(rooms);
        let find = room.find(fit.clone()).projection(doc! { "_id": 1 }).limit(left);
        let found: Vec<Named> = find.await?.try_collect().await?;
        if found.is_empty() {
            break;
        }
        done = deletion.delete(rooms, found.into_iter().map(|letter| letter.id).collect(), fit.clone()).await?;
    }
    Ok(done)
}
