//! The people who may log in, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};

use super::sessions::end_sessions;
use super::{SqliteStore, bytes};
use crate::models::{
    EmailAddress, EndReason, NewUser, PasswordHash, PersonName, Role, SessionId, Timestamp, User, UserId,
};
use crate::store::{Result, StoreError, UserAdded, UserChanged, Users};

/// The columns of a user, in the order `user` reads them.
pub(super) const COLUMNS: &str = "users.id, users.email, users.name, users.role, users.created_at,
    users.password_scheme = 'invited'";
/// How many columns these are.
pub(super) const WIDTH: usize = 6;

#[async_trait]
impl Users for SqliteStore {
    async fn add_user(&self, user: NewUser) -> Result<UserAdded> {
        self.writer.write(move |connection| insert(connection, &user)).await
    }

    async fn add_first_user(&self, user: NewUser) -> Result<UserAdded> {
        self.writer
            .write(move |connection| {
                let taken: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?;
                if taken { Ok(UserAdded::NotFirst) } else { insert(connection, &user) }
            })
            .await
    }

    async fn user_by_email(&self, email_key: &str) -> Result<Option<(User, PasswordHash)>> {
        let email_key = email_key.to_owned();
        self.readers
            .read(move |connection| {
                let mut select = connection.prepare_cached(&format!(
                    "SELECT {COLUMNS}, password_scheme, password_hash FROM users WHERE email_key = ?1"
                ))?;
                let found = select.query_row([email_key], |row| {
                    Ok((user(row, 0), PasswordHash { scheme: row.get(WIDTH)?, hash: row.get(WIDTH + 1)? }))
                });
                found.optional()?.map(|(user, password)| Ok((user?, password))).transpose()
            })
            .await
    }

    async fn list_users(&self) -> Result<Vec<User>> {
        self.readers
            .read(|connection| {
                let mut select = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY id"))?;
                let mut rows = select.query([])?;
                let mut users = Vec::new();
                while let Some(row) = rows.next()? {
                    users.push(user(row, 0)?);
                }
                Ok(users)
            })
            .await
    }

    async fn count_users(&self) -> Result<u64> {
        self.readers
            .read(|connection| Ok(connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?))
            .await
    }

    async fn set_password(
        &self,
        id: UserId,
        password: PasswordHash,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update = connection
                    .prepare_cached("UPDATE users SET password_scheme = ?2, password_hash = ?3 WHERE id = ?1")?;
                let found = update.execute(params![id.as_bytes(), password.scheme, password.hash])? == 1;
                end_sessions(connection, id, except, EndReason::PasswordChanged, now)?;
                Ok(found)
            })
            .await
    }

    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: PasswordHash,
        except: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        let old = old.clone();
        self.writer
            .write(move |connection| {
                let changed = replace_hash(connection, id, &old, &new)?;
                if changed {
                    end_sessions(connection, id, Some(except), EndReason::PasswordChanged, now)?;
                }
                Ok(changed)
            })
            .await
    }

    async fn renew_password_hash(&self, id: UserId, old: &PasswordHash, new: PasswordHash) -> Result<bool> {
        let old = old.clone();
        self.writer.write(move |connection| replace_hash(connection, id, &old, &new)).await
    }

    async fn set_name(&self, id: UserId, name: PersonName) -> Result<bool> {
        self.writer
            .write(move |connection| {
                let mut update = connection.prepare_cached("UPDATE users SET name = ?2 WHERE id = ?1")?;
                Ok(update.execute(params![id.as_bytes(), name.as_str()])? == 1)
            })
            .await
    }

    async fn set_role(&self, id: UserId, role: Role, now: Timestamp) -> Result<UserChanged> {
        self.writer
            .write(move |connection| {
                let allowed = may_cease_to_be_owner(connection, id)?;
                match (role_of(connection, id)?, role) {
                    (None, _) => return Ok(UserChanged::Unknown),
                    (Some(now_is), wanted) if now_is == wanted => return Ok(UserChanged::Changed),
                    (Some(Role::Owner), Role::Member) if !allowed => return Ok(UserChanged::LastOwner),
                    _ => {}
                }
                connection
                    .execute("UPDATE users SET role = ?2 WHERE id = ?1", params![id.as_bytes(), role.as_str()])?;
                end_sessions(connection, id, None, EndReason::RoleChanged, now)?;
                Ok(UserChanged::Changed)
            })
            .await
    }

    async fn remove_user(&self, id: UserId) -> Result<UserChanged> {
        self.writer
            .write(move |connection| match role_of(connection, id)? {
                None => Ok(UserChanged::Unknown),
                Some(Role::Owner) if !may_cease_to_be_owner(connection, id)? => Ok(UserChanged::LastOwner),
                Some(_) => {
                    connection.execute("DELETE FROM users WHERE id = ?1", [id.as_bytes()])?;
                    Ok(UserChanged::Changed)
                }
            })
            .await
    }
}

/// Replaces a hash that is still `old`.
fn replace_hash(connection: &Connection, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<bool> {
    let mut update = connection.prepare_cached(
        "UPDATE users SET password_scheme = ?2, password_hash = ?3
         WHERE id = ?1 AND password_scheme = ?4 AND password_hash = ?5",
    )?;
    Ok(update.execute(params![id.as_bytes(), new.scheme, new.hash, old.scheme, old.hash])? == 1)
}

fn role_of(connection: &Connection, id: UserId) -> Result<Option<Role>> {
    let mut select = connection.prepare_cached("SELECT role FROM users WHERE id = ?1")?;
    let role: Option<String> = select.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
    role.map(|role| parse_role(&role)).transpose()
}

/// Whether somebody else is left who may manage users. Who has not accepted their invitation cannot yet.
fn may_cease_to_be_owner(connection: &Connection, id: UserId) -> Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'owner' AND password_scheme <> ?2 AND id <> ?1)",
    )?;
    Ok(select.query_row(params![id.as_bytes(), PasswordHash::INVITED], |row| row.get(0))?)
}

fn parse_role(role: &str) -> Result<Role> {
    Role::parse(role).ok_or_else(|| StoreError::Internal(format!("unknown role {role}").into()))
}

fn insert(connection: &Connection, new: &NewUser) -> Result<UserAdded> {
    let user = &new.user;
    let added = connection.execute(
        "INSERT INTO users (id, email, email_key, name, role, password_scheme, password_hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            user.id.as_bytes(),
            user.email.as_str(),
            user.email.key(),
            user.name.as_str(),
            user.role.as_str(),
            new.password.scheme,
            new.password.hash,
            user.created_at.millis(),
        ],
    );
    match added {
        Ok(_) => Ok(UserAdded::Added),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(UserAdded::EmailTaken),
        Err(error) => Err(error.into()),
    }
}

/// Reads a user from [`COLUMNS`] that begin at column `first`.
pub(super) fn user(row: &Row<'_>, first: usize) -> Result<User> {
    let role: String = row.get(first + 3)?;
    Ok(User {
        id: UserId::from_bytes(bytes(row, first)?),
        email: EmailAddress::from_trusted(row.get(first + 1)?),
        name: PersonName::from_trusted(row.get(first + 2)?),
        role: parse_role(&role)?,
        created_at: Timestamp::from_millis(row.get(first + 4)?),
        invited: row.get(first + 5)?,
    })
}
