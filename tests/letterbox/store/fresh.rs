//! New and empty stores, one adapter after the other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use letterbox::config::{Config, Engine, MongoUrl};
use letterbox::models::Timestamp;
use letterbox::store::mongo::MongoStore;
use letterbox::store::sqlite::SqliteStore;
use letterbox::store::{Purpose, Store};
use mongodb::bson::doc;

use crate::support::{block_on, mongod};

/// A new and empty store, and what is left to do when it is no longer needed.
pub struct Fresh {
    store: Arc<dyn Store>,
    end: Pin<Box<dyn Future<Output = ()>>>,
}

/// Runs a promise on a fresh store, which is whole afterwards.
pub fn keep<F: Future<Output = ()>>(fresh: impl Future<Output = Fresh>, promise: impl FnOnce(Arc<dyn Store>) -> F) {
    block_on(async {
        let fresh = fresh.await;
        promise(Arc::clone(&fresh.store)).await;
        fresh.store.check(Timestamp::from_millis(0)).await.unwrap();
        fresh.store.close().await;
        fresh.end.await;
    });
}

pub async fn sqlite() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("letterbox.db"), Purpose::Serve).unwrap();
    Fresh { store: Arc::new(store), end: Box::pin(async move { drop(directory) }) }
}

pub async fn mongo_standalone() -> Fresh {
    mongo(mongod::standalone().url(&mongod::database_name())).await
}

pub async fn mongo_replica_set() -> Fresh {
    mongo(mongod::replica_set().url(&mongod::database_name())).await
}

async fn mongo(url: String) -> Fresh {
    let store = open_mongo(&url).await;
    Fresh { store: Arc::new(store), end: Box::pin(async move { drop_mongo(&url).await }) }
}

/// The URL as the settings read it.
pub fn mongo_url(url: &str) -> MongoUrl {
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(url.to_owned()),
        "SECRET_KEY" => Some("uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3".to_owned()),
        _ => None,
    });
    let Engine::MongoDb(url) = config.unwrap().database_url else { panic!("{url} is another engine's") };
    url
}

/// The store in the database at `url`, new or not.
pub async fn open_mongo(url: &str) -> MongoStore {
    MongoStore::open(&mongo_url(url)).await.unwrap()
}

/// Removes the database at `url`.
pub async fn drop_mongo(url: &str) {
    let client = mongodb::Client::with_uri_str(url).await.unwrap();
    client.default_database().unwrap().run_command(doc! { "dropDatabase": 1 }).await.unwrap();
}
