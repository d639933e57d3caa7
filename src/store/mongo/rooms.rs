//! The collections.

use mongodb::bson::Document;
use mongodb::{Collection, Database};

use super::audit::EventDoc;
use super::coordination::{ActDoc, ClaimDoc};
use super::register::Register;
use super::schema::Mark;
use super::sessions::SessionDoc;
use super::tokens::TokenDoc;

/// Every collection, each with the type of its documents.
pub(super) struct Rooms {
    /// The letters, and what is left of a letter until it has been counted out.
    pub(super) messages: Collection<Document>,
    /// One document: how many letters lie where.
    pub(super) counts: Collection<Document>,
    /// One document with all users in it: what must hold of them together is atomic in it.
    pub(super) users: Collection<Register>,
    /// The logins.
    pub(super) sessions: Collection<SessionDoc>,
    /// The personal access tokens.
    pub(super) tokens: Collection<TokenDoc>,
    /// The audit log.
    pub(super) events: Collection<EventDoc>,
    /// How often who did what lately.
    pub(super) acts: Collection<ActDoc>,
    /// Who does the work that is done once for all.
    pub(super) claims: Collection<ClaimDoc>,
    /// One document: the number of the schema.
    pub(super) meta: Collection<Mark>,
    /// The whole database, for commands that concern no collection.
    pub(super) database: Database,
}

impl Rooms {
    /// Names of the collections; beside them the database may hold others.
    pub(super) const NAMES: [&str; 9] =
        ["messages", "counts", "users", "sessions", "tokens", "events", "acts", "claims", "meta"];

    /// The collections of `database`, whether they are there or not.
    pub(super) fn of(database: Database) -> Self {
        let [messages, counts, users, sessions, tokens, events, acts, claims, meta] = Self::NAMES;
        Self {
            messages: database.collection(messages),
            counts: database.collection(counts),
            users: database.collection(users),
            sessions: database.collection(sessions),
            tokens: database.collection(tokens),
            events: database.collection(events),
            acts: database.collection(acts),
            claims: database.collection(claims),
            meta: database.collection(meta),
            database,
        }
    }
}
