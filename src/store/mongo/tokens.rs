//! The personal access tokens, in MongoDB.
//!
//! A token that is revoked leaves a mark with its name and nothing of its secret, for an hour: the write that made it
//! may have hung and be carried out only now, and must find the name taken.

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

use super::fault::is_duplicate;
use super::register::Register;
use super::values::{absent, blob, damaged, date, exactly, time, uuid};
use super::{Fault, MongoStore, Rooms};
use crate::models::{PersonalToken, Scope, Timestamp, TokenId, TokenName, User, UserId};
use crate::store::{Result, Tokens};

/// So long a revoked token leaves its mark, in milliseconds. No act hangs longer than minutes.
const MARKED_FOR: i64 = 60 * 60 * 1_000;

/// One token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TokenDoc {
    #[serde(rename = "_id")]
    id: Uuid,
    user: Uuid,
    name: String,
    scope: String,
    hash: Binary,
    created_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime>,
    /// The act that noted the last use, so that it knows itself when it is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    noted: Option<Uuid>,
}

#[async_trait]
impl Tokens for MongoStore {
    async fn add_token(&self, token: PersonalToken) -> Result<()> {
        self.write(move |rooms| {
            let token = TokenDoc::new(&token);
            async move {
                let known = Register::user(&rooms, token.user).await?;
                known.ok_or_else(|| damaged("a token of nobody".to_owned()))?;
                match rooms.tokens.insert_one(token).await {
                    // An earlier try of this act was not in vain.
                    Err(error) if is_duplicate(&error) => Ok(()),
                    outcome => Ok(outcome.map(|_| ())?),
                }
            }
        })
        .await
    }

    async fn token(&self, id: TokenId) -> Result<Option<(PersonalToken, User)>> {
        self.read(move |rooms| async move {
            let Some(token) = rooms.tokens.find_one(unrevoked(doc! { "_id": uuid(id.as_bytes()) })).await? else {
                return Ok(None);
            };
            let Some(entry) = Register::user(&rooms, token.user).await? else { return Ok(None) };
            Ok(Some((token.token()?, entry.user()?)))
        })
        .await
    }

    async fn list_tokens(&self, id: UserId) -> Result<Vec<PersonalToken>> {
        self.read(move |rooms| async move {
            let theirs = unrevoked(doc! { "user": uuid(id.as_bytes()) });
            let found = rooms.tokens.find(theirs).sort(doc! { "_id": -1 }).await?;
            let found: Vec<TokenDoc> = found.try_collect().await?;
            Ok(found.into_iter().map(TokenDoc::token).collect::<Result<_>>()?)
        })
        .await
    }

    async fn note_token_use(&self, id: TokenId, now: Timestamp, since: Timestamp) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let unnoted = unrevoked(doc! {
                "_id": uuid(id.as_bytes()),
                "$or": [{ "last_used_at": null }, { "last_used_at": { "$lt": date(since) } }],
            });
            let used = doc! { "$set": { "last_used_at": date(now), "noted": act } };
            if rooms.tokens.update_one(unnoted, used).await?.matched_count == 1 {
                return Ok(true);
            }
            let by_this_act = unrevoked(doc! { "_id": uuid(id.as_bytes()), "noted": act });
            Ok(rooms.tokens.find_one(by_this_act).await?.is_some())
        })
        .await
    }

    async fn remove_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        let this = doc! { "_id": uuid(id.as_bytes()), "user": uuid(user.as_bytes()) };
        Ok(self.remove(this).await? == 1)
    }

    async fn remove_tokens(&self, user: UserId) -> Result<u64> {
        self.remove(doc! { "user": uuid(user.as_bytes()) }).await
    }

    async fn forget_tokens(&self, before: Timestamp) -> Result<u64> {
        self.write(move |rooms| async move {
            let expired = unrevoked(doc! { "expires_at": { "$lt": date(before) } });
            let forgotten = rooms.tokens.delete_many(expired).await?.deleted_count;
            // The server's own clock set the marks too.
            let old = doc! { "$lt": ["$revoked_at", { "$subtract": ["$$NOW", MARKED_FOR] }] };
            rooms.tokens.delete_many(doc! { "revoked": { "$exists": true }, "$expr": old }).await?;
            Ok(forgotten)
        })
        .await
    }
}

impl MongoStore {
    /// Revokes tokens; says how many.
    async fn remove(&self, these: Document) -> Result<u64> {
        let act = Uuid::new();
        self.write(move |rooms| {
            let these = these.clone();
            async move { revoke(&rooms, these, act).await }
        })
        .await
    }
}

/// Leaves of these tokens nothing but their marks; says how many are this act's, by whichever of its tries.
pub(super) async fn revoke(rooms: &Rooms, mut these: Document, act: Uuid) -> Result<u64, Fault> {
    let all = ["name", "scope", "hash", "created_at", "expires_at", "last_used_at", "noted"];
    let nothing: Document = all.into_iter().map(|field| (field.to_owned(), "".into())).collect();
    let mark = doc! { "$set": { "revoked": act }, "$currentDate": { "revoked_at": true }, "$unset": nothing };
    rooms.tokens.update_many(unrevoked(these.clone()), mark).await?;
    these.insert("revoked", act);
    Ok(rooms.tokens.count_documents(these).await?)
}

/// Those that fit and have not been revoked.
pub(super) fn unrevoked(mut filter: Document) -> Document {
    filter.insert("revoked", absent());
    filter
}

impl TokenDoc {
    pub(super) fn new(token: &PersonalToken) -> Self {
        Self {
            id: uuid(token.id.as_bytes()),
            user: uuid(token.user_id.as_bytes()),
            name: token.name.as_str().to_owned(),
            scope: token.scope.as_str().to_owned(),
            hash: blob(&token.hash),
            created_at: date(token.created_at),
            expires_at: token.expires_at.map(date),
            last_used_at: token.last_used_at.map(date),
            noted: None,
        }
    }

    pub(super) fn token(self) -> Result<PersonalToken> {
        Ok(PersonalToken {
            id: TokenId::from_bytes(self.id.bytes()),
            user_id: UserId::from_bytes(self.user.bytes()),
            name: TokenName::from_trusted(self.name),
            scope: Scope::parse(&self.scope).ok_or_else(|| damaged(format!("unknown scope {}", self.scope)))?,
            hash: exactly(&self.hash)?,
            created_at: time(self.created_at),
            expires_at: self.expires_at.map(time),
            last_used_at: self.last_used_at.map(time),
        })
    }
}
