//! What the processes on one database agree on: counted acts, and who does the work that is done once for all.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::bson::{Binary, DateTime, Document, doc};
use mongodb::options::{Acknowledgment, ReturnDocument, WriteConcern};
use serde::{Deserialize, Serialize};

use super::fault::is_duplicate;
use super::values::{blob, date};
use super::{MongoStore, Rooms};
use crate::models::{ActKey, Admission, Job, ProcessId, Quota, Timestamp};
use crate::store::{Coordination, Result};

/// How long a count is kept after it has become one of nothing, in seconds: the server's clock, by which it forgets,
/// may be ahead of ours.
pub(super) const FORGOTTEN_AFTER: u64 = 3_600;

/// How often somebody has done something (GCRA, ATM Forum TM 4.1 §4.4): instead of acts and times there is the one
/// instant at which all that was done would be worked off at the quota's pace.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ActDoc {
    #[serde(rename = "_id")]
    id: Binary,
    /// That instant, in microseconds since 1970.
    worked_off: i64,
    /// The same for the server, which forgets a while after it.
    forget_at: DateTime,
    /// How long the last act has to wait, in microseconds; 0 when it was let through.
    wait: i64,
}

/// Who does a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClaimDoc {
    #[serde(rename = "_id")]
    id: String,
    holder: Binary,
    until: DateTime,
}

#[async_trait]
impl Coordination for MongoStore {
    async fn count_act(&self, key: ActKey, quota: Quota, now: Timestamp) -> Result<Option<Admission>> {
        self.read(move |rooms| async move {
            let wait = match count(&rooms, key, quota, now).await {
                // Two that are the first to count meet; the one that comes second finds what the other made.
                Err(error) if is_duplicate(&error) => count(&rooms, key, quota, now).await?,
                outcome => outcome?,
            };
            let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
            Ok(Some(if wait.is_zero() { Admission::Admitted } else { Admission::Refused(wait) }))
        })
        .await
    }

    async fn claim(&self, job: Job, holder: ProcessId, until: Timestamp, now: Timestamp) -> Result<bool> {
        self.write(move |rooms| async move {
            let holder = blob(holder.as_bytes());
            let free = doc! { "$or": [{ "until": { "$lte": date(now) } }, { "holder": holder.clone() }] };
            let filter = doc! { "_id": job.as_str(), "$and": [free] };
            let taken = doc! { "$set": { "holder": holder, "until": date(until) } };
            match rooms.claims.update_one(filter, taken).upsert(true).await {
                // Somebody else's claim does not fit the filter, and a second one is not to be had.
                Err(error) if is_duplicate(&error) => Ok(false),
                outcome => Ok(outcome.map(|_| true)?),
            }
        })
        .await
    }
}

/// Counts in one atomic update and says how long to wait, in microseconds.
async fn count(rooms: &Rooms, key: ActKey, quota: Quota, now: Timestamp) -> mongodb::error::Result<i64> {
    // A count that is lost when a server fails harms nobody, so nobody waits for disks and other servers.
    let cheap = WriteConcern::builder().w(Acknowledgment::Nodes(1)).journal(false).build();
    let counted = rooms
        .acts
        .find_one_and_update(doc! { "_id": blob(key.as_bytes()) }, rules(quota, now))
        .upsert(true)
        .return_document(ReturnDocument::After)
        .write_concern(cheap)
        .await?;
    Ok(counted.map_or(0, |count| count.wait))
}

/// The update, carried out by the server on the one document.
fn rules(quota: Quota, now: Timestamp) -> Vec<Document> {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 1_000).max(1);
    let now = now.millis().saturating_mul(1_000);
    let pace = micros(quota.pace);
    let full = pace.saturating_mul(i64::from(quota.burst.get()));
    // No honest count lies further ahead than a full one. A process whose clock was wrong, or a quota that was larger
    // once, must not shut anybody out for longer.
    let sane = doc! { "$min": [{ "$ifNull": ["$worked_off", now] }, now.saturating_add(full)] };
    let wait = doc! { "$max": [0_i64, { "$subtract": ["$worked_off", now.saturating_add(full - pace)] }] };
    let counted = doc! { "$add": [{ "$max": ["$worked_off", now] }, pace] };
    let admitted = doc! { "$eq": ["$wait", 0_i64] };
    vec![
        doc! { "$set": { "worked_off": sane } },
        doc! { "$set": { "wait": wait } },
        doc! { "$set": { "worked_off": { "$cond": [admitted, counted, "$worked_off"] } } },
        doc! { "$set": { "forget_at": { "$toDate": { "$toLong": { "$divide": ["$worked_off", 1_000_i64] } } } } },
    ]
}
