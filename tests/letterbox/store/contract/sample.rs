//! Letters, users, sessions and tokens to fill a store with.

use letterbox::models::{
    DeliveryKey, Draft, EmailAddress, Folder, Letter, ListQuery, MessageId, MessagePage, NewUser, PasswordHash,
    PersonName, PersonalToken, Role, Scope, Session, SessionId, Timestamp, TokenId, TokenName, User, UserId,
};
use letterbox::store::{Delivery, Store};

/// Some instant.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_248_300_250 + millis)
}

/// The id that sorts in the place `number`.
pub fn id(number: u32) -> MessageId {
    MessageId::from_bytes(sixteen(number))
}

pub fn letter(message: &str) -> Letter {
    let draft = Draft {
        name: "Ada Lovelace".into(),
        email: "ada@example.com".into(),
        subject: "Engines".into(),
        message: message.into(),
    };
    Letter::parse(&draft).unwrap()
}

/// A letter with the id in the place `number` and a key of its own.
pub fn delivery(number: u32) -> Delivery {
    Delivery {
        id: id(number),
        received_at: at(i64::from(number)),
        key: DeliveryKey::unique().unwrap(),
        letter: letter(&format!("Letter {number}")),
    }
}

pub async fn fill(store: &dyn Store, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        store.add_message(delivery(number)).await.unwrap();
    }
}

/// The inbox from the newest letter on, or from where `query` changes it to.
pub fn inbox(limit: u32) -> ListQuery {
    ListQuery::newest(Folder::Inbox, limit)
}

pub fn ids(page: &MessagePage) -> Vec<MessageId> {
    page.items.iter().map(|item| item.id).collect()
}

pub fn hash(text: &str) -> PasswordHash {
    PasswordHash { scheme: "test-v1".into(), hash: text.into() }
}

pub fn user(number: u32, role: Role) -> NewUser {
    let user = User {
        id: UserId::from_bytes(sixteen(number)),
        email: EmailAddress::from_trusted(format!("User{number}@Example.com")),
        name: PersonName::from_trusted(format!("User Ü{number}")),
        role,
        created_at: at(i64::from(number)),
        invited: false,
    };
    NewUser { user, password: hash(&format!("hash {number}")) }
}

/// Puts a user in and says who it is.
pub async fn add_user(store: &dyn Store, number: u32, role: Role) -> UserId {
    let new = user(number, role);
    let id = new.user.id;
    store.add_user(new).await.unwrap();
    id
}

/// A live session of `user`.
pub fn session(number: u32, user: UserId) -> Session {
    Session {
        id: SessionId::from_bytes(sixteen(number)),
        user_id: user,
        counter: 0,
        key: [7; 32],
        created_at: at(i64::from(number)),
        rotated_at: at(i64::from(number)),
        current_seen: false,
        idle_expires_at: at(1_000_000),
        expires_at: at(2_000_000),
        ended: None,
        device: "Firefox on Linux".into(),
    }
}

/// Puts a live session in and says which it is.
pub async fn add_session(store: &dyn Store, number: u32, user: UserId) -> SessionId {
    let session = session(number, user);
    let id = session.id;
    store.add_session(session).await.unwrap();
    id
}

/// The session as the store has it now.
pub async fn stored(store: &dyn Store, id: SessionId) -> Session {
    store.session(id).await.unwrap().unwrap().0
}

/// A personal access token of `user` that never expires; a greater number is a newer one.
pub fn token(number: u32, user: UserId) -> PersonalToken {
    PersonalToken {
        id: TokenId::from_bytes(sixteen(number)),
        user_id: user,
        name: TokenName::from_trusted(format!("Token {number}")),
        scope: Scope::Read,
        hash: [7; 32],
        created_at: at(i64::from(number)),
        expires_at: None,
        last_used_at: None,
    }
}

fn sixteen(number: u32) -> [u8; 16] {
    (u128::from(number) << 64 | 0xff).to_be_bytes()
}
