//! All users in one document: "the last owner stays", "an address is taken once" and "a new password ends all other
//! sessions" are then one atomic write, on a server of any kind. Each write replaces the document if it is still the
//! one that was read.

use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

use super::values::{blob, damaged, date, time, uuid};
use super::{Fault, Rooms, sessions};
use crate::models::{
    EmailAddress, EndReason, NewUser, PasswordHash, PersonName, Role, SessionId, Timestamp, User, UserId,
};
use crate::store::{Result, StoreError};

/// `_id` of the one document.
const ID: &str = "users";
/// A document has room for 16 MiB (MongoDB manual, "MongoDB Limits and Thresholds"), and a user takes 1.5 KiB at most.
const MOST: usize = 5_000;
/// How many acts are remembered. An act is repeated for some seconds only, and users do not change often.
const ACTS: usize = 64;
/// How often a change is begun anew because somebody else was faster.
const ROUNDS: u32 = 200;

/// The document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Register {
    #[serde(rename = "_id")]
    id: String,
    /// Grows with every change.
    revision: i64,
    /// The users, in any order.
    #[serde(default)]
    pub(super) list: Vec<Entry>,
    /// The names of the last acts, so that one whose answer was lost knows itself when it is repeated.
    #[serde(default)]
    acts: Vec<Uuid>,
}

/// One user.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) email_key: String,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) scheme: String,
    pub(super) hash: String,
    pub(super) created_at: DateTime,
    /// A session opens only in the epoch it was begun in.
    pub(super) epoch: i64,
    /// What began the present epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cut: Option<Cut>,
    /// Sessions whose reuse alarm has been told, as far as they may not have been marked so yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<Binary>,
}

/// The end of all sessions of a user but one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cut {
    pub(super) at: DateTime,
    pub(super) reason: String,
    /// The session that stays, though it is of an earlier epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) except: Option<Binary>,
    /// The act that did it.
    pub(super) act: Uuid,
}

/// Never the hash.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// What a change comes to, once it has seen the users.
pub(super) enum Verdict<T> {
    /// The users stay as they are.
    Leave(T),
    /// They are to be as they were made.
    Write(T),
}

impl Register {
    /// A database of its own begins with nobody.
    pub(super) async fn lay_out(rooms: &Rooms) -> Result<(), Fault> {
        let nobody = doc! { "$setOnInsert": { "revision": 0_i64, "list": [], "acts": [] } };
        rooms.users.update_one(doc! { "_id": ID }, nobody).upsert(true).await?;
        Ok(())
    }

    /// All users.
    pub(super) async fn read(rooms: &Rooms) -> Result<Self, Fault> {
        Ok(rooms.users.find_one(doc! { "_id": ID }).await?.ok_or_else(missing)?)
    }

    /// The one user that fits `filter`, without carrying the others over the network.
    async fn find(rooms: &Rooms, filter: Document) -> Result<Option<Entry>, Fault> {
        let only = doc! { "revision": 1, "list": { "$elemMatch": filter } };
        let register = rooms.users.find_one(doc! { "_id": ID }).projection(only).await?.ok_or_else(missing)?;
        Ok(register.list.into_iter().next())
    }

    /// The user named `id`.
    pub(super) async fn user(rooms: &Rooms, id: Uuid) -> Result<Option<Entry>, Fault> {
        Self::find(rooms, doc! { "id": id }).await
    }

    /// The user with this login.
    pub(super) async fn login(rooms: &Rooms, email_key: String) -> Result<Option<Entry>, Fault> {
        Self::find(rooms, doc! { "email_key": { "$eq": email_key } }).await
    }

