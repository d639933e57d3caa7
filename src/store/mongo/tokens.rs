//! The personal access tokens, in MongoDB.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

use super::MongoStore;
use super::fault::is_duplicate;
use super::register::Register;
use super::values::{blob, damaged, date, exactly, time, uuid};
use crate::models::{PersonalToken, Scope, Timestamp, TokenId, TokenName, User, UserId};
use crate::store::{Result, Tokens};

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
            let Some(token) = rooms.tokens.find_one(doc! { "_id": uuid(id.as_bytes()) }).await? else {
                return Ok(None);
            };
            let Some(entry) = Register::user(&rooms, token.user).await? else { return Ok(None) };
            Ok(Some((token.token()?, entry.user()?)))
        })
        .await
    }

    async fn list_tokens(&self, id: UserId) -> Result<Vec<PersonalToken>> {
        self.read(move |rooms| async move {
            let found = rooms.tokens.find(doc! { "user": uuid(id.as_bytes()) }).sort(doc! { "_id": -1 }).await?;
            let found: Vec<TokenDoc> = found.try_collect().await?;
            Ok(found.into_iter().map(TokenDoc::token).collect::<Result<_>>()?)
        })
        .await
    }

    async fn note_token_use(&self, id: TokenId, now: Timestamp, since: Timestamp) -> Result<bool> {
        let act = Uuid::new();
        self.write(move |rooms| async move {
            let unnoted = doc! {
                "_id": uuid(id.as_bytes()),
                "$or": [{ "last_used_at": null }, { "last_used_at": { "$lt": date(since) } }],
            };
            let used = doc! { "$set": { "last_used_at": date(now), "noted": act } };
            if rooms.tokens.update_one(unnoted, used).await?.matched_count == 1 {
                return Ok(true);
            }
            let by_this_act = doc! { "_id": uuid(id.as_bytes()), "noted": act };
            Ok(rooms.tokens.find_one(by_this_act).await?.is_some())
        })
        .await
    }

    async fn remove_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        self.remove(doc! { "_id": uuid(id.as_bytes()), "user": uuid(user.as_bytes()) })
            .await
            .map(|removed| removed == 1)
    }

    async fn remove_tokens(&self, user: UserId) -> Result<u64> {
        self.remove(doc! { "user": uuid(user.as_bytes()) }).await
    }

    async fn forget_tokens(&self, before: Timestamp) -> Result<u64> {
        self.remove(doc! { "expires_at": { "$lt": date(before) } }).await
    }
}

impl MongoStore {
    /// Removes tokens; says how many. Those that an earlier try has seen were removed by it, should they be gone.
    async fn remove(&self, these: Document) -> Result<u64> {
        let seen = Arc::new(AtomicU64::new(0));
        self.write(move |rooms| {
            let (these, seen) = (these.clone(), Arc::clone(&seen));
            async move {
                let here = rooms.tokens.count_documents(these.clone()).await?;
                let seen = seen.fetch_max(here, Ordering::Relaxed);
                Ok(rooms.tokens.delete_many(these).await?.deleted_count.max(seen))
            }
        })
        .await
    }
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
