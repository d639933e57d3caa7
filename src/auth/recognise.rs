//! Recognising who is there, and renewing what they hold when it has run out.
//!
//! The rules of renewal, for a refresh token whose MAC is right, by how far its counter lies behind the session's:
//!
//! | behind | when | what happens |
//! |---|---|---|
//! | ahead | always | not recognised, no alarm: so looks a store restored from a backup |
//! | 0 | always | the counter is raised in one conditional write; who loses the race is 1 behind |
//! | 1 | within the grace of a renewal, or while nobody has used the successor | the current token is given again |
//! | else | always | somebody kept a copy: the session ends |

use std::time::Duration;

use super::refresh_token::RefreshToken;
use super::{Auth, Client, Tokens, beside};
use crate::models::{EndReason, EventKind, Session, SessionId, User};
use crate::store::StoreError;

/// How long after a renewal the token before it is still taken for a race or a lost answer.
const GRACE: Duration = Duration::from_secs(30);
/// Each lost race means that somebody else won one; more than this in a row is no race.
const RACES: usize = 4;

/// The tokens a request came with, whatever they are worth.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The access token.
    pub access: Option<&'a str>,
    /// The refresh token.
    pub refresh: Option<&'a str>,
}

/// Somebody whom the tokens have proven.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// Who.
    pub user: User,
    /// In which session.
    pub session: SessionId,
    /// New tokens to hand back, if the old ones had run out.
    pub renewed: Option<Tokens>,
}

/// Why nobody was recognised.
#[derive(Debug, thiserror::Error)]
pub enum RecogniseError {
    /// Nothing was presented, or nothing that means anything here.
    #[error("nobody is signed in")]
    Nobody,
    /// The session has ended, or has not been used for too long.
    #[error("the session has ended")]
    Ended(Option<EndReason>),
    /// The store failed: nobody knows who it is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// New tokens could not be made.
    #[error("the tokens could not be made: {0}")]
    Tokens(String),
}

impl Auth {
    /// Says who presents these tokens. The session is read each time, so that what was ended opens nothing more.
    ///
    /// # Errors
    /// [`RecogniseError`].
    pub async fn recognise(&self, presented: Presented<'_>, client: &Client) -> Result<Recognised, RecogniseError> {
        let refresh = presented.refresh.and_then(RefreshToken::parse);
        match self.by_access_token(presented.access, refresh.as_ref()).await {
            Err(RecogniseError::Nobody | RecogniseError::Ended(_)) if refresh.is_some() => {}
            decided => return decided,
        }
        match refresh {
            Some(token) => self.by_refresh_token(&token, client).await,
            None => Err(RecogniseError::Nobody),
        }
    }

    async fn by_access_token(
        &self,
        access: Option<&str>,
        refresh: Option<&RefreshToken>,
    ) -> Result<Recognised, RecogniseError> {
        let now = self.clock.now();
        let claims = access.and_then(|token| self.seals.access.read(token, now)).ok_or(RecogniseError::Nobody)?;
        let (session, user) = self.store.session(claims.sid).await?.ok_or(RecogniseError::Ended(None))?;
        if user.id != claims.sub {
            return Err(RecogniseError::Nobody);
        }
        if !session.is_live(now) {
            return Err(RecogniseError::Ended(session.ended.map(|(_, reason)| reason)));
        }
        // Who brings no refresh token shows by the access token that came with the current one that it has arrived. The
        // first one has none before it that could be forgiven.
        let came_with_it = session.counter > 0 && claims.iat >= session.rotated_at.whole_seconds();
        let seen = refresh.map_or(came_with_it, |token| is_current(token, &session));
        if seen && !session.current_seen {
            // Without the mark a token is forgiven for longer.
            beside("that a session is in use", self.store.mark_session_seen(session.id, session.counter)).await;
        }
        Ok(Recognised { user, session: session.id, renewed: None })
    }

    async fn by_refresh_token(&self, token: &RefreshToken, client: &Client) -> Result<Recognised, RecogniseError> {
        for _ in 0..RACES {
            let now = self.clock.now();
            let Some((mut session, user)) = self.store.session(token.session()).await? else {
                return Err(RecogniseError::Nobody);
            };
            if !token.is_signed_by(&session.key) {
                return Err(RecogniseError::Nobody);
            }
            if !session.is_live(now) {
                return Err(RecogniseError::Ended(session.ended.map(|(_, reason)| reason)));
            }
            match session.counter.checked_sub(token.counter()) {
                None => return Err(RecogniseError::Nobody),
                Some(0) => {
                    let idle_expires_at = now.plus(self.lifetimes.refresh).min(session.expires_at);
                    if self.store.rotate_session(session.id, session.counter, now, idle_expires_at).await? {
                        session.counter += 1;
                        session.idle_expires_at = idle_expires_at;
                        return self.renewed(&session, user);
                    }
                }
                Some(1) if now.since(session.rotated_at) <= GRACE || !session.current_seen => {
                    return self.renewed(&session, user);
                }
                Some(_) => return Err(self.alarm(&session, &user, client).await?),
            }
        }
        Err(RecogniseError::Store(StoreError::Busy))
    }

    fn renewed(&self, session: &Session, user: User) -> Result<Recognised, RecogniseError> {
        let tokens = self.tokens(session, &user).map_err(RecogniseError::Tokens)?;
        Ok(Recognised { user, session: session.id, renewed: Some(tokens) })
    }

    /// A spent token came back. Whoever holds the session now may not be its user, so nobody keeps it.
    async fn alarm(&self, session: &Session, user: &User, client: &Client) -> Result<RecogniseError, StoreError> {
        // Of several who come with spent tokens at once one rings.
        if self.store.end_session(session.id, EndReason::TokenReused, self.clock.now()).await? {
            tracing::warn!(session = ?session.id, user = %session.user_id, "a spent refresh token came back; its session was ended");
            self.note(EventKind::TokenReused, user.email.as_str(), "", client).await;
        }
        Ok(RecogniseError::Ended(Some(EndReason::TokenReused)))
    }
}

fn is_current(token: &RefreshToken, session: &Session) -> bool {
    token.session() == session.id && token.counter() == session.counter && token.is_signed_by(&session.key)
}
