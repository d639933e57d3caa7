//! A store that writes down what it is asked, and lets a test do something just before an act.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use letterbox::models::*;
use letterbox::store::*;
use tokio::sync::watch;

use crate::support::TestApp;

type Doing = Pin<Box<dyn Future<Output = ()> + Send>>;
type Surprise = Box<dyn FnOnce(Arc<dyn Store>) -> Doing + Send>;

#[derive(Default)]
struct Notes {
    acts: Mutex<Vec<&'static str>>,
    surprises: Mutex<HashMap<&'static str, Surprise>>,
}

/// Held by the test; the store is watched for it.
#[derive(Clone, Default)]
pub struct Watch(Arc<Notes>);

impl Watch {
    pub fn around(&self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Watched { inner, notes: Arc::clone(&self.0) })
    }

    /// An application on a watched store.
    pub fn app(&self) -> TestApp {
        let watch = self.clone();
        TestApp::with().store(move |inner| watch.around(inner)).start()
    }

    /// What the store was asked since the last time.
    pub fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.acts.lock().unwrap())
    }

    /// Does something once, just before the next `act`.
    pub fn just_before<F: Future<Output = ()> + Send + 'static>(
        &self,
        act: &'static str,
        surprise: impl FnOnce(Arc<dyn Store>) -> F + Send + 'static,
    ) {
        let surprise: Surprise = Box::new(|store| Box::pin(surprise(store)));
        self.0.surprises.lock().unwrap().insert(act, surprise);
    }
}

struct Watched {
    inner: Arc<dyn Store>,
    notes: Arc<Notes>,
}

impl Watched {
    async fn note(&self, act: &'static str) {
        self.notes.acts.lock().unwrap().push(act);
        let surprise = self.notes.surprises.lock().unwrap().remove(act);
        if let Some(surprise) = surprise {
            surprise(Arc::clone(&self.inner)).await;
        }
    }
}

macro_rules! watch {
    ($port:ident $([$($plain:item)*])? { $($act:ident($($parameters:tt)*) ($($given:ident),*) -> $outcome:ty;)* }) => {
        #[async_trait]
        impl $port for Watched {
            $($($plain)*)?
            $(async fn $act(&self, $($parameters)*) -> $outcome {
                self.note(stringify!($act)).await;
                self.inner.$act($($given),*).await
            })*
        }
    };
}

watch!(Messages [fn arrivals(&self) -> watch::Receiver<u64> { self.inner.arrivals() }] {
    add_message(delivery: Delivery) (delivery) -> Result<Delivered>;
    delivered(key: DeliveryKey) (key) -> Result<Option<Delivered>>;
    message(id: MessageId) (id) -> Result<Option<Message>>;
    list_messages(query: ListQuery) (query) -> Result<MessagePage>;
    set_read(id: MessageId, read: bool) (id, read) -> Result<bool>;
    edit_message(id: MessageId, edit: Edit, expected: Option<u64>, now: Timestamp)
        (id, edit, expected, now) -> Result<Edited>;
    delete_message(id: MessageId) (id) -> Result<bool>;
    delete_message_at(id: MessageId, version: u64) (id, version) -> Result<Deleted>;
    read_messages(query: ListQuery) (query) -> Result<Vec<Message>>;
    earlier_from_sender(id: MessageId, limit: u32) (id, limit) -> Result<Vec<MessageSummary>>;
    change_messages(change: Change) (change) -> Result<Changed>;
    undo_change(id: ChangeId, now: Timestamp) (id, now) -> Result<u64>;
    delete_trashed(ids: Vec<MessageId>) (ids) -> Result<u64>;
    empty_trash(before: Timestamp, limit: u32) (before, limit) -> Result<u64>;
    count_folders() () -> Result<[FolderCounts; 4]>;
    count_messages(folder: Folder) (folder) -> Result<FolderCounts>;
});
watch!(Users {
    add_user(user: NewUser) (user) -> Result<UserAdded>;
    add_first_user(user: NewUser) (user) -> Result<UserAdded>;
    user_by_email(key: &str) (key) -> Result<Option<(User, PasswordHash)>>;
    list_users() () -> Result<Vec<User>>;
    count_users() () -> Result<u64>;
    set_password(id: UserId, password: PasswordHash, except: Option<SessionId>, now: Timestamp)
        (id, password, except, now) -> Result<bool>;
    change_password(id: UserId, old: &PasswordHash, new: PasswordHash, except: SessionId, now: Timestamp)
        (id, old, new, except, now) -> Result<bool>;
    renew_password_hash(id: UserId, old: &PasswordHash, new: PasswordHash) (id, old, new) -> Result<bool>;
    set_name(id: UserId, name: PersonName) (id, name) -> Result<bool>;
    set_role(id: UserId, role: Role, now: Timestamp) (id, role, now) -> Result<UserChanged>;
    remove_user(id: UserId) (id) -> Result<UserChanged>;
});
watch!(Sessions {
    add_session(session: Session) (session) -> Result<()>;
    session(id: SessionId) (id) -> Result<Option<(Session, User)>>;
    rotate_session(id: SessionId, counter: u64, now: Timestamp, idle: Timestamp) (id, counter, now, idle) -> Result<bool>;
    mark_session_seen(id: SessionId, counter: u64) (id, counter) -> Result<()>;
    end_session(id: SessionId, reason: EndReason, now: Timestamp) (id, reason, now) -> Result<bool>;
    list_sessions(user: UserId, now: Timestamp) (user, now) -> Result<Vec<Session>>;
    end_sessions(user: UserId, except: Option<SessionId>, reason: EndReason, now: Timestamp)
        (user, except, reason, now) -> Result<u64>;
    take_reuse_alarm(user: UserId) (user) -> Result<bool>;
    forget_sessions(before: Timestamp) (before) -> Result<u64>;
});
watch!(Tokens {
    add_token(token: PersonalToken) (token) -> Result<()>;
    token(id: TokenId) (id) -> Result<Option<(PersonalToken, User)>>;
    list_tokens(user: UserId) (user) -> Result<Vec<PersonalToken>>;
    note_token_use(id: TokenId, now: Timestamp, since: Timestamp) (id, now, since) -> Result<bool>;
    remove_token(user: UserId, id: TokenId) (user, id) -> Result<bool>;
    remove_tokens(user: UserId) (user) -> Result<u64>;
    forget_tokens(before: Timestamp) (before) -> Result<u64>;
});
watch!(Audit {
    add_event(event: Event) (event) -> Result<()>;
    list_events(before: Option<EventId>, limit: u32) (before, limit) -> Result<Vec<Event>>;
    forget_events(before: Timestamp) (before) -> Result<u64>;
});
watch!(Store {
    ping() () -> Result<()>;
    check(now: Timestamp) (now) -> Result<StoreReport>;
    rebuild_search_index() () -> Result<()>;
    close() () -> ();
});
