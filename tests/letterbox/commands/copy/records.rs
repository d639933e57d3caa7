//! Any record that a store keeps comes through another one as it was (R61).

use std::sync::Arc;

use indicatif::ProgressBar;
use letterbox::commands::copy::{compare, transfer, verify};
use letterbox::config::Config;
use letterbox::models::{
    Body, DeliveryKey, EmailAddress, EndReason, Event, EventId, EventKind, Folder, Letter, Message, MessageId, NewUser,
    PasswordHash, PersonName, PersonalToken, Role, Scope, Session, SessionId, Subject, Timestamp, TokenId, TokenName,
    User, UserId,
};
use letterbox::store::{KeptLetter, KeptSession, Record, RecordKind, Records, open_to_copy_into};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{block_on, mongod};

/// Any text that a letter may have.
fn text(most: usize) -> impl Strategy<Value = String> {
    let telling = prop::sample::select(vec!['$', '.', '"', '\'', '\\', '\u{202e}', '\u{feff}', '🦀', '\n', '\t']);
    let character = prop_oneof![3 => any::<char>(), 1 => telling].prop_filter("a NUL", |c| *c != '\0');
    prop::collection::vec(character, 0..most).prop_map(String::from_iter)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_102_444_800_000).prop_map(Timestamp::from_millis)
}

fn letter() -> impl Strategy<Value = Record> {
    let words = (text(40), text(40), text(60), text(200));
    let place = (prop::sample::select(Folder::ALL.to_vec()), any::<bool>(), any::<bool>(), 1_u64..1 << 40);
    (any::<[u8; 16]>(), any::<[u8; 16]>(), time(), words, place, time()).prop_map(
        |(id, key, received_at, (name, email, subject, body), (folder, read, starred, version), trashed)| {
            let letter = Letter {
                name: PersonName::from_trusted(name),
                email: EmailAddress::from_trusted(email),
                subject: Subject::from_trusted(subject),
                body: Body::from_trusted(body),
            };
            let id = MessageId::from_bytes(id);
            let trashed_at = (folder == Folder::Trash).then_some(trashed);
            let message = Message { id, received_at, letter, folder, read, starred, version };
            Record::Letter(KeptLetter { message, key: DeliveryKey::from_bytes(key), trashed_at })
        },
    )
}

/// A user and what belongs to them, the third byte of every name counting up so that no two are the same.
fn belongings() -> impl Strategy<Value = Vec<Record>> {
    let ended = prop::option::of((time(), prop::sample::select(vec![EndReason::LoggedOut, EndReason::TokenReused])));
    let marks = (any::<bool>(), any::<bool>(), any::<bool>(), 0_u64..1 << 40);
    let times = (time(), time(), time(), prop::option::of(time()), prop::option::of(time()));
    (any::<[u8; 16]>(), text(30), marks, times, ended, any::<[u8; 32]>()).prop_map(
        |(id, name, (owner, seen, alarm, counter), (at, rotated_at, end, expires_at, last_used_at), ended, key)| {
            let user = User {
                id: UserId::from_bytes(id),
                email: EmailAddress::from_trusted(format!("{:x}@Example.com", u128::from_be_bytes(id))),
                name: PersonName::from_trusted(name.clone()),
                role: if owner { Role::Owner } else { Role::Member },
                created_at: at,
                invited: false,
            };
            let session = Session {
                id: SessionId::from_bytes(id),
                user_id: user.id,
                counter,
                key,
                created_at: at,
                rotated_at,
                current_seen: seen,
                idle_expires_at: end,
                expires_at: end,
                ended,
                device: name.clone(),
            };
            let token = PersonalToken {
                id: TokenId::from_bytes(id),
                user_id: user.id,
                name: TokenName::from_trusted(name.clone()),
                scope: if owner { Scope::Read } else { Scope::ReadAndWrite },
                hash: key,
                created_at: at,
                expires_at,
                last_used_at,
            };
            let event = Event {
                id: EventId::from_bytes(id),
                at,
                kind: EventKind::LoggedIn,
                actor: name.clone(),
                subject: name,
                network: "192.0.2.0/24".into(),
            };
            let password = PasswordHash { scheme: "test-v1".into(), hash: "$2b$10$".into() };
            vec![
                Record::User(NewUser { user, password }),
                Record::Session(KeptSession { session, alarm }),
                Record::Token(token),
                Record::Event(event),
            ]
        },
    )
}

async fn open(url: &str) -> Arc<dyn Records> {
    open_to_copy_into(&Config::store_address("DATABASE_URL", url).unwrap()).await.unwrap()
}

/// Everything in a store, in canonical form.
async fn everything(store: &dyn Records) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in RecordKind::ALL {
        let mut after = None;
        loop {
            let some = store.read_records(kind, after, 7).await.unwrap();
            all.extend(some.iter().map(Record::canonical));
            match some.last() {
                Some(last) => after = Some(last.id()),
                None => break,
            }
        }
    }
    all
}

/// Puts any records into the first store and copies them through all of these; the last one has what was put in. Each
/// round finds what the round before has left, and makes the others like the first.
fn any_record_comes_through(urls: &[String], cases: u32) {
    let stores = block_on(async {
        let mut stores = Vec::new();
        for url in urls {
            stores.push(open(url).await);
        }
        stores
    });
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let records = (prop::collection::vec(letter(), 0..12), prop::collection::vec(belongings(), 0..5));
    let outcome = TestRunner::new(config).run(&records, |(letters, belongings)| {
        let records: Vec<Record> = belongings.into_iter().flatten().chain(letters).collect();
        block_on(come_through(&stores, records));
        Ok(())
    });
    for store in &stores {
        block_on(async { store.check(Timestamp::from_millis(0)).await }).unwrap();
        block_on(store.close());
    }
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

async fn come_through(stores: &[Arc<dyn Records>], records: Vec<Record>) {
    let first = &*stores[0];
    for kind in RecordKind::ALL {
        let old = first.read_records(kind, None, 10_000).await.unwrap();
        // Some stay, so that others are put in place of what is there.
        let gone = old.iter().skip(1).map(Record::id).collect();
        first.drop_records(kind, gone).await.unwrap();
    }
    // Twice is once.
    first.put_records(records.clone()).await.unwrap();
    first.put_records(records.clone()).await.unwrap();
    let put = everything(first).await;
    assert!(records.iter().all(|record| put.contains(&record.canonical())), "not as it was put in");
    let bar = ProgressBar::hidden();
    for pair in stores.windows(2) {
        compare(&*pair[0], &*pair[1], true, &bar).await.unwrap();
        transfer(&*pair[0], &*pair[1], &bar).await.unwrap();
        let (left, right) = verify(&*pair[0], &*pair[1], &bar).await.unwrap();
        assert_eq!(left, right);
    }
    assert_eq!(everything(&**stores.last().unwrap()).await, put);
}

#[test]
fn any_record_comes_through_another_file_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let urls = ["one.db", "two.db"].map(|name| format!("sqlite:{}", directory.path().join(name).display()));
    any_record_comes_through(&urls, 16);
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r61_any_record_comes_through_mongodb_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let [one, three] = ["one.db", "three.db"].map(|name| format!("sqlite:{}", directory.path().join(name).display()));
    let two = mongod::standalone().url(&mongod::database_name());
    any_record_comes_through(&[one, two, three], 16);
}
