//! What only the adapter for MongoDB must withstand: indexes, a start beside others, a crowd before a silent server.

mod crowd;
mod schema;
mod values;

use letterbox::config::{Config, Engine, MongoUrl};
use letterbox::store::mongo::MongoStore;
use letterbox::store::{Result, StoreError};
use mongodb::Database;

/// The URL as the settings read it.
pub fn mongo_url(text: &str) -> MongoUrl {
    let config = Config::from_vars(|name| match name {
        "DATABASE_URL" => Some(text.to_owned()),
        "SECRET_KEY" => Some("uJ4v9qTz2LmXw7RbYc1NfKd5Hs8GpEa3".to_owned()),
        _ => None,
    });
    let Engine::MongoDb(url) = config.unwrap().database_url else { panic!("{text} is another engine's") };
    url
}

async fn open(url: &str) -> Result<MongoStore> {
    MongoStore::open(&mongo_url(url)).await
}

/// The sentence with which a database is refused.
async fn refusal(url: &str) -> String {
    match open(url).await {
        Err(StoreError::Refused(sentence)) => sentence,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it opens"),
    }
}

/// The database as somebody else sees it.
async fn raw(url: &str) -> Database {
    mongodb::Client::with_uri_str(url).await.unwrap().default_database().unwrap()
}
