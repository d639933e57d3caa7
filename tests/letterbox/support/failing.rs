use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use letterbox::models::{
    Change, ChangeId, Changed, DeliveryKey, Edit, EndReason, Event, EventId, Folder, FolderCounts, ListQuery, Message,
    MessageId, MessagePage, MessageSummary, NewUser, PasswordHash, PersonName, PersonalToken, Role, Session, SessionId,
    Timestamp, TokenId, User, UserId,
};
use letterbox::store::{
    Audit, Deleted, Delivered, Delivery, Edited, Messages, Result, Sessions, Store, StoreError, StoreReport, Tokens,
    UserAdded, UserChanged, Users,
};
use tokio::sync::watch;

/// What a store that fails says to the log; no visitor may ever see it.
pub const STORE_SECRET: &str = "SELECT * FROM secrets at /var/lib/db";

/// Breaks and mends a store while the application runs.
#[derive(Clone, Default)]
pub struct Trouble(Arc<AtomicBool>);

impl Trouble {
    /// Every act fails from now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// The store works again.
    pub fn end(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// A store that does what `inner` does, except in trouble.
    pub fn around(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(FailingStore { inner, trouble: self.clone() })
    }
}

struct FailingStore {
    inner: Arc<dyn Store>,
    trouble: Trouble,
}

impl FailingStore {
    fn inner(&self) -> Result<&dyn Store> {
        if self.trouble.0.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable(STORE_SECRET.into()));
        }
        Ok(&*self.inner)
    }
}

#[async_trait]
impl Messages for FailingStore {
    async fn add_message(&self, delivery: Delivery) -> Result<Delivered> {
        self.inner()?.add_message(delivery).await
    }

    async fn delivered(&self, key: DeliveryKey) -> Result<Option<Delivered>> {
        self.inner()?.delivered(key).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Message>> {
        self.inner()?.message(id).await
    }

    async fn list_messages(&self, query: ListQuery) -> Result<MessagePage> {
        self.inner()?.list_messages(query).await
    }

    async fn set_read(&self, id: MessageId, read: bool) -> Result<bool> {
        self.inner()?.set_read(id, read).await
    }

    async fn edit_message(&self, id: MessageId, edit: Edit, expected: Option<u64>, now: Timestamp) -> Result<Edited> {
        self.inner()?.edit_message(id, edit, expected, now).await
    }

    async fn delete_message(&self, id: MessageId) -> Result<bool> {
        self.inner()?.delete_message(id).await
    }

    async fn delete_message_at(&self, id: MessageId, version: u64) -> Result<Deleted> {
        self.inner()?.delete_message_at(id, version).await
    }

    fn arrivals(&self) -> watch::Receiver<u64> {
        self.inner.arrivals()
    }

    async fn read_messages(&self, query: ListQuery) -> Result<Vec<Message>> {
        self.inner()?.read_messages(query).await
    }

    async fn earlier_from_sender(&self, id: MessageId, limit: u32) -> Result<Vec<MessageSummary>> {
        self.inner()?.earlier_from_sender(id, limit).await
    }

    async fn change_messages(&self, change: Change) -> Result<Changed> {
        self.inner()?.change_messages(change).await
    }

    async fn undo_change(&self, id: ChangeId, now: Timestamp) -> Result<u64> {
        self.inner()?.undo_change(id, now).await
    }

    async fn delete_trashed(&self, ids: Vec<MessageId>) -> Result<u64> {
        self.inner()?.delete_trashed(ids).await
    }

    async fn empty_trash(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.inner()?.empty_trash(before, limit).await
    }

    async fn count_folders(&self) -> Result<[FolderCounts; 4]> {
        self.inner()?.count_folders().await
    }

    async fn count_messages(&self, folder: Folder) -> Result<FolderCounts> {
        self.inner()?.count_messages(folder).await
    }
}

#[async_trait]
impl Users for FailingStore {
    async fn add_user(&self, user: NewUser) -> Result<UserAdded> {
        self.inner()?.add_user(user).await
    }

    async fn add_first_user(&self, user: NewUser) -> Result<UserAdded> {
        self.inner()?.add_first_user(user).await
    }

    async fn user_by_email(&self, email_key: &str) -> Result<Option<(User, PasswordHash)>> {
        self.inner()?.user_by_email(email_key).await
    }

