//! The personal access tokens, in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension as _, Row, params};

use super::users::{COLUMNS, WIDTH, user};
use super::{SqliteStore, bytes};
use crate::models::{PersonalToken, Scope, Timestamp, TokenId, TokenName, User, UserId};
use crate::store::{Result, StoreError, Tokens};

#[async_trait]
impl Tokens for SqliteStore {
    async fn add_token(&self, token: PersonalToken) -> Result<()> {
        self.writer
            .write(move |connection| {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO access_tokens (id, user_id, name, scope, hash, created_at, expires_at, last_used_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?;
                insert.execute(params![
                    token.id.as_bytes(),
                    token.user_id.as_bytes(),
                    token.name.as_str(),
                    token.scope.as_str(),
                    token.hash,
                    token.created_at.millis(),
                    token.expires_at.map(Timestamp::millis),
                    token.last_used_at.map(Timestamp::millis),
                ])?;
                Ok(())
            })
            .await
    }

    async fn token(&self, id: TokenId) -> Result<Option<(PersonalToken, User)>> {
        self.readers
            .look_up(move |connection| {
                let mut select = connection.prepare_cached(&format!(
                    "SELECT {COLUMNS}, {TOKEN} FROM access_tokens JOIN users ON users.id = user_id
                     WHERE access_tokens.id = ?1"
                ))?;
                let found =
                    select.query_row([id.as_bytes()], |row| Ok((token(row, WIDTH), user(row, 0)))).optional()?;
                found.map(|(token, user)| Ok((token?, user?))).transpose()
            })
            .await
    }

    async fn list_tokens(&self, id: UserId) -> Result<Vec<PersonalToken>> {
        self.readers
            .read(move |connection| {
                let mut select = connection.prepare_cached(&format!(
                    "SELECT {TOKEN} FROM access_tokens WHERE user_id = ?1 ORDER BY access_tokens.id DESC"
                ))?;
                let mut rows = select.query([id.as_bytes()])?;
                let mut tokens = Vec::new();
                while let Some(row) = rows.next()? {
                    tokens.push(token(row, 0)?);
                }
                Ok(tokens)
            })
            .await
    }

    async fn note_token_use(&self, id: TokenId, now: Timestamp, since: Timestamp) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update = connection.prepare_cached(
                    "UPDATE access_tokens SET last_used_at = ?2
                     WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?3)",
                )?;
                Ok(update.execute(params![id.as_bytes(), now.millis(), since.millis()])? == 1)
            })
            .await
    }

    async fn remove_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut delete =
                    connection.prepare_cached("DELETE FROM access_tokens WHERE id = ?1 AND user_id = ?2")?;
                Ok(delete.execute(params![id.as_bytes(), user.as_bytes()])? == 1)
            })
            .await
    }

    async fn remove_tokens(&self, user: UserId) -> Result<u64> {
        self.writer
            .write(move |connection| {
                let mut delete = connection.prepare_cached("DELETE FROM access_tokens WHERE user_id = ?1")?;
                Ok(delete.execute([user.as_bytes()])? as u64)
            })
            .await
    }

    async fn forget_tokens(&self, before: Timestamp) -> Result<u64> {
        self.writer
            .write(move |connection| {
                let mut delete = connection.prepare_cached("DELETE FROM access_tokens WHERE expires_at < ?1")?;
                Ok(delete.execute([before.millis()])? as u64)
            })
            .await
    }
}

/// The columns of a token, in the order `token` reads them.
pub(super) const TOKEN: &str =
    "access_tokens.id, user_id, access_tokens.name, scope, hash, access_tokens.created_at, expires_at,
    last_used_at";

/// Reads a token from [`TOKEN`] that begins at column `first`.
pub(super) fn token(row: &Row<'_>, first: usize) -> Result<PersonalToken> {
    let scope: String = row.get(first + 3)?;
    let unknown = || StoreError::Internal(format!("unknown scope {scope}").into());
    Ok(PersonalToken {
        id: TokenId::from_bytes(bytes(row, first)?),
        user_id: UserId::from_bytes(bytes(row, first + 1)?),
        name: TokenName::from_trusted(row.get(first + 2)?),
        scope: Scope::parse(&scope).ok_or_else(unknown)?,
        hash: bytes(row, first + 4)?,
        created_at: row.get(first + 5).map(Timestamp::from_millis)?,
        expires_at: row.get::<_, Option<i64>>(first + 6)?.map(Timestamp::from_millis),
        last_used_at: row.get::<_, Option<i64>>(first + 7)?.map(Timestamp::from_millis),
    })
}