    /// Changes the users in one step. `judge` may be asked several times, each time about users that were read anew;
    /// `done` is the answer if `act` turns out to have been carried out before.
    ///
    /// Where a cut is replaced by another, the sessions it ended are marked so first: their reason is theirs for good.
    pub(super) async fn change<T>(
        rooms: &Rooms,
        act: Uuid,
        done: T,
        judge: impl Fn(&mut Self) -> Result<Verdict<T>>,
    ) -> Result<T, Fault> {
        for _ in 0..ROUNDS {
            let before = Self::read(rooms).await?;
            if before.acts.contains(&act) {
                return Ok(done);
            }
            let mut after = before.clone();
            let answer = match judge(&mut after)? {
                Verdict::Leave(answer) => return Ok(answer),
                Verdict::Write(answer) => answer,
            };
            for old in &before.list {
                if after.list.iter().any(|new| new.id == old.id && new.epoch != old.epoch) {
                    sessions::mark_ended(rooms, old).await?;
                }
            }
            after.revision += 1;
            after.acts.push(act);
            let forgotten = after.acts.len().saturating_sub(ACTS);
            after.acts.drain(..forgotten);
            let unchanged = doc! { "_id": ID, "revision": before.revision };
            if rooms.users.replace_one(unchanged, after).await?.matched_count == 1 {
                return Ok(answer);
            }
        }
        Err(Fault::Store(StoreError::Busy))
    }

    /// Forgets that the reuse alarms of these sessions have been told.
    pub(super) async fn forget_told(rooms: &Rooms, sessions: &[Binary]) -> Result<(), Fault> {
        let forget = doc! { "$pull": { "list.$[].told": { "$in": sessions } }, "$inc": { "revision": 1_i64 } };
        rooms.users.update_one(doc! { "_id": ID }, forget).await?;
        Ok(())
    }

    /// The user named `id`, to be changed.
    pub(super) fn entry(&mut self, id: UserId) -> Option<&mut Entry> {
        let id = uuid(id.as_bytes());
        self.list.iter_mut().find(|entry| entry.id == id)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// When the document would become too large.
    pub(super) fn add(&mut self, new: &NewUser) -> Result<()> {
        if self.list.len() >= MOST {
            return Err(StoreError::Refused(format!(
                "There are {MOST} users already, and MongoDB has no room for more; remove one first."
            )));
        }
        let user = &new.user;
        self.list.push(Entry {
            id: uuid(user.id.as_bytes()),
            email: user.email.as_str().to_owned(),
            email_key: user.email.key(),
            name: user.name.as_str().to_owned(),
            role: user.role.as_str().to_owned(),
            scheme: new.password.scheme.clone(),
            hash: new.password.hash.clone(),
            created_at: date(user.created_at),
            epoch: 0,
            cut: None,
            told: Vec::new(),
        });
        Ok(())
    }

    /// Whether somebody else is left who may manage users. Who has not accepted their invitation cannot yet.
    pub(super) fn has_other_owner(&self, id: UserId) -> bool {
        let id = uuid(id.as_bytes());
        let owns = |entry: &&Entry| entry.role == Role::Owner.as_str() && entry.scheme != PasswordHash::INVITED;
        self.list.iter().filter(owns).any(|entry| entry.id != id)
    }
}

impl Entry {
    /// Ends all sessions of this user but `except`.
    pub(super) fn cut(&mut self, act: Uuid, except: Option<SessionId>, reason: EndReason, now: Timestamp) {
        self.epoch += 1;
        let except = except.map(|id| blob(id.as_bytes()));
        self.cut = Some(Cut { at: date(now), reason: reason.as_str().to_owned(), except, act });
    }

    pub(super) fn has_password(&self, password: &PasswordHash) -> bool {
        self.scheme == password.scheme && self.hash == password.hash
    }

    pub(super) fn set_password(&mut self, password: &PasswordHash) {
        self.scheme.clone_from(&password.scheme);
        self.hash.clone_from(&password.hash);
    }

    pub(super) fn role(&self) -> Result<Role> {
        Role::parse(&self.role).ok_or_else(|| damaged(format!("unknown role {}", self.role)))
    }

    /// The user as the house knows them.
    pub(super) fn user(&self) -> Result<User> {
        Ok(User {
            id: UserId::from_bytes(self.id.bytes()),
            email: EmailAddress::from_trusted(self.email.clone()),
            name: PersonName::from_trusted(self.name.clone()),
            role: self.role()?,
            created_at: time(self.created_at),
            invited: self.scheme == PasswordHash::INVITED,
        })
    }
}

/// Without its document nobody is a user, and nobody may become the first one either.
fn missing() -> StoreError {
    damaged("the document of the users is missing".to_owned())
}
