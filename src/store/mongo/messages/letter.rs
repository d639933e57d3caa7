//! A letter as a document, and back.

use std::collections::BTreeSet;

use mongodb::Collection;
use mongodb::bson::{Binary, Bson, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

use crate::models::{
    Action, Body, DeliveryKey, EmailAddress, Excerpt, Folder, Letter, Message, MessageId, MessageSummary, PREVIEW_MAX,
    PersonName, Search, Standing, Subject,
};
use crate::store::mongo::values::{blob, damaged, date, exactly, signed, time, uuid};
use crate::store::mongo::{Fault, Rooms};
use crate::store::{Delivery, KeptLetter, Result};

/// The folder of what is left of a deleted letter until the counts know of it.
pub(super) const GONE: &str = "gone";

/// A letter, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(rename = "_id")]
    pub(super) id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Binary>,
    pub(super) received_at: DateTime,
    name: String,
    email: String,
    #[serde(default)]
    email_key: String,
    subject: String,
    body: String,
    pub(super) folder: String,
    read: bool,
    starred: bool,
    pub(super) version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trashed_at: Option<DateTime>,
    /// Whether it stands otherwise than it is counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
    /// The lot with which it came and is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lot: Option<Uuid>,
    /// What the search index knows of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    words: BTreeSet<String>,
}

/// What a list shows of a letter.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(rename = "_id")]
    id: Uuid,
    received_at: DateTime,
    name: String,
    email: String,
    subject: String,
    preview: String,
    folder: String,
    read: bool,
    starred: bool,
}

/// The name of a letter alone.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    #[serde(rename = "_id")]
    pub(super) id: Uuid,
}

/// The letters, as documents of the shape `T`.
pub(super) fn letters<T: Send + Sync>(rooms: &Rooms) -> Collection<T> {
    rooms.messages.clone_with_type()
}

/// The fields of [`Stored`] that a letter is made of.
pub(super) fn whole() -> Document {
    doc! { "received_at": 1, "name": 1, "email": 1, "subject": 1, "body": 1, "folder": 1, "read": 1, "starred": 1, "version": 1 }
}

/// The fields of [`Shown`].
pub(super) fn shown() -> Document {
    let preview = doc! { "$substrCP": ["$body", 0, PREVIEW_MAX as i32] };
    doc! { "received_at": 1, "name": 1, "email": 1, "subject": 1, "preview": preview, "folder": 1, "read": 1, "starred": 1 }
}

pub(super) fn name(id: MessageId) -> Uuid {
    uuid(id.as_bytes())
}

pub(super) fn names(ids: impl IntoIterator<Item = MessageId>) -> Vec<Uuid> {
    ids.into_iter().map(name).collect()
}

pub(super) fn folder(name: &str) -> Result<Folder> {
    Folder::parse(name).ok_or_else(|| damaged(format!("unknown folder {name}")))
}

/// What is true of a letter that is still there.
pub(super) fn is_there() -> Bson {
    any_of(&Folder::ALL)
}

/// One of these folders.
pub(super) fn any_of(folders: &[Folder]) -> Bson {
    match folders {
        [folder] => folder.as_str().into(),
        _ => doc! { "$in": folders.iter().map(|folder| folder.as_str()).collect::<Vec<_>>() }.into(),
    }
}

/// How a letter stands after an action.
pub(super) fn left_by(action: Action) -> (&'static str, Bson) {
    match action {
        Action::Star => ("starred", true.into()),
        Action::Unstar => ("starred", false.into()),
        Action::Read => ("read", true.into()),
        Action::Unread => ("read", false.into()),
        Action::Archive => ("folder", Folder::Archive.as_str().into()),
        Action::Inbox => ("folder", Folder::Inbox.as_str().into()),
        Action::Spam => ("folder", Folder::Spam.as_str().into()),
        Action::Trash => ("folder", Folder::Trash.as_str().into()),
    }
}

