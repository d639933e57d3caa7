//! A user's sessions: to be seen, and to be ended from elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Auth, Client};
use crate::models::{EndReason, EventKind, SessionId, Timestamp, User};
use crate::store::StoreError;

/// One session in its user's list.
#[derive(Debug, Clone)]
pub struct SessionEntry {
    /// Names the session in a form. Made from its id and not the id, which stays between browser and store.
    pub handle: String,
    /// The browser in words.
    pub device: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it was last renewed; a session in use is renewed each time its access token runs out.
    pub seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl Auth {
    /// The user's live sessions, the one begun last first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions_of(&self, user: &User, current: SessionId) -> Result<Vec<SessionEntry>, StoreError> {
        let sessions = self.store.list_sessions(user.id, self.clock.now()).await?;
        let entry = |session: crate::models::Session| SessionEntry {
            handle: handle(session.id),
            is_current: session.id == current,
            begun_at: session.created_at,
            seen_at: session.rotated_at,
            device: session.device,
        };
        Ok(sessions.into_iter().map(entry).collect())
    }

    /// Whether a session still opens anything: for answers so long that it may end before they do. A store that does
    /// not answer cannot say yes.
    pub async fn is_live(&self, session: SessionId) -> bool {
        let found = self.store.session(session).await.ok().flatten();
        found.is_some_and(|(session, _)| session.is_live(self.clock.now()))
    }

    /// Ends the user's session with this handle; false when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_session(&self, user: &User, wanted: &str, client: &Client) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let sessions = self.store.list_sessions(user.id, now).await?;
        let Some(session) = sessions.into_iter().find(|session| handle(session.id) == wanted) else { return Ok(false) };
        let ended = self.store.end_session(session.id, EndReason::Revoked, now).await?;
        if ended {
            self.note(EventKind::SessionEnded, user.email.as_str(), "", client).await;
        }
        Ok(ended)
    }

    /// Ends all of the user's sessions but the one that asks; says how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_other_sessions(
        &self,
        user: &User,
        current: SessionId,
        client: &Client,
    ) -> Result<u64, StoreError> {
        let ended = self.store.end_sessions(user.id, Some(current), EndReason::Revoked, self.clock.now()).await?;
        if ended > 0 {
            self.note(EventKind::SessionEnded, user.email.as_str(), "", client).await;
        }
        Ok(ended)
    }
}

fn handle(id: SessionId) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(id.as_bytes())[..12])
}
