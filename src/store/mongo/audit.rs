//! The audit log, in MongoDB.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{DateTime, Uuid, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::fault::is_duplicate;
use super::values::{damaged, date, time, uuid};
use crate::models::{Event, EventId, EventKind, Timestamp};
use crate::store::{Audit, Result};

/// One entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventDoc {
    #[serde(rename = "_id")]
    id: Uuid,
    at: DateTime,
    kind: String,
    actor: String,
    subject: String,
    network: String,
}

#[async_trait]
impl Audit for MongoStore {
    async fn add_event(&self, event: Event) -> Result<()> {
        self.write(move |rooms| {
            let entry = EventDoc::new(&event);
            async move {
                match rooms.events.insert_one(entry).await {
                    // An earlier try of this act was not in vain.
                    Err(error) if is_duplicate(&error) => Ok(()),
                    outcome => Ok(outcome.map(|_| ())?),
                }
            }
        })
        .await
    }

    async fn list_events(&self, before: Option<EventId>, limit: u32) -> Result<Vec<Event>> {
        // To MongoDB, no limit is zero.
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.read(move |rooms| async move {
            let older = before.map_or_else(|| doc! {}, |id| doc! { "_id": { "$lt": uuid(id.as_bytes()) } });
            let found = rooms.events.find(older).sort(doc! { "_id": -1 }).limit(i64::from(limit)).await?;
            let found: Vec<EventDoc> = found.try_collect().await?;
            Ok(found.into_iter().map(EventDoc::event).collect::<Result<_>>()?)
        })
        .await
    }

    async fn forget_events(&self, before: Timestamp) -> Result<u64> {
        self.write(move |rooms| async move {
            Ok(rooms.events.delete_many(doc! { "at": { "$lt": date(before) } }).await?.deleted_count)
        })
        .await
    }
}

impl EventDoc {
    pub(super) fn new(event: &Event) -> Self {
        Self {
            id: uuid(event.id.as_bytes()),
            at: date(event.at),
            kind: event.kind.as_str().to_owned(),
            actor: event.actor.clone(),
            subject: event.subject.clone(),
            network: event.network.clone(),
        }
    }

    pub(super) fn event(self) -> Result<Event> {
        Ok(Event {
            id: EventId::from_bytes(self.id.bytes()),
            at: time(self.at),
            kind: EventKind::parse(&self.kind).ok_or_else(|| damaged(format!("unknown event {}", self.kind)))?,
            actor: self.actor,
            subject: self.subject,
            network: self.network,
        })
    }
}
