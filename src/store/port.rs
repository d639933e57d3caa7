//! What Letterbox asks of a database, in its own words. No engine is named here.
//!
//! A method is one whole act: what must be atomic is one method. Identifiers and times are given by the caller, so
//! every engine orders and answers alike. An act that was started runs to its end even when the caller goes away.

use async_trait::async_trait;
use tokio::sync::watch;

use crate::models::{
    ActKey, Admission, Change, ChangeId, Changed, DeliveryKey, Edit, EndReason, Event, EventId, Folder, FolderCounts,
    Job, Letter, ListQuery, Message, MessageId, MessagePage, MessageSummary, NewUser, PasswordHash, PersonName,
    PersonalToken, ProcessId, Quota, Role, Session, SessionId, Timestamp, TokenId, User, UserId,
};

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine does not answer, or cannot keep its promises just now. Trying again later may help.
    #[error("the store does not answer: {0}")]
    Unavailable(#[source] BoxError),
    /// There is no room for another letter.
    #[error("the store has no room left: {0}")]
    Full(#[source] BoxError),
    /// More acts are waiting than can be done in time.
    #[error("the store has more to do than it can do in time")]
    Busy,
    /// The store cannot be opened. The text is a sentence for the operator: what is wrong and what to do.
    #[error("{0}")]
    Refused(String),
    /// The engine answered something that should not be possible.
    #[error("the store failed: {0}")]
    Internal(#[source] BoxError),
}

/// Any error, with its own words for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What comes of a store's act.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A letter on its way into the store.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The letter's name, should it be new; made of `received_at`, so that the order of names is the order of time.
    pub id: MessageId,
    /// When it came.
    pub received_at: Timestamp,
    /// What makes two deliveries the same letter.
    pub key: DeliveryKey,
    /// The letter.
    pub letter: Letter,
}

/// Which letter a delivery became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The letter's name.
    pub id: MessageId,
    /// When it first came.
    pub received_at: Timestamp,
    /// Whether the letter was there already.
    pub repeated: bool,
}

/// What became of an edit of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// It was made, or the letter was so already: the letter as it is now.
    Done(Message),
    /// There is no such letter.
    Unknown,
    /// Nothing was done: the letter is of another version by now.
    Stale,
}

/// What became of a letter that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Done,
    /// There is no such letter.
    Unknown,
    /// Nothing was done: the letter is of another version by now.
    Stale,
}

/// The letters. Every change of a letter raises its version by one; what changes nothing leaves it.
#[async_trait]
pub trait Messages: Send + Sync {
    /// Puts a letter into the inbox, unread. Returns only when it would survive a power cut. A delivery whose key is
    /// known adds nothing and answers what the first one was answered.
    async fn add_message(&self, delivery: Delivery) -> Result<Delivered>;

    /// Wakes whoever waits for letters. The number grows when letters have come, as far as this process knows; it says
    /// nothing of how many.
    fn arrivals(&self) -> watch::Receiver<u64>;

    /// What a delivery with this key was answered, if there was one and its letter is still there.
    async fn delivered(&self, key: DeliveryKey) -> Result<Option<Delivered>>;

    /// The letter named `id`.
    async fn message(&self, id: MessageId) -> Result<Option<Message>>;

    /// One page of the letters that are meant, newest first (by id, descending). A cursor need not name a letter that
    /// still exists. Where words are looked for, the preview is [`Search::excerpt`](crate::models::Search::excerpt).
    async fn list_messages(&self, query: ListQuery) -> Result<MessagePage>;

    /// The same, and how many letters lie in each folder: what a page of the inbox shows, in as few steps as the engine
    /// can.
    async fn list_and_count(&self, query: ListQuery) -> Result<(MessagePage, [FolderCounts; 4])> {
        Ok((self.list_messages(query).await?, self.count_folders().await?))
    }

    /// The same letters in the same order as [`list_messages`](Self::list_messages), whole: for an export, and to weigh them.
    async fn read_messages(&self, query: ListQuery) -> Result<Vec<Message>>;

    /// The letters that came before `id` from the same address, in whatever upper or lower case, newest first; none
    /// from the trash. None when there is no such letter.
    async fn earlier_from_sender(&self, id: MessageId, limit: u32) -> Result<Vec<MessageSummary>>;

