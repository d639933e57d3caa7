//! The database: a port in the words of the house, and the engines behind it.

pub mod mongo;
mod port;
pub mod sqlite;

use std::sync::Arc;

pub use port::{
    Audit, BoxError, Deleted, Delivered, Delivery, Edited, Messages, Result, Sessions, Store, StoreError, StoreReport,
    Tokens, UserAdded, UserChanged, Users,
};

use crate::config::{Config, Engine};

/// Opens the store the settings name. The single place that picks the engine.
///
/// # Errors
/// [`StoreError::Refused`] with a sentence for the operator.
pub async fn open(config: &Config, purpose: Purpose) -> Result<Arc<dyn Store>> {
    match &config.database_url {
        Engine::Sqlite(path) => Ok(Arc::new(sqlite::SqliteStore::open(path, purpose)?)),
        Engine::MongoDb(url) => {
            mongo::MongoStore::open(url, purpose).await?;
            Err(StoreError::Refused("MongoDB is not ready yet.".to_owned()))
        }
    }
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve visitors: the embedded store has at most one server.
    Serve,
    /// For one command, beside a server that may be running.
    Command,
}
