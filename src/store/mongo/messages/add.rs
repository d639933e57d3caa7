//! Letters on their way in: each exactly once, however often it is tried.
//!
//! Letters that wait at the same time are put in together, and each is answered by what became of itself: the server
//! makes the disk write once for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use mongodb::bson::{DateTime, Uuid, doc};
use mongodb::error::{Error, ErrorKind};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::inbound::{Bag, Inward};
use super::letter::{GONE, Named, Stored, letters, name};
use super::lots::{Lot, Lots};
use crate::models::{DeliveryKey, MessageId};
use crate::store::mongo::connection::{LET_GO_AFTER, PAUSE, TRY_WITHIN, WRITE_WITHIN, closed};
use crate::store::mongo::fault::{DUPLICATE, hangs};
use crate::store::mongo::values::{blob, time};
use crate::store::mongo::{Fault, MongoStore, Rooms};
use crate::store::{Delivered, Delivery, Result, StoreError};

impl MongoStore {
    /// Puts a letter in, together with others that wait.
    pub(super) async fn put_in(&self, delivery: Delivery) -> Result<Delivered> {
        let (answer, answered) = oneshot::channel();
        let until = Instant::now() + WRITE_WITHIN;
        let letter = Inward { delivery, until, tried: false, answer, _place: self.writes.enter()? };
        let runtime = self.home.runtime().ok_or_else(closed)?;
        if let Some(bag) = self.inbound.add(letter) {
            runtime.spawn(carry(bag, Arc::clone(&self.rooms)));
        }
        match timeout_at(until, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(lost)) => Err(StoreError::Internal(lost.into())),
            Err(late) => Err(StoreError::Unavailable(late.into())),
        }
    }
}

async fn carry(mut bag: Bag, rooms: Arc<Rooms>) {
    loop {
        let mut letters = bag.next().await;
        if letters.is_empty() {
            return;
        }
        while !letters.is_empty() {
            let carried = letters.len();
            letters = try_once(bag.lots(), &rooms, letters).await;
            bag.answered(carried - letters.len());
            if !letters.is_empty() {
                sleep(PAUSE).await;
            }
        }
    }
}

/// Puts these letters in and answers those whose fate is known; gives back those to be tried again.
async fn try_once(lots: &Lots, rooms: &Arc<Rooms>, bag: Vec<Inward>) -> Vec<Inward> {
    let (bag, late): (Vec<_>, Vec<_>) = bag.into_iter().partition(|letter| Instant::now() < letter.until);
    for letter in late {
        let _ = letter.answer.send(Err(StoreError::Unavailable("the database did not take it in time".into())));
    }
    if bag.is_empty() {
        return bag;
    }
    let (outcome, refused) = match lots.set_out(rooms, bag.len()).await {
        Ok(lot) => {
            let outcome = insert(rooms, &bag, &lot).await;
            let refused = outcome.as_ref().map_or_else(refusals, |_| Some(HashMap::new()));
            if refused.is_some() {
                lot.settle()
            } else {
                lots.leave(&lot).await
            }
            (outcome, refused)
        }
        Err(error) => (Err(error), None),
    };
    let mut again = Vec::new();
    for (index, mut letter) in bag.into_iter().enumerate() {
        let fate = match (&refused, &outcome) {
            (Some(refused), _) if !refused.contains_key(&index) => Ok(Some(new(&letter.delivery))),
            (Some(refused), _) if refused[&index] == DUPLICATE => known_in_time(rooms, &letter).await,
            (_, Err(error)) => Err(error.clone().into()),
            (_, Ok(())) => Ok(None),
        };
        match fate {
            Ok(Some(delivered)) => drop(letter.answer.send(Ok(delivered))),
            // The one that was there first is not yet on most servers.
            Ok(None) => again.push(letter),
            Err(fault) if fault.may_pass() => {
                letter.tried = true;
                again.push(letter);
            }
            Err(fault) => drop(letter.answer.send(Err(fault.into()))),
        }
    }
    again
}

/// Has the server put all of these in. One try that hangs is left to itself, and its letters are tried once more beside
/// it.
async fn insert(rooms: &Rooms, bag: &[Inward], lot: &Lot) -> mongodb::error::Result<()> {
    let documents: Vec<Stored> = bag.iter().map(|letter| Stored::new(&letter.delivery).in_lot(lot.id)).collect();
    let room = letters::<Stored>(rooms);
    let insert = tokio::spawn(timeout(LET_GO_AFTER, async move { room.insert_many(documents).ordered(false).await }));
    match timeout(TRY_WITHIN, insert).await {
        Ok(Ok(Ok(outcome))) => outcome.map(drop),
        Ok(Ok(Err(_)) | Err(_)) | Err(_) => Err(hangs()),
    }
}

/// The letters the server refused, by their place in the bag, each with the reason's code; `None` where nothing is
/// known of any.
fn refusals(error: &Error) -> Option<HashMap<usize, i32>> {
    match &*error.kind {
        ErrorKind::InsertMany(failure) if failure.write_concern_error.is_none() => {
            // One that names no letter and no reason says nothing of the others either.
            let errors = failure.write_errors.as_deref().filter(|errors| !errors.is_empty())?;
            Some(errors.iter().map(|error| (error.index, error.code)).collect())
        }
        _ => None,
    }
}

fn new(delivery: &Delivery) -> Delivered {
    Delivered { id: delivery.id, received_at: delivery.received_at, repeated: false }
}

/// The same as [`known`], but no letter of a bag waits for ever for the question about another.
async fn known_in_time(rooms: &Rooms, letter: &Inward) -> Result<Option<Delivered>, Fault> {
    timeout(TRY_WITHIN, known(rooms, &letter.delivery, letter.tried)).await.unwrap_or_else(|_| Err(hangs().into()))
}

/// What a letter that is there already is answered.
async fn known(rooms: &Rooms, delivery: &Delivery, tried: bool) -> Result<Option<Delivered>, Fault> {
    if let Some(known) = delivered(rooms, delivery.key).await? {
        return Ok(Some(if tried && known.id == delivery.id { new(delivery) } else { known }));
    }
    // It came, and somebody deleted it before it could be acknowledged.
    let room = letters::<Named>(rooms);
    let left = room.find_one(doc! { "_id": name(delivery.id), "folder": GONE });
    let was_here = tried && left.projection(doc! { "_id": 1 }).await?.is_some();
    Ok(was_here.then(|| new(delivery)))
}

#[derive(Deserialize)]
struct Receipt {
    #[serde(rename = "_id")]
    id: Uuid,
    received_at: DateTime,
}

/// What a delivery with this key was answered.
pub(super) async fn delivered(rooms: &Rooms, key: DeliveryKey) -> Result<Option<Delivered>, Fault> {
    let filter = doc! { "key": blob(key.as_bytes()) };
    let room = letters::<Receipt>(rooms);
    let found = room.find_one(filter).projection(doc! { "received_at": 1 }).await?;
    Ok(found.map(|receipt| Delivered {
        id: MessageId::from_bytes(receipt.id.bytes()),
        received_at: time(receipt.received_at),
        repeated: true,
    }))
}
