//! What only the adapter for MongoDB must withstand: indexes, a start beside others, a crowd before a silent server, answers that
//! are lost.

mod crowd;
mod late;
mod lost;
mod schema;
mod values;

use letterbox::store::mongo::MongoStore;
use letterbox::store::{Result, StoreError};
use mongodb::Database;

use super::fresh::mongo_url;

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
