//! Everything in a store, record by record and whole: what one store is copied to another with.
//!
//! The web has no use for this and no way to it. A letter's last change and what takes it back stay behind: after a
//! copy, what was done before can no longer be undone with one press.

use async_trait::async_trait;

use super::{Result, Store};
use crate::models::{DeliveryKey, Event, Message, NewUser, PersonalToken, Session, Timestamp};

/// What a store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// The people who may log in, with what their passwords are checked against.
    Users,
    /// The logins, with the keys that make their refresh tokens.
    Sessions,
    /// The personal access tokens, with the hashes that they are checked against.
    Tokens,
    /// The audit log.
    Events,
    /// The letters.
    Letters,
}

impl RecordKind {
    /// Every kind, in an order in which they can be put into a store: users before what belongs to them.
    pub const ALL: [RecordKind; 5] =
        [RecordKind::Users, RecordKind::Sessions, RecordKind::Tokens, RecordKind::Events, RecordKind::Letters];

    /// What people call them.
    pub const fn as_str(self) -> &'static str {
        match self {
            RecordKind::Users => "users",
            RecordKind::Sessions => "sessions",
            RecordKind::Tokens => "tokens",
            RecordKind::Events => "events",
            RecordKind::Letters => "letters",
        }
    }
}

/// The name of a record among those of its kind. They are ordered by their bytes.
pub type RecordId = [u8; 16];

/// A session with what only the store knows of it.
#[derive(Debug, Clone)]
pub struct KeptSession {
    /// The session.
    pub session: Session,
    /// Whether its user is still to be told that a spent token came back.
    pub alarm: bool,
}

/// A letter with what only the store knows of it.
#[derive(Debug, Clone)]
pub struct KeptLetter {
    /// The letter, where it lies and how it is marked.
    pub message: Message,
    /// What makes another delivery the same letter.
    pub key: DeliveryKey,
    /// Since when it has been in the trash; nothing unless it is there.
    pub trashed_at: Option<Timestamp>,
}

/// One record, whole.
#[derive(Debug, Clone)]
pub enum Record {
    /// Somebody who may log in.
    User(NewUser),
    /// A login.
    Session(KeptSession),
    /// A personal access token.
    Token(PersonalToken),
    /// An entry of the audit log.
    Event(Event),
    /// A letter.
    Letter(KeptLetter),
}

impl Record {
    /// Its name.
    pub fn id(&self) -> RecordId {
        match self {
            Record::User(new) => *new.user.id.as_bytes(),
            Record::Session(kept) => *kept.session.id.as_bytes(),
            Record::Token(token) => *token.id.as_bytes(),
            Record::Event(event) => *event.id.as_bytes(),
            Record::Letter(kept) => *kept.message.id.as_bytes(),
        }
    }

    /// All of it as bytes: two records are the same if and only if these are, whatever engine keeps them.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Canonical(Vec::new());
        match self {
            Record::User(new) => bytes.user(new),
            Record::Session(kept) => bytes.session(kept),
            Record::Token(token) => bytes.token(token),
            Record::Event(event) => bytes.event(event),
            Record::Letter(kept) => bytes.letter(kept),
        }
        bytes.0
    }
}

/// Each field with its length before it, so that no two records run together to the same bytes.
struct Canonical(Vec<u8>);

impl Canonical {
    fn user(&mut self, new: &NewUser) {
        let user = &new.user;
        self.bytes(user.id.as_bytes());
        self.text(user.email.as_str());
        self.text(user.name.as_str());
        self.text(user.role.as_str());
        self.time(user.created_at);
        self.text(&new.password.scheme);
        self.text(&new.password.hash);
    }

    fn session(&mut self, kept: &KeptSession) {
        let session = &kept.session;
        self.bytes(session.id.as_bytes());
        self.bytes(session.user_id.as_bytes());
        self.bytes(&session.counter.to_be_bytes());
        self.bytes(&session.key);
        self.time(session.created_at);
        self.time(session.rotated_at);
        self.flag(session.current_seen);
        self.time(session.idle_expires_at);
        self.time(session.expires_at);
        self.flag(session.ended.is_some());
        if let Some((at, reason)) = session.ended {
            self.time(at);
            self.text(reason.as_str());
        }
        self.flag(kept.alarm);
        self.text(&session.device);
    }

    fn token(&mut self, token: &PersonalToken) {
        self.bytes(token.id.as_bytes());
        self.bytes(token.user_id.as_bytes());
        self.text(token.name.as_str());
        self.text(token.scope.as_str());
        self.bytes(&token.hash);
        self.time(token.created_at);
        self.time_if_any(token.expires_at);
        self.time_if_any(token.last_used_at);
    }

    fn event(&mut self, event: &Event) {
        self.bytes(event.id.as_bytes());
        self.time(event.at);
        self.text(event.kind.as_str());
        self.text(&event.actor);
        self.text(&event.subject);
        self.text(&event.network);
    }

    fn letter(&mut self, kept: &KeptLetter) {
        let message = &kept.message;
        self.bytes(message.id.as_bytes());
        self.bytes(kept.key.as_bytes());
        self.time(message.received_at);
        self.text(message.letter.name.as_str());
        self.text(message.letter.email.as_str());
        self.text(message.letter.subject.as_str());
        self.text(message.letter.body.as_str());
        self.text(message.folder.as_str());
        self.flag(message.read);
        self.flag(message.starred);
        self.bytes(&message.version.to_be_bytes());
        self.time_if_any(kept.trashed_at);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn time(&mut self, time: Timestamp) {
        self.bytes(&time.millis().to_be_bytes());
    }

    fn time_if_any(&mut self, time: Option<Timestamp>) {
        self.flag(time.is_some());
        time.into_iter().for_each(|time| self.time(time));
    }

    fn flag(&mut self, flag: bool) {
        self.bytes(&[u8::from(flag)]);
    }
}

/// A store that can be read and written record by record.
///
/// Writing here asks no rule that the other traits keep (the last owner, the first user): what is written was kept by
/// a store before.
#[async_trait]
pub trait Records: Store {
    /// The same for two handles on one store, and for no two stores: tells when somebody named one store twice.
    async fn identity(&self) -> Result<String>;

    /// How many records of this kind there are.
    async fn count_records(&self, kind: RecordKind) -> Result<u64>;

    /// The records of a kind whose names come after `after`, in the order of their names, at most `limit`. Fewer
    /// only at the end.
    async fn read_records(&self, kind: RecordKind, after: Option<RecordId>, limit: u32) -> Result<Vec<Record>>;

    /// Puts records in, in place of those with the same names. Returns when they would survive a power cut; the same
    /// records again come to the same. A session or token whose user is not there is left out.
    async fn put_records(&self, records: Vec<Record>) -> Result<()>;

    /// Takes records out, for good. Those that are not there are none the worse; what belongs to a user goes along.
    async fn drop_records(&self, kind: RecordKind, ids: Vec<RecordId>) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{EventId, EventKind};

    fn event(actor: &str, subject: &str) -> Record {
        Record::Event(Event {
            id: EventId::from_bytes([1; 16]),
            at: Timestamp::from_millis(1),
            kind: EventKind::LoggedIn,
            actor: actor.into(),
            subject: subject.into(),
            network: String::new(),
        })
    }

    #[test]
    fn fields_that_run_together_to_the_same_text_are_not_the_same_record() {
        assert_eq!(event("ada", "bob").canonical(), event("ada", "bob").canonical());
        assert_ne!(event("ada", "bob").canonical(), event("adab", "ob").canonical());
    }
}
