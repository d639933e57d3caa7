//! Letters whole, as a copy of the store takes and puts them.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Document, Uuid, doc, serialize_to_document};

use super::counts;
use super::delete::{self, Deletion};
use super::letter::{self, Named, Stored, letters, name};
use crate::models::MessageId;
use crate::store::mongo::values::{damaged, uuid};
use crate::store::mongo::{Fault, MongoStore, Rooms};
use crate::store::{KeptLetter, Record, RecordId, Result};

/// Letters that are replaced at once.
const AT_ONCE: usize = 16;

/// How many letters there are.
pub(in crate::store::mongo) async fn count(rooms: &Rooms) -> Result<u64, Fault> {
    Ok(letters::<Named>(rooms).count_documents(doc! { "folder": letter::is_there() }).await?)
}

/// The letters whose names come after `after`, in the order of their names.
pub(in crate::store::mongo) async fn read(
    rooms: &Rooms,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<Record>, Fault> {
    let mut filter = doc! { "folder": letter::is_there() };
    if let Some(id) = after {
        filter.insert("_id", doc! { "$gt": uuid(&id) });
    }
    let mut fields = letter::whole();
    fields.extend(doc! { "key": 1, "trashed_at": 1 });
    let room = letters::<Stored>(rooms);
    let find = room.find(filter).projection(fields).sort(doc! { "_id": 1 }).limit(limit);
    let found: Vec<Stored> = find.await?.try_collect().await?;
    let kept = found.into_iter().map(|stored| stored.kept().map(Record::Letter));
    Ok(kept.collect::<Result<_>>()?)
}

/// Puts letters in, or in place of those with their names, and counts them.
pub(in crate::store::mongo) async fn put(rooms: &Rooms, kept: &[KeptLetter]) -> Result<(), Fault> {
    let there = there(rooms, kept).await?;
    let (old, new): (Vec<_>, Vec<_>) = kept.iter().partition(|kept| there.contains(kept.message.id.as_bytes()));
    if !new.is_empty() {
        let new = new.into_iter().map(Stored::of).collect::<Result<Vec<_>, _>>()?;
        letters::<Stored>(rooms).insert_many(new).ordered(false).await?;
    }
    let old = old.into_iter().map(replacement).collect::<Result<Vec<_>, _>>()?;
    let replaced = old.into_iter().map(|(id, update)| async move {
        letters::<Named>(rooms).update_one(doc! { "_id": id }, update).upsert(true).await?;
        Ok::<_, Fault>(())
    });
    stream::iter(replaced).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    while counts::fold(rooms).await? {}
    Ok(())
}

/// The names among these that are taken, be it by what is left of a deleted letter.
async fn there(rooms: &Rooms, kept: &[KeptLetter]) -> Result<HashSet<RecordId>, Fault> {
    let ids: Vec<_> = kept.iter().map(|kept| name(kept.message.id)).collect();
    let room = letters::<Named>(rooms);
    let find = room.find(doc! { "_id": { "$in": ids } }).projection(doc! { "_id": 1 });
    let found: Vec<Named> = find.await?.try_collect().await?;
    Ok(found.into_iter().map(|named| named.id.bytes()).collect())
}

/// What writes a letter over the one with its name, which keeps the state in which it is counted.
fn replacement(kept: &KeptLetter) -> Result<(Uuid, Document), Fault> {
    let stored = Stored::of(kept)?;
    let mut set: Document = serialize_to_document(&stored).map_err(|error| damaged(error.to_string()))?;
    set.remove("_id");
    let mut unset = doc! { "change": "", "by": "" };
    if !set.contains_key("trashed_at") {
        unset.insert("trashed_at", "");
    }
    Ok((stored.id, doc! { "$set": set, "$unset": unset }))
}

impl MongoStore {
    /// Deletes these letters for good, wherever they lie, and counts them out.
    pub(in crate::store::mongo) async fn drop_letters(&self, ids: Vec<RecordId>) -> Result<()> {
        let ids: Vec<_> = ids.into_iter().map(MessageId::from_bytes).collect();
        let (ids, deletion) = (Arc::new(ids), Arc::new(Deletion::new()));
        self.write(move |rooms| {
            let (ids, deletion) = (Arc::clone(&ids), Arc::clone(&deletion));
            async move {
                delete::all(&rooms, &ids, &deletion).await?;
                while counts::fold(&rooms).await? {}
                Ok(())
            }
        })
        .await
    }
}
