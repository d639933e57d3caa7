//! Everything in the database, record by record.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::Collection;
use mongodb::bson::{Binary, Bson, Document, Uuid, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::EventDoc;
use super::messages::kept;
use super::register::{Entry, Register, Verdict};
use super::sessions::SessionDoc;
use super::tokens::{TokenDoc, unrevoked};
use super::values::{blob, damaged, date, uuid};
use super::{Fault, MongoStore, Rooms};
use crate::models::{Event, NewUser, PasswordHash, PersonalToken};
use crate::store::{KeptLetter, KeptSession, Record, RecordId, RecordKind, Records, Result};

/// Documents that are replaced at once.
const AT_ONCE: usize = 16;

#[async_trait]
impl Records for MongoStore {
    async fn identity(&self) -> Result<String> {
        self.read(|rooms| async move {
            // Whoever leads says the same of itself, by whatever name it was reached (specification "Server
            // Discovery and Monitoring", topologyVersion). A server that says nothing is like no other.
            let hello = rooms.database.run_command(doc! { "hello": 1 }).await?;
            let version = hello.get_document("topologyVersion").and_then(|version| version.get_object_id("processId"));
            let server = version.map_or_else(|_| Uuid::new().to_string(), |process| process.to_hex());
            Ok(format!("mongodb:{server}:{}", rooms.database.name()))
        })
        .await
    }

    async fn count_records(&self, kind: RecordKind) -> Result<u64> {
        self.read_patiently(move |rooms| async move {
            Ok(match kind {
                RecordKind::Users => Register::read(&rooms).await?.list.len() as u64,
                RecordKind::Sessions => rooms.sessions.count_documents(of_users(&users(&rooms).await?)).await?,
                RecordKind::Tokens => rooms.tokens.count_documents(unrevoked(of_users(&users(&rooms).await?))).await?,
                RecordKind::Events => rooms.events.count_documents(doc! {}).await?,
                RecordKind::Letters => kept::count(&rooms).await?,
            })
        })
        .await
    }

    async fn read_records(&self, kind: RecordKind, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>> {
        self.read_patiently(move |rooms| async move {
            match kind {
                RecordKind::Users => read_users(&rooms, after, limit).await,
                RecordKind::Sessions => read_sessions(&rooms, after, limit).await,
                RecordKind::Tokens => read_tokens(&rooms, after, limit).await,
                RecordKind::Events => read_events(&rooms, after, limit).await,
                RecordKind::Letters => kept::read(&rooms, after, limit.into()).await,
            }
        })
        .await
    }

    async fn put_records(&self, records: Vec<Record>) -> Result<()> {
        let act = Uuid::new();
        let sorted = Arc::new(Sorted::of(records));
        self.write(move |rooms| {
            let sorted = Arc::clone(&sorted);
            async move { sorted.put(&rooms, act).await }
        })
        .await
    }

    async fn drop_records(&self, kind: RecordKind, ids: Vec<RecordId>) -> Result<()> {
        if kind == RecordKind::Letters {
            return self.drop_letters(ids).await;
        }
        let act = Uuid::new();
        let ids = Arc::new(ids);
        self.write(move |rooms| {
            let ids = Arc::clone(&ids);
            async move {
                let named: Vec<Bson> = ids.iter().map(|id| name(kind, id)).collect();
                let these = doc! { "_id": { "$in": &named } };
                match kind {
                    RecordKind::Users => return drop_users(&rooms, act, &ids, &named).await,
                    RecordKind::Sessions => rooms.sessions.delete_many(these).await?,
                    RecordKind::Tokens => rooms.tokens.delete_many(these).await?,
                    RecordKind::Events => rooms.events.delete_many(these).await?,
                    // Dropped above.
                    RecordKind::Letters => return Ok(()),
                };
                Ok(())
            }
        })
        .await
    }
}

/// The `_id` of a document.
fn name(kind: RecordKind, id: &RecordId) -> Bson {
    if kind == RecordKind::Sessions { blob(id).into() } else { uuid(id).into() }
}

/// Every user, by name.
async fn users(rooms: &Rooms) -> Result<HashMap<Uuid, Entry>, Fault> {
    Ok(Register::read(rooms).await?.list.into_iter().map(|entry| (entry.id, entry)).collect())
}

/// What belongs to somebody. The rest is left of users that were removed, until it is deleted.
fn of_users(users: &HashMap<Uuid, Entry>) -> Document {
    doc! { "user": { "$in": users.keys().copied().collect::<Vec<_>>() } }
}

async fn read_users(rooms: &Rooms, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>, Fault> {
    let mut list = Register::read(rooms).await?.list;
    list.retain(|entry| after.is_none_or(|after| entry.id.bytes() > after));
    list.sort_unstable_by_key(|entry| entry.id.bytes());
    list.truncate(limit as usize);
    let record = |entry: Entry| {
        let user = entry.user()?;
        Ok(Record::User(NewUser { user, password: PasswordHash { scheme: entry.scheme, hash: entry.hash } }))
    };
    Ok(list.into_iter().map(record).collect::<Result<_>>()?)
}

async fn read_sessions(rooms: &Rooms, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>, Fault> {
    let users = users(rooms).await?;
    let after = after.map(|id| name(RecordKind::Sessions, &id));
    let found: Vec<SessionDoc> = read(&rooms.sessions, of_users(&users), after, limit).await?;
    let kept = found.iter().filter_map(|session| Some(session.kept(users.get(&session.user())?).map(Record::Session)));
    Ok(kept.collect::<Result<_>>()?)
}

async fn read_tokens(rooms: &Rooms, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>, Fault> {
    let after = after.map(|id| name(RecordKind::Tokens, &id));
    let theirs = unrevoked(of_users(&users(rooms).await?));
    let found: Vec<TokenDoc> = read(&rooms.tokens, theirs, after, limit).await?;
    Ok(found.into_iter().map(|token| token.token().map(Record::Token)).collect::<Result<_>>()?)
}

async fn read_events(rooms: &Rooms, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>, Fault> {
    let after = after.map(|id| name(RecordKind::Events, &id));
    let found: Vec<EventDoc> = read(&rooms.events, doc! {}, after, limit).await?;
    Ok(found.into_iter().map(|event| event.event().map(Record::Event)).collect::<Result<_>>()?)
}

async fn read<T: DeserializeOwned + Send + Sync>(
    room: &Collection<T>,
    mut filter: Document,
    after: Option<Bson>,
    limit: u32,
) -> Result<Vec<T>, Fault> {
    if let Some(after) = after {
        filter.insert("_id", doc! { "$gt": after });
    }
    Ok(room.find(filter).sort(doc! { "_id": 1 }).limit(limit.into()).await?.try_collect().await?)
}

/// Records on their way in, each kind by itself.
#[derive(Default)]
struct Sorted {
    users: Vec<NewUser>,
    sessions: Vec<KeptSession>,
    tokens: Vec<PersonalToken>,
    events: Vec<Event>,
    letters: Vec<KeptLetter>,
}

impl Sorted {
    fn of(records: Vec<Record>) -> Self {
        let mut sorted = Self::default();
        for record in records {
            match record {
                Record::User(user) => sorted.users.push(user),
                Record::Session(session) => sorted.sessions.push(session),
                Record::Token(token) => sorted.tokens.push(token),
                Record::Event(event) => sorted.events.push(event),
                Record::Letter(letter) => sorted.letters.push(letter),
            }
        }
        sorted
    }

    async fn put(&self, rooms: &Rooms, act: Uuid) -> Result<(), Fault> {
        if !self.users.is_empty() {
            put_users(rooms, act, &self.users).await?;
        }
        if !self.sessions.is_empty() || !self.tokens.is_empty() {
            let users = users(rooms).await?;
            let mut sessions = Vec::new();
            for kept in &self.sessions {
                if let Some(entry) = users.get(&uuid(kept.session.user_id.as_bytes())) {
                    let id = blob(kept.session.id.as_bytes()).into();
                    sessions.push((id, SessionDoc::of(kept, entry.epoch)?));
                }
            }
            // Their alarms are as they are put, whatever was told before.
            let ids: Vec<Binary> = self.sessions.iter().map(|kept| blob(kept.session.id.as_bytes())).collect();
            if users.values().any(|entry| entry.told.iter().any(|told| ids.contains(told))) {
                Register::forget_told(rooms, &ids).await?;
            }
            put(&rooms.sessions, sessions).await?;
            let known = self.tokens.iter().filter(|token| users.contains_key(&uuid(token.user_id.as_bytes())));
            let tokens = known.map(|token| (uuid(token.id.as_bytes()).into(), TokenDoc::new(token)));
            put(&rooms.tokens, tokens.collect()).await?;
        }
        let events = self.events.iter().map(|event| (uuid(event.id.as_bytes()).into(), EventDoc::new(event)));
        put(&rooms.events, events.collect()).await?;
        if !self.letters.is_empty() {
            kept::put(rooms, &self.letters).await?;
        }
        Ok(())
    }
}

/// Puts documents in, or in place of those with their names.
async fn put<T: Serialize + Send + Sync>(room: &Collection<T>, documents: Vec<(Bson, T)>) -> Result<(), Fault> {
    if documents.is_empty() {
        return Ok(());
    }
    let ids: Vec<&Bson> = documents.iter().map(|(id, _)| id).collect();
    let there = room.distinct("_id", doc! { "_id": { "$in": ids } }).await?;
    let (old, new): (Vec<_>, Vec<_>) = documents.into_iter().partition(|(id, _)| there.contains(id));
    if !new.is_empty() {
        room.insert_many(new.into_iter().map(|(_, document)| document)).ordered(false).await?;
    }
    let replaced = old.into_iter().map(|(id, document)| async move {
        room.replace_one(doc! { "_id": id }, document).upsert(true).await?;
        Ok::<_, Fault>(())
    });
    stream::iter(replaced).buffer_unordered(AT_ONCE).try_collect().await
}

async fn put_users(rooms: &Rooms, act: Uuid, users: &[NewUser]) -> Result<(), Fault> {
    let put = |register: &mut Register| {
        for new in users {
            let id = new.user.id;
            let key = new.user.email.key();
            if register.list.iter().any(|entry| entry.email_key == key && entry.id != uuid(id.as_bytes())) {
                return Err(damaged(format!("the address of the user {id} is another one's there")));
            }
            match register.entry(id) {
                Some(entry) => entry.become_like(new),
                None => register.add(new)?,
            }
        }
        Ok(Verdict::Write(()))
    };
    Register::change(rooms, act, (), put).await
}

async fn drop_users(rooms: &Rooms, act: Uuid, ids: &[RecordId], named: &[Bson]) -> Result<(), Fault> {
    let leave = |register: &mut Register| {
        register.list.retain(|entry| !ids.contains(&entry.id.bytes()));
        Ok(Verdict::Write(()))
    };
    Register::change(rooms, act, (), leave).await?;
    let theirs = doc! { "user": { "$in": named } };
    rooms.sessions.delete_many(theirs.clone()).await?;
    rooms.tokens.delete_many(theirs).await?;
    Ok(())
}

impl Entry {
    /// Takes over everything that another store says of this user. The sessions are told separately.
    fn become_like(&mut self, new: &NewUser) {
        let user = &new.user;
        user.email.as_str().clone_into(&mut self.email);
        self.email_key = user.email.key();
        user.name.as_str().clone_into(&mut self.name);
        user.role.as_str().clone_into(&mut self.role);
        self.created_at = date(user.created_at);
        self.set_password(&new.password);
    }
}
