//! The audit log, in SQLite.

use async_trait::async_trait;
use rusqlite::{Row, params};

use super::{SqliteStore, bytes};
use crate::models::{Event, EventId, EventKind, Timestamp};
use crate::store::{Audit, Result, StoreError};

#[async_trait]
impl Audit for SqliteStore {
    async fn add_event(&self, event: Event) -> Result<()> {
        self.writer
            .write(move |connection| {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO events (id, at, kind, actor, subject, network) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                insert.execute(params![
                    event.id.as_bytes(),
                    event.at.millis(),
                    event.kind.as_str(),
                    event.actor,
                    event.subject,
                    event.network,
                ])?;
                Ok(())
            })
            .await
    }

    async fn list_events(&self, before: Option<EventId>, limit: u32) -> Result<Vec<Event>> {
        self.readers
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT id, at, kind, actor, subject, network FROM events
                     WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
                )?;
                let mut rows = select.query(params![before.map(|id| *id.as_bytes()), limit])?;
                let mut events = Vec::new();
                while let Some(row) = rows.next()? {
                    events.push(event(row)?);
                }
                Ok(events)
            })
            .await
    }

    async fn forget_events(&self, before: Timestamp) -> Result<u64> {
        self.writer
            .write(move |connection| {
                Ok(connection.execute("DELETE FROM events WHERE at < ?1", [before.millis()])? as u64)
            })
            .await
    }
}

pub(super) fn event(row: &Row<'_>) -> Result<Event> {
    let kind: String = row.get(2)?;
    Ok(Event {
        id: EventId::from_bytes(bytes(row, 0)?),
        at: Timestamp::from_millis(row.get(1)?),
        kind: EventKind::parse(&kind).ok_or_else(|| StoreError::Internal(format!("unknown event {kind}").into()))?,
        actor: row.get(3)?,
        subject: row.get(4)?,
        network: row.get(5)?,
    })
}
