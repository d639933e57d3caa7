//! The indexes, and the number of the schema they belong to.
//!
//! Every start makes what is missing, several processes at once if it comes to that: to make an index that is there
//! changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};

use super::coordination::FORGOTTEN_AFTER;
use super::fault::{code, is_duplicate};
use super::register::Register;
use super::values::damaged;
use super::{Fault, Rooms};
use crate::config::MongoUrl;
use crate::store::StoreError;

/// The schema this program knows. Raise it with every change of an index or of a document's fields.
pub(super) const VERSION: i32 = 2;
/// `_id` of the mark.
const ID: &str = "schema";
/// `IndexOptionsConflict` and `IndexKeySpecsConflict`
const IN_THE_WAY: [i32; 2] = [85, 86];

/// Says that the database is Letterbox's, and of which schema.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(rename = "_id")]
    id: String,
    version: i32,
}

/// One index. Its name is the one MongoDB itself would give it.
struct Index {
    room: &'static str,
    keys: Document,
    kind: Kind,
}

enum Kind {
    Plain,
    Unique,
    /// Only of documents that have the field.
    Sparse,
    /// Only of documents that fit.
    Partial(Document),
    /// The server forgets documents so many seconds after the date in the field.
    Forgetting(u64),
}

/// Every index beside those on `_id`.
fn indexes() -> Vec<Index> {
    let index = |room, keys, kind| Index { room, keys, kind };
    vec![
        index("messages", doc! { "key": 1 }, Kind::Unique),
        // One walk down one of these is one page of a list, however deep.
        index("messages", doc! { "folder": 1, "_id": -1 }, Kind::Plain),
        index("messages", doc! { "folder": 1, "read": 1, "_id": -1 }, Kind::Partial(doc! { "read": false })),
        index("messages", doc! { "folder": 1, "starred": 1, "_id": -1 }, Kind::Partial(doc! { "starred": true })),
        index("messages", doc! { "email_key": 1, "_id": -1 }, Kind::Plain),
        index("messages", doc! { "words": 1, "_id": -1 }, Kind::Plain),
        index("messages", doc! { "change.id": 1 }, Kind::Sparse),
        index("messages", doc! { "trashed_at": 1 }, Kind::Sparse),
        index("messages", doc! { "pending": 1 }, Kind::Sparse),
        index("messages", doc! { "lot": 1 }, Kind::Sparse),
        index("sessions", doc! { "user": 1 }, Kind::Plain),
        index("tokens", doc! { "user": 1 }, Kind::Plain),
        index("events", doc! { "at": 1 }, Kind::Plain),
        index("acts", doc! { "forget_at": 1 }, Kind::Forgetting(FORGOTTEN_AFTER)),
    ]
}

impl Index {
    /// As MongoDB names indexes: fields and directions with `_` between them.
    fn name(&self) -> String {
        let parts: Vec<_> = self.keys.iter().map(|(field, direction)| format!("{field}_{direction}")).collect();
        parts.join("_")
    }

    fn model(&self) -> IndexModel {
        let mut options = IndexOptions::builder().name(self.name()).build();
        match &self.kind {
            Kind::Plain => {}
            Kind::Unique => options.unique = Some(true),
            Kind::Sparse => options.sparse = Some(true),
            Kind::Forgetting(after) => options.expire_after = Some(Duration::from_secs(*after)),
            Kind::Partial(filter) => options.partial_filter_expression = Some(filter.clone()),
        }
        IndexModel::builder().keys(self.keys.clone()).options(options).build()
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// [`StoreError::Refused`] where the database is another program's or a newer Letterbox's, or an index is in the way.
pub(super) async fn prepare(rooms: &Rooms, url: &MongoUrl) -> Result<(), Fault> {
    let found = recognise(rooms, url).await?;
    if found > VERSION {
        return Err(Fault::Store(StoreError::Refused(format!(
            "The store {url} was made by a newer Letterbox (schema {found}, this one knows {VERSION}); \
             run that newer version."
        ))));
    }
    for room in Rooms::NAMES {
        let models: Vec<_> = indexes().iter().filter(|index| index.room == room).map(Index::model).collect();
        if !models.is_empty() {
            let made = rooms.database.collection::<Document>(room).create_indexes(models).await;
            made.map_err(|error| refused(error, room, url))?;
        }
    }
    Register::lay_out(rooms).await?;
    rooms.meta.update_one(doc! { "_id": ID }, doc! { "$max": { "version": VERSION } }).await?;
    Ok(())
}

/// Number of the schema the database has; 0 while it is being made.
pub(super) async fn version(rooms: &Rooms) -> Result<Option<i32>, Fault> {
    Ok(rooms.meta.find_one(doc! { "_id": ID }).await?.map(|mark| mark.version))
}

/// Sees that every index is there.
pub(super) async fn verify(rooms: &Rooms) -> Result<(), Fault> {
    for room in Rooms::NAMES {
        let there: BTreeSet<String> = match rooms.database.collection::<Document>(room).list_index_names().await {
            Ok(names) => names.into_iter().collect(),
            // A collection comes into being with its first document.
            Err(error) if code(&error) == Some(26) => BTreeSet::new(),
            Err(error) => return Err(error.into()),
        };
        for index in indexes().iter().filter(|index| index.room == room) {
            if !there.contains(&index.name()) {
                let what = format!("the index {} of the collection {room} is missing", index.name());
                return Err(Fault::Store(damaged(what)));
            }
        }
    }
    Ok(())
}

/// Marks an empty database as Letterbox's own, before anything else is put into it.
async fn recognise(rooms: &Rooms, url: &MongoUrl) -> Result<i32, Fault> {
    if let Some(version) = version(rooms).await? {
        return Ok(version);
    }
    let names: Vec<String> = rooms.database.list_collection_names().await?;
    // Asked again: another process may have begun meanwhile, and begins with the mark.
    if let Some(version) = version(rooms).await? {
        return Ok(version);
    }
    if let Some(name) = names.iter().find(|name| Rooms::NAMES.contains(&name.as_str())) {
        return Err(Fault::Store(StoreError::Refused(format!(
            "The database {url} holds a collection {name:?} of another program; name another database in DATABASE_URL."
        ))));
    }
    match rooms.meta.insert_one(Mark { id: ID.to_owned(), version: 0 }).await {
        Err(error) if is_duplicate(&error) => Ok(version(rooms).await?.unwrap_or(0)),
        outcome => Ok(outcome.map(|_| 0)?),
    }
}

/// A sentence for an index that is in the way, with the server's own words.
fn refused(error: mongodb::error::Error, room: &str, url: &MongoUrl) -> Fault {
    if !code(&error).is_some_and(|code| IN_THE_WAY.contains(&code)) {
        return error.into();
    }
    Fault::Store(StoreError::Refused(format!(
        "The collection {room} of {url} has an index in the place of one that Letterbox needs ({}); \
         drop that index and start again.",
        error.kind
    )))
}