    /// Does one thing with many letters. A letter that no longer lies where it was seen is not moved. A letter that
    /// was changed keeps the change's name and what takes it back, until the next change of it.
    async fn change_messages(&self, change: Change) -> Result<Changed>;

    /// Takes a change back, on those of its letters that nobody has changed since; says how many that were. What was
    /// taken back once is not taken back again.
    async fn undo_change(&self, id: ChangeId, now: Timestamp) -> Result<u64>;

    /// Marks a letter read or unread; false when there is no such letter.
    async fn set_read(&self, id: MessageId, read: bool) -> Result<bool>;

    /// Makes an edit, whole or not at all; where a version is `expected`, only if the letter still is of that version.
    /// Of many who edit the same version one is done, the others are stale. An edit that changes anything is a change:
    /// what was changed before it is not taken back on this letter. A letter that goes into the trash went at `now`.
    async fn edit_message(&self, id: MessageId, edit: Edit, expected: Option<u64>, now: Timestamp) -> Result<Edited>;

    /// Deletes a letter for good; false when there is no such letter.
    async fn delete_message(&self, id: MessageId) -> Result<bool>;

    /// Deletes a letter for good, only if it still is of this version.
    async fn delete_message_at(&self, id: MessageId, version: u64) -> Result<Deleted>;

    /// Deletes those of these letters that lie in the trash, for good; says how many that were.
    async fn delete_trashed(&self, ids: Vec<MessageId>) -> Result<u64>;

    /// Deletes at most `limit` letters for good that have been in the trash since before `before`; says how many.
    async fn empty_trash(&self, before: Timestamp, limit: u32) -> Result<u64>;

    /// How many letters lie in each folder, in the order of [`Folder::ALL`]. Counts are kept here too.
    async fn count_folders(&self) -> Result<[FolderCounts; 4]>;

    /// How many letters lie in `folder`. Counts are kept, not counted: the cost does not grow with the letters.
    async fn count_messages(&self, folder: Folder) -> Result<FolderCounts>;
}

/// What became of a user about to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAdded {
    /// They are in.
    Added,
    /// Somebody has this address already, in whatever upper or lower case.
    EmailTaken,
    /// For [`Users::add_first_user`]: there are users already.
    NotFirst,
}

/// What became of a change that must leave an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserChanged {
    /// It was made.
    Changed,
    /// There is no such user.
    Unknown,
    /// Refused: nobody would be left who may manage users.
    LastOwner,
}

/// The people who may log in.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a user.
    async fn add_user(&self, user: NewUser) -> Result<UserAdded>;

    /// Adds a user only if there is none yet, however many try at once.
    async fn add_first_user(&self, user: NewUser) -> Result<UserAdded>;

    /// The user with this login, in whatever upper or lower case, and what their password is checked against.
    async fn user_by_email(&self, email_key: &str) -> Result<Option<(User, PasswordHash)>>;

    /// Every user, in the order they were added.
    async fn list_users(&self) -> Result<Vec<User>>;

    /// How many users there are.
    async fn count_users(&self) -> Result<u64>;

    /// Sets a new password and ends all the user's sessions but `except`, at once; false when there is no such user.
    async fn set_password(
        &self,
        id: UserId,
        password: PasswordHash,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<bool>;

    /// Sets a new password only if the hash is still `old`, and ends all the user's sessions but `except`, at once;
    /// false, and nothing is done, when it is another one by now.
    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: PasswordHash,
        except: SessionId,
        now: Timestamp,
    ) -> Result<bool>;

    /// Replaces the hash of an unchanged password; false when it is no longer `old`.
    async fn renew_password_hash(&self, id: UserId, old: &PasswordHash, new: PasswordHash) -> Result<bool>;

    /// Gives a user another name; false when there is no such user.
    async fn set_name(&self, id: UserId, name: PersonName) -> Result<bool>;

    /// Gives a user another role and ends all their sessions, at once, unless they are the last owner and would no
    /// longer be one. The role they have already changes nothing and ends nothing.
    async fn set_role(&self, id: UserId, role: Role, now: Timestamp) -> Result<UserChanged>;

    /// Removes a user with all their sessions and personal access tokens, unless they are the last owner.
    async fn remove_user(&self, id: UserId) -> Result<UserChanged>;
}

