use letterbox::models::Timestamp;
use letterbox::store::{Store as _, StoreError};
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};

use super::{open, raw, refusal};
use crate::support::{block_on, mongod};

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r60_processes_that_start_at_once_on_an_empty_database_all_come_up() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { open(&url).await })
            })
            .collect();
        for start in starts {
            let store = start.await.unwrap().unwrap();
            let report = store.check(Timestamp::from_millis(0)).await.unwrap();
            assert_eq!((report.schema, report.users, report.messages), (2, 0, 0));
            store.close().await;
        }
        raw(&url).await.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r60_an_index_in_the_way_stops_the_start_and_is_named() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        open(&url).await.unwrap().close().await;
        let database = raw(&url).await;
        let messages = database.collection::<Document>("messages");
        messages.drop_index("key_1").await.unwrap();
        let unique = |name: &str, unique: bool| {
            mongodb::options::IndexOptions::builder().name(name.to_owned()).unique(unique).build()
        };
        // The same index by another name (code 85), then another index by the same name (code 86).
        for (keys, options) in
            [(doc! { "key": 1 }, unique("mine", true)), (doc! { "key": 1, "name": 1 }, unique("key_1", false))]
        {
            let name = options.name.clone().unwrap();
            messages.create_index(IndexModel::builder().keys(keys).options(options).build()).await.unwrap();
            let sentence = refusal(&url).await;
            for word in ["messages", name.as_str(), "drop that index and start again"] {
                assert!(sentence.contains(word), "{sentence}");
            }
            messages.drop_index(name).await.unwrap();
        }
        open(&url).await.unwrap().close().await;
        database.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r60_an_index_that_was_dropped_is_missed_and_made_again_at_the_next_start() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let store = open(&url).await.unwrap();
        let database = raw(&url).await;
        database.collection::<Document>("sessions").drop_index("user_1").await.unwrap();
        let missed = store.check(Timestamp::from_millis(0)).await;
        assert!(
            matches!(&missed, Err(StoreError::Internal(what)) if what.to_string().contains("user_1")),
            "{missed:?}"
        );
        store.close().await;
        let store = open(&url).await.unwrap();
        store.check(Timestamp::from_millis(0)).await.unwrap();
        store.close().await;
        database.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn r60_a_database_of_a_newer_letterbox_is_refused_and_left_alone() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        open(&url).await.unwrap().close().await;
        let database = raw(&url).await;
        let meta = database.collection::<Document>("meta");
        meta.update_one(doc! {}, doc! { "$set": { "version": 99 } }).await.unwrap();
        let sentence = refusal(&url).await;
        for word in ["newer Letterbox", "schema 99", "run that newer version"] {
            assert!(sentence.contains(word), "{sentence}");
        }
        assert_eq!(meta.find_one(doc! {}).await.unwrap().unwrap().get_i32("version").unwrap(), 99);
        database.drop().await.unwrap();
    });
}

#[test]
#[ignore = "needs a mongod: LETTERBOX_TEST_MONGOD"]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let url = mongod::standalone().url(&mongod::database_name());
    block_on(async {
        let database = raw(&url).await;
        database.collection("users").insert_one(doc! { "name": "somebody else's" }).await.unwrap();
        let sentence = refusal(&url).await;
        assert!(sentence.contains("another program") && sentence.contains("\"users\""), "{sentence}");
        assert_eq!(database.list_collection_names().await.unwrap(), ["users"]);
        database.drop().await.unwrap();
    });
}
