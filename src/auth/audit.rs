//! Writing down what happened to accounts and logins.

use std::time::Duration;

use super::{Auth, Client};
use crate::models::{Event, EventId, EventKind, Timestamp, network_of};
use crate::store::StoreError;

/// How long entries are kept.
const KEPT: Duration = Duration::from_hours(90 * 24);

impl Auth {
    /// Adds an entry. What it tells of has happened already, so a store that fails here only leaves a line in the log.
    pub(super) async fn note(&self, kind: EventKind, actor: &str, subject: &str, client: &Client) {
        if kind == EventKind::LoginFailed && !self.attempts.is_worth_noting(actor) {
            return;
        }
        let at = self.clock.now();
        let event = Event {
            id: EventId::new(at),
            at,
            kind,
            actor: actor.to_owned(),
            subject: subject.to_owned(),
            network: client.address.map(network_of).unwrap_or_default(),
        };
        if let Err(error) = self.store.add_event(event).await {
            tracing::error!(%error, event = kind.as_str(), "the audit log misses an entry");
        }
    }

    /// The newest entries older than `before`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events(&self, before: Option<EventId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.store.list_events(before, limit).await
    }

    /// Forgets sessions, tokens and entries so old that nobody asks for them any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_the_old(&self) -> Result<(), StoreError> {
        let ago = |span: Duration| {
            let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_millis(self.clock.now().millis().saturating_sub(millis))
        };
        self.store.forget_sessions(ago(self.lifetimes.session())).await?;
        self.store.forget_tokens(ago(KEPT)).await?;
        self.store.forget_events(ago(KEPT)).await?;
        Ok(())
    }
}
