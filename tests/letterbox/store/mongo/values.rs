use std::sync::Arc;

use letterbox::models::{
    EmailAddress, Event, EventId, EventKind, NewUser, PasswordHash, PersonName, Role, Session, SessionId, Timestamp,
    User, UserId,
};
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Purpose, Store};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Bson, Document, doc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{open, raw};
use crate::support::{block_on, mongod};

/// Any instant either store can be asked to keep.
fn instant() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn user() -> impl Strategy<Value = NewUser> {
    let role = prop_oneof![Just(Role::Owner), Just(Role::Member)];
    (any::<[u8; 16]>(), any::<String>(), any::<String>(), role, instant(), any::<[String; 2]>()).prop_map(
        |(id, name, email, role, created_at, [scheme, hash])| {
            let user = User {
                id: UserId::from_bytes(id),
                // Nobody else has this address.
                email: EmailAddress::from_trusted(format!("{email}{}", UserId::from_bytes(id))),
                name: PersonName::from_trusted(name),
                role,
                created_at,
                invited: scheme == PasswordHash::INVITED,
            };
            NewUser { user, password: PasswordHash { scheme, hash } }
        },
    )
}

fn session() -> impl Strategy<Value = Session> {
    let bytes = (any::<[u8; 16]>(), any::<[u8; 32]>());
    let times = (instant(), instant(), instant(), instant());
    (bytes, times, 0..u64::MAX / 2, any::<bool>(), any::<String>()).prop_map(
        |((id, key), (created_at, rotated_at, idle_expires_at, expires_at), counter, current_seen, device)| Session {
            id: SessionId::from_bytes(id),
            user_id: UserId::from_bytes([0; 16]),
            counter,
            key,
            created_at,
            rotated_at,
            current_seen,
            idle_expires_at,
            expires_at,
            ended: None,
            device,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (any::<[u8; 16]>(), instant(), any::<[String; 3]>()).prop_map(|(id, at, [actor, subject, network])| Event {
        id: EventId::from_bytes(id),
        at,
        kind: EventKind::LoggedIn,
        actor,
        subject,
        network,
    })
}

/// What a store says of what it was just given.
async fn told(store: &dyn Store, user: &NewUser, session: &Session, event: &Event) -> Vec<String> {
    let (new, login) = (user.clone(), user.user.email.key());
    let session = Session { user_id: new.user.id, ..session.clone() };
    let added = store.add_user(new).await.unwrap();
    store.add_session(session.clone()).await.unwrap();
    store.add_event(event.clone()).await.unwrap();
    let found = store.session(session.id).await.unwrap().unwrap();
    assert!(found.0 == session, "{found:?}");
    let (account, password) = store.user_by_email(&login).await.unwrap().unwrap();
    vec![
        format!("{added:?} {account:?} {} {}", password.scheme, password.hash),
        format!("{found:?} {:?} {:?}", found.0.key, found.0.expires_at),
        format!("{:?}", store.list_events(None, 1_000).await.unwrap()),
        format!("{:?}", store.list_users().await.unwrap()),
        format!("{:?}", store.list_sessions(account.id, Timestamp::from_millis(0)).await.unwrap()),
    ]
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r61_whatever_is_stored_comes_back_equal_from_either_engine() {
    let url = mongod::standalone().url(&mongod::database_name());
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&directory.path().join("letterbox.db"), Purpose::Command).unwrap();
    let mongo = block_on(open(&url)).unwrap();
    let (sqlite, mongo): (Arc<dyn Store>, Arc<dyn Store>) = (Arc::new(sqlite), Arc::new(mongo));
    // Every case adds to the same two stores, as life does.
    let mut runner = TestRunner::new(Config { cases: 48, max_shrink_iters: 0, ..Config::default() });
    runner
        .run(&(user(), session(), event()), |(user, session, event)| {
            let ours = block_on(told(&*sqlite, &user, &session, &event));
            let theirs = block_on(told(&*mongo, &user, &session, &event));
            prop_assert_eq!(ours, theirs);
            Ok(())
        })
        .unwrap();
    block_on(async {
        mongo.close().await;
        raw(&url).await.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r61_times_are_dates_and_names_are_bytes() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let store = open(&url).await.unwrap();
        let at = Timestamp::from_millis(1_795_248_300_257);
        let id = EventId::new(at);
        let text = String::new;
        let event = Event { id, at, kind: EventKind::LoggedOut, actor: text(), subject: text(), network: text() };
        letterbox::store::Audit::add_event(&store, event).await.unwrap();
        let database = raw(&url).await;
        let kept = database.collection::<Document>("events").find_one(doc! {}).await.unwrap().unwrap();
        assert_eq!(kept.get_datetime("at").unwrap().timestamp_millis(), at.millis());
        let Some(Bson::Binary(name)) = kept.get("_id") else { panic!("{kept}") };
        assert_eq!((name.subtype, name.bytes.as_slice()), (BinarySubtype::Uuid, id.as_bytes().as_slice()));
        store.close().await;
        database.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r61_text_from_outside_is_never_an_operator() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let store: Arc<dyn Store> = Arc::new(open(&url).await.unwrap());
        store.add_user(crate::store::contract::sample::user(1, Role::Owner)).await.unwrap();
        for text in
            ["{\"$ne\":null}", "$ne", "{ $gt: '' }", "", "\0", "$list.0.email_key", "/.*/", "user1@example.com\0"]
        {
            assert!(store.user_by_email(text).await.unwrap().is_none(), "{text:?}");
        }
        store.close().await;
        raw(&url).await.drop().await.unwrap();
    });
}
