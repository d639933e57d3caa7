//! Everything in the database, record by record.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};

use super::audit::event;
use super::messages::kept;
use super::sessions::{SESSION, session};
use super::tokens::{TOKEN, token};
use super::users::{COLUMNS, WIDTH, user};
use super::{SqliteStore, writer};
use crate::models::{EndReason, Event, NewUser, PasswordHash, PersonalToken, Timestamp};
use crate::store::{KeptSession, Record, RecordId, RecordKind, Records, Result};

#[async_trait]
impl Records for SqliteStore {
    async fn identity(&self) -> Result<String> {
        self.readers
            .read(|connection| {
                let file = std::fs::metadata(connection.path().ok_or_else(writer::closed)?)?;
                Ok(format!("sqlite:{}:{}", file.dev(), file.ino()))
            })
            .await
    }

    async fn count_records(&self, kind: RecordKind) -> Result<u64> {
        let sql = match kind {
            RecordKind::Users => "SELECT count(*) FROM users",
            RecordKind::Sessions => "SELECT count(*) FROM sessions",
            RecordKind::Tokens => "SELECT count(*) FROM access_tokens",
            RecordKind::Events => "SELECT count(*) FROM events",
            RecordKind::Letters => "SELECT sum(total) FROM folder_counts",
        };
        self.readers.read(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).await
    }

    async fn read_records(&self, kind: RecordKind, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>> {
        self.readers
            .read(move |connection| {
                // Every name is longer than none, and so comes after it.
                let after = after.as_ref().map_or(&[][..], |id| &id[..]);
                match kind {
                    RecordKind::Users => read_users(connection, after, limit),
                    RecordKind::Sessions => read_sessions(connection, after, limit),
                    RecordKind::Tokens => read_tokens(connection, after, limit),
                    RecordKind::Events => read_events(connection, after, limit),
                    RecordKind::Letters => kept::read(connection, after, limit),
                }
            })
            .await
    }

    async fn put_records(&self, records: Vec<Record>) -> Result<()> {
        self.room.check(&self.readers).await?;
        let memory = Arc::clone(&self.memory);
        self.writer
            .write(move |connection| {
                records.iter().try_for_each(|record| match record {
                    Record::User(new) => put_user(connection, new),
                    Record::Session(kept) => put_session(connection, kept),
                    Record::Token(token) => put_token(connection, token),
                    Record::Event(event) => put_event(connection, event),
                    Record::Letter(letter) => kept::put(connection, &memory, letter),
                })
            })
            .await
    }

    async fn drop_records(&self, kind: RecordKind, ids: Vec<RecordId>) -> Result<()> {
        let sql = match kind {
            RecordKind::Users => "DELETE FROM users WHERE id = ?1",
            RecordKind::Sessions => "DELETE FROM sessions WHERE id = ?1",
            RecordKind::Tokens => "DELETE FROM access_tokens WHERE id = ?1",
            RecordKind::Events => "DELETE FROM events WHERE id = ?1",
            RecordKind::Letters => "DELETE FROM messages WHERE id = ?1",
        };
        self.writer
            .write(move |connection| {
                let mut delete = connection.prepare_cached(sql)?;
                for id in &ids {
                    delete.execute([id])?;
                }
                Ok(())
            })
            .await
    }
}

fn select(
    connection: &Connection,
    sql: &str,
    from: &[&dyn ToSql],
    record: fn(&Row<'_>) -> Result<Record>,
) -> Result<Vec<Record>> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(from)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

fn read_users(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>> {
    let sql = format!(
        "SELECT {COLUMNS}, password_scheme, password_hash FROM users WHERE users.id > ?1 ORDER BY users.id LIMIT ?2"
    );
    select(connection, &sql, params![after, limit], |row| {
        let password = PasswordHash { scheme: row.get(WIDTH)?, hash: row.get(WIDTH + 1)? };
        Ok(Record::User(NewUser { user: user(row, 0)?, password }))
    })
}

fn read_sessions(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>> {
    let sql = format!("SELECT alarm, {SESSION} FROM sessions WHERE sessions.id > ?1 ORDER BY sessions.id LIMIT ?2");
    select(connection, &sql, params![after, limit], |row| {
        Ok(Record::Session(KeptSession { alarm: row.get(0)?, session: session(row, 1)? }))
    })
}

fn read_tokens(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>> {
    let sql = format!("SELECT {TOKEN} FROM access_tokens WHERE id > ?1 ORDER BY id LIMIT ?2");
    select(connection, &sql, params![after, limit], |row| Ok(Record::Token(token(row, 0)?)))
}

fn read_events(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>> {
    let sql = "SELECT id, at, kind, actor, subject, network FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
    select(connection, sql, params![after, limit], |row| Ok(Record::Event(event(row)?)))
}

fn put_user(connection: &Connection, new: &NewUser) -> Result<()> {
    let user = &new.user;
    let mut put = connection.prepare_cached(
        "INSERT INTO users (id, email, email_key, name, role, password_scheme, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET email = ?2, email_key = ?3, name = ?4, role = ?5, password_scheme = ?6,
             password_hash = ?7, created_at = ?8",
    )?;
    put.execute(params![
        user.id.as_bytes(),
        user.email.as_str(),
        user.email.key(),
        user.name.as_str(),
        user.role.as_str(),
        new.password.scheme,
        new.password.hash,
        user.created_at.millis(),
    ])?;
    Ok(())
}

fn put_session(connection: &Connection, kept: &KeptSession) -> Result<()> {
    let session = &kept.session;
    let (ended_at, reason) = session.ended.unzip();
    let mut put = connection.prepare_cached(
        "INSERT INTO sessions (id, user_id, counter, key, created_at, rotated_at, current_seen, idle_expires_at,
                               expires_at, ended_at, end_reason, alarm, device)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
         WHERE EXISTS (SELECT 1 FROM users WHERE id = ?2)
         ON CONFLICT (id) DO UPDATE SET user_id = ?2, counter = ?3, key = ?4, created_at = ?5, rotated_at = ?6,
             current_seen = ?7, idle_expires_at = ?8, expires_at = ?9, ended_at = ?10, end_reason = ?11, alarm = ?12,
             device = ?13",
    )?;
    put.execute(params![
        session.id.as_bytes(),
        session.user_id.as_bytes(),
        session.counter,
        session.key,
        session.created_at.millis(),
        session.rotated_at.millis(),
        session.current_seen,
        session.idle_expires_at.millis(),
        session.expires_at.millis(),
        ended_at.map(Timestamp::millis),
        reason.map(EndReason::as_str),
        kept.alarm,
        session.device,
    ])?;
    Ok(())
}

fn put_token(connection: &Connection, token: &PersonalToken) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO access_tokens (id, user_id, name, scope, hash, created_at, expires_at, last_used_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM users WHERE id = ?2)
         ON CONFLICT (id) DO UPDATE SET user_id = ?2, name = ?3, scope = ?4, hash = ?5, created_at = ?6,
             expires_at = ?7, last_used_at = ?8",
    )?;
    put.execute(params![
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
}

fn put_event(connection: &Connection, event: &Event) -> Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO events (id, at, kind, actor, subject, network) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET at = ?2, kind = ?3, actor = ?4, subject = ?5, network = ?6",
    )?;
    put.execute(params![
        event.id.as_bytes(),
        event.at.millis(),
        event.kind.as_str(),
        event.actor,
        event.subject,
        event.network,
    ])?;
    Ok(())
}