    async fn list_users(&self) -> Result<Vec<User>> {
        self.inner()?.list_users().await
    }

    async fn count_users(&self) -> Result<u64> {
        self.inner()?.count_users().await
    }

    async fn set_password(
        &self,
        id: UserId,
        password: PasswordHash,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<bool> {
        self.inner()?.set_password(id, password, except, now).await
    }

    async fn change_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: PasswordHash,
        except: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        self.inner()?.change_password(id, old, new, except, now).await
    }

    async fn renew_password_hash(&self, id: UserId, old: &PasswordHash, new: PasswordHash) -> Result<bool> {
        self.inner()?.renew_password_hash(id, old, new).await
    }

    async fn set_name(&self, id: UserId, name: PersonName) -> Result<bool> {
        self.inner()?.set_name(id, name).await
    }

    async fn set_role(&self, id: UserId, role: Role, now: Timestamp) -> Result<UserChanged> {
        self.inner()?.set_role(id, role, now).await
    }

    async fn remove_user(&self, id: UserId) -> Result<UserChanged> {
        self.inner()?.remove_user(id).await
    }
}

#[async_trait]
impl Sessions for FailingStore {
    async fn add_session(&self, session: Session) -> Result<()> {
        self.inner()?.add_session(session).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<(Session, User)>> {
        self.inner()?.session(id).await
    }

    async fn rotate_session(
        &self,
        id: SessionId,
        counter: u64,
        now: Timestamp,
        idle_expires_at: Timestamp,
    ) -> Result<bool> {
        self.inner()?.rotate_session(id, counter, now, idle_expires_at).await
    }

    async fn mark_session_seen(&self, id: SessionId, counter: u64) -> Result<()> {
        self.inner()?.mark_session_seen(id, counter).await
    }

    async fn end_session(&self, id: SessionId, reason: EndReason, now: Timestamp) -> Result<bool> {
        self.inner()?.end_session(id, reason, now).await
    }

    async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.inner()?.list_sessions(user, now).await
    }

    async fn end_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<u64> {
        self.inner()?.end_sessions(user, except, reason, now).await
    }

    async fn take_reuse_alarm(&self, user: UserId) -> Result<bool> {
        self.inner()?.take_reuse_alarm(user).await
    }

    async fn forget_sessions(&self, before: Timestamp) -> Result<u64> {
        self.inner()?.forget_sessions(before).await
    }
}

#[async_trait]
impl Tokens for FailingStore {
    async fn add_token(&self, token: PersonalToken) -> Result<()> {
        self.inner()?.add_token(token).await
    }

    async fn token(&self, id: TokenId) -> Result<Option<(PersonalToken, User)>> {
        self.inner()?.token(id).await
    }

    async fn list_tokens(&self, user: UserId) -> Result<Vec<PersonalToken>> {
        self.inner()?.list_tokens(user).await
    }

    async fn note_token_use(&self, id: TokenId, now: Timestamp, since: Timestamp) -> Result<bool> {
        self.inner()?.note_token_use(id, now, since).await
    }

    async fn remove_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        self.inner()?.remove_token(user, id).await
    }

    async fn remove_tokens(&self, user: UserId) -> Result<u64> {
        self.inner()?.remove_tokens(user).await
    }

    async fn forget_tokens(&self, before: Timestamp) -> Result<u64> {
        self.inner()?.forget_tokens(before).await
    }
}

#[async_trait]
impl Audit for FailingStore {
    async fn add_event(&self, event: Event) -> Result<()> {
        self.inner()?.add_event(event).await
    }

    async fn list_events(&self, before: Option<EventId>, limit: u32) -> Result<Vec<Event>> {
        self.inner()?.list_events(before, limit).await
    }

    async fn forget_events(&self, before: Timestamp) -> Result<u64> {
        self.inner()?.forget_events(before).await
    }
}

#[async_trait]
impl Store for FailingStore {
    async fn ping(&self) -> Result<()> {
        self.inner()?.ping().await
    }

    async fn check(&self, now: Timestamp) -> Result<StoreReport> {
        self.inner()?.check(now).await
    }

    async fn rebuild_search_index(&self) -> Result<()> {
        self.inner()?.rebuild_search_index().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
