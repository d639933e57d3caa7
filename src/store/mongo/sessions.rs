//! The logins, in MongoDB. One login is one document. What ends many of them at once is a cut in the register of the
//! users; it holds from that moment on, and is written into the sessions after.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

use super::fault::is_duplicate;
use super::register::{Entry, Register, Verdict};
use super::values::{absent, blob, damaged, date, exactly, signed, time, uuid};
use super::{Fault, MongoStore, Rooms, users};
use crate::models::{EndReason, Session, SessionId, Timestamp, User, UserId};
use crate::store::{KeptSession, Result, Sessions};

/// How many alarms that were told are remembered for each user.
const TOLD: usize = 32;

/// One login.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct SessionDoc {
    #[serde(rename = "_id")]
    id: Binary,
    user: Uuid,
    /// The user's epoch when it began.
    epoch: i64,
    counter: i64,
    key: Binary,
    created_at: DateTime,
    rotated_at: DateTime,
    current_seen: bool,
    idle_expires_at: DateTime,
    expires_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
    /// A spent token came back, and the user has not been told.
    alarm: bool,
    device: String,
    /// The act that raised the counter last, so that it knows itself when it is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<Uuid>,
}

/// How a session ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ended {
    at: DateTime,
    reason: String,
    /// The act that did it.
    act: Uuid,
}

#[async_trait]
impl Sessions for MongoStore {
    async fn add_session(&self, session: Session) -> Result<()> {
        self.write(move |rooms| {
            let session = session.clone();
            async move {
                let user = uuid(session.user_id.as_bytes());
                // Should the epoch end before the session is in, it begins as one that has ended.
                let entry = Register::user(&rooms, user).await?;
                let epoch = entry.ok_or_else(|| damaged("a session of nobody".to_owned()))?.epoch;
                match rooms.sessions.insert_one(SessionDoc::new(&session, epoch)?).await {
                    // Nobody else has these 128 random bits: an earlier try of this act was not in vain.
                    Err(error) if is_duplicate(&error) => Ok(()),
                    outcome => Ok(outcome.map(|_| ())?),
                }
            }
        })
        .await
    }

    async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.read(move |rooms| async move {
            let Some((session, entry)) = find(&rooms, id).await? else { return Ok(None) };
            Ok(Some((session.session(&entry)?, entry.user()?)))
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
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let counter = signed(counter)?;
            loop {
                let Some((session, entry)) = find(&rooms, id).await? else { return Ok(false) };
                if session.rotation == Some(act) {
                    return Ok(true);
                }
                if session.counter != counter || session.ended(&entry).is_some() {
                    return Ok(false);
                }
                let current = doc! { "_id": session.id, "counter": counter, "ended": absent() };
                let set = doc! {
                    "rotated_at": date(now), "current_seen": false, "idle_expires_at": date(idle_expires_at),
                    "rotation": act,
                };
                let next = doc! { "$inc": { "counter": 1_i64 }, "$set": set };
                if rooms.sessions.update_one(current, next).await?.matched_count == 1 {
                    return Ok(true);
                }
            }
        })
        .await
    }

    async fn mark_session_seen(&self, id: SessionId, counter: u64) -> Result<()> {
        self.write(move |rooms| async move {
            let current = doc! { "_id": blob(id.as_bytes()), "counter": signed(counter)? };
            rooms.sessions.update_one(current, doc! { "$set": { "current_seen": true } }).await?;
            Ok(())
        })
        .await
    }

    async fn end_session(&self, id: SessionId, reason: EndReason, now: Timestamp) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            loop {
                let Some((session, entry)) = find(&rooms, id).await? else { return Ok(false) };
                if let Some(ended) = session.ended(&entry) {
                    return Ok(ended.act == act);
                }
                let live = doc! { "_id": session.id, "ended": absent() };
                let over = doc! { "$set": {
                    "ended": { "at": date(now), "reason": reason.as_str(), "act": act },
                    "alarm": reason == EndReason::TokenReused,
                } };
                if rooms.sessions.update_one(live, over).await?.matched_count == 1 {
                    return Ok(true);
                }
            }
        })
        .await
    }

    async fn list_sessions(&self, id: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.read(move |rooms| async move {
            let user = uuid(id.as_bytes());
            let mut live = live(now);
            live.insert("user", user);
            let found = rooms.sessions.find(live).sort(doc! { "created_at": -1, "_id": 1 }).await?;
            let found: Vec<SessionDoc> = found.try_collect().await?;
            // After the sessions, so that none is shown which a cut has ended.
            let Some(entry) = Register::user(&rooms, user).await? else { return Ok(Vec::new()) };
            let found = found.iter().filter(|session| session.ended(&entry).is_none());
            Ok(found.map(|session| session.session(&entry)).collect::<Result<_>>()?)
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
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let cut = |register: &mut Register| {
                let Some(entry) = register.entry(user) else { return Ok(Verdict::Leave(())) };
                entry.cut(act, except, reason, now);
                Ok(Verdict::Write(()))
            };
            Register::change(&rooms, act, (), cut).await?;
            users::mark_ended(&rooms, user).await?;
            Ok(rooms.sessions.count_documents(doc! { "user": uuid(user.as_bytes()), "ended.act": act }).await?)
        })
        .await
    }

    async fn take_reuse_alarm(&self, user: UserId) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let ringing = doc! { "user": uuid(user.as_bytes()), "alarm": true };
            let found: Vec<SessionDoc> = rooms.sessions.find(ringing).await?.try_collect().await?;
            let ids: Vec<Binary> = found.into_iter().map(|session| session.id).collect();
            let take = |register: &mut Register| {
                let Some(entry) = register.entry(user) else { return Ok(Verdict::Leave(false)) };
                let new: Vec<_> = ids.iter().filter(|id| !entry.told.contains(id)).cloned().collect();
                if new.is_empty() {
                    return Ok(Verdict::Leave(false));
                }
                entry.told.extend(new);
                let forgotten = entry.told.len().saturating_sub(TOLD);
                entry.told.drain(..forgotten);
                Ok(Verdict::Write(true))
            };
            let told = Register::change(&rooms, act, true, take).await?;
            let silent = doc! { "$set": { "alarm": false } };
            rooms.sessions.update_many(doc! { "_id": { "$in": &ids } }, silent).await?;
            Ok(told)
        })
        .await
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64> {
        self.write(move |rooms| async move {
            let past = || doc! { "$lt": date(before) };
            let old = doc! { "$or": [
                { "idle_expires_at": past() }, { "expires_at": past() }, { "ended.at": past() },
            ] };
            Ok(rooms.sessions.delete_many(old).await?.deleted_count)
        })
        .await
    }
}