impl Stored {
    /// A letter that has just come.
    pub(super) fn new(delivery: &Delivery) -> Self {
        let letter = &delivery.letter;
        Self {
            id: name(delivery.id),
            key: Some(blob(delivery.key.as_bytes())),
            received_at: date(delivery.received_at),
            name: letter.name.as_str().to_owned(),
            email: letter.email.as_str().to_owned(),
            email_key: letter.email.key(),
            subject: letter.subject.as_str().to_owned(),
            body: letter.body.as_str().to_owned(),
            folder: Folder::Inbox.as_str().to_owned(),
            read: false,
            starred: false,
            version: 1,
            trashed_at: None,
            pending: true,
            lot: None,
            words: Search::entries(letter),
        }
    }

    /// The same as one of a lot, which is counted as a whole.
    pub(super) fn in_lot(self, lot: Uuid) -> Self {
        Self { pending: false, lot: Some(lot), ..self }
    }

    /// A letter from another store.
    pub(super) fn of(kept: &KeptLetter) -> Result<Self, Fault> {
        let Message { id, received_at, letter, .. } = kept.message.clone();
        let arrived = Self::new(&Delivery { id, received_at, key: kept.key, letter });
        Ok(Self {
            folder: kept.message.folder.as_str().to_owned(),
            read: kept.message.read,
            starred: kept.message.starred,
            version: signed(kept.message.version)?,
            trashed_at: kept.trashed_at.map(date),
            ..arrived
        })
    }

    /// The letter for another store.
    pub(super) fn kept(self) -> Result<KeptLetter> {
        let key = self.key.as_ref().ok_or_else(|| damaged(format!("the letter {} has no key", self.id)))?;
        let key = DeliveryKey::from_bytes(exactly(key)?);
        Ok(KeptLetter { key, trashed_at: self.trashed_at.map(time), message: self.message()? })
    }

    pub(super) fn letter(&self) -> Letter {
        Letter {
            name: PersonName::from_trusted(self.name.clone()),
            email: EmailAddress::from_trusted(self.email.clone()),
            subject: Subject::from_trusted(self.subject.clone()),
            body: Body::from_trusted(self.body.clone()),
        }
    }

    pub(super) fn message(self) -> Result<Message> {
        Ok(Message {
            id: MessageId::from_bytes(self.id.bytes()),
            received_at: time(self.received_at),
            folder: folder(&self.folder)?,
            read: self.read,
            starred: self.starred,
            version: u64::try_from(self.version).map_err(|_| damaged(format!("version {}", self.version)))?,
            letter: Letter {
                name: PersonName::from_trusted(self.name),
                email: EmailAddress::from_trusted(self.email),
                subject: Subject::from_trusted(self.subject),
                body: Body::from_trusted(self.body),
            },
        })
    }
}

impl Shown {
    pub(super) fn summary(self) -> Result<MessageSummary> {
        let standing = Standing { folder: folder(&self.folder)?, read: self.read, starred: self.starred };
        let texts = [&self.name, &self.email, &self.subject].map(String::as_str);
        let (id, received_at) = (MessageId::from_bytes(self.id.bytes()), time(self.received_at));
        Ok(MessageSummary::new(id, received_at, standing, texts, Excerpt::beginning_of(&self.preview)))
    }
}

/// How a letter stands, as it is read before an action.
#[derive(Debug, Deserialize)]
pub(super) struct Stands {
    #[serde(rename = "_id")]
    pub(super) id: Uuid,
    folder: String,
    read: bool,
    starred: bool,
    pub(super) version: i64,
    pub(super) change: Option<ChangeDocument>,
}

/// The last change of a letter. Beside it stands the action that takes it back, or the act that did so.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ChangeDocument {
    pub(super) id: Uuid,
}

impl Stands {
    /// The fields.
    pub(super) fn fields() -> Document {
        doc! { "folder": 1, "read": 1, "starred": 1, "version": 1, "change": 1 }
    }

    pub(super) fn standing(&self) -> Result<Standing> {
        Ok(Standing { folder: folder(&self.folder)?, read: self.read, starred: self.starred })
    }
}
