//! Logging in and out.

use std::time::Duration;

use tokio::time::sleep;

use super::passwords::{Lane, PasswordsBusy};
use super::refresh_token::RefreshToken;
use super::{Auth, Client, Presented, Tokens};
use crate::models::{EmailAddress, EndReason, EventKind, PasswordHash, Session, SessionId, User};
use crate::store::StoreError;

/// How long a refusal is held back. Whoever asks again after each answer takes less of the processor from visitors then;
/// a person does not feel it.
const HELD_BACK: Duration = Duration::from_millis(50);

/// Somebody who has just logged in.
#[derive(Clone)]
pub struct LoggedIn {
    /// Who.
    pub user: User,
    /// What their browser is given.
    pub tokens: Tokens,
    /// What it is known again by.
    pub device: String,
}

/// Says who, and nothing that opens anything.
impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// Why a login did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// There is no such user, or the password is another one. Nobody is told which.
    #[error("the address or the password is not right")]
    Wrong,
    /// Too many tries; come back after this long.
    #[error("too many tries")]
    TooMany(Duration),
    /// More passwords are waiting to be checked than can be checked in time.
    #[error(transparent)]
    Busy(#[from] PasswordsBusy),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tokens could not be made.
    #[error("the tokens could not be made: {0}")]
    Tokens(String),
}

impl Auth {
    /// Checks a login and begins a session for it. An unknown address costs the same time as a wrong password.
    /// `device` is the token of a browser that has logged in before.
    ///
    /// # Errors
    /// [`LoginError`]. That it was not even looked at is told a moment later.
    pub async fn log_in(
        &self,
        email: &str,
        password: &str,
        device: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn, LoginError> {
        let outcome = self.try_log_in(email, password, device, client).await;
        if let Err(LoginError::TooMany(_) | LoginError::Busy(_)) = outcome {
            sleep(HELD_BACK).await;
        }
        outcome
    }

    async fn try_log_in(
        &self,
        email: &str,
        password: &str,
        device: Option<&str>,
        client: &Client,
    ) -> Result<LoggedIn, LoginError> {
        let address = EmailAddress::parse("email", email).ok();
        let found = match &address {
            Some(address) => self.store.user_by_email(&address.key()).await?,
            None => None,
        };
        let known = device.and_then(|token| self.seals.devices.read(token));
        let known = known.filter(|device| found.as_ref().is_some_and(|(user, _)| user.id == device.user));
        let account = address.map(|address| address.key()).unwrap_or_default();
        self.attempts.admit(&account, client.address, known).await.map_err(LoginError::TooMany)?;

        let stored = found.as_ref().map(|(_, hash)| hash.clone());
        let lane = if known.is_some() { Lane::Known } else { Lane::Strangers };
        let right = self.passwords.verify(password, stored, lane).await?;
        // An unknown address is not written down: it may be a password in the wrong field.
        let actor = if found.is_some() { account.as_str() } else { "" };
        let Some((user, hash)) = found.filter(|_| right) else {
            self.note(EventKind::LoginFailed, actor, "", client).await;
            return Err(LoginError::Wrong);
        };
        let hash = self.renewed_if_outdated(&user, hash, password).await?;
        match self.begin_session(user, &hash, client).await {
            Err(LoginError::Wrong) => self.once_more(&account, password, client).await,
            decided => decided,
        }
    }

    /// The hash was replaced while this login was under way: perhaps by another password, perhaps by another login
    /// that has renewed it at the cost in force.
    async fn once_more(&self, account: &str, password: &str, client: &Client) -> Result<LoggedIn, LoginError> {
        let Some((user, hash)) = self.store.user_by_email(account).await? else { return Err(LoginError::Wrong) };
        if self.passwords.verify(password, Some(hash.clone()), Lane::Known).await? {
            return self.begin_session(user, &hash, client).await;
        }
        self.note(EventKind::LoginFailed, account, "", client).await;
        Err(LoginError::Wrong)
    }

    async fn renewed_if_outdated(
        &self,
        user: &User,
        hash: PasswordHash,
        password: &str,
    ) -> Result<PasswordHash, LoginError> {
        if !self.passwords.is_outdated(&hash) {
            return Ok(hash);
        }
        let renewed = self.passwords.hash(password, Lane::Known).await?;
        let still_the_same = self.store.renew_password_hash(user.id, &hash, renewed.clone()).await?;
        Ok(if still_the_same { renewed } else { hash })
    }

    /// Begins a session for somebody who has proven who they are by the password behind `proof`. If that was changed
    /// meanwhile, or the user removed, there is no session: the change has ended all there were, this one must not
    /// slip in behind it.
    pub(super) async fn begin_session(
        &self,
        user: User,
        proof: &PasswordHash,
        client: &Client,
    ) -> Result<LoggedIn, LoginError> {
        let now = self.clock.now();
        let no_random = |error: getrandom::Error| LoginError::Tokens(error.to_string());
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(no_random)?;
        let session = Session {
            id: SessionId::random().map_err(no_random)?,
            user_id: user.id,
            counter: 0,
            key,
            created_at: now,
            rotated_at: now,
            current_seen: false,
            idle_expires_at: now.plus(self.lifetimes.refresh),
            expires_at: now.plus(self.lifetimes.session()).whole_seconds(),
            ended: None,
            device: client.device.clone(),
        };
        let tokens = self.tokens(&session, &user).map_err(LoginError::Tokens)?;
        let device = self.seals.devices.issue(user.id).map_err(no_random)?;
        let (id, added) = (session.id, self.store.add_session(session).await);
        let stored = self.store.user_by_email(&user.email.key()).await?;
        if !stored.is_some_and(|(now, hash)| now.id == user.id && hash == *proof) {
            self.store.end_session(id, EndReason::PasswordChanged, now).await?;
            return Err(LoginError::Wrong);
        }
        added?;
        self.note(EventKind::LoggedIn, user.email.as_str(), "", client).await;
        Ok(LoggedIn { user, tokens, device })
    }

    /// Whether a session of the user's was ended because a spent token came back, since somebody was last told. For
    /// logins of people: a program would keep it to itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_reuse_alarm(&self, user: &User) -> Result<bool, StoreError> {
        self.store.take_reuse_alarm(user.id).await
    }

    /// Ends a session that has just been recognised.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_out_of(&self, session: SessionId, client: &Client) -> Result<(), StoreError> {
        self.close(session, |_| true, client).await
    }

    /// Ends the session of each presented token. Expired tokens will do: whoever holds them may close the door behind
    /// them. A refresh token from elsewhere, which a neighbouring site may have planted, keeps no door open.
    ///
    /// # Errors
    /// When the store fails; the caller takes the cookies back all the same.
    pub async fn log_out(&self, presented: Presented<'_>, client: &Client) -> Result<(), StoreError> {
        if let Some(claims) = presented.access.and_then(|token| self.seals.access.read_expired(token)) {
            self.close(claims.sid, |_| true, client).await?;
        }
        if let Some(token) = presented.refresh.and_then(RefreshToken::parse) {
            self.close(token.session(), |session| token.is_signed_by(&session.key), client).await?;
        }
        Ok(())
    }

    async fn close(
        &self,
        id: SessionId,
        is_proven: impl Fn(&Session) -> bool,
        client: &Client,
    ) -> Result<(), StoreError> {
        let Some((session, user)) = self.store.session(id).await? else { return Ok(()) };
        if is_proven(&session) && self.store.end_session(id, EndReason::LoggedOut, self.clock.now()).await? {
            self.note(EventKind::LoggedOut, user.email.as_str(), "", client).await;
        }
        Ok(())
    }
}
