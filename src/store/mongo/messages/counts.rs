//! How many letters lie where: kept, not counted, and exact without a transaction over several documents.
//!
//! One document holds the sums. Each letter carries the state in which it stands in them, and is marked `pending` while
//! that may differ from its own. So the truth is the sums and, for each of the few pending letters, the difference.
//! From time to time these are folded in:
//!
//! 1. One atomic write of the sums takes in the differences and notes, under a number, which letters were taken in what
//!    state.
//! 2. Each of these letters is told the state under which it is counted now, with that number, and is no longer pending
//!    unless it has changed meanwhile. What is left of a deleted letter goes.
//! 3. The note is taken away.
//!
//! Whoever finds a note that another process left does steps 2 and 3 for it; nothing happens twice, because a letter
//! takes no number that is not above its own. Until then a reader takes the state in the note for that of the letter.
//!
//! Letters that have just come are not touched a second time for the counts' sake: they come in [`lots`](super::lots).
//! While a lot is open its letters stand in no sum, and readers look at each. When it is closed, all of them are counted
//! at once as what they came as, unread in the inbox, and each carries that state without a word. Those that have been
//! changed meanwhile are pending like any other from then on.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use mongodb::Collection;
use mongodb::bson::{Bson, DateTime, Document, Uuid, doc, serialize_to_bson};
use serde::{Deserialize, Serialize};

use super::letter::{GONE, Named, letters};
use super::lots;
use crate::models::{Folder, FolderCounts};
use crate::store::mongo::fault::is_duplicate;
use crate::store::mongo::values::{absent, damaged};
use crate::store::mongo::{Fault, Rooms};

/// Letters that are folded in together, at most.
const FOLD: i64 = 500;
/// Letters that may be pending before they are folded in.
pub(super) const MANY: usize = 200;
/// `_id` of the sums.
pub(super) const ID: &str = "folders";

/// The sums.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    #[serde(rename = "_id")]
    id: String,
    /// Grows with every write.
    revision: i64,
    #[serde(default)]
    folders: HashMap<String, Sum>,
    /// Lots whose letters are in no sum yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<OpenLot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folding: Option<Folding>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    total: i64,
    unread: i64,
}

/// Letters that are taken into the sums, and may not know it yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Folding {
    number: i64,
    letters: Vec<Folded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Folded {
    id: Uuid,
    #[serde(flatten)]
    state: State,
}

/// What of a letter the sums depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct State {
    folder: String,
    /// What is left of a deleted letter is not read and not unread.
    #[serde(default)]
    read: bool,
}

/// A lot that letters may still come with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OpenLot {
    pub(super) id: Uuid,
    /// By the clock of the server.
    pub(super) since: DateTime,
}

/// A letter that may stand otherwise than it is counted.
#[derive(Debug, Deserialize)]
struct Pending {
    #[serde(rename = "_id")]
    id: Uuid,
    #[serde(flatten)]
    state: State,
    counted: Option<State>,
    lot: Option<Uuid>,
}

impl Pending {
    /// The state under which it is counted, as far as it says so itself.
    fn counted(&self, open: &[Uuid]) -> Option<State> {
        let lot = self.lot.filter(|lot| !open.contains(lot));
        let came = || State { folder: Folder::Inbox.as_str().to_owned(), read: false };
        self.counted.clone().or_else(|| lot.map(|_| came()))
    }
}

impl Ledger {
    fn add(&mut self, state: &State, sign: i64) {
        if state.folder != GONE {
            let sum = self.folders.entry(state.folder.clone()).or_default();
            sum.total += sign;
            sum.unread += if state.read { 0 } else { sign };
        }
    }

    /// Moves these letters from where they are counted to where they are.
    fn take_in(&mut self, pending: &[Pending]) {
        let folding = self.folding.take().map_or_else(Vec::new, |folding| folding.letters);
        let noted: HashMap<Uuid, State> = folding.into_iter().map(|folded| (folded.id, folded.state)).collect();
        let open = self.open();
        for letter in pending {
            if let Some(counted) = noted.get(&letter.id).cloned().or_else(|| letter.counted(&open)) {
                self.add(&counted, -1);
            }
            self.add(&letter.state, 1);
        }
    }

    fn open(&self) -> Vec<Uuid> {
        self.open.iter().map(|lot| lot.id).collect()
    }

    fn counts(&self, folder: Folder) -> Result<FolderCounts, Fault> {
        let Sum { total, unread } = self.folders.get(folder.as_str()).copied().unwrap_or_default();
        let whole = |sum: i64| u64::try_from(sum).map_err(|_| damaged(format!("{sum} letters in {folder}")));
        Ok(FolderCounts { total: whole(total)?, unread: whole(unread)? })
    }
}

/// The counts in the order of [`Folder::ALL`], and whether it is time to fold: many letters are pending, or a lot was
/// left open for so long that nothing comes with it any more.
pub(super) async fn count(rooms: &Rooms) -> Result<([FolderCounts; 4], bool), Fault> {
    loop {
        let mut ledger = ledger(rooms).await?;
        let open = ledger.open();
        let pending = pending(rooms, either(&open), None).await?;
        let now = self::ledger(rooms).await?;
        if now.revision == ledger.revision {
            ledger.take_in(&pending);
            let [inbox, archive, spam, trash] = Folder::ALL.map(|folder| ledger.counts(folder));
            let folds = pending.iter().filter(|letter| letter.lot.is_none_or(|lot| !open.contains(&lot)));
            let is_time = folds.count() >= MANY || lots::perhaps_forgotten(&ledger);
            return Ok(([inbox?, archive?, spam?, trash?], is_time));
        }
    }
}

