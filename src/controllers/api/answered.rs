//! What is answered, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::rules;
use crate::auth::Tokens;
use crate::models::{Changed, Folder, FolderCounts, Message};

/// What a program holds from then on.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensJson {
    #[schema(schema_with = rules::access_token)]
    access_token: String,
    #[schema(schema_with = rules::token_type)]
    token_type: &'static str,
    #[schema(schema_with = rules::expires_in)]
    expires_in: u64,
    #[schema(schema_with = rules::refresh_token)]
    refresh_token: String,
}

impl TokensJson {
    pub(super) fn of(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access.clone(),
            token_type: "Bearer",
            expires_in: tokens.access_for.as_secs(),
            refresh_token: tokens.refresh.clone(),
        }
    }
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Acted)]
pub struct ActedJson {
    #[schema(schema_with = rules::changed)]
    changed: u64,
    #[schema(schema_with = rules::unchanged)]
    unchanged: u64,
    #[schema(schema_with = rules::gone)]
    gone: u64,
    #[schema(schema_with = rules::undo)]
    undo: Option<String>,
}

impl ActedJson {
    pub(super) fn of(changed: &Changed, undo: String) -> Self {
        let Changed { changed, unchanged, gone, .. } = *changed;
        Self { changed, unchanged, gone, undo: (changed > 0).then_some(undo) }
    }
}

/// What came of taking something back.
#[derive(Serialize, ToSchema)]
#[schema(as = Undone)]
pub struct UndoneJson {
    #[schema(schema_with = rules::restored)]
    pub(super) restored: u64,
}

/// A letter as programs get it.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageJson {
    #[schema(schema_with = rules::id)]
    pub(super) id: String,
    #[schema(schema_with = rules::form)]
    pub(super) form: &'static str,
    #[schema(schema_with = rules::received_at)]
    pub(super) received_at: String,
    #[schema(schema_with = rules::name)]
    name: String,
    #[schema(schema_with = rules::email)]
    email: String,
    #[schema(schema_with = rules::subject)]
    subject: String,
    #[schema(schema_with = rules::body)]
    body: String,
    #[schema(schema_with = rules::folder)]
    folder: &'static str,
    #[schema(schema_with = rules::read)]
    read: bool,
    #[schema(schema_with = rules::starred)]
    starred: bool,
}

impl MessageJson {
    pub(super) fn of(message: &Message) -> Self {
        let letter = &message.letter;
        Self {
            id: message.id.to_string(),
            form: "contact",
            received_at: message.received_at.rfc3339(),
            name: letter.name.as_str().to_owned(),
            email: letter.email.as_str().to_owned(),
            subject: letter.subject.as_str().to_owned(),
            body: letter.body.as_str().to_owned(),
            folder: message.folder.as_str(),
            read: message.read,
            starred: message.starred,
        }
    }
}

/// One page of a list of letters, and the addresses of those beside it.
#[derive(Serialize, ToSchema)]
#[schema(as = Messages)]
pub struct LettersJson {
    pub(super) items: Vec<MessageJson>,
    #[schema(schema_with = rules::next)]
    pub(super) next: Option<String>,
    #[schema(schema_with = rules::previous)]
    pub(super) previous: Option<String>,
}

/// A folder and how many letters lie in it.
#[derive(Serialize, ToSchema)]
#[schema(as = Folder)]
pub struct FolderJson {
    #[schema(schema_with = rules::folder)]
    folder: &'static str,
    #[schema(schema_with = rules::total)]
    total: u64,
    #[schema(schema_with = rules::unread)]
    unread: u64,
}

/// All folders, in the order people see them.
#[derive(Serialize, ToSchema)]
#[schema(as = Folders)]
pub struct FoldersJson {
    items: Vec<FolderJson>,
}

impl FoldersJson {
    pub(super) fn of(counts: [FolderCounts; 4]) -> Self {
        let json = |(folder, counts): (Folder, FolderCounts)| FolderJson {
            folder: folder.as_str(),
            total: counts.total,
            unread: counts.unread,
        };
        Self { items: Folder::ALL.into_iter().zip(counts).map(json).collect() }
    }
}
