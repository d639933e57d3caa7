//! The logins, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::users::{COLUMNS, WIDTH, user};
use super::{SqliteStore, bytes};
use crate::models::{EndReason, Session, SessionId, Timestamp, User, UserId};
use crate::store::{Result, Sessions, StoreError};

#[async_trait]
impl Sessions for SqliteStore {
    async fn add_session(&self, session: Session) -> Result<()> {
        self.writer
            .write(move |connection| {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO sessions (id, user_id, counter, key, created_at, rotated_at, current_seen,
                                           idle_expires_at, expires_at, device)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?;
                insert.execute(params![
                    session.id.as_bytes(),
                    session.user_id.as_bytes(),
                    session.counter,
                    session.key,
                    session.created_at.millis(),
                    session.rotated_at.millis(),
                    session.current_seen,
                    session.idle_expires_at.millis(),
                    session.expires_at.millis(),
                    session.device,
                ])?;
                Ok(())
            })
            .await
    }

    async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.readers
            .look_up(move |connection| {
                let mut select = connection.prepare_cached(&format!(
                    "SELECT {COLUMNS}, {SESSION} FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = ?1"
                ))?;
                let found =
                    select.query_row([id.as_bytes()], |row| Ok((session(row, WIDTH), user(row, 0)))).optional()?;
                found.map(|(session, user)| Ok((session?, user?))).transpose()
            })
            .await
    }

    async fn rotate_session(
        &self,
        id: SessionId,
        counter: u64,
        now: Timestamp,
        idle_expires_at: Timestamp,
    ) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update = connection.prepare_cached(
                    "UPDATE sessions
                     SET counter = counter + 1, rotated_at = ?3, current_seen = 0, idle_expires_at = ?4
                     WHERE id = ?1 AND counter = ?2 AND ended_at IS NULL",
                )?;
                let row = params![id.as_bytes(), counter, now.millis(), idle_expires_at.millis()];
                Ok(update.execute(row)? == 1)
            })
            .await
    }

    async fn mark_session_seen(&self, id: SessionId, counter: u64) -> Result<()> {
        self.writer
            .write(move |connection| {
                let mut update =
                    connection.prepare_cached("UPDATE sessions SET current_seen = 1 WHERE id = ?1 AND counter = ?2")?;
                update.execute(params![id.as_bytes(), counter])?;
                Ok(())
            })
            .await
    }

    async fn end_session(&self, id: SessionId, reason: EndReason, now: Timestamp) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update = connection.prepare_cached(
                    "UPDATE sessions SET ended_at = ?2, end_reason = ?3, alarm = ?4 WHERE id = ?1 AND ended_at IS NULL",
                )?;
                let alarm = reason == EndReason::TokenReused;
                Ok(update.execute(params![id.as_bytes(), now.millis(), reason.as_str(), alarm])? == 1)
            })
            .await
    }

    async fn list_sessions(&self, id: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.readers
            .read(move |connection| {
                let mut select = connection.prepare_cached(&format!(
                    "SELECT {SESSION} FROM sessions
                     WHERE user_id = ?1 AND ended_at IS NULL AND min(idle_expires_at, expires_at) > ?2
                     ORDER BY created_at DESC, id"
                ))?;
                let mut rows = select.query(params![id.as_bytes(), now.millis()])?;
                let mut sessions = Vec::new();
                while let Some(row) = rows.next()? {
                    sessions.push(session(row, 0)?);
                }
                Ok(sessions)
            })
            .await
    }

    async fn end_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<u64> {
        self.writer.write(move |connection| end_sessions(connection, user, except, reason, now)).await
    }

    async fn take_reuse_alarm(&self, user: UserId) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update =
                    connection.prepare_cached("UPDATE sessions SET alarm = 0 WHERE user_id = ?1 AND alarm = 1")?;
                Ok(update.execute([user.as_bytes()])? > 0)
            })
            .await
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64> {
        self.writer
            .write(move |connection| {
                let mut delete = connection.prepare_cached(
                    "DELETE FROM sessions WHERE min(idle_expires_at, expires_at, ifnull(ended_at, expires_at)) < ?1",
                )?;
                Ok(delete.execute([before.millis()])? as u64)
            })
            .await
    }
}

/// Ends the live sessions of a user, all but `except`.
pub(super) fn end_sessions(
    connection: &Connection,
    id: UserId,
    except: Option<SessionId>,
    reason: EndReason,
    now: Timestamp,
) -> Result<u64> {
    let mut update = connection.prepare_cached(
        "UPDATE sessions SET ended_at = ?3, end_reason = ?4 WHERE user_id = ?1 AND id IS NOT ?2 AND ended_at IS NULL",
    )?;
    let except = except.map(|id| *id.as_bytes());
    Ok(update.execute(params![id.as_bytes(), except, now.millis(), reason.as_str()])? as u64)
}

/// The columns of a session, in the order `session` reads them.
pub(super) const SESSION: &str = "sessions.id, user_id, counter, key, sessions.created_at, rotated_at, current_seen,
    idle_expires_at, expires_at, ended_at, end_reason, device";

/// Reads a session from [`SESSION`] that begins at column `first`.
pub(super) fn session(row: &Row<'_>, first: usize) -> Result<Session> {
    let time = |column: usize| row.get(first + column).map(Timestamp::from_millis);
    let ended = match (row.get::<_, Option<i64>>(first + 9)?, row.get::<_, Option<String>>(first + 10)?) {
        (Some(at), Some(reason)) => {
            let unknown = || StoreError::Internal(format!("unknown end reason {reason}").into());
            Some((Timestamp::from_millis(at), EndReason::parse(&reason).ok_or_else(unknown)?))
        }
        _ => None,
    };
    Ok(Session {
        id: SessionId::from_bytes(bytes(row, first)?),
        user_id: UserId::from_bytes(bytes(row, first + 1)?),
        counter: row.get(first + 2)?,
        key: bytes(row, first + 3)?,
        created_at: time(4)?,
        rotated_at: time(5)?,
        current_seen: row.get(first + 6)?,
        idle_expires_at: time(7)?,
        expires_at: time(8)?,
        ended,
        device: row.get(first + 11)?,
    })
}
