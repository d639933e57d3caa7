//! The people who may log in, in MongoDB.

use async_trait::async_trait;
use mongodb::bson::{Uuid, doc};

use super::register::{Register, Verdict};
use super::values::uuid;
use super::{Fault, MongoStore, Rooms, sessions, tokens};
use crate::models::{EndReason, NewUser, PasswordHash, PersonName, Role, SessionId, Timestamp, User, UserId};
use crate::store::{Result, UserAdded, UserChanged, Users};

#[async_trait]
impl Users for MongoStore {
    async fn add_user(&self, user: NewUser) -> Result<UserAdded> {
        let act = Uuid::new();
        self.write(move |rooms| {
            let user = user.clone();
            async move { Register::change(&rooms, act, UserAdded::Added, |register| add(register, &user)).await }
        })
        .await
    }

    async fn add_first_user(&self, user: NewUser) -> Result<UserAdded> {
        let act = Uuid::new();
        self.write(move |rooms| {
            let user = user.clone();
            async move {
                let first = |register: &mut Register| match register.list.is_empty() {
                    true => add(register, &user),
                    false => Ok(Verdict::Leave(UserAdded::NotFirst)),
                };
                Register::change(&rooms, act, UserAdded::Added, first).await
            }
        })
        .await
    }

    async fn user_by_email(&self, email_key: &str) -> Result<Option<(User, PasswordHash)>> {
        let email_key = email_key.to_owned();
        self.read(|rooms| async move {
            let Some(entry) = Register::login(&rooms, email_key).await? else { return Ok(None) };
            Ok(Some((entry.user()?, PasswordHash { scheme: entry.scheme, hash: entry.hash })))
        })
        .await
    }

    async fn list_users(&self) -> Result<Vec<User>> {
        self.read(|rooms| async move {
            let mut users: Vec<_> = Register::read(&rooms).await?.list;
            users.sort_unstable_by_key(|entry| entry.id.bytes());
            Ok(users.iter().map(|entry| entry.user()).collect::<Result<_>>()?)
        })
        .await
    }

    async fn count_users(&self) -> Result<u64> {
        self.read(|rooms| async move { Ok(Register::read(&rooms).await?.list.len() as u64) }).await
    }

    async fn set_password(
        &self,
        id: UserId,
        password: PasswordHash,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<bool> {
        self.replace_password(id, None, password, except, now).await
    }

    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: PasswordHash,
        except: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        self.replace_password(id, Some(old.clone()), new, Some(except), now).await
    }

    async fn renew_password_hash(&self, id: UserId, old: &PasswordHash, new: PasswordHash) -> Result<bool> {
        let (act, old) = (Uuid::new(), old.clone());
        self.write(move |rooms| {
            let (old, new) = (old.clone(), new.clone());
            async move {
                let renew = |register: &mut Register| match register.entry(id) {
                    Some(entry) if entry.has_password(&old) => {
                        entry.set_password(&new);
                        Ok(Verdict::Write(true))
                    }
                    _ => Ok(Verdict::Leave(false)),
                };
                Register::change(&rooms, act, true, renew).await
            }
        })
        .await
    }

    async fn set_name(&self, id: UserId, name: PersonName) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| {
            let name = name.clone();
            async move {
                let rename = |register: &mut Register| {
                    let Some(entry) = register.entry(id) else { return Ok(Verdict::Leave(false)) };
                    name.as_str().clone_into(&mut entry.name);
                    Ok(Verdict::Write(true))
                };
                Register::change(&rooms, act, true, rename).await
            }
        })
        .await
    }

    async fn set_role(&self, id: UserId, role: Role, now: Timestamp) -> Result<UserChanged> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let change = |register: &mut Register| {
                let allowed = register.has_other_owner(id);
                let Some(entry) = register.entry(id) else { return Ok(Verdict::Leave(UserChanged::Unknown)) };
                match (entry.role()?, role) {
                    (now_is, wanted) if now_is == wanted => Ok(Verdict::Leave(UserChanged::Changed)),
                    (Role::Owner, Role::Member) if !allowed => Ok(Verdict::Leave(UserChanged::LastOwner)),
                    _ => {
                        role.as_str().clone_into(&mut entry.role);
                        entry.cut(act, None, EndReason::RoleChanged, now);
                        Ok(Verdict::Write(UserChanged::Changed))
                    }
                }
            };
            let answer = Register::change(&rooms, act, UserChanged::Changed, change).await?;
            mark_ended(&rooms, id).await?;
            Ok(answer)
        })
        .await
    }

    async fn remove_user(&self, id: UserId) -> Result<UserChanged> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let remove = |register: &mut Register| {
                let Some(entry) = register.entry(id) else { return Ok(Verdict::Leave(UserChanged::Unknown)) };
                let entry_id = entry.id;
                if entry.role()? == Role::Owner && !register.has_other_owner(id) {
                    return Ok(Verdict::Leave(UserChanged::LastOwner));
                }
                register.list.retain(|entry| entry.id != entry_id);
                Ok(Verdict::Write(UserChanged::Changed))
            };
            let answer = Register::change(&rooms, act, UserChanged::Changed, remove).await?;
            if answer == UserChanged::Changed {
                // Without their user they open nothing already.
                let theirs = doc! { "user": uuid(id.as_bytes()) };
                rooms.sessions.delete_many(theirs.clone()).await?;
                tokens::revoke(&rooms, theirs, act).await?;
            }
            Ok(answer)
        })
        .await
    }
}

impl MongoStore {
    /// Sets a password, if it is still `old` where that is asked for, and ends the sessions in the same step.
    async fn replace_password(
        &self,
        id: UserId,
        old: Option<PasswordHash>,
        new: PasswordHash,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| {
            let (old, new) = (old.clone(), new.clone());
            async move {
                let replace = |register: &mut Register| match register.entry(id) {
                    Some(entry) if old.as_ref().is_none_or(|old| entry.has_password(old)) => {
                        entry.set_password(&new);
                        entry.cut(act, except, EndReason::PasswordChanged, now);
                        Ok(Verdict::Write(true))
                    }
                    _ => Ok(Verdict::Leave(false)),
                };
                let replaced = Register::change(&rooms, act, true, replace).await?;
                if replaced {
                    mark_ended(&rooms, id).await?;
                }
                Ok(replaced)
            }
        })
        .await
    }
}

fn add(register: &mut Register, new: &NewUser) -> Result<Verdict<UserAdded>> {
    let (id, key) = (uuid(new.user.id.as_bytes()), new.user.email.key());
    if register.list.iter().any(|entry| entry.email_key == key || entry.id == id) {
        return Ok(Verdict::Leave(UserAdded::EmailTaken));
    }
    register.add(new)?;
    Ok(Verdict::Write(UserAdded::Added))
}

/// Writes into the sessions what the last cut did to them.
pub(super) async fn mark_ended(rooms: &Rooms, id: UserId) -> Result<(), Fault> {
    match Register::user(rooms, uuid(id.as_bytes())).await? {
        Some(entry) => sessions::mark_ended(rooms, &entry).await,
        None => Ok(()),
    }
}
