//! Letters on their way in: each exactly once, however often it is tried.

use std::sync::atomic::{AtomicBool, Ordering};

use mongodb::bson::{DateTime, Uuid, doc};
use serde::Deserialize;

use super::letter::{GONE, Named, Stored, letters, name};
use crate::models::{DeliveryKey, MessageId};
use crate::store::mongo::fault::is_duplicate;
use crate::store::mongo::values::{blob, time};
use crate::store::mongo::{Fault, Rooms};
use crate::store::{Delivered, Delivery};

#[derive(Deserialize)]
struct Receipt {
    #[serde(rename = "_id")]
    id: Uuid,
    received_at: DateTime,
}

/// Puts a letter in. `tried` says whether an earlier try may have done it already, which nobody was told of.
pub(super) async fn add(rooms: &Rooms, delivery: &Delivery, tried: &AtomicBool) -> Result<Delivered, Fault> {
    let new = Delivered { id: delivery.id, received_at: delivery.received_at, repeated: false };
    let tried = tried.swap(true, Ordering::Relaxed);
    match letters::<Stored>(rooms).insert_one(Stored::new(delivery)).await {
        Ok(_) => Ok(new),
        Err(error) if is_duplicate(&error) => known(rooms, delivery, tried).await?.ok_or_else(|| error.into()),
        Err(error) => Err(error.into()),
    }
}

/// What a letter that is there already is answered.
async fn known(rooms: &Rooms, delivery: &Delivery, tried: bool) -> Result<Option<Delivered>, Fault> {
    let new = Delivered { id: delivery.id, received_at: delivery.received_at, repeated: false };
    if let Some(known) = delivered(rooms, delivery.key).await? {
        return Ok(Some(if tried && known.id == delivery.id { new } else { known }));
    }
    // It came, and somebody deleted it before it could be acknowledged.
    let room = letters::<Named>(rooms);
    let left = room.find_one(doc! { "_id": name(delivery.id), "folder": GONE });
    if tried && left.projection(doc! { "_id": 1 }).await?.is_some() {
        return Ok(Some(new));
    }
    Ok(None)
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
