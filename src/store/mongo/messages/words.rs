//! The search index, made anew from the letters.

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, doc};

use super::letter::{self, Named, Stored, letters};
use crate::models::Search;
use crate::store::mongo::{Fault, Rooms};

/// Works out the words of every letter anew. A letter that is edited meanwhile has its new words already.
pub(super) async fn rebuild(rooms: &Rooms) -> Result<(), Fault> {
    let filter = doc! { "folder": letter::is_there() };
    let mut all = letters::<Stored>(rooms).find(filter).projection(letter::whole()).await?;
    while let Some(stored) = all.try_next().await? {
        let words: Vec<Bson> = Search::entries(&stored.letter()).into_iter().map(Bson::from).collect();
        let same = doc! { "_id": stored.id, "version": stored.version };
        letters::<Named>(rooms).update_one(same, doc! { "$set": { "words": words } }).await?;
    }
    Ok(())
}