/// The condition that a session has neither ended nor expired, as far as it knows itself.
pub(super) fn live(now: Timestamp) -> Document {
    let to_come = || doc! { "$gt": date(now) };
    doc! { "ended": absent(), "idle_expires_at": to_come(), "expires_at": to_come() }
}

/// A session and its user, read in this order: a cut that comes between is seen.
async fn find(rooms: &Rooms, id: SessionId) -> Result<Option<(SessionDoc, Entry)>, Fault> {
    let Some(session) = rooms.sessions.find_one(doc! { "_id": blob(id.as_bytes()) }).await? else { return Ok(None) };
    let entry = Register::user(rooms, session.user).await?;
    Ok(entry.map(|entry| (session, entry)))
}

/// Writes into the sessions of a user what their last cut did to them. Doing it again changes nothing.
pub(super) async fn mark_ended(rooms: &Rooms, entry: &Entry) -> Result<(), Fault> {
    let Some(cut) = &entry.cut else { return Ok(()) };
    let mut earlier = doc! { "user": entry.id, "epoch": { "$lt": entry.epoch }, "ended": absent() };
    if let Some(except) = &cut.except {
        earlier.insert("_id", doc! { "$ne": except });
    }
    let ended = doc! { "at": cut.at, "reason": &cut.reason, "act": cut.act };
    rooms.sessions.update_many(earlier, doc! { "$set": { "ended": ended } }).await?;
    Ok(())
}

impl SessionDoc {
    fn new(session: &Session, epoch: i64) -> Result<Self, Fault> {
        Ok(Self {
            id: blob(session.id.as_bytes()),
            user: uuid(session.user_id.as_bytes()),
            epoch,
            counter: signed(session.counter)?,
            key: blob(&session.key),
            created_at: date(session.created_at),
            rotated_at: date(session.rotated_at),
            current_seen: session.current_seen,
            idle_expires_at: date(session.idle_expires_at),
            expires_at: date(session.expires_at),
            ended: None,
            alarm: false,
            device: session.device.clone(),
            rotation: None,
        })
    }

    /// A session from another store, in the present epoch of its user.
    pub(super) fn of(kept: &KeptSession, epoch: i64) -> Result<Self, Fault> {
        let ended = kept.session.ended.map(|(at, reason)| Ended {
            at: date(at),
            reason: reason.as_str().to_owned(),
            act: Uuid::new(),
        });
        Ok(Self { ended, alarm: kept.alarm, ..Self::new(&kept.session, epoch)? })
    }

    /// The session for another store: as it stands now, whatever was only noted with its user.
    pub(super) fn kept(&self, entry: &Entry) -> Result<KeptSession> {
        Ok(KeptSession { session: self.session(entry)?, alarm: self.alarm && !entry.told.contains(&self.id) })
    }

    /// Whose it is.
    pub(super) fn user(&self) -> Uuid {
        self.user
    }

    /// How the session ended, if it did: by itself, or with all those that are not of the user's present epoch.
    fn ended(&self, entry: &Entry) -> Option<Ended> {
        let excepted = || entry.cut.as_ref().is_some_and(|cut| cut.except.as_ref() == Some(&self.id));
        if self.ended.is_some() || self.epoch == entry.epoch || excepted() {
            return self.ended.clone();
        }
        Some(match &entry.cut {
            Some(cut) => Ended { at: cut.at, reason: cut.reason.clone(), act: cut.act },
            // An epoch that nothing began: whoever tampered with it gains no session.
            None => Ended { at: self.created_at, reason: EndReason::Revoked.as_str().to_owned(), act: Uuid::new() },
        })
    }

    /// The session as the house knows it.
    fn session(&self, entry: &Entry) -> Result<Session> {
        let ended = match self.ended(entry) {
            None => None,
            Some(ended) => {
                let unknown = || damaged(format!("unknown end reason {}", ended.reason));
                Some((time(ended.at), EndReason::parse(&ended.reason).ok_or_else(unknown)?))
            }
        };
        Ok(Session {
            id: SessionId::from_bytes(exactly(&self.id)?),
            user_id: UserId::from_bytes(self.user.bytes()),
            counter: u64::try_from(self.counter).map_err(|_| damaged(format!("a counter of {}", self.counter)))?,
            key: exactly(&self.key)?,
            created_at: time(self.created_at),
            rotated_at: time(self.rotated_at),
            current_seen: self.current_seen,
            idle_expires_at: time(self.idle_expires_at),
            expires_at: time(self.expires_at),
            ended,
            device: self.device.clone(),
        })
    }
}