/// Folds in what is pending, at most [`FOLD`] letters; says whether there may be more.
pub(super) async fn fold(rooms: &Rooms) -> Result<bool, Fault> {
    let before = ledger(rooms).await?;
    lots::close_forgotten(rooms, &before).await?;
    if let Some(folding) = &before.folding {
        finish(rooms, folding).await?;
        return Ok(true);
    }
    // How those of open lots are counted is not said yet.
    let pending = pending(rooms, doc! { "pending": true, "lot": { "$nin": before.open() } }, Some(FOLD)).await?;
    if pending.is_empty() {
        return Ok(false);
    }
    let more = pending.len() as i64 == FOLD;
    let number = before.revision + 1;
    let mut after = before.clone();
    after.take_in(&pending);
    let letters = pending.into_iter().map(|letter| Folded { id: letter.id, state: letter.state }).collect();
    let folding = Folding { number, letters };
    let set = doc! { "revision": number, "folders": bson(&after.folders)?, "folding": bson(&folding)? };
    let filter = doc! { "_id": ID, "revision": before.revision };
    let written = sums(rooms).update_one(filter, doc! { "$set": set }).await?;
    if written.matched_count == 1 {
        finish(rooms, &folding).await?;
        return Ok(more);
    }
    if before.revision == 0 {
        let first = Ledger { id: ID.to_owned(), ..Ledger::default() };
        match sums(rooms).insert_one(first).await {
            Err(error) if !is_duplicate(&error) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(true)
}

/// Steps 2 and 3.
async fn finish(rooms: &Rooms, folding: &Folding) -> Result<(), Fault> {
    let mut groups: HashMap<&State, Vec<Uuid>> = HashMap::new();
    for letter in &folding.letters {
        groups.entry(&letter.state).or_default().push(letter.id);
    }
    for (state, ids) in groups {
        if state.folder == GONE {
            letters::<Named>(rooms).delete_many(doc! { "_id": { "$in": ids }, "folder": GONE }).await?;
            continue;
        }
        let older = vec![doc! { "counted.at": absent() }, doc! { "counted.at": { "$lt": folding.number } }];
        let all = doc! { "_id": { "$in": &ids }, "$or": older };
        let counted = doc! { "counted": { "folder": &state.folder, "read": state.read, "at": folding.number } };
        let mut same = all.clone();
        same.extend(doc! { "folder": &state.folder, "read": state.read });
        let settle = doc! { "$set": &counted, "$unset": { "pending": "" } };
        let settled = letters::<Named>(rooms).update_many(same, settle).await?.modified_count;
        // Those that have changed meanwhile stay pending.
        if settled < ids.len() as u64 {
            letters::<Named>(rooms).update_many(all, doc! { "$set": counted }).await?;
        }
    }
    let done = doc! { "$unset": { "folding": "" }, "$inc": { "revision": 1_i64 } };
    sums(rooms).update_one(doc! { "_id": ID, "folding.number": folding.number }, done).await?;
    Ok(())
}

/// Compares the counts with the letters. While letters come and go the two are of different moments; a difference
/// that is an error stays.
///
/// # Errors
/// [`StoreError::Internal`](crate::store::StoreError::Internal) where they differ for good.
pub(super) async fn verify(rooms: &Rooms) -> Result<u64, Fault> {
    let mut seen = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let kept = count(rooms).await?.0.to_vec();
        let counted = recount(rooms).await?;
        if kept == counted {
            return Ok(kept.iter().map(|counts| counts.total).sum());
        }
        if seen == (kept.clone(), counted.clone()) {
            return Err(damaged(format!("the counts are {kept:?}, the letters {counted:?}")).into());
        }
        seen = (kept, counted);
    }
    // Always another difference: that is life, no damage.
    Ok(seen.0.iter().map(|counts| counts.total).sum())
}

async fn recount(rooms: &Rooms) -> Result<Vec<FolderCounts>, Fault> {
    let mut counts = Vec::new();
    for folder in Folder::ALL {
        let all = doc! { "folder": folder.as_str() };
        let unread = doc! { "folder": folder.as_str(), "read": false };
        counts.push(FolderCounts {
            total: letters::<Named>(rooms).count_documents(all).await?,
            unread: letters::<Named>(rooms).count_documents(unread).await?,
        });
    }
    Ok(counts)
}

/// What is pending, and what has come with one of these lots.
fn either(open: &[Uuid]) -> Document {
    let pending = doc! { "pending": true };
    if open.is_empty() {
        pending
    } else {
        doc! { "$or": [pending, { "lot": { "$in": open } }] }
    }
}

async fn ledger(rooms: &Rooms) -> Result<Ledger, Fault> {
    Ok(sums(rooms).find_one(doc! { "_id": ID }).await?.unwrap_or_default())
}

async fn pending(rooms: &Rooms, these: Document, most: Option<i64>) -> Result<Vec<Pending>, Fault> {
    let fields = doc! { "folder": 1, "read": 1, "counted": 1, "lot": 1 };
    let room = letters(rooms);
    let mut find = room.find(these).projection(fields);
    if let Some(most) = most {
        find = find.limit(most);
    }
    Ok(find.await?.try_collect().await?)
}

pub(super) fn sums(rooms: &Rooms) -> Collection<Ledger> {
    rooms.counts.clone_with_type()
}

fn bson<T: Serialize>(value: &T) -> Result<Bson, Fault> {
    serialize_to_bson(value).map_err(|error| damaged(error.to_string()).into())
}