/// The logins.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a new session.
    async fn add_session(&self, session: Session) -> Result<()>;

    /// The session named `id`, live or not, with its user.
    async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>>;

    /// Raises the counter of a session that has not ended from exactly `counter` by one, in one conditional write;
    /// false when somebody else did, or the session has ended.
    async fn rotate_session(
        &self,
        id: SessionId,
        counter: u64,
        now: Timestamp,
        idle_expires_at: Timestamp,
    ) -> Result<bool>;

    /// Notes that the token of `counter` has been seen in use, if it still is the current one.
    async fn mark_session_seen(&self, id: SessionId, counter: u64) -> Result<()>;

    /// Ends a session; false when there is none or it had ended before.
    async fn end_session(&self, id: SessionId, reason: EndReason, now: Timestamp) -> Result<bool>;

    /// A user's sessions that are live at `now`, the one begun last first.
    async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// Ends all sessions of a user but `except`; says how many that were.
    async fn end_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<u64>;

    /// Whether any session of the user was ended by [`EndReason::TokenReused`] since this was last asked. Of many who
    /// ask at once one is told.
    async fn take_reuse_alarm(&self, user: UserId) -> Result<bool>;

    /// Forgets sessions that expired or were ended before `before`; says how many.
    async fn forget_sessions(&self, before: Timestamp) -> Result<u64>;
}

/// The personal access tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a new token. One of somebody who is not there (any more) opens nothing.
    async fn add_token(&self, token: PersonalToken) -> Result<()>;

    /// The token named `id`, expired or not, with its user.
    async fn token(&self, id: TokenId) -> Result<Option<(PersonalToken, User)>>;

    /// A user's tokens, those that expired too, the one made last first (by id, descending).
    async fn list_tokens(&self, user: UserId) -> Result<Vec<PersonalToken>>;

    /// Notes that a token was used at `now`, in one conditional write, unless a use at `since` or later is noted
    /// already; says whether anything was written.
    async fn note_token_use(&self, id: TokenId, now: Timestamp, since: Timestamp) -> Result<bool>;

    /// Removes a token of this very user; false when they have none of this name.
    async fn remove_token(&self, user: UserId, id: TokenId) -> Result<bool>;

    /// Removes all tokens of a user; says how many.
    async fn remove_tokens(&self, user: UserId) -> Result<u64>;

    /// Forgets tokens that expired before `before`; says how many.
    async fn forget_tokens(&self, before: Timestamp) -> Result<u64>;
}

/// The audit log.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds an entry.
    async fn add_event(&self, event: Event) -> Result<()>;

    /// The newest entries older than `before`, newest first, at most `limit`.
    async fn list_events(&self, before: Option<EventId>, limit: u32) -> Result<Vec<Event>>;

    /// Forgets entries older than `before`; says how many.
    async fn forget_events(&self, before: Timestamp) -> Result<u64>;
}

/// What the processes that share a store agree on. An engine that serves one process has nothing to agree on.
#[async_trait]
pub trait Coordination: Send + Sync {
    /// Counts an act for all processes together, if it is within `quota`; a refused one does not count. `None` from an
    /// engine that serves one process, which can count for itself. Whoever counts under one key brings one quota.
    /// Counts are cheap rather than durable: a store that fails may forget the last of them.
    async fn count_act(&self, key: ActKey, quota: Quota, now: Timestamp) -> Result<Option<Admission>>;

    /// Takes a job until `until`, unless another process has it at `now`; whoever has it may take it longer. Of many
    /// that ask at once one gets it. Always true where there is one process.
    async fn claim(&self, job: Job, holder: ProcessId, until: Timestamp, now: Timestamp) -> Result<bool>;
}

/// What `letterbox check` says of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// The engine's name and version.
    pub engine: String,
    /// Number of the last migration applied.
    pub schema: u32,
    /// All letters, in whatever folder.
    pub messages: u64,
    /// All users.
    pub users: u64,
    /// Sessions that have neither ended nor expired.
    pub sessions: u64,
}

/// A whole store.
#[async_trait]
pub trait Store: Messages + Users + Sessions + Tokens + Audit + Coordination {
    /// Answers when the store does.
    async fn ping(&self) -> Result<()>;

    /// Looks the whole store over, its indexes included.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when something is damaged.
    async fn check(&self, now: Timestamp) -> Result<StoreReport>;

    /// Builds the search index anew from the letters.
    async fn rebuild_search_index(&self) -> Result<()>;

    /// Finishes what was started and closes. Acts that come later are answered [`StoreError::Unavailable`].
    async fn close(&self);
}
